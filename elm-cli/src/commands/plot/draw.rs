//! The curves of runs as a chart.

use super::curve::{Against, Curves, Point, places, smoothed};
use super::names::shortened;
use super::quantity::Quantity;
use crate::chart::{Axis, Chart, Series};
use crate::config::Predicts;

/// Markers along a line, so that lines are told apart without colour.
const MARKERS: usize = 10;

/// How curves are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    pub(crate) quantity: Quantity,
    pub(crate) against: Against,
    /// Updates to average training over.
    pub(crate) smooth: Option<f64>,
    pub(crate) log_x: bool,
    pub(crate) log_y: bool,
}

/// Curves with the name of their run.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(super) curves: Curves,
}

/// The chart of one run, with training and validation in colours of their own,
/// or of several, each in its colour and with its marker; what all of them
/// predict tells the unit.
pub(super) fn chart(runs: &[Named], style: &Style, predicts: Option<Predicts>) -> Chart {
    let axis = |log, label: String| if log { Axis::log(label) } else { Axis::linear(label) };
    let x = axis(style.log_x, style.against.label().to_string());
    let y = axis(style.log_y, style.quantity.label(predicts));
    let mut chart = Chart::new(title(runs, style), x, y);
    for (number, run) in runs.iter().enumerate() {
        let alone = runs.len() == 1;
        let (train, valid) = (&run.curves.train, &run.curves.valid);
        if !train.is_empty() {
            let name = if alone { averaged("training", style) } else { run.name.clone() };
            chart = with_training(chart, name, (number, alone), train, style);
        }
        if !valid.is_empty() {
            let line = |name: &str| Series::line(name, &places(valid));
            chart = chart.with(match (alone, train.is_empty()) {
                (true, _) => line("validation").sparsely_marked(MARKERS).like(1),
                (false, true) => line(&run.name).sparsely_marked(MARKERS).like(number),
                (false, false) => line("").dashed().sparsely_marked(MARKERS).like(number),
            });
        }
    }
    chart
}

fn with_training(
    chart: Chart,
    name: String,
    (number, alone): (usize, bool),
    train: &[Point],
    style: &Style,
) -> Chart {
    let line = |points: &[(f64, f64)]| {
        let line = Series::line(name, points).like(number);
        // One point is no line, and one line of several is told without colour.
        if points.len() == 1 || !alone { line.sparsely_marked(MARKERS) } else { line }
    };
    let measured = places(train);
    match style.smooth {
        None => chart.with(line(&measured)),
        Some(updates) => chart
            .with(Series::faint("", &measured).like(number))
            .with(line(&places(&smoothed(train, updates)))),
    }
}

fn title(runs: &[Named], style: &Style) -> String {
    let what = style.quantity.name().replace('_', " ");
    if let [run] = runs {
        return format!("{}: {what}", shortened(&run.name, 48));
    }
    let has = |of: fn(&Curves) -> &Vec<Point>| runs.iter().any(|run| !of(&run.curves).is_empty());
    match (has(|curves| &curves.train), has(|curves| &curves.valid)) {
        (true, true) => averaged(&format!("{what}: training"), style) + ", validation dashed",
        (true, false) => averaged(&format!("{what}: training"), style),
        _ => format!("{what}: validation"),
    }
}

/// With how it was smoothed.
fn averaged(text: &str, style: &Style) -> String {
    match style.smooth {
        Some(updates) => format!("{text} (average over {updates} updates)"),
        None => text.to_string(),
    }
}
