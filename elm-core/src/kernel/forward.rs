//! One thread's neurons over time.

use super::activation::{self, constant};
use super::ahead::{Ahead, Fetch};
use super::call::{Call, Tables};
use super::memory::Buffer;
use super::outputs::{OutputParts, copy_rows};
use super::pool::share;
use super::product;
use super::shape::Arguments;
use super::simd::{Element, Program, Vector, starts, store_fence};
use super::span::{Span, SpanMut};
use super::synapse::{self, TOGETHER};
use super::table::{InputWriter, Rows};
use super::weights::ForwardWeights;
use crate::spec::Trace;
use crate::spec::neuron::WRITE_SLOPE;
use std::ops::Range;

/// One thread's neurons: their weights, carried state and scratch.
pub(super) struct Recurrence<'c, 'a, E: Element> {
    pub call: &'c Call<'a, E>,
    pub tables: &'c Tables<'c, E>,
    inputs: InputWriter<'a, E>,
    pub neurons: Range<usize>,
    /// Input channels that this thread writes.
    channels: Range<usize>,
    pub weights: ForwardWeights<E>,
    /// State of each neuron, `[neurons, carried, width]`.
    pub carried: Buffer<E>,
    /// The records of the neurons at work, `[TOGETHER, record, width]`.
    records: Buffer<E>,
    /// Values of two hidden layers `[2, padded H, width]`.
    hidden: Buffer<E>,
    /// The MLP's answer `[padded M, width]`.
    answer: Buffer<E>,
    /// Readout and drive `[2, O, width]`.
    readout: Buffer<E>,
}

impl<'c, 'a, E: Element> Recurrence<'c, 'a, E> {
    pub(super) fn new(call: &'c Call<'a, E>, tables: &'c Tables<'c, E>, thread: usize) -> Self {
        let (shape, store, arguments) = (&call.shape, &call.store, call.arguments);
        let neurons = share(shape.neurons, thread, call.threads);
        let (width, count) = (shape.width, neurons.len());
        Recurrence {
            inputs: InputWriter::new(arguments),
            channels: share(shape.inputs, thread, call.threads),
            weights: ForwardWeights::new(store, shape, arguments, neurons.clone()),
            carried: store.zeros(count * shape.carried() * width),
            records: store.zeros(TOGETHER * shape.record() * width),
            hidden: store.zeros(2 * shape.panels.padded(shape.hidden) * width),
            answer: store.zeros(shape.panels.padded(shape.memory) * width),
            readout: store.zeros(2 * shape.outputs * width),
            call,
            tables,
            neurons,
        }
    }

    /// Takes the state before the first step.
    pub(super) fn start(&mut self) {
        let (call, shape) = (self.call, &self.call.shape);
        let (rows, width, arguments) = (shape.rows, shape.width, call.arguments);
        let layout = arguments.layer.state_layout();
        for (local, carried) in self.carried.chunks_exact_mut(shape.carried() * width).enumerate() {
            let n = self.neurons.start + local;
            let part =
                |first: usize, each: usize| &arguments.state[(first + n * each) * rows..][..each * rows];
            copy_rows(part(layout.memory.start, shape.memory), rows, carried, width);
            if shape.high_pass {
                let to = &mut carried[shape.average_row() * width..];
                copy_rows(part(layout.readout_average.start, shape.outputs), rows, to, width);
            }
            let to = &mut carried[shape.trace_row() * width..];
            match arguments.layer.neuron.trace {
                Trace::None => {}
                Trace::Branch(_) => copy_rows(part(layout.trace.start, shape.branches), rows, to, width),
                Trace::Synapse(_) => {
                    let traces = part(layout.trace.start, arguments.layer.neuron.traces());
                    let (synapses, feedback) = traces.split_at(shape.synapses() * rows);
                    sum_branches(arguments, synapses, to, width);
                    copy_rows(feedback, rows, &mut to[shape.wired * width..], width);
                }
            }
        }
    }

    /// Takes this thread's activity before step `t` from
    /// `[T + 1, N * O, width]`.
    pub(super) fn take_activity(&self, t: usize, activity: &[E]) {
        let shape = &self.call.shape;
        let each = shape.outputs * shape.width;
        let first = (t * shape.neurons + self.neurons.start) * each;
        // SAFETY: each thread writes its neurons' activity only.
        let to = unsafe { self.tables.activity(t, self.neurons.clone()).slice() };
        to.copy_from_slice(&activity[first..first + self.neurons.len() * each]);
    }

