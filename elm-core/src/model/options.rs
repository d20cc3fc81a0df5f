//! Settings as a user gives them, merged key by key and resolved to specs.
//!
//! Field names are the keys of a configuration; every field is optional and
//! [`NetworkOptions::resolve`] fills in the published defaults. `setters` has
//! a method for each field.
//!
//! Read in this order: this file (what can be said), `resolve` (layer by
//! layer), `neuron` (the defaults), `check` (what is impossible).

mod check;
mod neuron;
mod resolve;

use super::network::{Embedding, Head, ModelKind};
use crate::spec::{Activation, InputDropoutMode, LambdaMode, MlpActivation, TauSpacing};
use serde::{Deserialize, Serialize};

/// How far beyond their bounds the timescales of a network may be trained,
/// where nothing else is said \[S2\].
pub const DEFAULT_TAU_RANGE_SCALE: f64 = 10.0;

/// Keys of `[model.neuron]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // each field is documented at the field of `NeuronSpec` it sets
pub struct NeuronOptions {
    pub num_memory: Option<usize>,
    pub num_branch: Option<usize>,
    pub num_synapse_per_branch: Option<usize>,
    pub mlp_hidden_layers: Option<usize>,
    pub mlp_hidden_units: Option<usize>,
    pub mlp_activation: Option<MlpActivation>,
    pub lambda: Option<f64>,
    pub lambda_mode: Option<LambdaMode>,
    pub memory_tau_min: Option<f64>,
    pub memory_tau_max: Option<f64>,
    pub memory_tau_spacing: Option<TauSpacing>,
    /// Lowest and highest timescale that training can reach.
    pub memory_tau_bounds: Option<[f64; 2]>,
    pub memory_tau_range_scale: Option<f64>,
    pub memory_tau_learnable: Option<bool>,
    /// `Some(None)` switches an inherited high-pass off.
    pub high_pass_tau: Option<Option<f64>>,
    pub activation: Option<Activation>,
    pub input_scale: Option<f64>,
    /// `Some(None)` switches an inherited trace off.
    pub branch_tau: Option<Option<f64>>,
    pub delta_t: Option<f64>,
    pub synapse_init: Option<f64>,
    pub spike_bias: Option<f64>,
}

/// Keys of `[model.wiring]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WiringOptions {
    /// Probability that a synapse reads the layer's own activity; unset:
    /// `N / (C + N)`.
    pub recurrent_connect: Option<f64>,
    /// How a single neuron's synapses find their inputs.
    pub routing: Option<RoutingName>,
}

/// Names of the routings of a single neuron.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutingName {
    /// Synapse `j` reads channel `j`; needs as many synapses as channels.
    Direct,
    /// Uniform draws with replacement.
    Random,
    /// Overlapping windows over interleaved inputs \[S1\].
    Neuronio,
}

/// Keys of `[model.dropout]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // see `DropoutSpec`
pub struct DropoutOptions {
    pub input: Option<f64>,
    pub recurrent: Option<f64>,
    pub memory: Option<f64>,
    pub input_mode: Option<InputDropoutMode>,
}

/// Settings of a layer, or overrides of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct LayerOptions {
    #[serde(default)]
    pub neuron: NeuronOptions,
    #[serde(default)]
    pub wiring: WiringOptions,
    #[serde(default)]
    pub dropout: DropoutOptions,
}

/// Settings of a network: `[model]` and its sub-tables.
///
/// Only what differs from the published defaults has to be said; see
/// [`NetworkOptions::new`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkOptions {
    /// Which published model.
    pub kind: ModelKind,
    /// Input channels or token symbols.
    pub num_input: usize,
    /// Outputs (classes, symbols).
    pub num_output: usize,
    /// Neurons of each hidden layer; required with two layers or more.
    pub num_hidden: Option<usize>,
    /// Number of layers, the readout layer included; default 2.
    pub num_layers: Option<usize>,
    /// What becomes of the input; default none.
    pub embedding: Option<Embedding>,
    /// What turns the outputs of the last layer into logits; default nothing.
    pub head: Option<Head>,
    /// Does a single neuron read its own previous output? Default no, as
    /// released. The plain ELM then is the published one, whose synapse
    /// weights are not trained.
    #[serde(default)]
    pub feed_output_back: Option<bool>,
    /// Settings of every layer.
    pub layer: LayerOptions,
    /// Overrides of the first hidden layer.
    pub first_layer: Option<LayerOptions>,
    /// Overrides of the readout layer.
    pub last_layer: Option<LayerOptions>,
}

macro_rules! merge_fields {
    ($over:expr, $base:expr, $type:ident { $($field:ident),+ $(,)? }) => {
        $type { $($field: $over.$field.or($base.$field)),+ }
    };
}

impl LayerOptions {
    /// These settings where given, else those of `base`.
    #[must_use]
    pub fn or(self, base: &LayerOptions) -> LayerOptions {
        LayerOptions {
            neuron: merge_fields!(
                self.neuron,
                base.neuron,
                NeuronOptions {
                    num_memory,
                    num_branch,
                    num_synapse_per_branch,
                    mlp_hidden_layers,
                    mlp_hidden_units,
                    mlp_activation,
                    lambda,
                    lambda_mode,
                    memory_tau_min,
                    memory_tau_max,
                    memory_tau_spacing,
                    memory_tau_bounds,
                    memory_tau_range_scale,
                    memory_tau_learnable,
                    high_pass_tau,
                    activation,
                    input_scale,
                    branch_tau,
                    delta_t,
                    synapse_init,
                    spike_bias,
                }
            ),
            wiring: merge_fields!(self.wiring, base.wiring, WiringOptions { recurrent_connect, routing }),
            dropout: merge_fields!(
                self.dropout,
                base.dropout,
                DropoutOptions { input, recurrent, memory, input_mode }
            ),
        }
    }
}
