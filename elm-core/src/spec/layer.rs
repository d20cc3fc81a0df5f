//! A layer: how many neurons, what they see, what they carry from step to step.

use super::neuron::NeuronSpec;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// How synapses find their inputs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Routing {
    /// Each synapse is wired, independently and with replacement, to a
    /// uniformly drawn neuron of the layer with this probability, else to a
    /// uniformly drawn input channel \[S2\].
    Random {
        /// Probability of a recurrent connection.
        recurrent_connect: f64,
    },
    /// Synapse `j` reads channel `j`.
    Direct,
    /// Overlapping windows over interleaved excitatory and inhibitory inputs,
    /// as for NeuronIO \[S1\].
    NeuronIo,
}

/// When the input mask of a layer is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputDropoutMode {
    /// One mask per sequence, kept while state is carried; kept inputs are
    /// scaled by `1 / (1 - p)`; training only \[S2\].
    Variational,
    /// A new mask at every time step, not rescaled, in evaluation too \[S1\].
    PerStep,
}

/// Dropout probabilities of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DropoutSpec {
    /// On the inputs `x_t`.
    pub input: f64,
    /// On the layer's own previous activity.
    pub recurrent: f64,
    /// On the MLP's answer `o`; the rest is scaled by `(1 - p)^-1/2`.
    pub memory: f64,
    /// How the input mask is drawn.
    pub input_mode: InputDropoutMode,
}

/// A layer with every choice made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerSpec {
    /// Input channels `C`.
    pub inputs: usize,
    /// Neurons `N`.
    pub neurons: usize,
    /// Outputs per neuron `O`: 1 in a network, any number for a single neuron.
    pub outputs: usize,
    /// What each neuron is made of.
    pub neuron: NeuronSpec,
    /// How synapses find their inputs.
    pub routing: Routing,
    /// Dropout probabilities.
    pub dropout: DropoutSpec,
}

/// Rows of the state that a layer carries from step to step, `[rows, B]`.
///
/// In this order; absent parts have length 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateLayout {
    /// Last activity `a`, `N * O` rows.
    pub activity: std::ops::Range<usize>,
    /// Memory `m`, `N * M` rows, neuron by neuron.
    pub memory: std::ops::Range<usize>,
    /// Running average `r` of the readout, `N * O` rows with a high-pass.
    pub readout_average: std::ops::Range<usize>,
    /// Branch traces (`N * K` rows) or synapse traces (`N * S` rows), neuron
    /// by neuron; each neuron's `F` feedback branches or synapses come last.
    pub trace: std::ops::Range<usize>,
}

impl StateLayout {
    /// Number of rows altogether.
    pub fn rows(&self) -> usize {
        self.trace.end
    }
}

impl LayerSpec {
    /// Entries of the table that synapses read: the inputs, the layer's own
    /// previous activity, and one entry that is always zero.
    pub fn sources(&self) -> usize {
        self.inputs + self.neurons + 1
    }

    /// Source index of a synapse that is wired to nothing: the zero entry.
    pub fn unconnected(&self) -> u32 {
        (self.inputs + self.neurons) as u32
    }

    /// Can a synapse read the layer's own activity?
    pub fn is_recurrent(&self) -> bool {
        matches!(self.routing, Routing::Random { recurrent_connect } if recurrent_connect > 0.0)
    }

    /// Where the parts of the carried state lie.
    pub fn state_layout(&self) -> StateLayout {
        let n = self.neurons;
        let activity = 0..n * self.outputs;
        let memory = activity.end..activity.end + n * self.neuron.memory;
        let average = if self.neuron.high_pass_tau.is_some() { n * self.outputs } else { 0 };
        let readout_average = memory.end..memory.end + average;
        let trace = readout_average.end..readout_average.end + n * self.neuron.traces();
        StateLayout { activity, memory, readout_average, trace }
    }

    /// Refuses sizes that no layer can have, and combinations without meaning.
    ///
    /// # Errors
    /// [`Error::Shape`] with what there is and what is needed.
    pub fn check(&self) -> Result<()> {
        let neuron = &self.neuron;
        let hidden = if neuron.hidden_layers == 0 { 1 } else { neuron.hidden_units };
        let sizes =
            [self.neurons, self.outputs, neuron.memory, neuron.branches, neuron.synapses_per_branch, hidden];
        if sizes.contains(&0) {
            let wanted = "at least one of neurons, outputs, memory, branches, synapses, hidden units";
            return Err(Error::shape("layer", &sizes, wanted));
        }
        if self.is_recurrent() && self.outputs != 1 {
            let wanted = "one output per neuron when a layer reads its own activity";
            return Err(Error::shape("outputs of a layer", &[self.outputs], wanted));
        }
        if neuron.feedback != 0 && neuron.feedback != self.outputs {
            let wanted = format!("0 or all {} outputs of a neuron", self.outputs);
            return Err(Error::shape("outputs fed back", &[neuron.feedback], wanted));
        }
        Ok(())
    }
}
