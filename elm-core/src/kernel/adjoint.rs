//! One thread's side of a backward pass: what it is given, what it carries,
//! and what it hands over at the start of the sequence.

use super::call::{Call, padded};
use super::gradients::{Cotangents, SharedGradients};
use super::map_gradient::MapSums;
use super::memory::Buffer;
use super::outputs::{copy_rows, export};
use super::pool::share;
use super::shape::synapse_weight;
use super::simd::{BLOCK, Element, Vector, starts};
use super::span::{Shared, Span, SpanMut};
use super::synapse::TOGETHER;
use super::table::InputWriter;
use super::weights::BackwardWeights;
use crate::spec::Trace;
use std::ops::Range;

/// What the threads of one backward pass share besides the [`Call`].
pub(super) struct BackwardCall<'a, E: Element> {
    /// Activity before each step and after the last, `[T + 1, N * O, width]`.
    pub activity: &'a [E],
    pub cotangents: Cotangents<'a, E>,
    pub gradients: SharedGradients<'a, E>,
    /// Table rows that receive gradient: inputs if asked for, activity if the
    /// layer is recurrent.
    pub sources: Range<usize>,
    /// Gradient of those rows, from each thread's neurons, for even and odd
    /// steps, and a row for what goes nowhere:
    /// `[threads, 2, sources + 1, width]`.
    pub scattered: Shared<'a, E>,
}

impl<'a, E: Element> BackwardCall<'a, E> {
    /// The rows that `thread` adds to in step `t`.
    ///
    /// # Safety
    /// While they are written no other thread accesses them.
    #[inline(always)]
    pub(super) unsafe fn scattered(&self, width: usize, thread: usize, t: usize) -> SpanMut<'a, E> {
        let len = (self.sources.len() + 1) * width;
        // SAFETY: inside; the rest is the caller's.
        unsafe { self.scattered.part((thread * 2 + t % 2) * len, len) }
    }
}

/// Rows that are summed over time in place: gradients of readout, bias and
/// feedback, and what learnable timescales need.
#[derive(Debug, Clone)]
pub(super) struct SumLayout {
    pub readout: usize,
    pub bias: usize,
    pub feedback: usize,
    /// `d(decay m) * decay m` of each memory unit, then
    /// `d(write tanh) * tanh`.
    pub timescale: Option<usize>,
    pub rows: usize,
}

/// One thread's neurons going backwards.
pub(super) struct Adjoint<'c, 'a, E: Element> {
    pub call: &'c Call<'a, E>,
    pub backward: &'c BackwardCall<'a, E>,
    pub thread: usize,
    pub neurons: Range<usize>,
    pub sum: SumLayout,
    pub map_sum: MapSums,
    pub weights: BackwardWeights<E>,
    /// Gradient of the carried state, `[neurons, carried, width]`.
    pub carried: Buffer<E>,
    /// `[neurons, sum rows, width]`.
    pub sums: Buffer<E>,
    /// Gradients of the linear maps, `[neurons, map sums]`.
    pub map_sums: Buffer<E>,
    /// The magnitude's gradient spread over its entries, `[neurons, width]`.
    pub magnitude: Option<Buffer<E>>,
    /// Gradient that the end state's synapse traces hand to every earlier
    /// source, `[sources, width]`; decays going back.
    pub source_trace: Option<Buffer<E>>,
    /// Input channels whose gradient this thread adds up.
    channels: Range<usize>,
    /// What the embedding and dropout put on them, `[channels, width]`.
    input_factors: Buffer<E>,
    /// Gradient that the next step's feedback hands back, `[neurons, F, width]`.
    pub fed: Buffer<E>,
    /// Gradients of readout `[O, width]` and memory `[M, width]`.
    pub readout: Buffer<E>,
    pub memory: Buffer<E>,
    /// Gradients of the inputs of a linear map, in the end the MLP's, of the
    /// neurons at work, `[TOGETHER, padded inputs, width]`.
    inputs: Buffer<E>,
    /// Gradients of the outputs of all linear maps.
    pub map_outputs: Buffer<E>,
    /// Values of a hidden layer `[H, width]`.
    pub hidden: Buffer<E>,
    /// Room to transpose gradients in.
    pub turned: Buffer<E>,
}

