//! What the network answers over time, and what it should.

use super::super::Findings;
use super::time::{Clock, MOST_LINES, cells};
use crate::chart::{Axis, Panel, Series};
use elm_core::train::Target;
use elm_core::train::metric::probabilities;
use elm_data::neuronio::voltage_of;

/// Panels of an example's answers; none where two sequences are compared at
/// their ends.
pub(super) fn panels(findings: &Findings<'_>, at: usize, clock: Clock) -> Vec<Panel> {
    let example = &findings.examples[at];
    let steps = example.length(0);
    let Some(every_step) = &findings.ran[at].every_step else { return Vec::new() };
    let all = example.batch.steps.max(1);
    let outputs: Vec<&[f32]> = every_step.chunks_exact(all).map(|output| &output[..steps.min(all)]).collect();
    match &example.batch.target {
        Target::LastStep { .. } => {
            let names = findings.task.output_names();
            vec![classes(&of_classes(every_step, all, steps), &names, clock)]
        }
        Target::EveryStep { .. } => symbols(findings, at, clock).into_iter().collect(),
        Target::ValuesEveryStep { values, .. } => {
            let wanted: Vec<&[f32]> = values.chunks_exact(all).collect();
            vec![real(&outputs, &wanted, clock)]
        }
        Target::ValuesLastStep { values, .. } => {
            let wanted: Vec<Vec<f32>> = values.iter().map(|&value| vec![value; steps]).collect();
            let wanted: Vec<&[f32]> = wanted.iter().map(Vec::as_slice).collect();
            vec![real(&outputs, &wanted, clock)]
        }
        Target::SpikeAndSoma { spike, soma, .. } => recorded(&outputs, spike, soma, clock),
        Target::Pairs { .. } => Vec::new(),
    }
}

/// How likely each class was held to be at every step, `[O][T]`, from logits
/// `[O, all]`.
fn of_classes(logits: &[f32], all: usize, steps: usize) -> Vec<Vec<f64>> {
    let (shares, classes) = (probabilities(logits, all), logits.len() / all);
    let of_class = |class: usize| {
        let own = shares.iter().skip(class).step_by(classes).take(steps);
        own.map(|&share| f64::from(share)).collect()
    };
    (0..classes).map(of_class).collect()
}

/// What the class would be taken for if the sequence ended there.
fn classes(shares: &[Vec<f64>], names: &[String], clock: Clock) -> Panel {
    if shares.len() > MOST_LINES {
        let axis = Axis::whole("class").between(-0.5, shares.len() as f64 - 0.5);
        return Panel::new(axis, 120.0).over(cells("probability", shares, 0, clock).between(0.0, 1.0));
    }
    let panel = Panel::new(Axis::linear("probability of the class").between(0.0, 1.0), 100.0);
    shares.iter().enumerate().fold(panel, |panel, (class, shares)| {
        let name = names.get(class).map_or_else(|| class.to_string(), String::clone);
        panel.with(clock.line(format!("class {name}"), shares.iter().copied()))
    })
}

/// How likely the right symbol was held to be.
fn symbols(findings: &Findings<'_>, at: usize, clock: Clock) -> Option<Panel> {
    let symbols = findings.report.examples[at].symbols.as_ref()?;
    let axis = Axis::linear("probability").between(0.0, 1.0);
    let right = clock.line("right one", symbols.iter().map(|symbol| symbol.probability));
    let likeliest = clock.line("likeliest", symbols.iter().map(|symbol| symbol.probability_of_prediction));
    (!symbols.is_empty()).then(|| Panel::new(axis, 100.0).with(right).with(likeliest))
}

/// Real values and what was answered, of as many outputs as can be seen.
fn real(outputs: &[&[f32]], wanted: &[&[f32]], clock: Clock) -> Panel {
    let mut panel = Panel::new(Axis::linear("output"), 110.0);
    let told = |name: &str, output: usize| {
        if outputs.len() > 1 { format!("{name} {output}") } else { name.to_string() }
    };
    for (output, (answered, wanted)) in outputs.iter().zip(wanted).take(MOST_LINES / 2).enumerate() {
        let numbers = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
        let wanted = numbers(&wanted[..answered.len().min(wanted.len())]);
        panel = panel.with(clock.line(told("target", output), wanted.into_iter()).like(2 * output));
        let answer = clock.line(told("prediction", output), numbers(answered).into_iter());
        panel = panel.with(answer.like(2 * output + 1));
    }
    panel
}

/// Spikes with the probability they were given, and voltages in mV.
fn recorded(outputs: &[&[f32]], spike: &[f32], soma: &[f32], clock: Clock) -> Vec<Panel> {
    let [logits, voltages] = outputs[..] else { return Vec::new() };
    let spikes = spike.iter().enumerate().filter(|&(_, &spike)| spike > 0.5);
    let spikes: Vec<(f64, f64)> = spikes.map(|(step, _)| (clock.at(step), 1.0)).collect();
    let share = logits.iter().map(|&logit| 1.0 / (1.0 + (-f64::from(logit)).exp()));
    let none = if spikes.is_empty() { " (the target has none)" } else { "" };
    let axis = Axis::linear(format!("probability of a spike{none}")).between(0.0, 1.05);
    let mut first = Panel::new(axis, 90.0).with(clock.line("prediction", share));
    if !spikes.is_empty() {
        first = first.with(Series::points("target", &spikes));
    }
    let in_mv = |values: &[f32]| values.iter().map(|&value| f64::from(voltage_of(value))).collect::<Vec<_>>();
    let second = Panel::new(Axis::linear("voltage of the soma (mV)"), 110.0)
        .with(clock.line("target", in_mv(soma).into_iter()))
        .with(clock.line("prediction", in_mv(voltages).into_iter()));
    vec![first, second]
}
