//! Fits the theory to measured runs of all budgets at once.

use super::{Channel, Design, Limit, Theory};
use crate::analysis::{
    Allocation, Observation, allocations, nelder_mead, percentile_interval, small_sample_factor,
};
use crate::error::{Error, Result};
use crate::random::{Draws, Purpose};

/// The fitted theory, beside what it was fitted to.
#[derive(Debug, Clone, PartialEq)]
pub struct TheoryFit {
    /// The theory of least squared error.
    pub theory: Theory,
    /// Root of the mean squared residual, in the unit of the loss.
    pub rms_error: f64,
    /// Every allocation that was measured.
    pub points: Vec<TheoryPoint>,
    /// How the sizes hang together.
    pub design: Design,
    /// Theories fitted to drawn data.
    pub replicates: Vec<Theory>,
}

/// What the theory says about a measured allocation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TheoryPoint {
    /// Sizes and mean losses.
    pub measured: Observation,
    /// Fitted loss.
    pub predicted: f64,
    /// Signal-to-noise ratio of a neuron.
    pub snr: f64,
    /// Share of what the neurons tell that is told more than once.
    pub redundancy: f64,
    /// What holds this network back.
    pub limit: Limit,
}

/// The allocation that the theory wants for a budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// Parameters of the budget.
    pub budget: f64,
    /// Memory units.
    pub memory: f64,
    /// 90 % interval of `memory`.
    pub memory_interval: [f64; 2],
    /// Neurons.
    pub neurons: f64,
    /// 90 % interval of `neurons`.
    pub neurons_interval: [f64; 2],
    /// Learned numbers of a neuron without its synapses.
    pub complexity: f64,
    /// Synapses of a neuron.
    pub synapses: f64,
    /// Loss to expect.
    pub loss: f64,
    /// 90 % interval of `loss`: of the fit, not of a single run.
    pub loss_interval: [f64; 2],
}

/// Numbers that are fitted.
const FITTED: usize = 7;

/// Theories fitted to drawn data for an interval. A fit takes milliseconds.
const REPLICATES: usize = 200;

/// Places where the search starts, and how many of the best go on.
const STARTS: [usize; 2] = [96, 6];

/// Fits [`Theory`] to all runs at once, each allocation weighted by its runs.
///
/// `L_inf >= 0` and `A >= 0` are a linear problem once the others are given
/// (variable projection), which leaves `ρ, q_max, k_half, β, γ` to a search from
/// many drawn starts. Intervals come from drawn residuals.
///
/// # Errors
/// [`Error::TooFew`] with fewer than eight allocations, since seven numbers are
/// fitted, or fewer than three numbers of neurons.
pub fn fit_theory(observations: &[Observation], seed: u64) -> Result<TheoryFit> {
    let measured = allocations(observations)?;
    let wanted = FITTED + 1;
    if measured.len() < wanted {
        return Err(Error::TooFew { what: "the theory", unit: "allocations", wanted, got: measured.len() });
    }
    let mut neurons: Vec<f64> = measured.iter().map(|allocation| allocation.mean.neurons).collect();
    neurons.dedup();
    if neurons.len() < 3 {
        return Err(Error::TooFew {
            what: "the theory",
            unit: "numbers of neurons",
            wanted: 3,
            got: neurons.len(),
        });
    }
    let problem = Problem::of(&measured);
    let losses: Vec<f64> = measured.iter().map(|allocation| allocation.mean.loss).collect();
    let place = problem.search(&losses, seed);
    let theory = problem.project(&losses, &place).0;
    let fitted: Vec<f64> = measured.iter().map(|a| theory.loss(a.mean.neurons, a.mean.complexity)).collect();
    let residuals: Vec<f64> = losses.iter().zip(&fitted).map(|(loss, fit)| loss - fit).collect();

    let factor = small_sample_factor(losses.len(), FITTED);
    let mut draws = Draws::new(seed, Purpose::Bootstrap, [2, 0]);
    let replicates = (0..REPLICATES)
        .map(|_| {
            let drawn = fitted
                .iter()
                .map(|fit| fit + factor * residuals[draws.below(residuals.len() as u32) as usize]);
            let drawn: Vec<f64> = drawn.collect();
            problem.project(&drawn, &problem.refine(&drawn, &place, 0.5, 300).0).0
        })
        .collect();
    let design = Design::of(observations)?;
    let points = measured.iter().zip(&fitted).map(|(a, &fit)| TheoryPoint {
        measured: a.mean,
        predicted: fit,
        snr: theory.channel.snr(a.mean.complexity),
        redundancy: theory.channel.redundancy(a.mean.neurons, a.mean.complexity),
        limit: limit(&theory, &design, &a.mean),
    });
    let points = points.collect();
    let rms_error =
        (residuals.iter().map(|residual| residual.powi(2)).sum::<f64>() / residuals.len() as f64).sqrt();
    Ok(TheoryFit { theory, rms_error, points, design, replicates })
}

