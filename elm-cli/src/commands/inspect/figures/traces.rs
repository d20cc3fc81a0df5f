//! What one neuron held inside during the first example.

use super::super::Findings;
use super::super::neuron::Inside;
use super::super::report::NeuronReport;
use super::time::{Clock, Labels, MOST_LINES, units};
use crate::chart::{Panel, Panels};
use elm_core::analysis::activity::Recording;
use elm_core::model::Activation;

/// The picture of a neuron: branches, memory, activity.
pub(super) fn picture(findings: &Findings<'_>, neuron: usize, inside: &Inside) -> Panels {
    let clock = Clock::of(findings.report);
    let example = findings.examples[0].number;
    let layer = findings.subject.layer;
    let title = format!("Neuron {neuron} of layer {} in example {example}", findings.subject.position);
    let steps = inside.memory.first().map_or(0, Recording::steps);
    let mut panels = Panels::new(title, clock.axis(steps));
    if let Some(branches) = inside.branches.first() {
        let line = |branch: usize| format!("branch {branch}");
        let labels = Labels { unit: "branch", value: "branch sum", line: &line, row: None, signed: true };
        panels = panels.with(units(branches, &labels, clock, 120.0));
    }
    let report = findings.report.neurons.iter().find(|report| report.neuron == neuron);
    if let (Some(all), Some(report)) = (inside.memory.first(), report) {
        panels = memory(all, report, clock).into_iter().fold(panels, Panels::with);
    }
    let own = findings.ran.first().and_then(|ran| ran.activity.first());
    let outputs: Vec<usize> = (neuron * layer.outputs..(neuron + 1) * layer.outputs).collect();
    if let Some(Ok(activity)) = own.map(|all| in_order(all, &outputs)) {
        let line = |output: usize| if layer.outputs > 1 { format!("output {output}") } else { String::new() };
        let signed = layer.neuron.activation == Activation::Identity;
        let labels = Labels { unit: "output", value: "activity", line: &line, row: None, signed };
        panels = panels.with(units(&activity, &labels, clock, 100.0));
    }
    panels
}

/// The memory units of a neuron, the fastest first.
fn memory(all: &Recording, report: &NeuronReport, clock: Clock) -> Option<Panel> {
    let tau = |unit: usize| report.memory.get(unit).map_or(f64::NAN, |unit| clock.time(unit.tau_steps));
    let mut order: Vec<usize> = (0..all.units()).collect();
    order.sort_by(|&a, &b| tau(a).total_cmp(&tau(b)));
    let memory = in_order(all, &order).ok()?;
    let row = |place: usize| short(tau(order[place]));
    let line = |place: usize| format!("τ {}", row(place));
    let unit = format!("memory unit with its timescale τ ({})", clock.unit());
    let told = format!("memory (τ in {})", clock.unit());
    let value = if memory.units() > MOST_LINES { "memory" } else { &told };
    let labels = Labels { unit: &unit, value, line: &line, row: Some(&row), signed: true };
    Some(units(&memory, &labels, clock, 150.0))
}

/// Some units of a recording, in this order.
fn in_order(all: &Recording, units: &[usize]) -> elm_core::Result<Recording> {
    let series: Vec<Vec<f64>> = units.iter().map(|&unit| all.unit(unit).collect()).collect();
    let of_step = |step: usize| series.iter().map(move |unit| unit[step] as f32);
    Recording::new(units.len(), (0..all.steps()).flat_map(of_step).collect())
}

/// A timescale with three digits.
fn short(tau: f64) -> String {
    let digits = if tau >= 100.0 {
        0
    } else if tau >= 10.0 {
        1
    } else {
        2
    };
    format!("{tau:.digits$}")
}
