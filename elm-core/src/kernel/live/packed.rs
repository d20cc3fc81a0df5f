//! How the weights of a live neuron are packed, units in the lanes.

use super::LiveWeights;
use crate::kernel::shape::{feedback_weight, synapse_weight};
use crate::kernel::simd::MOST_LANES;
use crate::kernel::timescale::{self, Timescale};
use crate::kernel::weights::Places;
use crate::spec::{LayerSpec, Trace};

/// Where the parts of a neuron's block lie. Every row of units is padded to
/// whole vectors with weights of zero.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Synapse weights `[synapses per branch, branches]`.
    pub(super) synapses: usize,
    /// Weights of the feedback, `[F]`.
    pub(super) feedback: usize,
    /// For each linear map its bias, then its columns: `[inputs + 1, outputs]`.
    pub(super) maps: Vec<usize>,
    pub(super) decay: usize,
    pub(super) write: usize,
    /// `[O, memory]`.
    pub(super) readout: usize,
    /// `[O]`.
    pub(super) bias: usize,
    pub(super) len: usize,
}

/// Sizes: units, and units padded to whole vectors.
#[derive(Debug, Clone)]
pub(super) struct Sizes {
    /// All branches, those of the feedback last.
    pub(super) branches: usize,
    pub(super) feedback: usize,
    pub(super) branch_row: usize,
    pub(super) per_branch: usize,
    pub(super) memory: usize,
    pub(super) memory_row: usize,
    pub(super) outputs: usize,
    /// `(inputs, outputs, outputs padded)` of each linear map.
    pub(super) maps: Vec<(usize, usize, usize)>,
    pub(super) trace_decay: Option<f64>,
}

impl Sizes {
    pub(super) fn new(layer: &LayerSpec, lanes: usize) -> Self {
        let neuron = &layer.neuron;
        let padded = |(inputs, outputs): (usize, usize)| (inputs, outputs, outputs.next_multiple_of(lanes));
        Sizes {
            branches: neuron.all_branches(),
            feedback: neuron.feedback,
            branch_row: neuron.all_branches().next_multiple_of(lanes),
            per_branch: neuron.synapses_per_branch,
            memory: neuron.memory,
            memory_row: neuron.memory.next_multiple_of(lanes),
            outputs: layer.outputs,
            maps: neuron.mlp_shapes().into_iter().map(padded).collect(),
            trace_decay: match neuron.trace {
                Trace::None => None,
                // A trace per synapse is linear in its source: the sums of a
                // branch's traces are one trace of its sums.
                Trace::Branch(tau) | Trace::Synapse(tau) => Some(neuron.decay(tau)),
            },
        }
    }
}

impl Layout {
    pub(super) fn new(sizes: &Sizes) -> Self {
        let mut len = 0;
        let mut take = |count: usize| {
            len += count;
            len - count
        };
        let synapses = take(sizes.per_branch * sizes.branch_row);
        let maps = sizes.maps.iter().map(|&(inputs, _, padded)| take((inputs + 1) * padded)).collect();
        let (decay, write) = (take(sizes.memory_row), take(sizes.memory_row));
        let (readout, bias) = (take(sizes.outputs * sizes.memory_row), take(sizes.outputs));
        let feedback = take(sizes.feedback);
        Layout {
            synapses,
            feedback,
            maps,
            decay,
            write,
            readout,
            bias,
            len: len.next_multiple_of(MOST_LANES),
        }
    }
}

/// Packs the weights of neuron `n`.
pub(super) fn pack(
    weights: &LiveWeights<'_>,
    places: &Places,
    n: usize,
    sizes: &Sizes,
    layout: &Layout,
    block: &mut [f32],
) {
    let (parameters, neuron) = (weights.parameters, &weights.layer.neuron);
    let synapses = neuron.synapses();
    for i in 0..synapses {
        let weight = synapse_weight(weights.layer, parameters, n * synapses + i);
        let (k, j) = (i / sizes.per_branch, i % sizes.per_branch);
        block[layout.synapses + j * sizes.branch_row + k] = (weight * neuron.input_scale) as f32;
    }
    for o in 0..sizes.feedback {
        block[layout.feedback + o] = feedback_weight(weights.layer, parameters, n, o) as f32;
    }
    for (j, &(inputs, outputs, padded)) in sizes.maps.iter().enumerate() {
        let (weight, bias) = places.maps[j];
        let (weight, bias) = (&parameters[weight.of(n)], &parameters[bias.of(n)]);
        let map = &mut block[layout.maps[j]..][..(inputs + 1) * padded];
        map[..outputs].copy_from_slice(bias);
        for row in 0..outputs {
            for k in 0..inputs {
                map[(1 + k) * padded + row] = weight[row * inputs + k];
            }
        }
    }
    let learnable = &parameters[places.tau_raw.of(n)];
    let fixed = weights.fixed_tau_raw.map(|fixed| &fixed[n * sizes.memory..(n + 1) * sizes.memory]);
    for i in 0..sizes.memory {
        let unit = Timescale::new(neuron, timescale::raw(fixed, learnable, i));
        block[layout.decay + i] = unit.decay as f32;
        block[layout.write + i] = unit.write as f32;
    }
    for (o, row) in parameters[places.readout.of(n)].chunks_exact(sizes.memory).enumerate() {
        block[layout.readout + o * sizes.memory_row..][..sizes.memory].copy_from_slice(row);
    }
    block[layout.bias..][..sizes.outputs].copy_from_slice(&parameters[places.bias.of(n)]);
}