    /// Prepares the table of step `t`: this thread's part of inputs and
    /// activity. Other threads wait at a barrier before they read it.
    pub(super) fn prime(&mut self, t: usize) {
        let (shape, call) = (&self.call.shape, self.call);
        let width = shape.width;
        // SAFETY: each thread writes the channels and neurons of its own only.
        unsafe {
            let rows = Rows { span: self.tables.table(t), stride: width };
            self.inputs.write(t, self.channels.clone(), rows);
            if shape.recurrent {
                let (first, len) = (self.neurons.start * width, self.neurons.len() * width);
                let activity = self.tables.activity(t, self.neurons.clone()).slice();
                let table = self.tables.table(t).part(shape.inputs * width + first, len).slice();
                for (i, (to, &value)) in table.iter_mut().zip(&*activity).enumerate() {
                    let factor = call.mask.as_ref().map_or(1.0, |mask| mask[first + i].to_f64());
                    *to = E::from_f64(value.to_f64() * factor);
                }
            }
        }
    }

    /// Takes what [`Recurrence::prime`] or a run left for step `t` out of the
    /// table again.
    pub(super) fn erase(&self, t: usize) {
        // SAFETY: each thread writes the channels of its own only.
        unsafe {
            let rows = Rows { span: self.tables.table(t), stride: self.call.shape.width };
            self.inputs.erase(t, self.channels.clone(), rows);
        }
    }
}

/// Runs a thread's neurons over `steps`, after [`Recurrence::prime`] and a
/// barrier. All threads run the same steps at the same time.
pub(super) struct Steps<'r, 'c, 'a, E: Element> {
    pub recurrence: &'r mut Recurrence<'c, 'a, E>,
    pub steps: Range<usize>,
    /// Where records go if they are kept, `[steps, neurons, record, width]`.
    pub records: Option<&'r mut [E]>,
    /// Where results go, in the first run over these steps.
    pub outputs: Option<&'r mut OutputParts<'c, 'a, E>>,
}

impl<E: Element> Program<E> for Steps<'_, '_, '_, E> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<E = E>, W: Vector<E = E>>(mut self) {
        let shape = &self.recurrence.call.shape;
        let (size, count) = (shape.record() * shape.width, self.recurrence.neurons.len());
        let records = self.records.map(SpanMut::from);
        let first = self.steps.start;
        for t in self.steps.clone() {
            for group in synapse::together(count) {
                // SAFETY: the processor is vouched for.
                unsafe { self.recurrence.gather::<V>(t, group.clone()) };
                for local in group {
                    // SAFETY: the slot lies inside and starts at a multiple of a
                    // vector; the processor is vouched for.
                    unsafe {
                        let record = self.recurrence.record(local);
                        self.recurrence.neuron::<V, W>(t, local, record);
                        if let Some(outputs) = &mut self.outputs {
                            outputs.keep::<V>(t, local, record, self.recurrence);
                        }
                        if let Some(records) = records {
                            let slot = records.part(((t - first) * count + local) * size, size);
                            for at in starts::<V>(size) {
                                slot.stream(at, record.vector::<V>(at));
                            }
                        }
                    }
                }
            }
            let recurrence = &mut *self.recurrence;
            if let Some(outputs) = &mut self.outputs {
                // SAFETY: the table of step t is complete.
                unsafe { outputs.trace_sources::<V>(t, recurrence.tables) };
            }
            // SAFETY: the table of step t + 1 was last read in step t - 1,
            // which all threads have left.
            unsafe {
                let rows = Rows { span: recurrence.tables.table(t + 1), stride: shape.width };
                if t > 0 {
                    recurrence.inputs.erase(t - 1, recurrence.channels.clone(), rows);
                }
                if t + 1 < shape.steps {
                    recurrence.inputs.write(t + 1, recurrence.channels.clone(), rows);
                }
            }
            recurrence.call.barrier.wait();
        }
        store_fence();
    }
}

impl<E: Element> Recurrence<'_, '_, E> {
    /// The record of neuron `local`, until one comes to lie there that is not
    /// taken together with it.
    ///
    /// # Safety
    /// It is not used otherwise while its numbers are accessed through the
    /// span.
    #[inline(always)]
    unsafe fn record<'b>(&mut self, local: usize) -> SpanMut<'b, E>
    where
        E: 'b,
    {
        let size = self.call.shape.record() * self.call.shape.width;
        // SAFETY: the recurrence outlives its use; the rest is the caller's.
        unsafe { self.records.detached().part(local % TOGETHER * size, size) }
    }