impl<'c, 'a, E: Element> Adjoint<'c, 'a, E> {
    pub(super) fn new(call: &'c Call<'a, E>, backward: &'c BackwardCall<'a, E>, thread: usize) -> Self {
        let (shape, store) = (&call.shape, &call.store);
        let neurons = share(shape.neurons, thread, call.threads);
        let (width, count, rows) = (shape.width, neurons.len(), shape.rows);
        let bias = shape.outputs * shape.memory;
        let feedback = bias + shape.outputs;
        let plain = feedback + shape.feedback;
        let timescale = call.arguments.layer.neuron.tau_learnable.then_some(plain);
        let sum_rows = plain + timescale.map_or(0, |_| 2 * shape.memory);
        let sum = SumLayout { readout: 0, bias, feedback, timescale, rows: sum_rows };
        let magnitude = backward.cotangents.magnitude.map(|gradient| {
            let scale = 1.0 / (shape.steps * shape.memory) as f64;
            let of_neurons = &gradient[neurons.start * rows..neurons.end * rows];
            let mut gradient: Buffer<E> = padded(store, of_neurons, rows, width);
            gradient.iter_mut().for_each(|entry| *entry = E::from_f64(entry.to_f64() * scale));
            gradient
        });
        let wanted = if backward.gradients.input.is_some() { shape.inputs } else { 0 };
        let channels = share(wanted, thread, call.threads);
        let inputs = InputWriter::new(call.arguments);
        let mut input_factors: Buffer<E> = store.zeros(channels.len() * width);
        for (channel, factors) in channels.clone().zip(input_factors.chunks_exact_mut(width)) {
            for (row, factor) in factors[..rows].iter_mut().enumerate() {
                *factor = E::from_f64(inputs.factor(channel, row));
            }
        }
        let map_sum = MapSums::new(shape);
        let widest = shape.maps.iter().map(|map| map.0).max().unwrap_or(0);
        let mut adjoint = Adjoint {
            weights: BackwardWeights::new(
                store,
                shape,
                call.arguments,
                neurons.clone(),
                backward.sources.clone(),
            ),
            carried: store.zeros(count * shape.carried() * width),
            sums: store.zeros(count * sum.rows * width),
            map_sums: store.zeros(count * map_sum.len),
            map_outputs: store.zeros(map_sum.all_rows * width),
            turned: store.zeros(BLOCK * map_sum.strides.iter().max().copied().unwrap_or(0)),
            hidden: store.zeros(shape.hidden * width),
            sum,
            map_sum,
            magnitude,
            source_trace: None,
            channels,
            input_factors,
            fed: store.zeros(count * shape.feedback * width),
            readout: store.zeros(shape.outputs * width),
            memory: store.zeros(shape.memory * width),
            inputs: store.zeros(TOGETHER * shape.panels.padded(widest) * width),
            call,
            backward,
            thread,
            neurons,
        };
        adjoint.take_end_state();
        adjoint
    }

    /// The gradients of a linear map's inputs of neuron `local`, until a neuron
    /// comes to lie there that is not taken together with it.
    ///
    /// # Safety
    /// They are not used otherwise while accessed through the span.
    #[inline(always)]
    pub(super) unsafe fn of_inputs<'b>(&mut self, local: usize) -> SpanMut<'b, E>
    where
        E: 'b,
    {
        let each = self.inputs.len() / TOGETHER;
        // SAFETY: `self` outlives its use; the rest is the caller's.
        unsafe { self.inputs.detached().part(local % TOGETHER * each, each) }
    }

    /// Starts from the gradient of the end state.
    fn take_end_state(&mut self) {
        let (shape, layer) = (&self.call.shape, &self.call.arguments.layer);
        let Some(state) = self.backward.cotangents.state else { return };
        let (rows, width, layout) = (shape.rows, shape.width, layer.state_layout());
        for (local, carried) in self.carried.chunks_exact_mut(shape.carried() * width).enumerate() {
            let n = self.neurons.start + local;
            let mut read = |first: usize, count: usize, row: usize| {
                let from = &state[first * rows..][..count * rows];
                copy_rows(from, rows, &mut carried[row * width..(row + count) * width], width);
            };
            read(layout.memory.start + n * shape.memory, shape.memory, 0);
            if shape.high_pass {
                let first = layout.readout_average.start + n * shape.outputs;
                read(first, shape.outputs, shape.average_row());
            }
            let traces = layout.trace.start + n * layer.neuron.traces();
            match layer.neuron.trace {
                Trace::None => {}
                Trace::Branch(_) => read(traces, shape.branches, shape.trace_row()),
                Trace::Synapse(_) => {
                    read(traces + shape.synapses(), shape.feedback, shape.trace_row() + shape.wired);
                }
            }
        }
        if matches!(layer.neuron.trace, Trace::Synapse(_)) {
            self.source_trace = Some(self.end_source_trace(state));
        }
    }

