//! Input, hidden activity and output of one example above each other.

use super::super::Findings;
use super::outputs;
use super::time::{Clock, Labels, cells, units};
use crate::chart::{Axis, Panel, Panels, Series};
use elm_core::analysis::activity::Recording;
use elm_core::model::{Activation, HostInput};

/// Dots that are drawn one by one; more become cells.
const MOST_DOTS: usize = 3000;

/// The picture of an example.
pub(super) fn picture(findings: &Findings<'_>, at: usize) -> Panels {
    let (example, ran) = (&findings.examples[at], &findings.ran[at]);
    let steps = example.length(0);
    let clock = Clock::of(findings);
    let mut panels = Panels::new(title(findings, at), clock.axis(steps));
    if let Some(panel) = input(findings, at, clock) {
        panels = panels.with(panel);
    }
    if let Some(activity) = ran.activity.first() {
        panels = panels.with(of_layer(findings, activity, clock));
    }
    outputs::panels(findings, at, clock).into_iter().fold(panels, Panels::with)
}

fn title(findings: &Findings<'_>, at: usize) -> String {
    let report = &findings.report.examples[at];
    let what = if findings.task.properties().segmented { "Segment" } else { "Example" };
    let mut title = format!("{what} {}", report.example);
    if let (Some(label), Some(prediction)) = (&report.label, &report.prediction) {
        title += &format!(": class {label}, answered {prediction}");
    }
    title
}

/// What the network saw; nothing of an empty sequence.
fn input(findings: &Findings<'_>, at: usize, clock: Clock) -> Option<Panel> {
    let example = &findings.examples[at];
    let (rows, steps) = (example.batch.rows, example.length(0));
    let channels = findings.subject.network.inputs();
    if let HostInput::Dense(values) = &example.batch.input {
        let of_step = |step: usize| (0..channels).map(move |channel| (step * channels + channel) * rows);
        let seen = (0..steps).flat_map(of_step).filter_map(|place| values.get(place).copied()).collect();
        let recording = Recording::new(channels, seen).ok()?;
        let line = |channel: usize| if channels > 1 { format!("input {channel}") } else { String::new() };
        let labels = Labels { unit: "input channel", value: "input", line: &line };
        return Some(units(&recording, &labels, clock, 110.0));
    }
    let mut dots = Vec::new();
    example.batch.input.for_each_entry(rows, |step, channel, row, count| {
        if row == 0 && step < steps {
            dots.push((step, channel, f64::from(count)));
        }
    });
    let tokens = matches!(example.batch.input, HostInput::Tokens(_));
    let label = if tokens { "number of the input symbol" } else { "input channel" };
    let axis = Axis::whole(label).between(-0.5, channels as f64 - 0.5);
    if dots.len() > MOST_DOTS {
        let mut counts = vec![vec![0.0; steps]; channels];
        for (step, channel, count) in dots {
            counts[channel][step] += count;
        }
        return Some(Panel::new(axis, 120.0).over(cells("spikes", &counts, clock)));
    }
    let points: Vec<(f64, f64)> =
        dots.iter().map(|&(step, channel, _)| (clock.at(step), channel as f64)).collect();
    (!points.is_empty()).then(|| Panel::new(axis, 120.0).with(Series::dots("", &points)))
}

/// What the layer did: spikes as dots, graded activity as it is.
fn of_layer(findings: &Findings<'_>, activity: &Recording, clock: Clock) -> Panel {
    let layer = findings.subject.layer;
    let single = layer.neurons == 1;
    let unit = if single { "output of the neuron" } else { "neuron" };
    let unit = format!("{unit} (layer {})", findings.subject.position);
    if layer.neuron.activation == Activation::Spike {
        let spikes = |unit: usize| {
            let active = activity.unit(unit).enumerate().filter(|&(_, value)| value > 0.0);
            active.map(move |(step, _)| (clock.at(step), unit as f64))
        };
        let points: Vec<(f64, f64)> = (0..activity.units()).flat_map(spikes).collect();
        if !points.is_empty() && points.len() <= MOST_DOTS {
            let axis = Axis::whole(unit).between(-0.5, activity.units() as f64 - 0.5);
            return Panel::new(axis, 120.0).with(Series::dots("", &points));
        }
    }
    let line = |unit: usize| match activity.units() {
        1 => String::new(),
        _ if single => format!("output {unit}"),
        _ => format!("neuron {unit}"),
    };
    units(activity, &Labels { unit: &unit, value: "activity", line: &line }, clock, 120.0)
}
