//! Parameters as the kernels read them: one aligned block per neuron, in the
//! order of use.

use super::memory::{Buffer, Store};
use super::product::{self, Matrix};
use super::shape::{Arguments, Shape, feedback_weight};
use super::simd::Element;
use super::synapse_list::SynapseList;
use super::timescale::{self, Timescale};
use crate::spec::{LayerSpec, ParameterLayout, Role};
use std::ops::Range;

/// Elements to which blocks are aligned: a cache line of f32.
const ALIGN: usize = 16;

/// Where each neuron's part of a named tensor lies in the flat parameters.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    start: usize,
    each: usize,
}

impl Place {
    fn new(layout: &ParameterLayout<Role>, role: Role, neurons: usize) -> Self {
        let range = layout.get(&role).map_or(0..0, |tensor| tensor.range.clone());
        Place { start: range.start, each: range.len() / neurons }
    }

    /// The part of neuron `n`; empty when the layer has no such tensor.
    pub(super) fn of(self, n: usize) -> Range<usize> {
        self.of_all(n..n + 1)
    }

    /// The part of several neurons.
    pub(super) fn of_all(self, neurons: Range<usize>) -> Range<usize> {
        self.start + neurons.start * self.each..self.start + neurons.end * self.each
    }
}

/// Where all tensors of a layer lie in its flat parameters.
pub(super) struct Places {
    pub synapses: Place,
    pub feedback: Place,
    /// Weight and bias of the MLP's linear maps.
    pub maps: Vec<(Place, Place)>,
    pub readout: Place,
    pub bias: Place,
    pub tau_raw: Place,
}

impl Places {
    pub(super) fn new(layer: &LayerSpec) -> Self {
        let layout = layer.parameter_layout();
        let place = |role| Place::new(&layout, role, layer.neurons);
        let maps = 0..layer.neuron.mlp_shapes().len();
        Places {
            synapses: place(Role::SynapseWeight),
            feedback: place(Role::FeedbackWeight),
            maps: maps.map(|j| (place(Role::MlpWeight(j)), place(Role::MlpBias(j)))).collect(),
            readout: place(Role::ReadoutWeight),
            bias: place(Role::ReadoutBias),
            tau_raw: place(Role::TauRaw),
        }
    }
}

/// The layout of a neuron's block: offsets of its parts.
#[derive(Debug, Clone)]
pub(super) struct BlockLayout {
    /// Each linear map with its bias (zero in the backward block), packed by
    /// [`product::pack`].
    pub maps: Vec<usize>,
    /// `[M]`: share of the memory kept.
    pub decay: usize,
    /// `[M]`: factor on `tanh(2/3 o)`.
    pub write: usize,
    /// `[O, M]`.
    pub readout: usize,
    /// `[O]`.
    pub bias: usize,
    /// Weights of the feedback, `[F]`.
    pub feedback: usize,
    /// Elements of the block.
    pub len: usize,
}

impl BlockLayout {
    fn new(shape: &Shape, map_len: impl Fn(usize, usize) -> usize) -> Self {
        let mut len = 0;
        let mut take = |count: usize| {
            len += count;
            len - count
        };
        let maps = shape.maps.iter().map(|&(inputs, outputs)| take(map_len(inputs, outputs))).collect();
        let (decay, write) = (take(shape.memory), take(shape.memory));
        let (readout, bias) = (take(shape.outputs * shape.memory), take(shape.outputs));
        let feedback = take(shape.feedback);
        BlockLayout { maps, decay, write, readout, bias, feedback, len: len.next_multiple_of(ALIGN) }
    }
}

/// What the forward pass reads, for a range of neurons.
pub(super) struct ForwardWeights<E: Element> {
    pub layout: BlockLayout,
    pub blocks: Buffer<E>,
    pub synapses: SynapseList<E>,
}

/// What the backward pass reads, for a range of neurons.
pub(super) struct BackwardWeights<E: Element> {
    pub layout: BlockLayout,
    pub blocks: Buffer<E>,
    pub synapses: SynapseList<E>,
}

