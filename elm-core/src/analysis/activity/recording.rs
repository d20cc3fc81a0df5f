//! Values of units over time.

use crate::error::{Error, Result};

/// Steps that correlations and the effective rank are computed from; of longer
/// recordings every so many steps one is taken.
pub const MOST_STEPS: usize = 4096;

/// Values of units over one sequence.
///
/// # Shapes
/// `[T, U]`: step by step all units.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    units: usize,
    values: Vec<f32>,
}

impl Recording {
    /// A recording of so many units.
    ///
    /// # Errors
    /// [`Error::Shape`] when the values do not fill a number of steps.
    pub fn new(units: usize, values: Vec<f32>) -> Result<Self> {
        if units == 0 || !values.len().is_multiple_of(units) {
            let wanted = format!("[T, {units}] with at least one unit");
            return Err(Error::shape("recording", &[values.len()], wanted));
        }
        Ok(Recording { units, values })
    }

    /// Number of units `U`.
    pub fn units(&self) -> usize {
        self.units
    }

    /// Number of steps `T`.
    pub fn steps(&self) -> usize {
        self.values.len() / self.units
    }

    /// A unit's values, step by step.
    pub fn unit(&self, unit: usize) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().skip(unit).step_by(self.units).map(|&value| f64::from(value))
    }
}

/// Deviations of the chosen units from their means over all recordings one
/// after the other, thinned to [`MOST_STEPS`]: `[units][steps]`.
pub(super) fn deviations(recordings: &[Recording], units: &[usize]) -> Vec<Vec<f64>> {
    let steps: usize = recordings.iter().map(Recording::steps).sum();
    let every = steps.div_ceil(MOST_STEPS).max(1);
    let of = |&unit: &usize| {
        let all = recordings.iter().flat_map(move |recording| recording.unit(unit));
        let mut values: Vec<f64> = all.step_by(every).collect();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        values.iter_mut().for_each(|value| *value -= mean);
        values
    };
    units.iter().map(of).collect()
}

/// `sum_t x_t y_t`.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}
