//! Values over time as parts of a panel.

use super::super::report::InspectReport;
use crate::chart::{Axis, Field, Panel, Series};
use elm_core::analysis::activity::Recording;

/// Units that are drawn as lines; more are cells.
pub(super) const MOST_LINES: usize = 7;
/// Rows and columns of cells; more are put together.
const MOST_CELLS: [usize; 2] = [120, 360];
/// Height that the name of a row takes.
const ROW_NAME: f64 = 20.0;

/// The unit of time of all pictures of a run.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    step_ms: Option<f64>,
}

impl Clock {
    pub(super) fn of(report: &InspectReport) -> Self {
        Clock { step_ms: report.step_ms }
    }

    /// Its name: milliseconds where the data has a clock.
    pub(super) fn unit(self) -> &'static str {
        if self.step_ms.is_some() { "ms" } else { "time steps" }
    }

    /// A time of so many steps in it.
    pub(super) fn time(self, steps: f64) -> f64 {
        steps * self.step_ms.unwrap_or(1.0)
    }

    /// The place of a step.
    pub(super) fn at(self, step: usize) -> f64 {
        self.time(step as f64)
    }

    /// The axis over so many steps.
    pub(super) fn axis(self, steps: usize) -> Axis {
        let label = if self.step_ms.is_some() { "time (ms)" } else { "time steps" };
        Axis::linear(label).between(0.0, self.at(steps.max(1)))
    }

    /// A line through the values of all steps.
    pub(super) fn line(self, name: impl Into<String>, values: impl Iterator<Item = f64>) -> Series {
        let points: Vec<(f64, f64)> =
            values.enumerate().map(|(step, value)| (self.at(step), value)).collect();
        Series::line(name, &points)
    }
}

/// How a panel of units is labelled.
pub(super) struct Labels<'a> {
    /// What a unit is: `neuron`.
    pub(super) unit: &'a str,
    /// What its value is: `activity`.
    pub(super) value: &'a str,
    /// The name of a unit's line.
    pub(super) line: &'a dyn Fn(usize) -> String,
    /// What stands beside a unit's row of cells, where that is not its number.
    pub(super) row: Option<&'a dyn Fn(usize) -> String>,
    /// Can its value be negative?
    pub(super) signed: bool,
}

/// A few units as lines, more as rows of cells.
pub(super) fn units(recording: &Recording, labels: &Labels<'_>, clock: Clock, height: f64) -> Panel {
    let units = recording.units();
    if units > MOST_LINES {
        let axis = Axis::whole(labels.unit).between(-0.5, units as f64 - 0.5);
        let axis = match labels.row {
            Some(name) => axis.named(names_of_rows(units, name, height)),
            None => axis,
        };
        let rows: Vec<Vec<f64>> = (0..units).map(|unit| recording.unit(unit).collect()).collect();
        let field = cells(labels.value, &rows, 0, clock);
        return Panel::new(axis, height).over(if labels.signed { field.signed() } else { field });
    }
    let panel = Panel::new(Axis::linear(labels.value), height);
    (0..units).fold(panel, |panel, unit| panel.with(clock.line((labels.line)(unit), recording.unit(unit))))
}

/// Names of the first row, the last one, and as many between as can be read.
fn names_of_rows(units: usize, name: &dyn Fn(usize) -> String, height: f64) -> Vec<(f64, String)> {
    let count = ((height / ROW_NAME) as usize).clamp(2, units.max(2));
    let place = |at: usize| at * (units - 1) / (count - 1);
    (0..count).map(place).map(|unit| (unit as f64, name(unit))).collect()
}

/// Rows over time as cells; neighbours are put together where there are many.
/// The lowest row has the number `first`.
pub(super) fn cells(label: &str, rows: &[Vec<f64>], first: usize, clock: Clock) -> Field {
    let steps = rows.first().map_or(0, Vec::len);
    let [high, wide] = [rows.len(), steps].map(|count| count.max(1));
    let [high, wide] = [high.min(MOST_CELLS[0]), wide.min(MOST_CELLS[1])];
    let mean = |row: usize, column: usize| {
        let own = row * rows.len() / high..((row + 1) * rows.len()).div_ceil(high);
        let at = column * steps / wide..((column + 1) * steps).div_ceil(wide);
        let values = rows[own].iter().flat_map(|row| &row[at.clone()]);
        let (count, sum) = values.fold((0usize, 0.0), |(count, sum), value| (count + 1, sum + value));
        sum / count.max(1) as f64
    };
    let drawn: Vec<Vec<f64>> =
        (0..high).map(|row| (0..wide).map(|column| mean(row, column)).collect()).collect();
    Field::cells(
        label,
        [0.0, clock.at(steps.max(1))],
        [first, first + rows.len()].map(|row| row as f64 - 0.5),
        &drawn,
    )
}