/// Whether somewhat more memory units at the same parameters tell more.
fn limit(theory: &Theory, design: &Design, at: &Observation) -> Limit {
    let told = |memory: f64| {
        let [complexity, synapses] = design.neuron(memory);
        let neurons = (at.parameters - design.rest) / (complexity + synapses);
        theory.channel.information(neurons.max(1.0), complexity)
    };
    if told(at.memory * 1.02) <= told(at.memory / 1.02) {
        Limit::Saturation
    } else if theory.channel.redundancy(at.neurons, at.complexity) < 0.1 {
        Limit::Noise
    } else {
        Limit::Redundancy
    }
}

impl TheoryFit {
    /// The best allocation of a budget; nothing if it does not pay for a neuron
    /// beside the readout.
    pub fn optimum(&self, budget: f64) -> Option<Predicted> {
        let memory = self.best_memory(&self.theory, budget)?;
        let drawn: Vec<(f64, &Theory)> = self
            .replicates
            .iter()
            .filter_map(|theory| Some((self.best_memory(theory, budget)?, theory)))
            .collect();
        let [complexity, synapses] = self.design.neuron(memory);
        let neurons = self.design.neurons(budget, memory)?;
        let interval = |values: Vec<f64>, own: f64| percentile_interval(values).unwrap_or([own; 2]);
        let count = |memory: f64| self.design.neurons(budget, memory).unwrap_or(1.0);
        Some(Predicted {
            budget,
            memory,
            memory_interval: interval(drawn.iter().map(|drawn| drawn.0).collect(), memory),
            neurons,
            neurons_interval: interval(drawn.iter().map(|drawn| count(drawn.0)).collect(), neurons),
            complexity,
            synapses,
            loss: self.theory.loss(neurons, complexity),
            loss_interval: interval(
                drawn.iter().map(|(_, theory)| theory.loss(neurons, complexity)).collect(),
                self.theory.loss(neurons, complexity),
            ),
        })
    }

    /// Memory units of the least loss, from one to sixteen times as many as
    /// were measured.
    fn best_memory(&self, theory: &Theory, budget: f64) -> Option<f64> {
        const PLACES: usize = 240;
        let most = 16.0 * self.design.measured()[1];
        let memory = |at: usize| most.powf(at as f64 / (PLACES - 1) as f64);
        let loss = |memory: f64| {
            let neurons = self.design.neurons(budget, memory)?;
            Some(theory.loss(neurons, self.design.neuron(memory)[0]))
        };
        let found = (0..PLACES).filter_map(|at| Some((loss(memory(at))?, memory(at))));
        found.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, memory)| memory)
    }
}

/// Measured sizes, and how far the search goes.
struct Problem {
    sizes: Vec<(f64, f64)>,
    weights: Vec<f64>,
    /// From and to of `ρ, q_max, k_half, β, γ`; all are searched as logarithms.
    ranges: [[f64; 2]; 5],
}

