//! Sizes that follow from a layer, a batch and a division of the work, as
//! `source/shape.h` has them; the names are those used there.

use crate::spec::{Activation, LayerSpec, MlpActivation, Trace};

/// Gradients of maps that a thread has, each way (`EDGE`).
const EDGE: usize = 4;
/// Threads of the kernels outside of the recurrence (`SMALL_THREADS`).
pub(super) const SMALL_THREADS: usize = 128;

/// Threads of a warp, and of a block that has tiles of maps, at most.
const WARP: usize = 32;
const MOST_THREADS: usize = 256;

/// A layer's sizes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sizes {
    /// Neurons.
    pub n: usize,
    /// Input channels.
    pub c: usize,
    /// Wired branches.
    pub k: usize,
    /// Synapses on each of them.
    pub s: usize,
    /// Outputs fed back as further branches.
    pub f: usize,
    /// Memory units.
    pub m: usize,
    /// Outputs of a neuron.
    pub o: usize,
    /// Hidden layers.
    pub layers: usize,
    /// Units of each, 0 without.
    pub h: usize,
    /// Sequences.
    pub b: usize,
    pub recurrent: bool,
    pub high_pass: bool,
    /// Are the synapses' weights fixed?
    pub fixed: bool,
    /// 0 none, 1 of branches, 2 of synapses.
    pub trace: usize,
    mlp_activation: i64,
    activation: i64,
}

impl Sizes {
    pub(super) fn new(layer: &LayerSpec, rows: usize) -> Self {
        let neuron = &layer.neuron;
        Sizes {
            n: layer.neurons,
            c: layer.inputs,
            k: neuron.branches,
            s: neuron.synapses_per_branch,
            f: neuron.feedback,
            m: neuron.memory,
            o: layer.outputs,
            layers: neuron.hidden_layers,
            h: if neuron.hidden_layers == 0 { 0 } else { neuron.hidden_units },
            b: rows,
            recurrent: layer.is_recurrent(),
            high_pass: neuron.high_pass_tau.is_some(),
            fixed: neuron.fixed_synapse_weight.is_some(),
            trace: match neuron.trace {
                Trace::None => 0,
                Trace::Branch(_) => 1,
                Trace::Synapse(_) => 2,
            },
            mlp_activation: match neuron.mlp_activation {
                MlpActivation::Relu => 0,
                MlpActivation::Silu => 1,
                MlpActivation::ReluSquared => 2,
            },
            activation: match neuron.activation {
                Activation::Identity => 0,
                Activation::Relu => 1,
                Activation::Spike => 2,
            },
        }
    }

    /// The constants of the compilation.
    pub(super) fn defines(&self) -> Vec<(&'static str, i64)> {
        let flags = [("RECURRENT", self.recurrent), ("HIGH_PASS", self.high_pass), ("FIXED", self.fixed)];
        let sizes = [
            ("N", self.n),
            ("C", self.c),
            ("K", self.k),
            ("S", self.s),
            ("F", self.f),
            ("M", self.m),
            ("O", self.o),
            ("LAYERS", self.layers),
            ("H", self.h),
            ("B", self.b),
            ("TRACE", self.trace),
        ];
        let kinds = [("MLP_ACTIVATION", self.mlp_activation), ("ACTIVATION", self.activation)];
        let sizes = sizes.into_iter().map(|(name, size)| (name, size as i64));
        sizes.chain(flags.map(|(name, flag)| (name, i64::from(flag)))).chain(kinds).collect()
    }

    /// Do synapses have traces of their own?
    pub(super) fn synapse_traces(&self) -> bool {
        self.trace == 2
    }

    /// Wired synapses of a neuron.
    pub(super) fn synapses(&self) -> usize {
        self.k * self.s
    }

    /// Branches that the MLP reads.
    pub(super) fn branches(&self) -> usize {
        self.k + self.f
    }

    /// Inputs of the MLP.
    pub(super) fn mlp_inputs(&self) -> usize {
        self.branches() + self.m
    }

    /// Rows of the layer's previous activity, and one of zeros.
    pub(super) fn seen_rows(&self) -> usize {
        if self.recurrent { self.n + 1 } else { 1 }
    }

    /// Rows of the table that synapses read.
    pub(super) fn table_rows(&self) -> usize {
        self.c + self.seen_rows()
    }

    /// Inputs and outputs of the MLP's maps.
    pub(super) fn maps(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..=self.layers).map(|j| {
            (if j == 0 { self.mlp_inputs() } else { self.h }, if j < self.layers { self.h } else { self.m })
        })
    }

    /// Numbers of a neuron's weights.
    pub(super) fn weights(&self) -> usize {
        let maps: usize = self.maps().map(|(inputs, outputs)| (inputs + 1) * (outputs | 1)).sum();
        (maps + 2 * self.m + self.o * self.m + self.o + self.f).next_multiple_of(4)
    }

    /// Rows of the state that a neuron carries.
    pub(super) fn carried(&self) -> usize {
        let average = if self.high_pass { self.o } else { 0 };
        let traces = if self.trace > 0 { self.branches() } else { 0 };
        self.m + average + traces + self.f + 1
    }

    /// Rows of a record.
    pub(super) fn record(&self) -> usize {
        self.mlp_inputs() + self.layers * self.h + self.m + self.o + self.f
    }

    /// Rows of what the way back leaves.
    pub(super) fn delta(&self) -> usize {
        self.branches() + self.layers * self.h + self.m
    }

    /// Sums over time of a neuron.
    pub(super) fn sums(&self) -> usize {
        self.o * self.m + self.o + 2 * self.m + self.f
    }

    /// Widest output of a map.
    pub(super) fn widest(&self) -> usize {
        self.h.max(self.m)
    }

    /// Threads of a block for the gradients of a neuron's maps: one a tile.
    pub(super) fn map_threads(&self) -> usize {
        self.map_tiles().max().unwrap_or(1).next_multiple_of(WARP).min(MOST_THREADS)
    }

    /// Blocks for them.
    pub(super) fn map_chunks(&self) -> usize {
        self.map_tiles().map(|tiles| tiles.div_ceil(self.map_threads())).sum()
    }

    fn map_tiles(&self) -> impl Iterator<Item = usize> + '_ {
        self.maps().map(|(inputs, outputs)| (inputs + 1).div_ceil(EDGE) * outputs.div_ceil(EDGE))
    }
}
