//! Input, hidden activity and output of one example above each other.

use super::super::Findings;
use super::outputs;
use super::time::{Clock, Labels, cells, units};
use crate::chart::{Axis, Panel, Panels, Series};
use elm_core::analysis::activity::Recording;
use elm_core::model::{Activation, HostInput};
use elm_core::train::Target;
use std::ops::Range;

/// Dots that are drawn one by one; more become cells.
const MOST_DOTS: usize = 3000;

/// The picture of an example.
pub(super) fn picture(findings: &Findings<'_>, at: usize) -> Panels {
    let (example, ran) = (&findings.examples[at], &findings.ran[at]);
    let steps = example.length(0);
    let clock = Clock::of(findings.report);
    let mut panels = Panels::new(title(findings, at), clock.axis(steps));
    panels = input(findings, at, clock).into_iter().fold(panels, Panels::with);
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

/// What the network saw, a panel for each kind of channel; nothing of an empty
/// sequence.
fn input(findings: &Findings<'_>, at: usize, clock: Clock) -> Vec<Panel> {
    let example = &findings.examples[at];
    let (rows, steps) = (example.batch.rows, example.length(0));
    let channels = findings.subject.network.inputs();
    if let HostInput::Dense(values) = &example.batch.input {
        let of_step = |step: usize| (0..channels).map(move |channel| (step * channels + channel) * rows);
        let seen: Vec<f32> =
            (0..steps).flat_map(of_step).filter_map(|place| values.get(place).copied()).collect();
        let signed = seen.iter().any(|&value| value < 0.0);
        let line = |channel: usize| if channels > 1 { format!("input {channel}") } else { String::new() };
        let labels = Labels { unit: "input channel", value: "input", line: &line, row: None, signed };
        let recording = Recording::new(channels, seen).ok();
        return recording.map(|recording| units(&recording, &labels, clock, 110.0)).into_iter().collect();
    }
    let mut entries = Vec::new();
    example.batch.input.for_each_entry(rows, |step, channel, row, count| {
        if row == 0 && step < steps {
            entries.push(Entry { step, channel, count: f64::from(count) });
        }
    });
    let kinds: &[(&str, Range<usize>)] = match &example.batch.target {
        // A channel of each kind for every segment of the recorded neuron.
        Target::SpikeAndSoma { .. } => &[
            ("excitatory input channel", 0..channels / 2),
            ("inhibitory input channel", channels / 2..channels),
        ],
        _ if matches!(example.batch.input, HostInput::Tokens(_)) => {
            &[("number of the input symbol", 0..channels)]
        }
        _ => &[("input channel", 0..channels)],
    };
    kinds.iter().filter_map(|(label, own)| spikes(label, own, &entries, steps, clock)).collect()
}

/// Spikes of one channel at one step; negative ones inhibit.
struct Entry {
    step: usize,
    channel: usize,
    count: f64,
}

/// The spikes of some channels: a few as dots, more as cells.
fn spikes(label: &str, own: &Range<usize>, all: &[Entry], steps: usize, clock: Clock) -> Option<Panel> {
    let entries: Vec<&Entry> = all.iter().filter(|entry| own.contains(&entry.channel)).collect();
    let [low, high] = [own.start, own.end].map(|channel| channel as f64 - 0.5);
    let panel = Panel::new(Axis::whole(label).between(low, high), 120.0);
    if entries.len() > MOST_DOTS {
        let mut counts = vec![vec![0.0; steps]; own.len()];
        for entry in entries {
            counts[entry.channel - own.start][entry.step] += entry.count.abs();
        }
        return Some(panel.over(cells("spikes", &counts, own.start, clock)));
    }
    let points: Vec<(f64, f64)> =
        entries.iter().map(|entry| (clock.at(entry.step), entry.channel as f64)).collect();
    (!points.is_empty()).then(|| panel.with(Series::dots("", &points)))
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
    let signed = layer.neuron.activation == Activation::Identity;
    let labels = Labels { unit: &unit, value: "activity", line: &line, row: None, signed };
    units(activity, &labels, clock, 120.0)
}
