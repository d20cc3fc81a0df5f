//! The timescales of a layer's memory units, before and after training.

use super::Subject;
use super::report::{Counts, TimescaleReport};
use anyhow::Result;
use elm_core::analysis::activity::Histogram;

/// Bins of the histograms.
const BINS: usize = 24;

/// Timescales of all memory units `[N * M]` in time steps, as the weights have
/// them.
///
/// # Errors
/// When the weights are of another network.
pub(super) fn trained(subject: &Subject<'_>) -> Result<Vec<f64>> {
    let layer = subject.layer;
    let name = format!("layers.{}.memory.tau_raw", subject.position);
    let raw = subject.weights.floats(&name, &[layer.neurons, layer.neuron.memory])?;
    Ok(in_steps(subject, raw))
}

/// The same before the first update, which no seed has a part in.
pub(super) fn initial(subject: &Subject<'_>) -> Vec<f64> {
    in_steps(subject, &subject.layer.initial_tau_raw())
}

fn in_steps(subject: &Subject<'_>, raw: &[f32]) -> Vec<f64> {
    let neuron = &subject.layer.neuron;
    raw.iter().map(|&raw| neuron.tau(f64::from(raw)) / neuron.delta_t).collect()
}

/// Both as histograms over the same bins; `fresh`: did the run begin with
/// initial weights?
///
/// # Errors
/// When the weights are of another network.
pub(super) fn report(subject: &Subject<'_>, fresh: bool) -> Result<TimescaleReport> {
    let trained = trained(subject)?;
    let learnable = subject.layer.neuron.tau_learnable;
    let initial = (learnable && fresh).then(|| initial(subject));
    let all = trained.iter().chain(initial.iter().flatten()).copied();
    let [low, high] = all.fold([f64::INFINITY, 0.0], |[low, high], tau| [low.min(tau), f64::max(high, tau)]);
    let ends = [low / 1.05, high * 1.05];
    let histogram = |values: &Vec<f64>| Counts::from(Histogram::log(values, ends, BINS));
    Ok(TimescaleReport {
        learnable,
        delta_t: subject.layer.neuron.delta_t,
        low,
        high,
        initial: initial.as_ref().map(histogram),
        trained: histogram(&trained),
    })
}
