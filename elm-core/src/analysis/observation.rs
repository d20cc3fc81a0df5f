//! What one run says, and runs that share an allocation or a budget.

use crate::error::{Error, Result};

/// The size of a network and what it reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Trainable parameters `P`.
    pub parameters: f64,
    /// Neurons `N` of the hidden layers.
    pub neurons: f64,
    /// Memory units of a neuron, `d_m`.
    pub memory: f64,
    /// Learned numbers of a neuron without its synapses, `k_e`.
    pub complexity: f64,
    /// Synapses of a neuron, `k_c`.
    pub synapses: f64,
    /// Operations for one time step of one sample.
    pub flops: Option<f64>,
    /// The loss by which allocations are compared, of the validation split.
    pub choice: f64,
    /// The loss that is reported, of the test split.
    pub loss: f64,
}

impl Observation {
    /// # Errors
    /// [`Error::Config`] if a number is not finite, or a size not positive.
    fn check(&self) -> Result<()> {
        let sizes = [
            ("parameters", self.parameters),
            ("neurons", self.neurons),
            ("memory", self.memory),
            ("complexity", self.complexity),
        ];
        for (name, size) in sizes.into_iter().chain(self.flops.map(|flops| ("flops", flops))) {
            if !(size.is_finite() && size > 0.0) {
                return Err(Error::config(name, format!("{size} is not a positive number")));
            }
        }
        for (name, value) in [("synapses", self.synapses), ("choice", self.choice), ("loss", self.loss)] {
            if !value.is_finite() {
                return Err(Error::config(name, format!("{value} is not a number")));
            }
        }
        Ok(())
    }

    /// Sizes by which runs are put together and in order.
    fn sizes(&self) -> [f64; 5] {
        [self.neurons, self.memory, self.parameters, self.complexity, self.synapses]
    }
}

/// Runs that differ in their seed only.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    /// The sizes, with the mean losses of the runs.
    pub mean: Observation,
    /// Validation loss of each run.
    pub choices: Vec<f64>,
    /// Test loss of each run.
    pub losses: Vec<f64>,
}

/// Allocations of about the same number of parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// Geometric mean of the numbers of parameters.
    pub parameters: f64,
    /// From the fewest neurons to the most.
    pub allocations: Vec<Allocation>,
}

/// Allocations of one budget differ by at most this factor in parameters; in
/// the published sweeps by 1.04.
const SAME_BUDGET: f64 = 1.15;

/// Puts runs of the same sizes together, in the order of neurons.
///
/// # Errors
/// [`Error::Config`] if a number is not finite, or a size not positive.
pub fn allocations(observations: &[Observation]) -> Result<Vec<Allocation>> {
    observations.iter().try_for_each(Observation::check)?;
    let mut sorted = observations.to_vec();
    sorted.sort_by(|a, b| a.sizes().partial_cmp(&b.sizes()).unwrap_or(std::cmp::Ordering::Equal));
    let of = |runs: &[Observation]| {
        let choices: Vec<f64> = runs.iter().map(|run| run.choice).collect();
        let losses: Vec<f64> = runs.iter().map(|run| run.loss).collect();
        let mean = Observation { choice: mean(&choices), loss: mean(&losses), ..runs[0] };
        Allocation { mean, choices, losses }
    };
    Ok(sorted.chunk_by(|a, b| a.sizes() == b.sizes()).map(of).collect())
}

/// Groups runs by their number of parameters, from the smallest budget up.
///
/// # Errors
/// As [`allocations`].
pub fn budgets(observations: &[Observation]) -> Result<Vec<Budget>> {
    let mut all = allocations(observations)?;
    all.sort_by(|a, b| a.mean.parameters.total_cmp(&b.mean.parameters));
    let mut groups: Vec<Vec<Allocation>> = Vec::new();
    for allocation in all {
        let parameters = allocation.mean.parameters;
        match groups.last_mut() {
            Some(group) if parameters <= SAME_BUDGET * group[0].mean.parameters => group.push(allocation),
            _ => groups.push(vec![allocation]),
        }
    }
    let of = |mut allocations: Vec<Allocation>| {
        allocations.sort_by(|a, b| a.mean.neurons.total_cmp(&b.mean.neurons));
        let logs: Vec<f64> = allocations.iter().map(|a| a.mean.parameters.ln()).collect();
        Budget { parameters: mean(&logs).exp(), allocations }
    };
    Ok(groups.into_iter().map(of).collect())
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
