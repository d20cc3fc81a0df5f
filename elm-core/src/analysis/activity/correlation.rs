//! How much pairs of units are alike.

use super::recording::{Recording, deviations, dot};

/// Pearson's correlation of every pair of the chosen units over all steps of
/// all recordings (thinned to [`MOST_STEPS`](super::MOST_STEPS)), in the order
/// (0, 1), (0, 2), …, (1, 2), …. Units that never change have none and are left
/// out.
///
/// # Equation
/// `r = cov(x, y) / (sd(x) sd(y))`
pub fn correlations(recordings: &[Recording], units: &[usize]) -> Vec<f64> {
    let mut unit_vectors = deviations(recordings, units);
    unit_vectors.retain_mut(|values| {
        let length = dot(values, values).sqrt();
        values.iter_mut().for_each(|value| *value /= length);
        length.is_finite() && length > 0.0
    });
    let pairs = unit_vectors.iter().enumerate();
    pairs.flat_map(|(i, x)| unit_vectors[i + 1..].iter().map(move |y| dot(x, y).clamp(-1.0, 1.0))).collect()
}
