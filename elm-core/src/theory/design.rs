//! How the sizes of a network hang together in the runs that were made.

use crate::analysis::Observation;
use crate::error::{Error, Result};

/// What a neuron with so many memory units costs, read from measured runs, and
/// continued along the same powers beyond them.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// `(ln d_m, ln k_e, ln(k_c + 1))`, from the fewest memory units up.
    neurons: Vec<[f64; 3]>,
    /// Parameters outside of the hidden neurons: readout layer and head.
    pub rest: f64,
}

impl Design {
    /// Reads the design from runs, of which those with equal memory units are
    /// averaged.
    ///
    /// # Errors
    /// [`Error::TooFew`] without any run.
    pub fn of(observations: &[Observation]) -> Result<Design> {
        let mut rows: Vec<[f64; 3]> =
            observations.iter().map(|o| [o.memory.ln(), o.complexity.ln(), o.synapses.ln_1p()]).collect();
        rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let same = rows.chunk_by(|a, b| a[0] == b[0]);
        let mean = |rows: &[[f64; 3]]| {
            [0, 1, 2].map(|at| rows.iter().map(|row| row[at]).sum::<f64>() / rows.len() as f64)
        };
        let neurons: Vec<[f64; 3]> = same.map(mean).collect();
        let rest = |o: &Observation| o.parameters - o.neurons * (o.complexity + o.synapses);
        let mut rests: Vec<f64> = observations.iter().map(rest).collect();
        rests.sort_by(f64::total_cmp);
        if neurons.is_empty() {
            return Err(Error::TooFew { what: "a design", unit: "runs", wanted: 1, got: 0 });
        }
        Ok(Design { neurons, rest: rests[rests.len() / 2].max(0.0) })
    }

    /// `k_e` and `k_c` of a neuron with so many memory units.
    pub fn neuron(&self, memory: f64) -> [f64; 2] {
        let [first, last] = [self.neurons[0], self.neurons[self.neurons.len() - 1]];
        let at = memory.ln();
        let above = self.neurons.iter().position(|row| row[0] >= at).unwrap_or(self.neurons.len() - 1).max(1);
        let (low, high) = (self.neurons[above - 1], self.neurons.get(above).copied().unwrap_or(last));
        let share = if high[0] > low[0] { (at - low[0]) / (high[0] - low[0]) } else { 0.0 };
        let part = |index: usize| low[index] + share * (high[index] - low[index]);
        // Beyond the runs, synapses are as many as at the nearest.
        let synapses = part(2).clamp(first[2].min(last[2]), last[2].max(first[2]));
        [part(1).exp(), synapses.exp_m1().max(0.0)]
    }

    /// Neurons that a budget pays for, if it pays for one.
    pub fn neurons(&self, parameters: f64, memory: f64) -> Option<f64> {
        let [complexity, synapses] = self.neuron(memory);
        let neurons = (parameters - self.rest) / (complexity + synapses);
        (neurons >= 1.0).then_some(neurons)
    }

    /// The fewest and the most memory units that were measured.
    pub fn measured(&self) -> [f64; 2] {
        [self.neurons[0][0].exp(), self.neurons[self.neurons.len() - 1][0].exp()]
    }
}
