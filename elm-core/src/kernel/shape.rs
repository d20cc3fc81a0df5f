//! Sizes of one call, and the checks that everything later relies on.

use super::product::Panels;
use super::simd::{Element, InstructionSet, MOST_LANES};
use crate::error::{Error, Result};
use crate::shape::filled;
use crate::spec::{Activation, LayerRun, LayerSpec, Trace};

/// What the kernels read: plain slices, which the caller keeps and passes
/// again to [`Kernel::backward`](super::Kernel::backward). `E` is `f32`, or
/// `f64` to check gradients.
pub(super) type Arguments<'a, E> = LayerRun<&'a [E]>;

/// Checks every length and index.
///
/// # Errors
/// [`Error::Shape`], [`Error::Index`] or [`Error::Stored`] naming what does
/// not fit.
pub(super) fn check<E: Element>(arguments: &Arguments<'_, E>) -> Result<()> {
    arguments.check(|what, numbers, shape| filled(what, numbers.len(), shape))?;
    let (sources, rows) = (arguments.layer.sources(), arguments.rows);
    let table = sources.saturating_mul(rows.saturating_add(MOST_LANES));
    if u32::try_from(table).is_err() {
        return Err(Error::shape("table of a layer", &[sources, rows], "less than 2^32 numbers"));
    }
    Ok(())
}

/// The weight of a wired synapse, or behind all of those of a feedback
/// synapse, rectified where the layer says so.
pub(super) fn synapse_weight<E: Element>(layer: &LayerSpec, parameters: &[E], synapse: usize) -> f64 {
    // Weights of synapses, then of the feedback, come first in the layout of
    // parameters, unless they are fixed.
    let neuron = &layer.neuron;
    let weight = neuron.fixed_synapse_weight.unwrap_or_else(|| parameters[synapse].to_f64());
    if neuron.rectified && weight < 0.0 { 0.0 } else { weight }
}

/// A wired synapse's weight as branches feel it.
pub(super) fn effective_weight<E: Element>(arguments: &Arguments<'_, E>, synapse: usize) -> E {
    E::from_f64(
        synapse_weight(&arguments.layer, arguments.parameters, synapse) * arguments.layer.neuron.input_scale,
    )
}

/// The weight by which neuron `n` reads its own output `o` back.
pub(super) fn feedback_weight<E: Element>(layer: &LayerSpec, parameters: &[E], n: usize, o: usize) -> f64 {
    let first = layer.neurons * layer.neuron.synapses();
    synapse_weight(layer, parameters, first + n * layer.neuron.feedback + o)
}

pub(super) fn check_len(what: &str, got: usize, wanted: usize) -> Result<()> {
    if got == wanted { Ok(()) } else { Err(Error::shape(what, &[got], format!("[{wanted}]"))) }
}

/// Sizes of one call, `width` being the batch rows padded to whole vectors.
///
/// # Shapes
/// The record of one neuron and step has `record` rows of `width` numbers:
/// branches and decayed memory (the MLP's input, `z`), what each hidden layer
/// stores, `tanh(2/3 o)`, and with spikes the output before activation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    pub steps: usize,
    pub rows: usize,
    pub width: usize,
    /// Lanes of the widest vector.
    pub widest: usize,
    /// How packed matrices are divided.
    pub panels: Panels,
    pub inputs: usize,
    pub neurons: usize,
    pub outputs: usize,
    pub memory: usize,
    /// Branches that the MLP reads: the wired ones, then those of the feedback.
    pub branches: usize,
    /// Wired branches.
    pub wired: usize,
    /// Outputs of a neuron that it reads back, a branch for each; 0 or all.
    pub feedback: usize,
    pub per_branch: usize,
    /// `(inputs, outputs)` of the MLP's linear maps.
    pub maps: Vec<(usize, usize)>,
    pub hidden: usize,
    pub recurrent: bool,
    pub spikes: bool,
    pub high_pass: bool,
    /// Decay of the branch trace. Synapse traces of one branch decay alike, so
    /// their sum is carried as one.
    pub trace_decay: Option<f64>,
}

impl Shape {
    /// Sizes with the vectors of `set`.
    pub(super) fn new<E: Element>(arguments: &Arguments<'_, E>, set: InstructionSet) -> Self {
        let (layer, neuron) = (&arguments.layer, &arguments.layer.neuron);
        let lanes = E::lanes(set, arguments.rows);
        Shape {
            widest: E::widest(set),
            panels: Panels::new(lanes, E::widest(set)),
            steps: arguments.steps,
            rows: arguments.rows,
            width: arguments.rows.next_multiple_of(lanes),
            inputs: layer.inputs,
            neurons: layer.neurons,
            outputs: layer.outputs,
            memory: neuron.memory,
            branches: neuron.all_branches(),
            wired: neuron.branches,
            feedback: neuron.feedback,
            per_branch: neuron.synapses_per_branch,
            maps: neuron.mlp_shapes(),
            hidden: if neuron.hidden_layers == 0 { 0 } else { neuron.hidden_units },
            recurrent: layer.is_recurrent(),
            spikes: neuron.activation == Activation::Spike,
            high_pass: neuron.high_pass_tau.is_some(),
            trace_decay: match neuron.trace {
                Trace::None => None,
                Trace::Branch(tau) | Trace::Synapse(tau) => Some(neuron.decay(tau)),
            },
        }
    }

    /// Wired synapses of one neuron.
    pub(super) fn synapses(&self) -> usize {
        self.wired * self.per_branch
    }

    /// The place of a wired synapse among the synapse traces of all neurons.
    pub(super) fn trace_of(&self, synapse: usize) -> usize {
        synapse + synapse / self.synapses() * self.feedback
    }

    /// Rows of the table that synapses read: inputs, activity, one of zeros.
    pub(super) fn sources(&self) -> usize {
        self.inputs + self.neurons + 1
    }

    /// Inputs of the MLP.
    pub(super) fn mlp_inputs(&self) -> usize {
        self.branches + self.memory
    }

    /// First record row of hidden layer `j`.
    pub(super) fn hidden_row(&self, j: usize) -> usize {
        self.mlp_inputs() + j * self.hidden
    }

    /// First record row of `tanh(2/3 o)`.
    pub(super) fn bounded_row(&self) -> usize {
        self.hidden_row(self.maps.len() - 1)
    }

    /// First record row of the outputs before activation (spikes only).
    pub(super) fn drive_row(&self) -> usize {
        self.bounded_row() + self.memory
    }

    /// Rows of one record.
    pub(super) fn record(&self) -> usize {
        self.drive_row() + if self.spikes { self.outputs } else { 0 }
    }

    /// Rows of the state that one neuron carries: memory, readout average,
    /// branch trace.
    pub(super) fn carried(&self) -> usize {
        self.trace_row() + if self.trace_decay.is_some() { self.branches } else { 0 }
    }

    /// First carried row of the readout average.
    pub(super) fn average_row(&self) -> usize {
        self.memory
    }

    /// First carried row of the branch trace.
    pub(super) fn trace_row(&self) -> usize {
        self.memory + if self.high_pass { self.outputs } else { 0 }
    }
}
