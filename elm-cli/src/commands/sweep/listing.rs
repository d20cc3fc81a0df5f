//! What is said of the runs of a sweep without starting any.

use super::estimate::Estimate;
use crate::answer::print;
use crate::run::progress::duration;
use crate::sweep::results::Outcome;
use crate::sweep::shell::quoted;
use crate::sweep::{Plan, Point};
use anyhow::Result;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// A run that is not started.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    point: &'a Point,
    /// What starts it.
    command: Vec<String>,
    /// What it will take, where that was estimated.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_seconds: Option<f64>,
}

fn listed<'a>(plan: &'a Plan, folder: &Path) -> Vec<Listed<'a>> {
    let listed = |point| Listed { point, command: words(point, folder), estimated_seconds: None };
    plan.points.iter().map(listed).collect()
}

/// The command of every run, one a line, for a shell.
pub(super) fn commands(plan: &Plan, folder: &Path, json: bool) -> Result<()> {
    let listed = listed(plan, folder);
    print(json, &listed, || {
        let line =
            |run: &Listed<'_>| run.command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        listed.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

/// Every run with its settings, its size and what it will take.
pub(super) fn dry_run(plan: &Plan, folder: &Path, estimate: &Estimate, json: bool) -> Result<()> {
    let mut listed = listed(plan, folder);
    for run in &mut listed {
        run.estimated_seconds = estimate.seconds(run.point);
    }
    print(json, &listed, || {
        let mut text = String::new();
        for run in &listed {
            let parameters = run.point.size.trainable_parameters;
            let time = run.estimated_seconds.map(|seconds| format!(", about {}", duration(seconds)));
            let _ = writeln!(text, "{}  {parameters} parameters{}", run.point.name, time.unwrap_or_default());
            for (key, value) in &run.point.settings {
                let _ = writeln!(text, "    {key} = {value}");
            }
        }
        text + &format!("{} runs in {}; {}", listed.len(), folder.display(), estimate.in_words(plan))
    })
}

/// How far every run is.
pub(super) fn states(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for Outcome { point, state, error, job, .. } in outcomes {
        let why = error.as_deref().or(job.as_deref()).and_then(|why| why.lines().next()).unwrap_or_default();
        let _ = writeln!(text, "{}", format!("{state:<8} {}  {why}", point.name).trim_end());
    }
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for outcome in outcomes {
        match counts.iter_mut().find(|(state, _)| *state == outcome.state) {
            Some((_, count)) => *count += 1,
            None => counts.push((outcome.state, 1)),
        }
    }
    let counts: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
    text + &counts.join(", ")
}

/// The command of a run, with the program as it was called here.
fn words(point: &Point, folder: &Path) -> Vec<String> {
    let program = std::env::args().next().unwrap_or_else(|| "elm".into());
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    [vec![program], point.arguments(&folder)].concat()
}
