//! A range of neurons of a live layer.

use super::LiveWeights;
use super::packed::{Layout, Sizes, pack};
use super::product::product;
use crate::kernel::activation::{self, constant};
use crate::kernel::memory::{Buffer, Store};
use crate::kernel::offsets::Offsets;
use crate::kernel::simd::{BLOCK, Element, InstructionSet, Offset, Program, Vector, starts};
use crate::kernel::span::Span;
use crate::kernel::weights::Places;
use crate::spec::neuron::WRITE_SLOPE;
use crate::spec::{Activation, LayerSpec};
use std::ops::Range;

/// Weights and state of some neurons, units in the lanes.
pub(super) struct Neurons {
    layer: LayerSpec,
    set: InstructionSet,
    sizes: Sizes,
    layout: Layout,
    count: usize,
    /// `[neurons, layout.len]`.
    blocks: Buffer<f32>,
    /// Sources of the synapses, in the order of their weights.
    offsets: Offsets,
    /// `[neurons, memory row]`.
    memory: Buffer<f32>,
    /// Decay of the readout's average, if outputs are high-passed.
    average_decay: Option<f64>,
    /// `[neurons, O]`.
    average: Buffer<f32>,
    /// `[neurons, branch row]`.
    trace: Buffer<f32>,
    /// What enters branches besides their synapses: the feedback, `[branch row]`.
    fed: Buffer<f32>,
    /// The MLP's input: branches, then decayed memory.
    input: Buffer<f32>,
    /// Two hidden layers, or the MLP's answer.
    hidden: [Buffer<f32>; 2],
    /// `[neurons * O]`.
    activity: Vec<f32>,
}

impl Neurons {
    /// Packs the weights of `neurons`, which fit the layer.
    pub(super) fn new(weights: &LiveWeights<'_>, neurons: Range<usize>, set: InstructionSet) -> Self {
        let (layer, store) = (weights.layer, Store::new(1));
        let sizes = Sizes::new(layer, f32::lanes(set, 1));
        let layout = Layout::new(&sizes);
        let count = neurons.len();
        let mut blocks: Buffer<f32> = store.zeros(count * layout.len);
        let synapses = sizes.per_branch * sizes.branch_row;
        let mut offsets = Offsets::new(&store, count * synapses, layer.sources());
        let places = Places::new(layer);
        for (local, n) in neurons.enumerate() {
            let block = &mut blocks[local * layout.len..(local + 1) * layout.len];
            pack(weights, &places, n, &sizes, &layout, block);
            for j in 0..sizes.per_branch {
                for k in 0..sizes.branch_row {
                    let own = n * layer.neuron.synapses() + k * sizes.per_branch + j;
                    // A branch that is none, or of the feedback, reads the row of zeros.
                    let source = if k < layer.neuron.branches {
                        weights.connectome.sources()[own] as usize
                    } else {
                        layer.sources() - 1
                    };
                    offsets.set(local * synapses + j * sizes.branch_row + k, source);
                }
            }
        }
        let widest = sizes.maps.iter().map(|map| map.2).max().unwrap_or(0);
        Neurons {
            layer: layer.clone(),
            set,
            count,
            blocks,
            offsets,
            memory: store.zeros(count * sizes.memory_row),
            average_decay: layer.neuron.high_pass_tau.map(|tau| layer.neuron.decay(tau)),
            average: store.zeros(count * sizes.outputs),
            trace: store.zeros(count * sizes.branch_row),
            fed: store.zeros(sizes.branch_row),
            input: store.zeros(sizes.branch_row + sizes.memory_row),
            hidden: [store.zeros(widest), store.zeros(widest)],
            activity: vec![0.0; count * sizes.outputs],
            sizes,
            layout,
        }
    }

    /// Activity after the last step, `[neurons * O]`.
    pub(super) fn activity(&self) -> &[f32] {
        &self.activity
    }

    /// Back to zero.
    pub(super) fn reset(&mut self) {
        for state in [&mut self.memory, &mut self.average, &mut self.trace, &mut self.fed] {
            state.fill(0.0);
        }
        self.activity.fill(0.0);
    }

    /// One time step on what synapses read, `[C + N + 1]`.
    pub(super) fn step(&mut self, sources: &[f32]) {
        assert_eq!(sources.len(), self.layer.sources());
        let set = self.set;
        f32::dispatch(set, 1, Step { neurons: self, sources });
    }
}

struct Step<'n, 's> {
    neurons: &'n mut Neurons,
    sources: &'s [f32],
}

impl Program<f32> for Step<'_, '_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<E = f32>, W: Vector<E = f32>>(self) {
        for local in 0..self.neurons.count {
            // SAFETY: the processor is vouched for; offsets were made from
            // checked sources, and the table has as many as the layer.
            unsafe {
                match &mut self.neurons.offsets {
                    Offsets::Short(offsets) => {
                        let offsets = offsets.detached();
                        self.neurons.branches::<V, _>(local, offsets.into(), Span::from(self.sources));
                    }
                    Offsets::Long(offsets) => {
                        let offsets = offsets.detached();
                        self.neurons.branches::<V, _>(local, offsets.into(), Span::from(self.sources));
                    }
                }
                self.neurons.units::<V>(local);
            }
        }
    }
}