    /// What synapses bring to the wired branches of neurons that are taken
    /// together, into their records.
    ///
    /// # Safety
    /// As [`Recurrence::neuron`].
    #[inline(always)]
    unsafe fn gather<V: Vector<E = E>>(&mut self, t: usize, group: Range<usize>) {
        let width = self.call.shape.width;
        for local in group {
            // SAFETY: as the caller's; the list was made for this table.
            unsafe {
                let (table, record) = (Span::from(self.tables.table(t)), self.record(local));
                self.weights.synapses.gather::<V>(local, width, table, record);
            }
        }
    }

    /// One step of one neuron after [`Recurrence::gather`], see the equation at
    /// [`NeuronSpec`](crate::spec::NeuronSpec).
    ///
    /// # Safety
    /// `record` is the neuron's, the table of step `t` is complete, and the
    /// processor has `V`'s instructions.
    #[inline(always)]
    unsafe fn neuron<V: Vector<E = E>, W: Vector<E = E>>(
        &mut self,
        t: usize,
        local: usize,
        record: SpanMut<'_, E>,
    ) {
        let shape = &self.call.shape;
        let width = shape.width;
        let carried = shape.carried() * width;
        // SAFETY: all parts lie where shape and layout say; this thread alone
        // writes its neurons' state, activity and table rows.
        unsafe {
            let block = Span::from(self.weights.blocks.detached());
            let block = block.part(local * self.weights.layout.len, self.weights.layout.len);
            let carried = self.carried.detached().part(local * carried, carried);
            let mut ahead = self.ahead(block);
            self.branches::<V>(t, local, block, carried, record);
            self.mlp::<V, W>(local, block, carried, record, &mut ahead);
            self.write_memory::<V>(block, carried, record);
            self.read_out::<V>(t, local, block, carried, record);
        }
    }

    /// What the next neuron reads.
    #[inline(always)]
    fn ahead(&self, block: Span<'_, E>) -> Ahead {
        let len = self.weights.layout.len;
        Ahead::new([Fetch::new(block.address(len), len)])
    }

    /// Feedback and traces: the branch rows of the record.
    ///
    /// # Safety
    /// As [`Recurrence::neuron`].
    #[inline(always)]
    unsafe fn branches<V: Vector<E = E>>(
        &self,
        t: usize,
        local: usize,
        block: Span<'_, E>,
        carried: SpanMut<'_, E>,
        record: SpanMut<'_, E>,
    ) {
        let shape = &self.call.shape;
        let width = shape.width;
        // SAFETY: as the caller's.
        unsafe {
            let out = record.part(0, shape.branches * width);
            if shape.feedback > 0 {
                self.feed_back::<V>(t, local, block, out.part(shape.wired * width, shape.feedback * width));
            }
            if let Some(decay) = shape.trace_decay {
                let decay: V = constant(decay);
                let trace = carried.part(shape.trace_row() * width, shape.branches * width);
                for at in starts::<V>(shape.branches * width) {
                    let sum = decay.mul_add(trace.vector(at), out.vector(at));
                    trace.put(at, sum);
                    out.put(at, sum);
                }
            }
        }
    }

    /// Decayed memory, hidden layers, and the MLP's answer `o` after dropout.
    ///
    /// # Safety
    /// As [`Recurrence::neuron`].
    #[inline(always)]
    unsafe fn mlp<V: Vector<E = E>, W: Vector<E = E>>(
        &mut self,
        local: usize,
        block: Span<'_, E>,
        carried: SpanMut<'_, E>,
        record: SpanMut<'_, E>,
        ahead: &mut Ahead,
    ) {
        let shape = &self.call.shape;
        let width = shape.width;
        let kind = self.call.arguments.layer.neuron.mlp_activation;
        // SAFETY: as the caller's; two hidden layers take turns in `values`.
        unsafe {
            let (values, answer) = (self.hidden.detached(), self.answer.detached());
            for i in 0..shape.memory {
                let decay: V = block.splat(self.weights.layout.decay + i);
                for column in starts::<V>(width) {
                    let kept = decay.mul(carried.vector(i * width + column));
                    record.put((shape.branches + i) * width + column, kept);
                }
            }
            let last = shape.maps.len() - 1;
            let mut x = Span::from(record).part(0, shape.mlp_inputs() * width);
            for (j, &(inputs, outputs)) in shape.maps.iter().enumerate() {
                let packed =
                    block.part(self.weights.layout.maps[j], shape.panels.packed_len(inputs, outputs));
                if j == last {
                    product::product::<V, W>(packed, inputs, outputs, x, answer, width, ahead);
                    break;
                }
                let room = shape.panels.padded(outputs) * width;
                let out = values.part(j % 2 * room, room);
                product::product::<V, W>(packed, inputs, outputs, x, out, width, ahead);
                for at in starts::<V>(outputs * width) {
                    let kept = activation::kept::<V>(kind, out.vector(at));
                    record.put(shape.hidden_row(j) * width + at, kept);
                    out.put(at, activation::value(kind, kept));
                }
                x = out.into();
            }
            if let Some(mask) = &self.call.memory_mask {
                let len = shape.memory * width;
                let mask = Span::from(&mask[..]).part((self.neurons.start + local) * len, len);
                for at in starts::<V>(len) {
                    answer.put(at, answer.vector::<V>(at).mul(mask.vector(at)));
                }
            }
        }
    }

