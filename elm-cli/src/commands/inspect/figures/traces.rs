//! What one neuron held inside during the first example.

use super::super::Findings;
use super::super::neuron::Inside;
use super::time::{Clock, Labels, MOST_LINES, units};
use crate::chart::Panels;
use elm_core::analysis::activity::Recording;

/// The picture of a neuron: branches, memory, activity.
pub(super) fn picture(findings: &Findings<'_>, neuron: usize, inside: &Inside) -> Panels {
    let clock = Clock::of(findings);
    let example = findings.examples[0].number;
    let layer = findings.subject.layer;
    let title = format!("Neuron {neuron} of layer {} in example {example}", findings.subject.position);
    let steps = inside.memory.first().map_or(0, Recording::steps);
    let mut panels = Panels::new(title, clock.axis(steps));
    if let Some(branches) = inside.branches.first() {
        let line = |branch: usize| format!("branch {branch}");
        let labels = Labels { unit: "branch", value: "branch sum", line: &line };
        panels = panels.with(units(branches, &labels, clock, 120.0));
    }
    if let Some(memory) = inside.memory.first() {
        let tau = |unit: usize| {
            let report = findings.report.neurons.iter().find(|report| report.neuron == neuron);
            report.and_then(|report| report.memory.get(unit)).map_or(f64::NAN, |unit| unit.tau_steps)
        };
        let line = |unit: usize| format!("τ {}", short(tau(unit)));
        let value = if memory.units() > MOST_LINES { "memory" } else { "memory (τ in steps)" };
        let labels = Labels { unit: "memory unit, by initial timescale", value, line: &line };
        panels = panels.with(units(memory, &labels, clock, 150.0));
    }
    let own = findings.ran.first().and_then(|ran| ran.activity.first());
    if let Some(Ok(activity)) = own.map(|all| outputs_of(all, neuron, layer.outputs)) {
        let line = |output: usize| if layer.outputs > 1 { format!("output {output}") } else { String::new() };
        let labels = Labels { unit: "output", value: "activity", line: &line };
        panels = panels.with(units(&activity, &labels, clock, 100.0));
    }
    panels
}

/// The outputs of a neuron alone.
fn outputs_of(all: &Recording, neuron: usize, outputs: usize) -> elm_core::Result<Recording> {
    let series: Vec<Vec<f64>> =
        (neuron * outputs..(neuron + 1) * outputs).map(|unit| all.unit(unit).collect()).collect();
    let of_step = |step: usize| series.iter().map(move |unit| unit[step] as f32);
    Recording::new(outputs, (0..all.steps()).flat_map(of_step).collect())
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
