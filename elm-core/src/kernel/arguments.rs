//! What the kernels read, and the checks that everything later relies on.

use super::product::Panels;
use super::simd::{Element, InstructionSet, MOST_LANES};
use super::synapse::Dendrite;
use crate::error::{Error, Result};
use crate::model::{LayerSpec, Trace};
use crate::scan::{DropoutMasks, Events, NO_TOKEN};

/// Everything a layer needs to run over `T` steps of `B` sequences.
///
/// Plain slices: the caller keeps them and passes the same ones to
/// [`Kernel::forward`](super::Kernel::forward) and
/// [`Kernel::backward`](super::Kernel::backward). `E` is `f32`, or `f64` to
/// check gradients.
#[derive(Clone, Copy)]
pub struct Arguments<'a, E = f32> {
    /// The layer.
    pub layer: &'a LayerSpec,
    /// The table entry that each synapse reads, `[N, S]`; see
    /// [`LayerSpec::sources`].
    pub sources: &'a [u32],
    /// Trainable parameters `[P]`, in the order of
    /// [`LayerSpec::parameter_layout`].
    pub parameters: &'a [E],
    /// Fixed `tau_raw`, `[N * M]`; `None` when the timescales are learnable.
    pub fixed_tau_raw: Option<&'a [f32]>,
    /// What the layer sees.
    pub input: Sequence<'a, E>,
    /// Factor that the embedding puts on every input value.
    pub input_factor: f32,
    /// State to start from, `[rows of the state layout, B]`.
    pub state: &'a [E],
    /// Number of sequences `B`.
    pub rows: usize,
    /// Number of steps `T`.
    pub steps: usize,
    /// Masks that stay the same over time.
    pub dropout: &'a DropoutMasks,
}