impl Problem {
    fn of(measured: &[Allocation]) -> Problem {
        let sizes: Vec<(f64, f64)> = measured.iter().map(|a| (a.mean.neurons, a.mean.complexity)).collect();
        let least = sizes.iter().map(|size| size.1).fold(f64::INFINITY, f64::min);
        let most = sizes.iter().map(|size| size.1).fold(0.0, f64::max);
        let ranges = [[1e-6, 0.999], [1e-3, 1e4], [least / 30.0, most * 30.0], [0.2, 6.0], [0.05, 6.0]];
        Problem { sizes, weights: measured.iter().map(|a| a.losses.len() as f64).collect(), ranges }
    }

    /// From the whole line into the ranges.
    fn values(&self, place: &[f64]) -> [f64; 5] {
        let mut values = [0.0; 5];
        for ((value, place), [low, high]) in values.iter_mut().zip(place).zip(self.ranges) {
            *value = low * (high / low).powf(1.0 / (1.0 + (-place).exp()));
        }
        values
    }

    /// The best `L_inf` and `A` at a place, with the weighted squared error.
    fn project(&self, losses: &[f64], place: &[f64]) -> (Theory, f64) {
        let [correlation, snr_max, half, steepness, gamma] = self.values(place);
        let channel = Channel { correlation, snr_max, half, steepness };
        let informed =
            self.sizes.iter().map(|&(neurons, complexity)| channel.information(neurons, complexity).ln());
        let logs: Vec<f64> = informed.collect();
        let total: f64 = self.weights.iter().sum();
        let mean = |values: &mut dyn Iterator<Item = f64>| {
            values.zip(&self.weights).map(|(value, weight)| weight * value).sum::<f64>() / total
        };
        // About one, whatever the unit of information.
        let centre = mean(&mut logs.iter().copied());
        let falls: Vec<f64> = logs.iter().map(|log| (-gamma * (log - centre)).exp()).collect();
        let (mean_fall, mean_loss) = (mean(&mut falls.iter().copied()), mean(&mut losses.iter().copied()));
        let spread = mean(&mut falls.iter().map(|fall| (fall - mean_fall).powi(2)));
        let shared =
            mean(&mut falls.iter().zip(losses).map(|(fall, loss)| (fall - mean_fall) * (loss - mean_loss)));
        let mut a = if spread > 0.0 { (shared / spread).max(0.0) } else { 0.0 };
        let mut l_inf = mean_loss - a * mean_fall;
        if l_inf < 0.0 {
            l_inf = 0.0;
            let products = mean(&mut falls.iter().zip(losses).map(|(fall, loss)| fall * loss));
            a = (products / mean(&mut falls.iter().map(|fall| fall * fall))).max(0.0);
        }
        let error = mean(&mut falls.iter().zip(losses).map(|(fall, loss)| (l_inf + a * fall - loss).powi(2)));
        (Theory { channel, l_inf, a: a * (gamma * centre).exp(), gamma }, error)
    }

    fn refine(&self, losses: &[f64], start: &[f64], step: f64, evaluations: usize) -> (Vec<f64>, f64) {
        nelder_mead(&mut |place: &[f64]| self.project(losses, place).1, start, step, evaluations)
    }

    fn search(&self, losses: &[f64], seed: u64) -> Vec<f64> {
        let mut draws = Draws::new(seed, Purpose::Starts, [0, 0]);
        let mut found: Vec<(Vec<f64>, f64)> = (0..STARTS[0])
            .map(|_| {
                let start: Vec<f64> = (0..5).map(|_| f64::from(draws.symmetric(3.0))).collect();
                self.refine(losses, &start, 0.7, 250)
            })
            .collect();
        found.sort_by(|a, b| a.1.total_cmp(&b.1));
        found.truncate(STARTS[1]);
        // A second simplex from where the first got stuck.
        let again = found.iter().map(|(place, _)| self.refine(losses, place, 0.4, 1500));
        let best = again.min_by(|a, b| a.1.total_cmp(&b.1));
        best.map_or_else(|| vec![0.0; 5], |(place, _)| place)
    }
}
