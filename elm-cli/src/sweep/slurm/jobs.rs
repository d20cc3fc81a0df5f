//! What was submitted for a sweep, and what of it is queued or running now.

use super::programs::{Answer, ask};
use crate::config::Named;
use crate::run::folder::write_atomically;
use crate::run::found::State;
use crate::sweep::results::Outcome;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folder of scripts, logs and submissions in that of a sweep.
pub const FOLDER: &str = "slurm";

/// A job array: its name, by which Slurm knows it, and the runs of its tasks.
/// It is written down before it is submitted, so that no task is ever unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Name of the job, unlike that of any other.
    pub name: String,
    /// Names of the runs; the tasks are numbered in this order.
    pub runs: Vec<String>,
}

impl Submission {
    /// The script.
    pub fn script(&self, sweep: &Path) -> PathBuf {
        sweep.join(FOLDER).join(format!("{}.sh", self.name))
    }

    /// Writes script and runs down.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&self, sweep: &Path, script: &str) -> Result<()> {
        let folder = sweep.join(FOLDER);
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        write_atomically(&self.script(sweep), script.as_bytes())?;
        let runs = serde_json::to_vec_pretty(self).context("the runs")?;
        write_atomically(&folder.join(format!("{}.json", self.name)), &runs)
    }

    /// All of a sweep.
    ///
    /// # Errors
    /// When one cannot be read or is damaged.
    pub fn all(sweep: &Path) -> Result<Vec<Self>> {
        let folder = sweep.join(FOLDER);
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.with_context(|| format!("cannot read {}", folder.display()))?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let damaged = || format!("{} is damaged", path.display());
            all.push(serde_json::from_slice(&bytes).with_context(damaged)?);
        }
        Ok(all)
    }
}

/// A task that is queued or running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// `ARRAY_TASK`, as Slurm's programs take it.
    pub id: String,
    /// Its state in Slurm's words.
    pub state: String,
    /// Why it waits, in Slurm's words.
    pub reason: String,
}

impl Task {
    /// How far its run is.
    fn run_state(&self) -> State {
        let waits = ["PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT"];
        if waits.contains(&self.state.as_str()) { State::Queued } else { State::Running }
    }

    /// The task in a line.
    fn in_words(&self) -> String {
        match self.reason.as_str() {
            "" | "None" => format!("task {} {}", self.id, self.state),
            reason => format!("task {} {} ({reason})", self.id, self.state),
        }
    }
}

/// The tasks of a sweep that are queued or running, by the names of their runs.
#[derive(Debug, Default)]
pub struct Queue(BTreeMap<String, Task>);

/// What Slurm answered.
pub enum Asked {
    /// The tasks.
    Known(Queue),
    /// Nothing, for this reason.
    Unknown(String),
}

impl Queue {
    /// Asks Slurm, if anything was ever submitted for the sweep.
    ///
    /// # Errors
    /// When what was submitted cannot be read.
    pub fn of(sweep: &Path) -> Result<Asked> {
        let submissions = Submission::all(sweep)?;
        if submissions.is_empty() {
            return Ok(Asked::Known(Queue::default()));
        }
        let names: Vec<&str> = submissions.iter().map(|submission| submission.name.as_str()).collect();
        let arguments = ["--noheader", "--array", "--format=%j|%K|%F|%T|%r"].map(String::from);
        let arguments = [&arguments[..], &[format!("--name={}", names.join(","))]].concat();
        Ok(match ask("squeue", &arguments)? {
            Answer::Said(text) => Asked::Known(Queue::read(&text, &submissions)),
            // The last line says what the ones before came to.
            Answer::Failed(said) => Asked::Unknown(said.lines().last().unwrap_or_default().into()),
            Answer::Absent => Asked::Unknown("there is no squeue here".into()),
        })
    }

    /// What squeue printed: name, number in the array, array, state, reason.
    fn read(text: &str, submissions: &[Submission]) -> Self {
        let mut tasks = BTreeMap::new();
        for line in text.lines() {
            let parts: Vec<&str> = line.trim().splitn(5, '|').collect();
            let [name, number, array, state, reason] = parts[..] else { continue };
            let submission = submissions.iter().find(|submission| submission.name == name);
            let run = number.parse::<usize>().ok().and_then(|number| submission?.runs.get(number));
            let Some(run) = run else { continue };
            let id = format!("{array}_{number}");
            tasks.insert(run.clone(), Task { id, state: state.into(), reason: reason.into() });
        }
        Queue(tasks)
    }

    /// Is nothing queued or running?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many runs are queued or running.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The numbers of their job arrays.
    pub fn jobs(&self) -> Vec<String> {
        let arrays = self.0.values().filter_map(|task| Some(task.id.split_once('_')?.0.to_string()));
        arrays.collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// Adds to what folders tell what Slurm tells: a node may train a run
    /// without this machine seeing its lock.
    pub fn tell(&self, outcomes: &mut [Outcome]) {
        for outcome in outcomes.iter_mut().filter(|outcome| !outcome.is_done()) {
            let Some(task) = self.0.get(&outcome.point.name) else { continue };
            outcome.job = Some(task.in_words());
            if outcome.state != State::Running.name() {
                outcome.state = task.run_state().name();
                outcome.error = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_those_of_the_runs_they_were_submitted_for() {
        let of = |name: &str, runs: [&str; 2]| Submission {
            name: name.into(),
            runs: runs.map(String::from).to_vec(),
        };
        let submissions = [of("elm-a-1", ["x", "y"]), of("elm-a-2", ["z", "x"])];
        let text = "elm-a-1|1|7|PENDING|BeginTime\nelm-a-2|1|8|RUNNING|None\nelm-a-1|9|7|RUNNING|None\n\
                    elm-a-3|0|9|RUNNING|None\nelm-a-2|N/A|8|RUNNING|None\nnonsense\n";
        let Queue(tasks) = Queue::read(text, &submissions);
        let told: Vec<String> =
            tasks.iter().map(|(run, task)| format!("{run}: {}", task.in_words())).collect();
        assert_eq!(told, ["x: task 8_1 RUNNING", "y: task 7_1 PENDING (BeginTime)"]);
        let states: Vec<State> = tasks.values().map(Task::run_state).collect();
        assert_eq!(states, [State::Running, State::Queued]);
    }
}
