//! `elm sweep --slurm`: what is missing as a job array.

use super::folder::SweepFolder;
use crate::answer::{print, tell};
use crate::config::Named;
use crate::run::found::State;
use crate::sweep::results::{self, Outcome};
use crate::sweep::slurm::jobs::{Asked, FOLDER};
use crate::sweep::slurm::{Options, Queue, Submission};
use crate::sweep::{Plan, Point, SweepFile};
use anyhow::{Result, bail};
use serde::Serialize;
use std::path::Path;

/// The document that `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    /// The folder of the sweep.
    sweep: String,
    /// The number of the job; `None`: nothing was submitted.
    job: Option<String>,
    /// The batch script, or what it would be.
    script: Option<String>,
    /// Runs that were submitted, or would be, in the order of the tasks.
    runs: &'a [String],
    /// How many runs are not submitted, by their state.
    left_out: Vec<(&'static str, usize)>,
}

/// What became of every run, as folders tell and, where anything was submitted
/// for the sweep, as Slurm does.
///
/// # Errors
/// When what was submitted cannot be read.
pub(super) fn outcomes(plan: &Plan, folder: &Path) -> Result<Vec<Outcome>> {
    let mut outcomes = results::outcomes(plan, folder);
    match Queue::of(folder)? {
        Asked::Known(queue) => queue.tell(&mut outcomes),
        Asked::Unknown(why) => tell(format_args!("note: what Slurm has queued is not known: {why}")),
    }
    Ok(outcomes)
}

/// Refuses to train here what is on its way on the cluster: whether nodes see
/// each other's locks depends on the file system.
///
/// # Errors
/// When tasks of the sweep are queued or running, or what was submitted cannot
/// be read.
pub(super) fn check_nothing_is_queued(folder: &Path) -> Result<()> {
    match Queue::of(folder)? {
        Asked::Known(queue) if queue.is_empty() => Ok(()),
        Asked::Known(queue) => bail!(
            "{}: {} runs of this sweep are queued or running under Slurm\n  = help: wait for them, or cancel them \
             with `scancel {}`",
            folder.display(),
            queue.len(),
            queue.jobs().join(" ")
        ),
        Asked::Unknown(why) => {
            tell(format_args!("note: what Slurm has queued is not known: {why}"));
            Ok(())
        }
    }
}

/// Submits what is neither done nor on its way; with `dry` only says what
/// would be submitted.
///
/// # Errors
/// When the folder cannot be used, it cannot be known what is queued, or sbatch
/// refuses.
pub(super) fn submit(
    plan: &Plan,
    file: Option<&SweepFile>,
    folder: &Path,
    json: bool,
    dry: bool,
) -> Result<()> {
    // Held until all is submitted: nobody else submits or trains meanwhile.
    let locked = if dry { None } else { Some(SweepFolder::open(folder, true)?) };
    if let Some(folder) = &locked {
        folder.keep(plan, file)?;
    }
    let options = match file {
        Some(file) => file.slurm.clone(),
        None => Options::of_file(&folder.join("sweep.toml"))?,
    };
    let mut outcomes = results::outcomes(plan, folder);
    match Queue::of(folder)? {
        Asked::Known(queue) => queue.tell(&mut outcomes),
        Asked::Unknown(why) => bail!(
            "what is queued already is not known, so nothing is submitted: {why}\n  = help: where none of it is \
             queued any more, remove {}",
            folder.join(FOLDER).display()
        ),
    }
    let (missing, left_out) = missing(plan, &outcomes);
    if missing.iter().any(|point| !point.on_cpu) && options.gpus.is_none() {
        tell("note: these runs compute on a card, and none is asked for: gpus = 1 in [slurm] does");
    }
    if missing.is_empty() {
        let document = Document { sweep: name(folder), job: None, script: None, runs: &[], left_out };
        return print(json, &document, || format!("nothing to submit: {}", counted(&document.left_out)));
    }
    let (submission, script) = Submission::prepare(folder, &missing, &options)?;
    let mut document = Document {
        sweep: name(folder),
        job: None,
        script: Some(script.clone()),
        runs: &submission.runs,
        left_out,
    };
    if dry {
        return print(json, &document, || script);
    }
    submission.keep(folder, &script)?;
    let job = submission.submit(folder)?;
    document.job = Some(job.clone());
    document.script = Some(submission.script(folder).display().to_string());
    print(json, &document, || {
        let logs = folder.join(FOLDER).join(format!("{job}_*.log"));
        let mut text = format!("job {job}: {} runs; they log to {}", missing.len(), logs.display());
        if !document.left_out.is_empty() {
            text += &format!("\nnot submitted: {}", counted(&document.left_out));
        }
        text
    })
}

fn name(folder: &Path) -> String {
    folder.display().to_string()
}

/// The runs that are neither done nor on their way, and how many are, by state.
fn missing<'p>(plan: &'p Plan, outcomes: &[Outcome]) -> (Vec<&'p Point>, Vec<(&'static str, usize)>) {
    let stay = [State::Finished, State::Running, State::Queued].map(State::name);
    let is_missing = |outcome: &Outcome| !stay.contains(&outcome.state);
    let points = plan.points.iter().zip(outcomes).filter(|(_, outcome)| is_missing(outcome));
    let count = |state: &str| outcomes.iter().filter(|outcome| outcome.state == state).count();
    let counts = stay.map(|state| (state, count(state)));
    (points.map(|(point, _)| point).collect(), counts.into_iter().filter(|(_, count)| *count > 0).collect())
}

fn counted(counts: &[(&str, usize)]) -> String {
    let counts: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
    counts.join(", ")
}