impl Neurons {
    /// Branch sums, through their traces, to the MLP's input; the branches of
    /// the feedback have what the last step's activity is worth instead.
    ///
    /// # Safety
    /// The processor has `V`'s instructions, every offset is a place of
    /// `table`.
    #[inline(always)]
    unsafe fn branches<V: Vector<E = f32>, O: Offset>(
        &mut self,
        local: usize,
        offsets: Span<'_, O>,
        table: Span<'_, f32>,
    ) {
        let (sizes, layout) = (&self.sizes, &self.layout);
        let row = sizes.branch_row;
        let synapses = sizes.per_branch * row;
        // SAFETY: all parts lie where the layout says.
        unsafe {
            let weights = Span::from(&self.blocks[..]).part(local * layout.len + layout.synapses, synapses);
            let offsets = offsets.part(local * synapses, synapses);
            let (input, trace) = (self.input.detached(), self.trace.detached());
            let (first, outputs) = (sizes.branches - sizes.feedback, local * sizes.outputs);
            for o in 0..sizes.feedback {
                let weight = self.blocks[local * layout.len + layout.feedback + o];
                self.fed[first + o] = weight * self.activity[outputs + o];
            }
            for at in starts::<V>(row) {
                let mut sum: V = Span::from(&self.fed[..]).vector(at);
                for j in 0..sizes.per_branch {
                    let value: V = table.gather(offsets, j * row + at);
                    sum = weights.vector::<V>(j * row + at).mul_add(value, sum);
                }
                if let Some(decay) = sizes.trace_decay {
                    let place = local * row + at;
                    sum = constant::<V>(decay).mul_add(trace.vector(place), sum);
                    trace.put(place, sum);
                }
                input.put(at, sum);
            }
        }
    }

    /// Memory, MLP and output of neuron `local`, its branches being done.
    ///
    /// # Safety
    /// The processor has `V`'s instructions.
    #[inline(always)]
    unsafe fn units<V: Vector<E = f32>>(&mut self, local: usize) {
        let (sizes, layout, neuron) = (&self.sizes, &self.layout, &self.layer.neuron);
        let row = sizes.memory_row;
        // SAFETY: all parts lie where the layout says; rows of units are whole
        // vectors, and the MLP's input has room for one of memory behind the
        // branches.
        unsafe {
            let block = Span::from(&self.blocks[..]).part(local * layout.len, layout.len);
            let memory = self.memory.detached().part(local * row, row);
            let input = self.input.detached();
            for at in starts::<V>(row) {
                let kept = block.vector::<V>(layout.decay + at).mul(memory.vector(at));
                input.put(sizes.branches + at, kept);
            }
            let [first, second] = &mut self.hidden;
            let hidden = [first.detached(), second.detached()];
            let mut x = Span::from(input);
            for (j, &(inputs, _, padded)) in sizes.maps.iter().enumerate() {
                let weights = block.part(layout.maps[j], (inputs + 1) * padded);
                let out = hidden[j % 2];
                product::<V>(weights, inputs, padded, x, out);
                if j + 1 < sizes.maps.len() {
                    for at in starts::<V>(padded) {
                        let kept = activation::kept::<V>(neuron.mlp_activation, out.vector(at));
                        out.put(at, activation::value(neuron.mlp_activation, kept));
                    }
                }
                x = out.into();
            }
            let mut readouts = [V::splat(0.0); BLOCK];
            for at in starts::<V>(row) {
                let bounded = constant::<V>(WRITE_SLOPE).mul(x.vector(at)).tanh();
                let kept = block.vector::<V>(layout.decay + at).mul(memory.vector(at));
                memory.put(at, block.vector::<V>(layout.write + at).mul_add(bounded, kept));
            }
            for o in 0..sizes.outputs {
                let place = o % BLOCK;
                readouts[place] = V::splat(0.0);
                for at in starts::<V>(row) {
                    let weight: V = block.vector(layout.readout + o * row + at);
                    readouts[place] = weight.mul_add(memory.vector(at), readouts[place]);
                }
                if place + 1 == BLOCK || o + 1 == sizes.outputs {
                    let first = o - place;
                    for (i, &y) in V::sums(readouts)[..=place].iter().enumerate() {
                        let bias = block.get(layout.bias + first + i);
                        let place = local * sizes.outputs + first + i;
                        let average = &mut self.average[place];
                        self.activity[place] =
                            output(neuron.activation, self.average_decay, y, bias, average);
                    }
                }
            }
        }
    }
}

/// From readout to activity: high-pass, bias, activation.
fn output(
    activation: Activation,
    average_decay: Option<f64>,
    readout: f32,
    bias: f32,
    average: &mut f32,
) -> f32 {
    let mut y = readout;
    if let Some(decay) = average_decay {
        *average = (decay as f32).mul_add(*average, (1.0 - decay) as f32 * y);
        y -= *average;
    }
    let drive = y + bias;
    match activation {
        Activation::Identity => drive,
        // What is not a number stays so.
        Activation::Relu if drive < 0.0 => 0.0,
        Activation::Relu => drive,
        Activation::Spike => f32::from(u8::from(drive > 0.0)),
    }
}
