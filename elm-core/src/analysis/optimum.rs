//! The best split of one budget, and how sure that is.

use super::observation::{Allocation, Budget};
use super::{REPLICATES, monotone_flanks, percentile_interval};
use crate::error::{Error, Result};
use crate::random::{Draws, Purpose};

/// The best allocation of a budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimum {
    /// Parameters of the budget.
    pub budget: f64,
    /// Neurons at the bottom of the parabola.
    pub neurons: f64,
    /// 90 % interval of `neurons`.
    pub neurons_interval: [f64; 2],
    /// Memory units at the bottom of the parabola.
    pub memory: f64,
    /// 90 % interval of `memory`.
    pub memory_interval: [f64; 2],
    /// Memory units at the bottom of monotone flanks, which assume no parabola.
    pub flanks_memory: f64,
    /// 90 % interval of `flanks_memory`.
    pub flanks_interval: [f64; 2],
    /// Index of the measured allocation of the least validation loss.
    pub measured: usize,
    /// Its mean test loss.
    pub loss: f64,
    /// The least loss was met at the first or last allocation: the optimum may
    /// lie beyond.
    pub at_edge: bool,
    /// Drawn `(ln N, ln d_m)` of the bottom.
    pub replicates: Vec<(f64, f64)>,
}

/// Allocations on either side of the best to which the parabola is fitted; so
/// near the bottom a valley of any form is close to one.
const WINDOW: usize = 2;

/// Finds the allocation of least validation loss along a budget.
///
/// The bottom is that of a parabola in `ln N` through the best allocation and
/// two on either side; where that opens downward, the best allocation itself.
/// Its uncertainty comes from drawing allocations with replacement, and in each
/// of them its seeds, or, where there is one seed only, noise as large as the
/// roughness of the losses along the budget.
///
/// # Errors
/// [`Error::TooFew`] with fewer than three different numbers of neurons;
/// [`Error::Config`] if all allocations have the same loss.
pub fn optimum(budget: &Budget, seed: u64) -> Result<Optimum> {
    let allocations = &budget.allocations;
    let mut neurons: Vec<f64> = allocations.iter().map(|allocation| allocation.mean.neurons).collect();
    neurons.dedup();
    if neurons.len() < 3 {
        return Err(Error::TooFew {
            what: "an optimum",
            unit: "numbers of neurons",
            wanted: 3,
            got: neurons.len(),
        });
    }
    let means: Vec<f64> = allocations.iter().map(|allocation| allocation.mean.choice).collect();
    if means.iter().all(|&mean| mean == means[0]) {
        return Err(Error::config("choice", "it is the same for every allocation, so that none is best"));
    }
    let places: Vec<f64> = allocations.iter().map(|allocation| allocation.mean.neurons.ln()).collect();
    let weights: Vec<f64> = allocations.iter().map(|allocation| allocation.choices.len() as f64).collect();
    let flanks = monotone_flanks(&means, &weights).map_or(0, |flanks| flanks.lowest);
    let measured = least(&means);

    let noise = noise(&places, &means);
    let mut draws = Draws::new(seed, Purpose::Bootstrap, [0, budget.parameters.to_bits()]);
    let (mut replicates, mut flank_replicates) = (Vec::new(), Vec::new());
    while replicates.len() < REPLICATES {
        let drawn = draw(allocations, noise, &mut draws);
        let (xs, ys): (Vec<f64>, Vec<f64>) = drawn.iter().map(|&(at, value)| (places[at], value)).unzip();
        let ln_neurons = bottom(&xs, &ys);
        replicates.push((ln_neurons, ln_memory(allocations, ln_neurons)));
        if let Some(flanks) = monotone_flanks(&ys, &vec![1.0; ys.len()]) {
            flank_replicates.push(allocations[drawn[flanks.lowest].0].mean.memory);
        }
    }
    let ln_neurons = bottom(&places, &means);
    let interval = |values: Vec<f64>| percentile_interval(values).unwrap_or([f64::NAN; 2]);
    Ok(Optimum {
        budget: budget.parameters,
        neurons: ln_neurons.exp(),
        neurons_interval: interval(replicates.iter().map(|drawn| drawn.0.exp()).collect()),
        memory: ln_memory(allocations, ln_neurons).exp(),
        memory_interval: interval(replicates.iter().map(|drawn| drawn.1.exp()).collect()),
        flanks_memory: allocations[flanks].mean.memory,
        flanks_interval: interval(flank_replicates),
        measured,
        loss: allocations[measured].mean.loss,
        at_edge: measured == 0 || measured + 1 == allocations.len(),
        replicates,
    })
}

