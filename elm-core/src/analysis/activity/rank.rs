//! In how many directions a population moves.

use super::recording::{Recording, deviations, dot};

/// The effective rank of units over all steps of all recordings (thinned to
/// [`MOST_STEPS`](super::MOST_STEPS)): the participation ratio of the
/// eigenvalues `l` of their covariance, which is `k` of `k` independent signals
/// of equal variance, and between 1 and the number of units. `None` where
/// nothing varies.
///
/// # Equation
/// `(sum l)^2 / sum l^2 = tr(C)^2 / tr(C^2)`, so that no eigenvalue has to be
/// found; Gao and Ganguli, *On simplicity and complexity in the brave new world
/// of large-scale neuroscience*, 2015.
pub fn effective_rank(recordings: &[Recording], units: &[usize]) -> Option<f64> {
    let values = deviations(recordings, units);
    let trace: f64 = values.iter().map(|x| dot(x, x)).sum();
    let steps = values.first().map_or(0, Vec::len);
    // tr(C^2) of the covariance of units is that of the Gram matrix of steps.
    let squares =
        if values.len() <= steps { sum_of_squares(&values) } else { sum_of_squares(&turned(&values)) };
    let rank = trace * trace / squares;
    rank.is_finite().then_some(rank)
}

/// The sum of the squares of all products of two vectors.
fn sum_of_squares(vectors: &[Vec<f64>]) -> f64 {
    let of = |(i, x): (usize, &Vec<f64>)| {
        let others: f64 = vectors[i + 1..].iter().map(|y| dot(x, y).powi(2)).sum();
        dot(x, x).powi(2) + 2.0 * others
    };
    vectors.iter().enumerate().map(of).sum()
}

/// `[units][steps]` as `[steps][units]`.
fn turned(values: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let steps = values.first().map_or(0, Vec::len);
    (0..steps).map(|step| values.iter().map(|unit| unit[step]).collect()).collect()
}
