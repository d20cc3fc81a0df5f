//! From a raw timescale to what memory keeps and how strongly it is written.

use super::simd::Element;
use crate::spec::neuron::{SHORTEST_TAU, WRITE_SCALE};
use crate::spec::{LambdaMode, NeuronSpec};

/// One memory unit's constants and their derivatives.
///
/// # Equation
/// `tau = low + (high - low) sigmoid(raw)`, at least 1e-6;
/// `decay = exp(-delta_t / tau)`;
/// `write = 1.7159 (1 - exp(-lambda delta_t / tau))` or
/// `1.7159 lambda (1 - decay)`, see [`LambdaMode`].
pub(super) struct Timescale {
    /// Share of the memory kept over a step.
    pub decay: f64,
    /// Factor on `tanh(2/3 o)`.
    pub write: f64,
    /// Derivative of `ln decay` with respect to `raw`.
    log_decay_slope: f64,
    /// Derivative of `write` with respect to `raw`.
    write_slope: f64,
}

impl Timescale {
    pub(super) fn new(neuron: &NeuronSpec, raw: f64) -> Self {
        let sigmoid = 1.0 / (1.0 + (-raw).exp());
        let range = neuron.tau_high - neuron.tau_low;
        let free = neuron.tau_low + range * sigmoid;
        let tau = free.max(SHORTEST_TAU);
        let tau_slope = if free > SHORTEST_TAU { range * sigmoid * (1.0 - sigmoid) } else { 0.0 };
        let rate = neuron.delta_t / tau;
        let log_decay_slope = rate / tau * tau_slope;
        let decay = (-rate).exp();
        let (write, write_slope) = match neuron.lambda_mode {
            LambdaMode::Scale => (neuron.lambda * (1.0 - decay), -neuron.lambda * decay * log_decay_slope),
            LambdaMode::TimescaleRatio => {
                let faster = (-rate * neuron.lambda).exp();
                (1.0 - faster, -faster * neuron.lambda * log_decay_slope)
            }
        };
        Timescale {
            decay,
            write: WRITE_SCALE * write,
            log_decay_slope,
            write_slope: WRITE_SCALE * write_slope,
        }
    }

    /// The gradient of `raw`, from two sums over time.
    ///
    /// # Equation
    /// forward: `kept = decay * m'`, `m = kept + write * tanh(2/3 o)`
    /// so: `d raw = sum(d kept * kept) * (ln decay)' + sum(d m * tanh(2/3 o)) * write'`,
    /// derivatives being those by `raw`
    pub(super) fn gradient(&self, kept: f64, written: f64) -> f64 {
        kept * self.log_decay_slope + written * self.write_slope
    }
}

/// The raw timescale of memory unit `unit` (of all neurons), wherever it is.
pub(super) fn raw<E: Element>(fixed: Option<&[f32]>, learnable: &[E], unit: usize) -> f64 {
    fixed.map_or_else(|| learnable[unit].to_f64(), |fixed| f64::from(fixed[unit]))
}