    /// What the gradient of the end state's synapse traces `s` means for
    /// sources, `[sources, width]`.
    ///
    /// # Equation
    /// forward: `s = decay^T s_0 + weight * X[source]` (`finish_synapse_traces`)
    /// so: `d X[source] += weight * d s`
    fn end_source_trace(&self, state: &[E]) -> Buffer<E> {
        let (call, shape) = (self.call, &self.call.shape);
        let (rows, arguments) = (shape.rows, call.arguments);
        let first = arguments.layer.state_layout().trace.start;
        let mut sources: Buffer<E> = call.store.zeros(self.backward.sources.len() * shape.width);
        for synapse in self.neurons.start * shape.synapses()..self.neurons.end * shape.synapses() {
            let source = arguments.connectome.sources()[synapse] as usize;
            if !self.backward.sources.contains(&source) {
                continue;
            }
            let weight = synapse_weight(&arguments.layer, arguments.parameters, synapse);
            let to = &mut sources[(source - self.backward.sources.start) * shape.width..][..rows];
            for (to, gradient) in
                to.iter_mut().zip(&state[(first + shape.trace_of(synapse)) * rows..][..rows])
            {
                *to = E::from_f64(to.to_f64() + weight * gradient.to_f64());
            }
        }
        sources
    }

    /// Gradient of the activity before step `t` that its step handed back,
    /// from all threads, for row `local`; after the barrier of step `t`.
    ///
    /// # Equation
    /// forward: `table[t] = mask * activity`
    /// so: `d activity = mask * sum over threads of d table[t]`
    ///
    /// # Safety
    /// The layer is recurrent and the processor has `V`'s instructions.
    #[inline(always)]
    pub(super) unsafe fn activity_gradient<V: Vector<E = E>>(
        &self,
        t: usize,
        local: usize,
        column: usize,
    ) -> V {
        let shape = &self.call.shape;
        let row = shape.inputs + self.neurons.start + local - self.backward.sources.start;
        // SAFETY: between barriers the tables of step `t` are only read.
        unsafe {
            let mut sum = V::splat(E::default());
            for thread in 0..self.call.threads {
                let table = self.backward.scattered(shape.width, thread, t);
                sum = sum.add(table.vector(row * shape.width + column));
            }
            match &self.call.mask {
                Some(mask) => {
                    let row = self.neurons.start + local;
                    sum.mul(Span::from(&mask[..]).vector(row * shape.width + column))
                }
                None => sum,
            }
        }
    }

    /// Adds up the gradient of this thread's share of the inputs of step `t`,
    /// after the barrier of that step.
    ///
    /// # Equation
    /// forward: `table[t] = factor * x[t]` (`InputWriter::factor`)
    /// so: `d x[t] = factor * sum over threads of d table[t]`
    ///
    /// # Safety
    /// The processor has `V`'s instructions.
    #[inline(always)]
    pub(super) unsafe fn collect_inputs<V: Vector<E = E>>(&self, t: usize) {
        let Some(gradient) = &self.backward.gradients.input else { return };
        let (shape, width) = (&self.call.shape, self.call.shape.width);
        let factors = Span::from(&self.input_factors[..]);
        for (local, channel) in self.channels.clone().enumerate() {
            let at = (t * shape.inputs + channel) * shape.rows;
            // SAFETY: each thread writes its share of channels; between
            // barriers the tables of step `t` are only read. Inputs come first
            // among the rows with gradient.
            unsafe {
                let to = gradient.part(at, shape.rows);
                for column in starts::<V>(width) {
                    let mut sum = V::splat(E::default());
                    for thread in 0..self.call.threads {
                        let table = self.backward.scattered(width, thread, t);
                        sum = sum.add(table.vector(channel * width + column));
                    }
                    export(sum.mul(factors.vector(local * width + column)), to, column, shape.rows);
                }
            }
        }
    }