impl<E: Element> ForwardWeights<E> {
    pub(super) fn new(
        store: &Store,
        shape: &Shape,
        arguments: &Arguments<'_, E>,
        neurons: Range<usize>,
    ) -> Self {
        let map_len = |inputs, outputs| shape.panels.packed_len(inputs, outputs);
        let layout = BlockLayout::new(shape, map_len);
        let mut blocks = store.take(neurons.len() * layout.len);
        let places = Places::new(&arguments.layer);
        for (n, block) in neurons.clone().zip(blocks.chunks_exact_mut(layout.len)) {
            pack_units(shape, arguments, &places, n, &layout, block);
            let parameters = arguments.parameters;
            for (j, &(inputs, outputs)) in shape.maps.iter().enumerate() {
                let (weight, bias) = places.maps[j];
                let (weight, bias) = (&parameters[weight.of(n)], &parameters[bias.of(n)]);
                let packed = &mut block[layout.maps[j]..][..shape.panels.packed_len(inputs, outputs)];
                product::pack(inputs, outputs, shape.panels, Matrix::ByOutputs(weight), Some(bias), packed);
            }
        }
        // The last row of the table is zero.
        let sources = shape.sources();
        let synapses = SynapseList::new(store, shape, arguments, neurons, 0..sources, sources - 1);
        ForwardWeights { layout, blocks, synapses }
    }
}

impl<E: Element> BackwardWeights<E> {
    /// `sources` are the table entries that receive gradient.
    pub(super) fn new(
        store: &Store,
        shape: &Shape,
        arguments: &Arguments<'_, E>,
        neurons: Range<usize>,
        sources: Range<usize>,
    ) -> Self {
        let transposed = |inputs, outputs| shape.panels.packed_len(outputs, inputs);
        let layout = BlockLayout::new(shape, transposed);
        let mut blocks = store.take(neurons.len() * layout.len);
        let places = Places::new(&arguments.layer);
        for (n, block) in neurons.clone().zip(blocks.chunks_exact_mut(layout.len)) {
            pack_units(shape, arguments, &places, n, &layout, block);
            for (j, &(inputs, outputs)) in shape.maps.iter().enumerate() {
                let weight = &arguments.parameters[places.maps[j].0.of(n)];
                let packed = &mut block[layout.maps[j]..][..transposed(inputs, outputs)];
                product::pack(outputs, inputs, shape.panels, Matrix::ByInputs(weight), None, packed);
            }
        }
        let synapses = SynapseList::new(store, shape, arguments, neurons, sources.clone(), sources.len());
        BackwardWeights { layout, blocks, synapses }
    }
}

/// Timescales, readout and feedback of one neuron.
fn pack_units<E: Element>(
    shape: &Shape,
    arguments: &Arguments<'_, E>,
    places: &Places,
    n: usize,
    layout: &BlockLayout,
    block: &mut [E],
) {
    let parameters = arguments.parameters;
    let learnable = &parameters[places.tau_raw.of(n)];
    let fixed =
        arguments.fixed_tau_raw.as_ref().map(|fixed| &fixed[n * shape.memory..(n + 1) * shape.memory]);
    for i in 0..shape.memory {
        let unit = Timescale::new(&arguments.layer.neuron, timescale::raw(fixed, learnable, i));
        block[layout.decay + i] = E::from_f64(unit.decay);
        block[layout.write + i] = E::from_f64(unit.write);
    }
    let readout = &parameters[places.readout.of(n)];
    block[layout.readout..][..readout.len()].copy_from_slice(readout);
    let bias = &parameters[places.bias.of(n)];
    block[layout.bias..][..bias.len()].copy_from_slice(bias);
    for o in 0..shape.feedback {
        block[layout.feedback + o] = E::from_f64(feedback_weight(&arguments.layer, parameters, n, o));
    }
}
