//! How the loss falls with size.

use super::{REPLICATES, percentile_interval, small_sample_factor};
use crate::error::{Error, Result};
use crate::random::{Draws, Purpose};

/// `L(P) = l_inf + a P^-alpha`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// The loss that no size goes below.
    pub l_inf: f64,
    /// The part that size takes away, at `P = 1`.
    pub a: f64,
    /// How fast it does.
    pub alpha: f64,
}

impl PowerLaw {
    /// The loss at a size.
    pub fn at(&self, parameters: f64) -> f64 {
        self.l_inf + self.a * parameters.powf(-self.alpha)
    }
}

/// A fitted power law and how sure it is.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerLawFit {
    /// The best law.
    pub law: PowerLaw,
    /// 90 % intervals of `l_inf`, `a` and `alpha`.
    pub intervals: [[f64; 2]; 3],
    /// Root of the mean squared residual.
    pub rms_error: f64,
    /// The exponent is at an end of what is searched, from 0.005 to 8, so that
    /// this is no law.
    pub at_limit: bool,
    /// Laws fitted to drawn data.
    pub replicates: Vec<PowerLaw>,
}

/// Exponents looked at. Neither end is a law: with the first the loss hardly
/// falls, with the last only the smallest size is above the floor.
const ALPHA: [f64; 2] = [0.005, 8.0];

/// Starts of the search along `alpha`.
const STARTS: usize = 48;

/// Fits `L(P) = l_inf + a P^-alpha` to `(P, L)`, one or several of each size.
///
/// By variable projection (Golub and Pereyra 1973): for every `alpha`, the
/// best `l_inf >= 0` and `a >= 0` are a linear problem, so only `alpha` is
/// searched, from many places. Sizes are divided by their geometric mean
/// first; other units of `P` change `a` alone, a loss summed instead of
/// averaged changes `l_inf` and `a` by its factor, and nothing else.
///
/// # Errors
/// [`Error::TooFew`] with fewer than four sizes, since three numbers are fitted.
pub fn fit_power_law(points: &[(f64, f64)], seed: u64) -> Result<PowerLawFit> {
    let mut sizes: Vec<f64> = points.iter().map(|point| point.0).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    if sizes.len() < 4 {
        return Err(Error::TooFew { what: "a power law", unit: "budgets", wanted: 4, got: sizes.len() });
    }
    let unit = (points.iter().map(|point| point.0.ln()).sum::<f64>() / points.len() as f64).exp();
    let logs: Vec<f64> = points.iter().map(|point| (point.0 / unit).ln()).collect();
    let losses: Vec<f64> = points.iter().map(|point| point.1).collect();
    let best = search(&logs, &losses);
    let fitted: Vec<f64> = logs.iter().map(|log| best.l_inf + best.a * (-best.alpha * log).exp()).collect();
    let residuals: Vec<f64> = losses.iter().zip(&fitted).map(|(loss, fit)| loss - fit).collect();
    let factor = small_sample_factor(points.len(), 3);

    let mut draws = Draws::new(seed, Purpose::Bootstrap, [1, 0]);
    let replicates: Vec<PowerLaw> = (0..REPLICATES)
        .map(|_| {
            let drawn = fitted
                .iter()
                .map(|fit| fit + factor * residuals[draws.below(residuals.len() as u32) as usize]);
            search(&logs, &drawn.collect::<Vec<_>>()).in_units(unit)
        })
        .collect();
    let interval = |part: fn(&PowerLaw) -> f64| {
        percentile_interval(replicates.iter().map(part).collect()).unwrap_or([f64::NAN; 2])
    };
    Ok(PowerLawFit {
        law: best.in_units(unit),
        at_limit: best.alpha < 1.02 * ALPHA[0] || best.alpha > 0.98 * ALPHA[1],
        intervals: [interval(|law| law.l_inf), interval(|law| law.a), interval(|law| law.alpha)],
        rms_error: (residuals.iter().map(|residual| residual.powi(2)).sum::<f64>() / residuals.len() as f64)
            .sqrt(),
        replicates,
    })
}

impl PowerLaw {
    /// Of sizes divided by `unit`, said of the sizes themselves.
    fn in_units(self, unit: f64) -> PowerLaw {
        PowerLaw { a: self.a * unit.powf(self.alpha), ..self }
    }
}

/// The best law of losses at sizes with these logarithms.
fn search(logs: &[f64], losses: &[f64]) -> PowerLaw {
    let place = |at: f64| ALPHA[0] * (ALPHA[1] / ALPHA[0]).powf(at);
    let cost = |at: f64| project(logs, losses, place(at)).1;
    let step = 1.0 / (STARTS - 1) as f64;
    let costs: Vec<f64> = (0..STARTS).map(|start| cost(start as f64 * step)).collect();
    let mut best = (f64::INFINITY, 0.0);
    for start in 0..STARTS {
        let neighbours = [start.saturating_sub(1), (start + 1).min(STARTS - 1)];
        if neighbours.iter().all(|&neighbour| costs[start] <= costs[neighbour]) {
            let at = golden(&cost, neighbours.map(|neighbour| neighbour as f64 * step));
            best = if cost(at) < best.0 { (cost(at), at) } else { best };
        }
    }
    project(logs, losses, place(best.1)).0
}

/// The best floor and factor at an exponent, with the squared error.
fn project(logs: &[f64], losses: &[f64], alpha: f64) -> (PowerLaw, f64) {
    let count = logs.len() as f64;
    let falls: Vec<f64> = logs.iter().map(|log| (-alpha * log).exp()).collect();
    let (mean_fall, mean_loss) = (falls.iter().sum::<f64>() / count, losses.iter().sum::<f64>() / count);
    let spread: f64 = falls.iter().map(|fall| (fall - mean_fall).powi(2)).sum();
    let shared: f64 =
        falls.iter().zip(losses).map(|(fall, loss)| (fall - mean_fall) * (loss - mean_loss)).sum();
    let mut a = if spread > 0.0 { (shared / spread).max(0.0) } else { 0.0 };
    let mut l_inf = mean_loss - a * mean_fall;
    if l_inf < 0.0 {
        l_inf = 0.0;
        let products: f64 = falls.iter().zip(losses).map(|(fall, loss)| fall * loss).sum();
        a = (products / falls.iter().map(|fall| fall * fall).sum::<f64>()).max(0.0);
    }
    let error = falls.iter().zip(losses).map(|(fall, loss)| (l_inf + a * fall - loss).powi(2)).sum();
    (PowerLaw { l_inf, a, alpha }, error)
}

/// The minimum between two places by the golden section.
fn golden(cost: &impl Fn(f64) -> f64, [mut low, mut high]: [f64; 2]) -> f64 {
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    let (mut left, mut right) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut left_cost, mut right_cost) = (cost(left), cost(right));
    for _ in 0..32 {
        if left_cost <= right_cost {
            (high, right, right_cost) = (right, left, left_cost);
            left = high - ratio * (high - low);
            left_cost = cost(left);
        } else {
            (low, left, left_cost) = (left, right, right_cost);
            right = low + ratio * (high - low);
            right_cost = cost(right);
        }
    }
    (low + high) / 2.0
}
