//! What the neurons of a layer did, all examples together.

use super::Subject;
use super::report::{Counts, EventReport, LayerReport, LikenessReport};
use super::timescales;
use anyhow::Result;
use elm_core::analysis::activity::{
    Event, Histogram, Level, Recording, coefficient_of_variation, correlations, counts, effective_rank,
    event_times, fano_factor, intervals,
};
use elm_core::model::{Activation, LayerSpec};

/// Steps of a window that events are counted in.
const WINDOW: usize = 20;
/// Units that are compared with each other; of more, so many at even distances.
const MOST_UNITS: usize = 500;
/// Bins of a histogram of intervals, at most.
const INTERVAL_BINS: usize = 40;

/// What is an event of a neuron; nothing where it has no threshold.
fn event(layer: &LayerSpec) -> Option<Event> {
    match layer.neuron.activation {
        Activation::Spike => Some(Event::ActiveStep),
        Activation::Relu => Some(Event::Onset),
        Activation::Identity => None,
    }
}

/// The most active neurons of a layer, by the root of the mean square of their
/// outputs.
pub(super) fn most_active(report: &LayerReport, most: usize) -> Vec<usize> {
    let squares = report.mean.iter().zip(&report.standard_deviation).map(|(mean, sd)| mean * mean + sd * sd);
    let squares: Vec<f64> = squares.collect();
    let sizes: Vec<f64> = squares.chunks(report.outputs.max(1)).map(|own| own.iter().sum()).collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    // Stable, so that the first of equal neurons comes first.
    order.sort_by(|&a, &b| sizes[b].total_cmp(&sizes[a]));
    order.truncate(most);
    order
}

/// The numbers of a layer.
///
/// # Errors
/// When the weights are of another network.
pub(super) fn layer(subject: &Subject<'_>, activity: &[Recording], fresh: bool) -> Result<LayerReport> {
    let layer = subject.layer;
    let units = layer.neurons * layer.outputs;
    let levels: Vec<Level> = (0..units).filter_map(|unit| Level::of(activity, unit)).collect();
    let of = |which: fn(&Level) -> bool| -> Vec<usize> {
        (0..levels.len()).filter(|&unit| which(&levels[unit])).collect()
    };
    let threshold = event(layer).is_some();
    let shares: Vec<f64> = levels.iter().map(|level| level.share_active).collect();
    Ok(LayerReport {
        layer: subject.position,
        layers: subject.network.layers.len(),
        neurons: layer.neurons,
        outputs: layer.outputs,
        activation: match layer.neuron.activation {
            Activation::Identity => "identity",
            Activation::Relu => "relu",
            Activation::Spike => "spike",
        },
        steps: activity.iter().map(Recording::steps).sum(),
        mean: levels.iter().map(|level| level.mean).collect(),
        standard_deviation: levels.iter().map(|level| level.standard_deviation).collect(),
        fraction_active: threshold.then(|| mean(&shares)).flatten(),
        silent: threshold.then(|| of(Level::is_silent)),
        saturated: threshold.then(|| of(Level::is_saturated)),
        fraction_active_of: threshold.then_some(shares),
        events: event(layer).map(|event| events(event, activity, units)),
        likeness: likeness(activity, units),
        timescales: timescales::report(subject, fresh)?,
    })
}

fn events(event: Event, activity: &[Recording], units: usize) -> EventReport {
    let shortest = activity.iter().map(Recording::steps).min().unwrap_or(0);
    let window = WINDOW.min(shortest / 2).max(1);
    let (mut all, mut fano, mut number) = (Vec::new(), Vec::with_capacity(units), Vec::with_capacity(units));
    for unit in 0..units {
        let mut in_windows = Vec::new();
        let mut found = 0;
        for recording in activity {
            let times = event_times(recording.unit(unit), event);
            in_windows.extend(counts(&times, recording.steps(), window));
            all.extend(intervals(&times));
            found += times.len();
        }
        fano.push(fano_factor(&in_windows));
        number.push(found);
    }
    let defined: Vec<f64> = fano.iter().copied().flatten().collect();
    let lengths: Vec<f64> = all.iter().map(|&interval| interval as f64).collect();
    EventReport {
        event: if event == Event::Onset { "onset" } else { "spike" },
        number,
        window_steps: window,
        fano_factor: mean(&defined),
        fano_factor_of: fano,
        intervals: all.len(),
        mean_interval: mean(&lengths),
        variation_of_intervals: coefficient_of_variation(&all),
        interval_histogram: interval_histogram(&lengths),
    }
}

/// Bins of whole steps, as many as can be seen.
fn interval_histogram(lengths: &[f64]) -> Option<Counts> {
    let longest = lengths.iter().copied().fold(0.0, f64::max);
    let width = (longest / INTERVAL_BINS as f64).ceil().max(1.0);
    let bins = (longest / width).ceil() as usize;
    (bins > 0).then(|| Histogram::even(lengths, [0.5, 0.5 + bins as f64 * width], bins).into())
}

fn likeness(activity: &[Recording], units: usize) -> LikenessReport {
    let every = units.div_ceil(MOST_UNITS).max(1);
    let chosen: Vec<usize> = (0..units).step_by(every).collect();
    let all = correlations(activity, &chosen);
    let sizes: Vec<f64> = all.iter().map(|value| value.abs()).collect();
    LikenessReport {
        units: chosen.len(),
        pairs: all.len(),
        mean_correlation: mean(&all),
        mean_absolute_correlation: mean(&sizes),
        correlation_histogram: (!all.is_empty()).then(|| Histogram::even(&all, [-1.0, 1.0], 40).into()),
        effective_rank: effective_rank(activity, &chosen),
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