    /// Writes the gradient of the start state, after all steps.
    pub(super) fn finish_state(&self) {
        let (shape, layer) = (&self.call.shape, &self.call.arguments.layer);
        let (rows, width, layout) = (shape.rows, shape.width, layer.state_layout());
        let write = |first: usize, each: usize, local: usize, from: &[E]| {
            let at = (first + (self.neurons.start + local) * each) * rows;
            // SAFETY: each thread writes its neurons' rows only.
            let to = unsafe { self.backward.gradients.state.part(at, each * rows).slice() };
            copy_rows(from, width, to, rows);
        };
        for (local, carried) in self.carried.chunks_exact(shape.carried() * width).enumerate() {
            write(layout.memory.start, shape.memory, local, carried);
            if shape.high_pass {
                let from = &carried[shape.average_row() * width..];
                write(layout.readout_average.start, shape.outputs, local, from);
            }
            match layer.neuron.trace {
                Trace::None => {}
                Trace::Branch(_) => {
                    write(layout.trace.start, shape.branches, local, &carried[shape.trace_row() * width..]);
                }
                Trace::Synapse(_) => self.finish_synapse_state(local, carried),
            }
            let at = (layout.activity.start + (self.neurons.start + local) * shape.outputs) * rows;
            // SAFETY: as above.
            let to = unsafe { self.backward.gradients.state.part(at, shape.outputs * rows).slice() };
            to.fill(E::default());
            if shape.recurrent {
                for (b, to) in to.iter_mut().enumerate() {
                    *to = self.start_activity(local, b);
                }
            }
            for (o, to) in to.chunks_exact_mut(rows).take(shape.feedback).enumerate() {
                let fed = &self.fed[(local * shape.feedback + o) * width..];
                to.iter_mut().zip(fed).for_each(|(to, &fed)| *to = *to + fed);
            }
        }
    }

    /// Gradient of one entry of the start activity, as
    /// [`Adjoint::activity_gradient`] of step 0.
    fn start_activity(&self, local: usize, b: usize) -> E {
        let (shape, call) = (&self.call.shape, self.call);
        let row = shape.inputs + self.neurons.start + local - self.backward.sources.start;
        let mut sum = 0.0;
        for thread in 0..call.threads {
            // SAFETY: the tables of step 0 are complete and only read now.
            let table = unsafe { self.backward.scattered(shape.width, thread, 0) };
            // SAFETY: the row receives gradient, as the layer is recurrent.
            sum += unsafe { Span::from(table).get(row * shape.width + b) }.to_f64();
        }
        let place = (self.neurons.start + local) * shape.width + b;
        let mask = call.mask.as_ref().map_or(1.0, |mask| mask[place].to_f64());
        E::from_f64(sum * mask)
    }

    /// Gradient of the start's synapse traces `s_0`: what their branch
    /// received, and what is left of the end state's.
    ///
    /// # Equation
    /// forward: `trace of branch = input scale * sum of its s_0` (`sum_branches`),
    /// `s = decay^T s_0 + weight * X`
    /// so: `d s_0 = input scale * d trace + decay^T * d s`;
    /// of the feedback, one synapse a branch and not scaled, `d s_0 = d trace`
    fn finish_synapse_state(&self, local: usize, carried: &[E]) {
        let (shape, call) = (&self.call.shape, self.call);
        let (rows, width) = (shape.rows, shape.width);
        let neuron = &call.arguments.layer.neuron;
        let left = shape.trace_decay.unwrap_or(0.0).powf(shape.steps as f64);
        let first =
            call.arguments.layer.state_layout().trace.start + (self.neurons.start + local) * neuron.traces();
        if shape.feedback > 0 {
            let from = &carried[(shape.trace_row() + shape.wired) * width..];
            let (at, len) = ((first + shape.synapses()) * rows, shape.feedback * rows);
            // SAFETY: each thread writes its neurons' rows only.
            copy_rows(from, width, unsafe { self.backward.gradients.state.part(at, len).slice() }, rows);
        }
        for j in 0..shape.synapses() {
            let branch = &carried[(shape.trace_row() + j / shape.per_branch) * width..][..rows];
            let at = (first + j) * rows;
            // SAFETY: each thread writes its neurons' rows only.
            let to = unsafe { self.backward.gradients.state.part(at, rows).slice() };
            for (b, to) in to.iter_mut().enumerate() {
                let end = self.backward.cotangents.state.map_or(0.0, |state| state[at + b].to_f64());
                *to = E::from_f64(branch[b].to_f64() * neuron.input_scale + left * end);
            }
        }
    }
}
