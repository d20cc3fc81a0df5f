//! `results.csv`: a line for each run, whatever became of it.

use super::plan::Plan;
use super::point::Point;
use crate::config::Named;
use crate::run::folder::write_atomically;
use crate::run::found::{Found, State};
use anyhow::{Context, Result};
use elm_core::train::Scores;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A run and what became of it.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// What it is.
    #[serde(flatten)]
    pub point: Point,
    /// The name of its [`State`].
    pub state: &'static str,
    /// What a cluster says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// `valid_loss`, `test_accuracy` and the like.
    pub metrics: BTreeMap<String, f64>,
    /// Seconds of training.
    pub seconds: Option<f64>,
    /// Why it failed.
    pub error: Option<String>,
}

impl Outcome {
    /// That of a run in the folder of a sweep.
    pub fn of(point: &Point, sweep: &Path) -> Self {
        let found = Found::or_damaged(&point.folder(sweep));
        let mut metrics = BTreeMap::new();
        if let Some(summary) = &found.summary {
            for (split, scores) in [("valid", &summary.valid), ("test", &summary.test)] {
                metrics.extend(scores.iter().flat_map(|scores| figures(split, scores)));
            }
        }
        Outcome {
            point: point.clone(),
            state: found.state.name(),
            job: None,
            metrics,
            seconds: found.summary.map(|summary| summary.seconds),
            error: found.error,
        }
    }

    /// Was it trained to its end?
    pub fn is_done(&self) -> bool {
        self.state == State::Finished.name()
    }
}

/// The figures of a split, each under its name.
fn figures(split: &str, scores: &Scores) -> Vec<(String, f64)> {
    let loss = scores.loss.map(|loss| ("loss", loss));
    let measured = scores.measured.iter().map(|(metric, value)| (metric.name(), value));
    loss.into_iter().chain(measured).map(|(name, value)| (format!("{split}_{name}"), value)).collect()
}

/// What became of every run.
pub fn outcomes(plan: &Plan, sweep: &Path) -> Vec<Outcome> {
    plan.points.iter().map(|point| Outcome::of(point, sweep)).collect()
}

/// Writes `results.csv` into the folder of a sweep.
///
/// # Errors
/// When it cannot be written.
pub fn write(plan: &Plan, outcomes: &[Outcome], sweep: &Path) -> Result<()> {
    let path = sweep.join("results.csv");
    let table = csv(plan, outcomes).with_context(|| format!("cannot make {}", path.display()))?;
    write_atomically(&path, &table)
}

fn csv(plan: &Plan, outcomes: &[Outcome]) -> Result<Vec<u8>> {
    let names: std::collections::BTreeSet<&String> =
        outcomes.iter().flat_map(|outcome| outcome.metrics.keys()).collect();
    // What was chosen by comes before what came out.
    let metrics: Vec<&&String> = names.iter().rev().filter(|name| name.starts_with("valid")).collect();
    let tests: Vec<&&String> = names.iter().rev().filter(|name| name.starts_with("test")).collect();
    let metrics: Vec<&&String> = metrics.into_iter().chain(tests).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut head = vec!["run", "state", "variant"];
    head.extend(plan.columns.iter().map(String::as_str));
    head.extend(["seed", "budget", "trainable_parameters", "num_neurons", "synapses_per_neuron"]);
    head.extend(["complexity_per_neuron", "flops_per_step_forward"]);
    head.extend(metrics.iter().map(|name| name.as_str()));
    head.extend(["seconds", "error"]);
    writer.write_record(head)?;
    for Outcome { point, state, metrics: own, seconds, error, .. } in outcomes {
        let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
        let mut line = vec![point.name.clone(), state.to_string(), point.variant.clone().unwrap_or_default()];
        let varied = |key| point.varied.get(key).map(|value| unquoted(value)).unwrap_or_default();
        line.extend(plan.columns.iter().map(varied));
        let budget = point.budget.map(|budget| budget.to_string()).unwrap_or_default();
        line.extend([point.seed.to_string(), budget, point.size.trainable_parameters.to_string()]);
        line.extend([point.size.num_neurons, point.size.synapses_per_neuron].map(number));
        line.push(number(point.size.complexity_per_neuron));
        line.push(point.size.flops_per_step_forward.to_string());
        let figure = |name: &&&String| own.get(name.as_str()).map(f64::to_string).unwrap_or_default();
        line.extend(metrics.iter().map(figure));
        line.push(seconds.map(|seconds| format!("{seconds:.3}")).unwrap_or_default());
        line.push(error.clone().unwrap_or_default());
        writer.write_record(line)?;
    }
    Ok(writer.into_inner()?)
}

/// A string without TOML's quotation marks.
pub(super) fn unquoted(value: &str) -> String {
    value.trim_matches('"').to_string()
}
