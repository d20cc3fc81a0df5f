//! What one neuron is made of, with every choice made.

use serde::{Deserialize, Serialize};

/// Scale of the memory write `1.7159 tanh(2/3 o)` (LeCun's tanh).
pub const WRITE_SCALE: f64 = 1.7159;
/// Slope inside of the memory write.
pub const WRITE_SLOPE: f64 = 2.0 / 3.0;
/// Width of the spike's surrogate gradient: `1 / (100 |v| + 1)^2`.
pub const SURROGATE_SLOPE: f64 = 100.0;
/// Timescales below this count as this, in the unit of `delta_t`.
pub const SHORTEST_TAU: f64 = 1e-6;

/// Non-linearity between the layers of a neuron's MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MlpActivation {
    /// `max(x, 0)`.
    Relu,
    /// `x * sigmoid(x)`.
    Silu,
    /// `max(x, 0)^2`.
    ReluSquared,
}

/// Non-linearity `φ` of a neuron's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `v`.
    Identity,
    /// `max(v, 0)`.
    Relu,
    /// 1 if `v > 0`, else 0; its gradient is replaced by `1 / (100 |v| + 1)^2`.
    Spike,
}

/// How `λ` enters the memory update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LambdaMode {
    /// `m = decay_m * m + (1 - exp(-delta_t * λ / tau_m)) * Δm` \[S1 v2, S2\].
    TimescaleRatio,
    /// `m = decay_m * m + λ * (1 - decay_m) * Δm` \[S1 v1\].
    Scale,
}

/// How the initial timescales lie between the shortest and the longest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TauSpacing {
    /// Evenly in their logarithm, as both releases.
    #[default]
    Log,
    /// Evenly, as the text of \[S1\] has them for NeuronIO and SHD.
    Even,
}

impl TauSpacing {
    fn is_default(&self) -> bool {
        *self == TauSpacing::default()
    }
}

/// A leaky trace of the input before the MLP sees it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Trace {
    /// The MLP sees the instantaneous branch sums.
    None,
    /// One trace per branch with this timescale \[S1 v2\].
    Branch(f64),
    /// One trace per synapse with this timescale \[S1 v1\].
    Synapse(f64),
}

/// A neuron with every choice made; all neurons of a layer share it.
///
/// # Equation
/// One step, MODEL of \[S1\] §2 and \[S2\] §2, with `x` the inputs that the
/// synapses are wired to:
/// ```text
/// u   = w_s * x                                  (relu(w_s) if rectified)
/// s   = decay_s * s + u                          (Trace::Synapse; else s = u)
/// k   = input_scale * sum over the branch's s    per branch
/// b   = decay_b * b + k                          (Trace::Branch; else b = k)
/// f   = w_f * a'                                 per output, a' the a of the step before
///                                                (with feedback: f are branches like b, their
///                                                traces included, but for input_scale)
/// m'  = decay_m * m
/// o   = MLP([b ; f ; m'])
/// m   = m' + write * 1.7159 * tanh(2/3 o)        write: see LambdaMode
/// y   = W_y m
/// r   = decay_r * r + (1 - decay_r) * y          (with a high-pass)
/// a   = φ(y - r + bias)                          (φ(y + bias) without)
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeuronSpec {
    /// Memory units `M`.
    pub memory: usize,
    /// Branches `K`.
    pub branches: usize,
    /// Synapses on each branch.
    pub synapses_per_branch: usize,
    /// Outputs that the neuron reads back in the next step: all of its own, or
    /// 0. Each comes in by a branch of its own, behind the other branches,
    /// with one synapse.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub feedback: usize,
    /// Hidden layers of the MLP; 0 makes it one linear map.
    pub hidden_layers: usize,
    /// Units `H` of each hidden layer.
    pub hidden_units: usize,
    /// Non-linearity of the hidden layers.
    pub mlp_activation: MlpActivation,
    /// Output non-linearity.
    pub activation: Activation,
    /// Strength of memory writes.
    pub lambda: f64,
    /// How `lambda` enters.
    pub lambda_mode: LambdaMode,
    /// Initial timescales lie from here ...
    pub tau_min: f64,
    /// ... to here (unit of `delta_t`).
    pub tau_max: f64,
    /// How they lie in between.
    #[serde(default, skip_serializing_if = "TauSpacing::is_default")]
    pub tau_spacing: TauSpacing,
    /// Lowest timescale that `tau_raw` can express.
    pub tau_low: f64,
    /// Highest timescale that `tau_raw` can express.
    pub tau_high: f64,
    /// Distance kept from `tau_min` and `tau_max` by the initial timescales
    /// (the single neurons of \[S1\] use 1e-6; 0 in \[S2\]).
    pub tau_margin: f64,
    /// Are the timescales trained?
    pub tau_learnable: bool,
    /// Timescale of the high-pass on the readout.
    pub high_pass_tau: Option<f64>,
    /// Leaky trace before the MLP.
    pub trace: Trace,
    /// Use `relu(w_s)` instead of `w_s`.
    pub rectified: bool,
    /// Value that all synapse weights start with; `None` draws them uniformly
    /// from ±1/sqrt(synapses per branch).
    pub synapse_init: Option<f64>,
    /// Value of all synapse weights, those of the feedback included, where
    /// they are not trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_synapse_weight: Option<f64>,
    /// Bias of output 0 at the start (other outputs: see `readout_bias_drawn`).
    pub spike_bias: f64,
    /// Do readout biases start uniformly drawn (\[S1\]) rather than at 0?
    pub readout_bias_drawn: bool,
    /// Factor on every branch sum.
    pub input_scale: f64,
    /// Length of a time step, in the unit of every timescale.
    pub delta_t: f64,
}

impl NeuronSpec {
    /// Wired synapses per neuron `S`; those of the feedback are not among them.
    pub fn synapses(&self) -> usize {
        self.branches * self.synapses_per_branch
    }

    /// Branches that the MLP reads: the wired ones, then those of the feedback.
    pub fn all_branches(&self) -> usize {
        self.branches + self.feedback
    }

    /// Traces that a neuron carries: of branches or of synapses, those of the
    /// feedback last.
    pub fn traces(&self) -> usize {
        match self.trace {
            Trace::None => 0,
            Trace::Branch(_) => self.all_branches(),
            Trace::Synapse(_) => self.synapses() + self.feedback,
        }
    }

    /// Sizes `(inputs, outputs)` of the MLP's linear maps, in order.
    pub fn mlp_shapes(&self) -> Vec<(usize, usize)> {
        let mut sizes = vec![self.all_branches() + self.memory];
        sizes.extend(std::iter::repeat_n(self.hidden_units, self.hidden_layers));
        sizes.push(self.memory);
        sizes.windows(2).map(|pair| (pair[0], pair[1])).collect()
    }

    /// A timescale from its raw form, in the unit of `delta_t`.
    ///
    /// # Equation
    /// `tau = low + (high - low) sigmoid(raw)`, at least [`SHORTEST_TAU`]
    pub fn tau(&self, raw: f64) -> f64 {
        let share = 1.0 / (1.0 + (-raw).exp());
        (self.tau_low + (self.tau_high - self.tau_low) * share).max(SHORTEST_TAU)
    }

    /// `exp(-delta_t / tau)`, with `tau` at least [`SHORTEST_TAU`].
    pub fn decay(&self, tau: f64) -> f64 {
        (-self.delta_t / tau.max(SHORTEST_TAU)).exp()
    }
}

/// Leaves what an older specification lacks out of a newer one.
fn is_zero(count: &usize) -> bool {
    *count == 0
}