/// How much a loss would differ in another run, where each was made once: the
/// distances from the straight lines between neighbours (Gasser, Sroka and
/// Jennen-Steinmetz 1986), of which the median is taken, since the ends of a
/// valley are bent.
fn noise(places: &[f64], means: &[f64]) -> f64 {
    let distance = |at: usize| {
        let share = (places[at] - places[at - 1]) / (places[at + 1] - places[at - 1]);
        let line = means[at - 1] + share * (means[at + 1] - means[at - 1]);
        (means[at] - line).abs() / (1.0 + share.powi(2) + (1.0 - share).powi(2)).sqrt()
    };
    let inner = (1..places.len() - 1).filter(|&at| places[at + 1] > places[at - 1]);
    let mut distances: Vec<f64> = inner.map(distance).collect();
    distances.sort_by(f64::total_cmp);
    // Of a normal distribution, the median distance is 0.6745 of the deviation.
    distances.get(distances.len() / 2).map_or(0.0, |median| median / 0.6745)
}

/// Allocations drawn with replacement, each once, with drawn losses, in the
/// order of neurons; at least three different ones.
fn draw(allocations: &[Allocation], noise: f64, draws: &mut Draws) -> Vec<(usize, f64)> {
    let count = allocations.len() as u32;
    loop {
        let mut chosen: Vec<usize> = (0..count).map(|_| draws.below(count) as usize).collect();
        chosen.sort_unstable();
        chosen.dedup();
        if chosen.len() < 3 {
            continue;
        }
        let value = |at: usize, draws: &mut Draws| {
            let seeds = &allocations[at].choices;
            if seeds.len() == 1 {
                return seeds[0] + noise * draws.normal();
            }
            let drawn = (0..seeds.len()).map(|_| seeds[draws.below(seeds.len() as u32) as usize]);
            drawn.sum::<f64>() / seeds.len() as f64
        };
        return chosen.into_iter().map(|at| (at, value(at, draws))).collect();
    }
}

/// Where the parabola around the least value has its bottom.
fn bottom(places: &[f64], values: &[f64]) -> f64 {
    let best = least(values);
    let first = best.saturating_sub(WINDOW).min(places.len().saturating_sub(2 * WINDOW + 1));
    let end = (first + 2 * WINDOW + 1).min(places.len());
    let (xs, ys) = (&places[first..end], &values[first..end]);
    match parabola(xs, ys, places[best]) {
        Some([_, slope, curvature]) if curvature > 0.0 => {
            let at = places[best] - slope / (2.0 * curvature);
            at.clamp(xs[0], xs[xs.len() - 1])
        }
        _ => places[best],
    }
}

fn least(values: &[f64]) -> usize {
    (0..values.len()).min_by(|&a, &b| values[a].total_cmp(&values[b])).unwrap_or(0)
}

/// Coefficients of `c0 + c1 u + c2 u²`, `u = x - centre`, by least squares.
fn parabola(xs: &[f64], ys: &[f64], centre: f64) -> Option<[f64; 3]> {
    let mut system = [[0.0; 4]; 3];
    for (x, y) in xs.iter().zip(ys) {
        let powers = [1.0, x - centre, (x - centre).powi(2)];
        for (row, power) in system.iter_mut().zip(powers) {
            for (cell, other) in row.iter_mut().zip(powers) {
                *cell += power * other;
            }
            row[3] += power * y;
        }
    }
    solve(system)
}

/// Gauss's elimination of three equations; nothing if they do not decide.
fn solve(mut system: [[f64; 4]; 3]) -> Option<[f64; 3]> {
    for at in 0..3 {
        let pivot = (at..3).max_by(|&a, &b| system[a][at].abs().total_cmp(&system[b][at].abs()))?;
        system.swap(at, pivot);
        if system[at][at].abs() < 1e-14 {
            return None;
        }
        for row in 0..3 {
            if row != at {
                let factor = system[row][at] / system[at][at];
                let upper = system[at];
                system[row].iter_mut().zip(upper).for_each(|(cell, upper)| *cell -= factor * upper);
            }
        }
    }
    Some([0, 1, 2].map(|at| system[at][3] / system[at][at]))
}

/// Memory units that belong to a number of neurons, between the measured ones.
fn ln_memory(allocations: &[Allocation], ln_neurons: f64) -> f64 {
    let at = |index: usize| (allocations[index].mean.neurons.ln(), allocations[index].mean.memory.ln());
    let above = allocations.iter().position(|allocation| allocation.mean.neurons.ln() >= ln_neurons);
    let above = above.unwrap_or(allocations.len() - 1).max(1);
    let ((x0, y0), (x1, y1)) = (at(above - 1), at(above));
    if x1 > x0 { y0 + (y1 - y0) * ((ln_neurons - x0) / (x1 - x0)).clamp(0.0, 1.0) } else { y0 }
}
