//! A picture of one figure against a setting or a size: `[figure]` of a sweep
//! file.

use super::pivot::{OTHERS, apart, value};
use super::plan::Plan;
use super::point::plain;
use super::results::Outcome;
use super::table::statistics;
use super::tables::Tables;
use crate::answer::tell;
use crate::chart::{Axis, Chart, Series};
use crate::config::ConfigError;
use crate::config::document::Entry;
use crate::config::keys::nearest;
use crate::config::keys::short;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::Path;
use toml::de::DeTable;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What the horizontal axis shows: a setting, or a size of the model.
    pub x: String,
    /// What the vertical axis shows: `test_accuracy`, say.
    pub y: String,
    /// What tells the lines apart; `None`: there is one.
    pub lines: Option<String>,
    /// A figure for each value of this setting; `None`: one of all runs.
    #[serde(default)]
    pub each: Option<String>,
}

/// Sizes of a model, under the names of `results.csv`.
const SIZES: [&str; 5] = [
    "trainable_parameters",
    "num_neurons",
    "synapses_per_neuron",
    "complexity_per_neuron",
    "flops_per_step_forward",
];

/// An axis is logarithmic from so many times its least value on.
const WIDE: f64 = 10.0;

/// A figure with the places of its names.
pub(super) struct Wanted {
    figure: Figure,
    x: Entry,
    lines: Option<Entry>,
    each: Option<Entry>,
}

impl Wanted {
    /// The table `[figure]`, if there is one.
    pub(super) fn read(tables: &Tables<'_>, top: &DeTable<'_>) -> Result<Option<Self>, ConfigError> {
        let Some((table, place)) = tables.table(top, "figure")? else { return Ok(None) };
        tables.check_keys(table, "figure.", &["x", "y", "lines", "each"])?;
        let required = |key: &str| {
            let help =
                "x is a setting that varies or a size of the model (num_neurons), y is test_loss or the like";
            let missing = || ConfigError::at(&place, format!("missing: {key} = \"…\"")).help(help);
            tables.name(table, key)?.ok_or_else(missing)
        };
        let ((x, x_entry), (y, y_entry)) = (required("x")?, required("y")?);
        super::pivot::check_metric(&y, &y_entry)?;
        let (lines, lines_entry) = tables.name(table, "lines")?.unzip();
        let (each, each_entry) = tables.name(table, "each")?.unzip();
        let figure = Figure { x, y, lines, each };
        Ok(Some(Wanted { figure, x: x_entry, lines: lines_entry, each: each_entry }))
    }

    /// The figure, if runs differ in what it names.
    pub(super) fn checked(&self, columns: &[String]) -> Result<Figure, ConfigError> {
        let columns = columns.iter().map(String::as_str);
        if OTHERS.contains(&self.figure.x.as_str()) && self.figure.x != "budget" {
            let message = format!("x = \"{}\" is no place on an axis", self.figure.x);
            let help = "x is a setting whose values are numbers, a size such as num_neurons, or budget; `lines` may be this";
            return Err(ConfigError::at(&self.x.value_place, message).help(help));
        }
        let of_x: Vec<&str> = columns.clone().chain(SIZES).chain(["budget"]).collect();
        let of_others: Vec<&str> = columns.chain(OTHERS).collect();
        let others = [(&self.figure.lines, &self.lines), (&self.figure.each, &self.each)];
        let others = others.map(|(name, at)| Some((name.as_ref()?, at.as_ref()?, of_others.clone())));
        let named = [Some((&self.figure.x, &self.x, of_x))].into_iter().chain(others);
        for (name, entry, known) in named.flatten() {
            if !known.contains(&name.as_str()) {
                let error = ConfigError::at(&entry.value_place, format!("no run differs in `{name}`"));
                return Err(error.help(nearest(name, &known)));
            }
        }
        Ok(self.figure.clone())
    }
}

/// Draws the means of all finished runs of a point, with the standard
/// deviation as error bar, into `figure.svg` and `figure.png`, with the value
/// of `each` in the name where there is one; nothing where no run has both
/// figures.
///
/// # Errors
/// When a file cannot be written.
pub fn draw(figure: &Figure, plan: &Plan, outcomes: &[Outcome], folder: &Path) -> Result<()> {
    for (of, runs) in apart(figure.each.as_deref(), outcomes) {
        draw_one(figure, plan, of.as_deref(), &runs, folder)?;
    }
    Ok(())
}

fn draw_one(figure: &Figure, plan: &Plan, of: Option<&str>, runs: &[&Outcome], folder: &Path) -> Result<()> {
    let keys: Vec<&str> = plan.columns.iter().map(String::as_str).collect();
    let mut lines: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for run in runs {
        let Some((x, y)) = x_of(&figure.x, run).zip(run.metrics.get(&figure.y).copied()) else { continue };
        let name = match &figure.lines {
            Some(key) if key == "variant" => value(key, run),
            Some(key) => format!("{} {}", short(key, &keys), value(key, run)),
            None => String::new(),
        };
        match lines.iter_mut().find(|(other, _)| *other == name) {
            Some((_, points)) => points.push((x, y)),
            None => lines.push((name, vec![(x, y)])),
        }
    }
    if lines.is_empty() {
        if runs.iter().any(|run| run.metrics.contains_key(&figure.y)) {
            tell(format_args!("note: no figure is drawn: no run has a number as {}", figure.x));
        }
        return Ok(());
    }
    let all = || lines.iter().flat_map(|(_, points)| points.iter().map(|(x, _)| *x));
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let label = short(&figure.x, &keys).replace('_', " ");
    let x = if low > 0.0 && high >= WIDE * low { Axis::log(label) } else { Axis::linear(label) };
    let y = figure.y.replace('_', " ");
    let title = of.map(|of| format!("{}: ", of.replace('_', " "))).unwrap_or_default();
    let title = format!("{title}{y}, mean and standard deviation");
    let mut chart = Chart::new(title, x, Axis::linear(y));
    for (name, points) in lines {
        let (means, deviations) = of_each_place(points);
        chart = chart.with(Series::line(name, &means).marked().errors(&deviations));
    }
    let name = of.map_or("figure".to_string(), |of| format!("figure-{}", plain(of)));
    chart.write(folder, &name).map(|_| ())
}

/// Mean and standard deviation at each place of the axis, in its order.
fn of_each_place(mut points: Vec<(f64, f64)>) -> (Vec<(f64, f64)>, Vec<f64>) {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at_one_place = points.chunk_by(|a, b| a.0 == b.0);
    let measured = at_one_place.filter_map(|points| {
        let values: Vec<f64> = points.iter().map(|(_, y)| *y).collect();
        let (mean, deviation) = statistics(&values)?;
        Some(((points[0].0, mean), deviation.unwrap_or(0.0)))
    });
    measured.unzip()
}

/// Where a run stands on the horizontal axis.
fn x_of(name: &str, run: &Outcome) -> Option<f64> {
    let size = &run.point.size;
    let count = match name {
        "trainable_parameters" => Some(size.trainable_parameters),
        "num_neurons" => size.num_neurons,
        "synapses_per_neuron" => size.synapses_per_neuron,
        "complexity_per_neuron" => size.complexity_per_neuron,
        "flops_per_step_forward" => return Some(size.flops_per_step_forward as f64),
        key => return value(key, run).parse().ok(),
    };
    count.map(|count| count as f64)
}
