//! How often what is how large.

use super::super::report::{Counts, InspectReport};
use super::time::Clock;
use crate::chart::{Axis, Chart};
use elm_core::analysis::activity::Histogram;

/// The histograms that there are numbers for.
pub(super) fn charts(report: &InspectReport) -> Vec<(String, Chart)> {
    let clock = Clock::of(report);
    let mut charts = vec![("timescales".to_string(), timescales(report, clock))];
    let layer = &report.layer;
    let of = format!("layer {}", layer.layer);
    if let Some(shares) = &layer.fraction_active_of {
        let histogram = Counts::from(Histogram::even(shares, [0.0, 1.0], 20));
        let x = Axis::linear("fraction of time active").between(0.0, 1.0);
        charts.push((
            "activity".into(),
            chart(&format!("How active neurons are, {of}"), x, "neurons", &histogram.edges, &histogram),
        ));
    }
    if let Some((events, histogram)) =
        layer.events.as_ref().and_then(|events| events.interval_histogram.as_ref().map(|h| (events, h)))
    {
        let between = if events.event == "spike" { "spikes" } else { "onsets of activity" };
        let x = Axis::linear(format!("interval between {between} ({})", clock.unit()));
        let edges = times(histogram, clock);
        charts.push((
            "intervals".into(),
            chart(&format!("Intervals, {of}"), x, "intervals", &edges, histogram),
        ));
    }
    if let Some(histogram) = &layer.likeness.correlation_histogram {
        let x = Axis::linear("correlation of two outputs").between(-1.0, 1.0);
        charts.push((
            "correlations".into(),
            chart(&format!("Correlations, {of}"), x, "pairs", &histogram.edges, histogram),
        ));
    }
    charts
}

fn chart(title: &str, x: Axis, y: &str, edges: &[f64], histogram: &Counts) -> Chart {
    Chart::new(title, x, Axis::whole(y)).with_histogram("", edges, &heights(histogram))
}

/// Timescales, before and after training where they were trained.
fn timescales(report: &InspectReport, clock: Clock) -> Chart {
    let scales = &report.layer.timescales;
    let how = if scales.learnable { "" } else { " (fixed)" };
    let title = format!("Timescales of memory{how}, layer {}", report.layer.layer);
    let chart =
        Chart::new(title, Axis::log(format!("timescale τ ({})", clock.unit())), Axis::whole("memory units"));
    let (edges, trained) = (times(&scales.trained, clock), heights(&scales.trained));
    match &scales.initial {
        None => chart.with_histogram("", &edges, &trained),
        Some(initial) => chart
            .with_histogram("before training", &times(initial, clock), &heights(initial))
            .with_histogram("after training", &edges, &trained),
    }
}

/// Edges in the unit of time of the pictures.
fn times(histogram: &Counts, clock: Clock) -> Vec<f64> {
    histogram.edges.iter().map(|&steps| clock.time(steps)).collect()
}

fn heights(histogram: &Counts) -> Vec<f64> {
    histogram.counts.iter().map(|&count| count as f64).collect()
}
