//! How complexity grows with the number of neurons from budget to budget.

use super::{Optimum, percentile_interval};
use crate::error::{Error, Result};

/// `d_m ∝ N^exponent` at the optima of several budgets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// Slope of `ln d_m` over `ln N`; the published recipe has one half.
    pub exponent: f64,
    /// 90 % interval.
    pub interval: [f64; 2],
}

/// Fits the exponent to the optima of at least two budgets, its interval to
/// their drawn optima.
///
/// # Errors
/// [`Error::TooFew`] with one optimum, or optima of all the same neurons.
pub fn recipe(optima: &[Optimum]) -> Result<Recipe> {
    let too_few = |got| Error::TooFew { what: "a recipe", unit: "budgets with an optimum", wanted: 2, got };
    if optima.len() < 2 {
        return Err(too_few(optima.len()));
    }
    let best: Vec<(f64, f64)> =
        optima.iter().map(|optimum| (optimum.neurons.ln(), optimum.memory.ln())).collect();
    let count = optima.iter().map(|optimum| optimum.replicates.len()).min().unwrap_or(0);
    let drawn = (0..count)
        .filter_map(|at| slope(&optima.iter().map(|optimum| optimum.replicates[at]).collect::<Vec<_>>()));
    let exponent = slope(&best).ok_or_else(|| too_few(1))?;
    let interval = percentile_interval(drawn.collect()).unwrap_or([exponent; 2]);
    Ok(Recipe { exponent, interval })
}

fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let (x, y) =
        (points.iter().map(|p| p.0).sum::<f64>() / count, points.iter().map(|p| p.1).sum::<f64>() / count);
    let spread: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    let shared: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    (spread > 1e-12).then(|| shared / spread)
}