/// The input of a layer over time.
#[derive(Debug, Clone, Copy)]
pub enum Sequence<'a, E = f32> {
    /// Token ids `[T, B]`, each below `C` or [`NO_TOKEN`]; one-hot channels.
    Tokens(&'a [u32]),
    /// Sparse spike counts.
    Events(&'a Events),
    /// Numbers `[T, C, B]`, which may receive a gradient.
    Dense(&'a [E]),
}

impl<E: Element> Arguments<'_, E> {
    /// Checks every length and index.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Index`], [`Error::Stored`] or
    /// [`Error::Config`] naming what does not fit.
    pub(super) fn check(&self) -> Result<()> {
        self.check_layer()?;
        let (layer, rows) = (self.layer, self.rows);
        let n = layer.neurons;
        if self.steps == 0 || rows == 0 {
            let got = [self.steps, rows];
            return Err(Error::shape("sequence", &got, "at least one step and one row"));
        }
        check_len("parameters of a layer", self.parameters.len(), layer.parameter_layout().len())?;
        check_len("state of a layer", self.state.len(), layer.state_layout().rows() * rows)?;
        match (self.fixed_tau_raw, layer.neuron.tau_learnable) {
            (Some(fixed), false) => check_len("fixed tau_raw", fixed.len(), n * layer.neuron.memory)?,
            (None, true) => {}
            (given, learnable) => {
                let reason = format!("learnable is {learnable}, fixed values given: {}", given.is_some());
                return Err(Error::config("memory_tau_learnable", reason));
            }
        }
        let masks = self.dropout;
        for (what, mask, len) in [
            ("input dropout mask", &masks.input, layer.inputs),
            ("recurrent dropout mask", &masks.recurrent, n),
            ("memory dropout mask", &masks.memory, n * layer.neuron.memory),
        ] {
            if let Some(mask) = mask {
                check_len(what, mask.len(), len * rows)?;
            }
        }
        check_len("connectome", self.sources.len(), n * layer.neuron.synapses())?;
        check_indices("connectome", self.sources, layer.sources())?;
        self.check_input()
    }

    /// The weight of a synapse, rectified where the layer says so.
    pub(super) fn synapse_weight(&self, synapse: usize) -> f64 {
        // Synapse weights come first in the layout of parameters.
        let weight = self.parameters[synapse].to_f64();
        if self.layer.neuron.rectified && weight < 0.0 { 0.0 } else { weight }
    }

    /// Sizes that no layer can have, and the one combination without meaning.
    fn check_layer(&self) -> Result<()> {
        let (layer, neuron) = (self.layer, &self.layer.neuron);
        let hidden = if neuron.hidden_layers == 0 { 1 } else { neuron.hidden_units };
        let sizes = [
            layer.neurons,
            layer.outputs,
            neuron.memory,
            neuron.branches,
            neuron.synapses_per_branch,
            hidden,
        ];
        if sizes.contains(&0) {
            let wanted = "at least one of neurons, outputs, memory, branches, synapses, hidden units";
            return Err(Error::shape("layer", &sizes, wanted));
        }
        let table = layer.sources().saturating_mul(self.rows + MOST_LANES);
        if u32::try_from(table).is_err() {
            return Err(Error::shape(
                "table of a layer",
                &[layer.sources(), self.rows],
                "less than 2^32 numbers",
            ));
        }
        if layer.is_recurrent() && layer.outputs > 1 {
            let reason = format!("neurons of {} outputs cannot read each other; set it to 0", layer.outputs);
            return Err(Error::config("recurrent_connect", reason));
        }
        Ok(())
    }

    fn check_input(&self) -> Result<()> {
        let (channels, rows, steps) = (self.layer.inputs, self.rows, self.steps);
        match self.input {
            Sequence::Dense(values) => check_len("input of a layer", values.len(), steps * channels * rows),
            Sequence::Tokens(ids) => {
                check_len("tokens", ids.len(), steps * rows)?;
                match ids.iter().find(|&&id| id != NO_TOKEN && id as usize >= channels) {
                    None => Ok(()),
                    Some(&bad) => {
                        Err(Error::Index { what: "token".into(), index: bad as usize, len: channels })
                    }
                }
            }
            Sequence::Events(events) => check_events(events, channels, rows, steps),
        }
    }
}

fn check_events(events: &Events, channels: usize, rows: usize, steps: usize) -> Result<()> {
    let starts = &events.starts;
    if starts.len() != steps + 1 {
        return Err(Error::shape("events", &[starts.len()], format!("{steps} + 1 steps")));
    }
    let ends_inside = starts.last().is_some_and(|&end| end as usize <= events.entries.len());
    if !ends_inside || starts.windows(2).any(|pair| pair[0] > pair[1]) {
        let reason = format!("step borders must rise and stay within {} entries", events.entries.len());
        return Err(Error::stored("events", reason));
    }
    for event in &events.entries {
        for (what, index, len) in
            [("channel of an event", event.channel, channels), ("row of an event", event.row, rows)]
        {
            if index as usize >= len {
                return Err(Error::Index { what: what.into(), index: index as usize, len });
            }
        }
    }
    Ok(())
}

pub(super) fn check_len(what: &str, got: usize, wanted: usize) -> Result<()> {
    if got == wanted { Ok(()) } else { Err(Error::shape(what, &[got], format!("[{wanted}]"))) }
}

fn check_indices(what: &str, indices: &[u32], len: usize) -> Result<()> {
    match indices.iter().find(|&&index| index as usize >= len) {
        None => Ok(()),
        Some(&bad) => Err(Error::Index { what: what.into(), index: bad as usize, len }),
    }
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
    pub branches: usize,
    pub per_branch: usize,
    /// `(inputs, outputs)` of the MLP's linear maps.
    pub maps: Vec<(usize, usize)>,
    pub hidden: usize,
    pub recurrent: bool,
    pub spikes: bool,
    pub high_pass: bool,
    /// Decay of the branch trace; a synapse trace is one, see
    /// [`SynapseTrace`](super::trace::SynapseTrace).
    pub trace_decay: Option<f64>,
}

impl Shape {
    /// Sizes with the vectors of `set`.
    pub(super) fn new<E: Element>(arguments: &Arguments<'_, E>, set: InstructionSet) -> Self {
        let (layer, neuron) = (arguments.layer, &arguments.layer.neuron);
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
            branches: neuron.branches,
            per_branch: neuron.synapses_per_branch,
            maps: neuron.mlp_shapes(),
            hidden: if neuron.hidden_layers == 0 { 0 } else { neuron.hidden_units },
            recurrent: layer.is_recurrent(),
            spikes: neuron.activation == crate::model::Activation::Spike,
            high_pass: neuron.high_pass_tau.is_some(),
            trace_decay: match neuron.trace {
                Trace::None => None,
                Trace::Branch(tau) | Trace::Synapse(tau) => Some(neuron.decay(tau)),
            },
        }
    }

    /// Synapses of one neuron.
    pub(super) fn synapses(&self) -> usize {
        self.branches * self.per_branch
    }

    /// The synapses of a neuron.
    pub(super) fn dendrite(&self) -> Dendrite {
        Dendrite { branches: self.branches, per_branch: self.per_branch, width: self.width }
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