    /// `m = kept + write * tanh(2/3 o)`.
    ///
    /// # Safety
    /// As [`Recurrence::neuron`].
    #[inline(always)]
    unsafe fn write_memory<V: Vector<E = E>>(
        &mut self,
        block: Span<'_, E>,
        carried: SpanMut<'_, E>,
        record: SpanMut<'_, E>,
    ) {
        let shape = &self.call.shape;
        let width = shape.width;
        let answer = Span::from(&self.answer[..]);
        // SAFETY: as the caller's.
        unsafe {
            let slope: V = constant(WRITE_SLOPE);
            for i in 0..shape.memory {
                let write: V = block.splat(self.weights.layout.write + i);
                for column in starts::<V>(width) {
                    let bounded = slope.mul(answer.vector(i * width + column)).tanh();
                    record.put((shape.bounded_row() + i) * width + column, bounded);
                    let kept = record.vector((shape.branches + i) * width + column);
                    carried.put(i * width + column, write.mul_add(bounded, kept));
                }
            }
        }
    }

    /// Readout, high-pass and output activation; hands the activity to the
    /// next step's table.
    ///
    /// # Safety
    /// As [`Recurrence::neuron`].
    #[inline(always)]
    unsafe fn read_out<V: Vector<E = E>>(
        &mut self,
        t: usize,
        local: usize,
        block: Span<'_, E>,
        carried: SpanMut<'_, E>,
        record: SpanMut<'_, E>,
    ) {
        let (call, shape, layout) = (self.call, &self.call.shape, &self.weights.layout);
        let (width, outputs, n) = (shape.width, shape.outputs, self.neurons.start + local);
        let neuron = &call.arguments.layer.neuron;
        let average_decay = neuron.high_pass_tau.map_or(0.0, |tau| neuron.decay(tau));
        // SAFETY: as the caller's.
        unsafe {
            let readout = self.readout.detached();
            let (decay, take): (V, V) = (constant(average_decay), constant(1.0 - average_decay));
            let next = self.tables.activity(t + 1, n..n + 1);
            for o in 0..outputs {
                let bias: V = block.splat(layout.bias + o);
                for column in starts::<V>(width) {
                    let at = o * width + column;
                    let mut y = V::splat(E::default());
                    for i in 0..shape.memory {
                        let weight: V = block.splat(layout.readout + o * shape.memory + i);
                        y = weight.mul_add(carried.vector(i * width + column), y);
                    }
                    readout.put(at, y);
                    if shape.high_pass {
                        let place = shape.average_row() * width + at;
                        let average = decay.mul_add(carried.vector(place), take.mul(y));
                        carried.put(place, average);
                        y = y.sub(average);
                    }
                    readout.put(outputs * width + at, y);
                    let drive = y.add(bias);
                    if shape.spikes {
                        record.put(shape.drive_row() * width + at, drive);
                    }
                    let activity = activation::output(neuron.activation, drive);
                    next.put(at, activity);
                    if shape.recurrent {
                        let seen = match &call.mask {
                            Some(mask) => activity.mul(Span::from(&mask[..]).vector(n * width + at)),
                            None => activity,
                        };
                        self.tables.table(t + 1).put((shape.inputs + n) * width + at, seen);
                    }
                }
            }
        }
    }

    /// The MLP's answer of the neuron just run, `[M, width]`.
    pub(super) fn answer(&self) -> &[E] {
        &self.answer
    }

    /// Readout and preactivation of the neuron just run, `[2, O, width]`.
    pub(super) fn readout(&self) -> &[E] {
        &self.readout
    }
}

/// The branch traces that synapse traces `[S, B]` of a neuron amount to.
fn sum_branches<E: Element>(arguments: &Arguments<'_, E>, synapses: &[E], to: &mut [E], width: usize) {
    let (rows, neuron) = (arguments.rows, &arguments.layer.neuron);
    for (k, branch) in synapses.chunks_exact(neuron.synapses_per_branch * rows).enumerate() {
        for b in 0..rows {
            let sum: f64 = branch[b..].iter().step_by(rows).map(|trace| trace.to_f64()).sum();
            to[k * width + b] = E::from_f64(sum * neuron.input_scale);
        }
    }
}
