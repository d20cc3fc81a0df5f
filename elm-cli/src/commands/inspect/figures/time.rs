//! Values over time as parts of a panel.

use super::super::Findings;
use crate::chart::{Axis, Field, Panel, Series};
use elm_core::analysis::activity::Recording;

/// Units that are drawn as lines; more are cells.
pub(super) const MOST_LINES: usize = 7;
/// Rows and columns of cells; more are put together.
const MOST_CELLS: [usize; 2] = [120, 360];

/// The axis of time.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    step_ms: Option<f64>,
}

impl Clock {
    pub(super) fn of(findings: &Findings<'_>) -> Self {
        Clock { step_ms: findings.step_ms }
    }

    /// The place of a step.
    pub(super) fn at(self, step: usize) -> f64 {
        step as f64 * self.step_ms.unwrap_or(1.0)
    }

    /// The axis over so many steps.
    pub(super) fn axis(self, steps: usize) -> Axis {
        let label = if self.step_ms.is_some() { "time (ms)" } else { "time (steps)" };
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
}

/// A few units as lines, more as rows of cells.
pub(super) fn units(recording: &Recording, labels: &Labels<'_>, clock: Clock, height: f64) -> Panel {
    let units = recording.units();
    if units > MOST_LINES {
        let axis = Axis::whole(labels.unit).between(-0.5, units as f64 - 0.5);
        let rows: Vec<Vec<f64>> = (0..units).map(|unit| recording.unit(unit).collect()).collect();
        return Panel::new(axis, height).over(cells(labels.value, &rows, clock));
    }
    let panel = Panel::new(Axis::linear(labels.value), height);
    (0..units).fold(panel, |panel, unit| panel.with(clock.line((labels.line)(unit), recording.unit(unit))))
}

/// Rows over time as cells; neighbours are put together where there are many.
pub(super) fn cells(label: &str, rows: &[Vec<f64>], clock: Clock) -> Field {
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
    Field::cells(label, [0.0, clock.at(steps.max(1))], [-0.5, rows.len() as f64 - 0.5], &drawn)
}
