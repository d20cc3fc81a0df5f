//! Gradients of one thread's neurons, backwards in time.
//!
//! Each function goes back through one of `forward`, in reverse order: the
//! forward line is quoted, and what follows from it. `d x` is the gradient of
//! the loss by `x`; `x'` is `x` of the step before.

use super::activation::{self, constant};
use super::adjoint::Adjoint;
use super::ahead::{Ahead, Fetch};
use super::map_gradient;
use super::offsets::Offsets;
use super::product;
use super::simd::{Element, MOST_LANES, Program, Vector, starts, store_fence};
use super::span::{Span, SpanMut};
use super::synapse;
use crate::spec::neuron::WRITE_SLOPE;
use std::ops::Range;

/// Takes a thread's neurons back over `steps`. All threads take the same
/// steps at the same time.
pub(super) struct StepsBack<'r, 'c, 'a, E: Element> {
    pub adjoint: &'r mut Adjoint<'c, 'a, E>,
    pub steps: Range<usize>,
    /// Records of these steps, `[steps, neurons, record, width]`.
    pub records: &'r [E],
    /// Where to leave the gradients of branches, for those of synapses,
    /// `[steps, neurons, K + F, width]`.
    pub deltas: &'r mut [E],
}

impl<E: Element> Program<E> for StepsBack<'_, '_, '_, E> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<E = E>, W: Vector<E = E>>(self) {
        let adjoint = self.adjoint;
        let shape = &adjoint.call.shape;
        let (record, delta) = (shape.record() * shape.width, shape.branches * shape.width);
        let count = adjoint.neurons.len();
        let (records, deltas) = (Span::from(self.records), SpanMut::from(self.deltas));
        let first = self.steps.start;
        for t in self.steps.rev() {
            // SAFETY: records and deltas hold every neuron of every step; the
            // processor is vouched for.
            unsafe {
                adjoint.start_step::<V>(t);
                for local in 0..count {
                    let slot = (t - first) * count + local;
                    let record = records.part(slot * record, record);
                    adjoint.neuron::<V, W>(t, local, record, deltas.part(slot * delta, delta));
                }
            }
            if t + 1 < shape.steps {
                adjoint.collect_inputs(t + 1);
            }
            adjoint.call.barrier.wait();
        }
        store_fence();
    }
}

impl<E: Element> Adjoint<'_, '_, E> {
    /// Clears this thread's scatter table of step `t`, or lets it start from
    /// what the end state's synapse traces hand back.
    ///
    /// # Shapes
    /// Table and `source_trace`, which is `d X`: `[sources, width]`, the table
    /// with a row more.
    ///
    /// # Equation
    /// forward: `X = decay X' + table[t]` (`OutputParts::trace_sources`)
    /// so: `d table[t] = d X`, `d X' = decay * d X`
    ///
    /// # Safety
    /// The processor has `V`'s instructions.
    #[inline(always)]
    unsafe fn start_step<V: Vector<E = E>>(&mut self, t: usize) {
        let width = self.call.shape.width;
        let decay = self.call.shape.trace_decay.unwrap_or(0.0);
        // SAFETY: this thread's table was last read in step t + 1.
        unsafe {
            let table = self.backward.scattered(width, self.thread, t);
            let Some(trace) = &mut self.source_trace else {
                table.slice().fill(E::default());
                return;
            };
            let (trace, decay): (_, V) = (SpanMut::from(&mut trace[..]), constant(decay));
            for at in starts::<V>(self.backward.sources.len() * width) {
                let now: V = trace.vector(at);
                table.put(at, now);
                trace.put(at, now.mul(decay));
            }
        }
    }

    /// One step of one neuron, backwards: what `Recurrence::neuron` did, last
    /// things first.
    ///
    /// # Shapes
    /// `record`: `[record, width]`; `delta`: `[K + F, width]`; the gradient of the
    /// carried state: `[carried, width]`; the sums over time: `[sum rows, width]`.
    ///
    /// # Safety
    /// `record` is the neuron's record of step `t`, `delta` room for the
    /// gradients of its branches, and the processor has the vectors'
    /// instructions.
    #[inline(always)]
    unsafe fn neuron<V: Vector<E = E>, W: Vector<E = E>>(
        &mut self,
        t: usize,
        local: usize,
        record: Span<'_, E>,
        delta: SpanMut<'_, E>,
    ) {
        let shape = &self.call.shape;
        let (carried, sums) = (shape.carried() * shape.width, self.sum.rows * shape.width);
        // SAFETY: all parts lie where shape and layouts say; this thread alone
        // accesses them.
        unsafe {
            let block = Span::from(self.weights.blocks.detached());
            let block = block.part(local * self.weights.layout.len, self.weights.layout.len);
            let carried = self.carried.detached().part(local * carried, carried);
            let sums = self.sums.detached().part(local * sums, sums);
            self.output::<V>(t, local, record, carried, sums);
            self.memory::<V>(local, block, record, carried, sums);
            let mut ahead = self.ahead(local, block, record);
            self.mlp::<V, W>(local, block, record, &mut ahead);
            self.decayed_memory::<V>(block, record, carried, sums);
            self.branches::<V>(t, local, carried, delta, &mut ahead);
            if shape.feedback > 0 {
                self.feed_back::<V>(t, local, block, sums);
            }
        }
    }

    /// Back through `Recurrence::read_out`: from activity over activation,
    /// bias and high-pass to the readout.
    ///
    /// # Shapes
    /// Activity and readout: `[O, width]`; the readout average, in `carried`:
    /// `[O, width]`.
    ///
    /// # Safety
    /// As [`Adjoint::neuron`].
    #[inline(always)]
    unsafe fn output<V: Vector<E = E>>(
        &mut self,
        t: usize,
        local: usize,
        record: Span<'_, E>,
        carried: SpanMut<'_, E>,
        sums: SpanMut<'_, E>,
    ) {
        let (call, shape) = (self.call, &self.call.shape);
        let (rows, width, outputs) = (shape.rows, shape.width, shape.outputs);
        let n = self.neurons.start + local;
        let neuron = &call.arguments.layer.neuron;
        let average_decay = neuron.high_pass_tau.map_or(0.0, |tau| neuron.decay(tau));
        let cotangents = &self.backward.cotangents;
        // SAFETY: as the caller's.
        unsafe {
            let readout = self.readout.detached();
            let (decay, take): (V, V) = (constant(average_decay), constant(1.0 - average_decay));
            let each = outputs * width;
            let at = ((t + 1) * shape.neurons + n) * each;
            let activity = Span::from(self.backward.activity).part(at, each);
            for o in 0..outputs {
                for column in starts::<V>(width) {
                    let at = o * width + column;
                    // forward: answer[t] = activity; end state = activity, after the last step;
                    //          table[t + 1] = mask * activity; the next step's feedback reads it
                    // so: d activity = d answer[t] + d end state + mask * d table[t + 1] + d feedback
                    let mut gradient = V::splat(E::default());
                    if let Some(given) = cotangents.activity {
                        let row = ((t * shape.neurons + n) * outputs + o) * rows;
                        gradient = import(Span::from(given), row, column, rows);
                    }
                    if t + 1 == shape.steps {
                        if let Some(state) = cotangents.state {
                            let row = (n * outputs + o) * rows;
                            gradient = gradient.add(import(Span::from(state), row, column, rows));
                        }
                    } else if shape.recurrent {
                        gradient = gradient.add(self.activity_gradient(t + 1, local, column));
                    }
                    if shape.feedback > 0 {
                        gradient = gradient.add(Span::from(&self.fed[..]).vector(local * each + at));
                    }
                    // forward: activity = output(drive), drive = v + bias
                    // so: d v = d drive = output'(drive) * d activity, d bias += d drive
                    let seen = if shape.spikes {
                        record.vector(shape.drive_row() * width + at)
                    } else {
                        activity.vector(at)
                    };
                    gradient = activation::output_gradient(neuron.activation, seen, gradient);
                    let place = self.sum.bias * width + at;
                    sums.put(place, gradient.add(sums.vector(place)));
                    // forward: average = decay * average' + (1 - decay) * y, v = y - average
                    // so: d average -= d v, d y = d v + (1 - decay) * d average,
                    //     d average' = decay * d average
                    if shape.high_pass {
                        let place = shape.average_row() * width + at;
                        let average = carried.vector::<V>(place).sub(gradient);
                        gradient = take.mul_add(average, gradient);
                        carried.put(place, decay.mul(average));
                    }
                    readout.put(at, gradient);
                }
            }
        }
    }

    /// Back through the readout's sums and `Recurrence::write_memory`: from
    /// the readout over memory to the MLP's answer.
    ///
    /// # Shapes
    /// Readout: `[O, width]`; memory `m`, its parts and the answer `o`:
    /// `[M, width]`; readout weights `W`: `[O, M]`.
    ///
    /// # Safety
    /// As [`Adjoint::neuron`].
    #[inline(always)]
    unsafe fn memory<V: Vector<E = E>>(
        &mut self,
        local: usize,
        block: Span<'_, E>,
        record: Span<'_, E>,
        carried: SpanMut<'_, E>,
        sums: SpanMut<'_, E>,
    ) {
        let (shape, layout) = (&self.call.shape, &self.weights.layout);
        let width = shape.width;
        let last = self.map_sum.rows[shape.maps.len() - 1];
        // SAFETY: as the caller's.
        unsafe {
            let (readout, memory) = (Span::from(&self.readout[..]), self.memory.detached());
            let outputs = self.map_outputs.detached();
            let (one, zero, slope): (V, V, V) = (constant(1.0), constant(0.0), constant(WRITE_SLOPE));
            for i in 0..shape.memory {
                let write: V = block.splat(layout.write + i);
                for column in starts::<V>(width) {
                    let at = i * width + column;
                    // forward: bounded = tanh(2/3 o), m = kept + write * bounded
                    // The record has bounded and kept; m is computed once more.
                    let bounded: V = record.vector(shape.bounded_row() * width + at);
                    let now = write.mul_add(bounded, record.vector(shape.branches * width + at));
                    // forward: y = W m   so: d m += W^T d y, d W += d y m^T
                    let mut gradient: V = carried.vector(at);
                    for o in 0..shape.outputs {
                        let of_readout: V = readout.vector(o * width + column);
                        let weight: V = block.splat(layout.readout + o * shape.memory + i);
                        gradient = weight.mul_add(of_readout, gradient);
                        let place = (self.sum.readout + o * shape.memory + i) * width + column;
                        sums.put(place, of_readout.mul_add(now, sums.vector(place)));
                    }
                    // forward: m = kept + write * bounded
                    // so: d kept = d m, d write += d m * bounded,
                    //     d o = d m * write * 2/3 (1 - bounded^2)
                    memory.put(at, gradient);
                    if let Some(row) = self.sum.timescale {
                        let place = (row + shape.memory) * width + at;
                        sums.put(place, gradient.mul_add(bounded, sums.vector(place)));
                    }
                    let inner = zero.sub(bounded).mul_add(bounded, one);
                    let mut answer = gradient.mul(write).mul(slope).mul(inner);
                    // forward: magnitude = mean over time and memory of |o|
                    // so: d o += sign(o) * d magnitude / (T M); bounded has the sign of o
                    if let Some(magnitude) = &self.magnitude {
                        let scale: V = Span::from(&magnitude[..]).vector(local * width + column);
                        let sign = one.where_positive(bounded).sub(one.where_positive(zero.sub(bounded)));
                        answer = scale.mul_add(sign, answer);
                    }
                    // forward: o = mask * answer   so: d answer = mask * d o
                    if let Some(mask) = &self.call.memory_mask {
                        let row = (self.neurons.start + local) * shape.memory;
                        answer = answer.mul(Span::from(&mask[..]).vector(row * width + at));
                    }
                    outputs.put(last * width + at, answer);
                }
            }
        }
    }

    /// What the next neuron reads and adds to.
    #[inline(always)]
    fn ahead(&self, local: usize, block: Span<'_, E>, record: Span<'_, E>) -> Ahead {
        let (len, sums, list) = (self.weights.layout.len, self.map_sum.len, &self.weights.synapses);
        let each = self.call.shape.record() * self.call.shape.width;
        // The next neuron has about as many synapses as this one.
        let (synapses, next) = (list.starts[local + 1] - list.starts[local], list.starts[local + 1]);
        Ahead::new([
            Fetch::new(record.address(each), each),
            Fetch::new(Span::from(&self.map_sums[..]).address((local + 1) * sums), sums),
            Fetch::new(block.address(len), len),
            Fetch::new(Span::from(&list.weights[..]).address(next), synapses),
            list.offsets.fetch(next, synapses),
        ])
    }

    /// Back through `Recurrence::mlp`: from the answer to the inputs
    /// `z = [branches ; kept memory]`, and the maps' own gradients.
    ///
    /// # Shapes
    /// `y`, a map's output: `[outputs, width]`, padded to whole vectors of
    /// outputs; `x`, its input: `[inputs, width]`, `z` for the first map.
    ///
    /// # Safety
    /// As [`Adjoint::neuron`].
    #[inline(always)]
    unsafe fn mlp<V: Vector<E = E>, W: Vector<E = E>>(
        &mut self,
        local: usize,
        block: Span<'_, E>,
        record: Span<'_, E>,
        ahead: &mut Ahead,
    ) {
        let (shape, layout, sum) = (&self.call.shape, &self.weights.layout, &self.map_sum);
        let width = shape.width;
        let kind = self.call.arguments.layer.neuron.mlp_activation;
        // SAFETY: as the caller's.
        unsafe {
            let (gradient, all) = (self.inputs.detached(), self.map_outputs.detached());
            let (values, turned) = (self.hidden.detached(), self.turned.detached());
            let sums = self.map_sums.detached().part(local * sum.len, sum.len);
            for (j, &(inputs, outputs)) in shape.maps.iter().enumerate().rev() {
                let stride = sum.strides[j];
                let y = Span::from(all).part(sum.rows[j] * width, stride * width);
                let mut x = record.part(0, shape.mlp_inputs() * width);
                if j > 0 {
                    // forward: x = value(kept); the record has kept.
                    for at in starts::<V>(inputs * width) {
                        let kept: V = record.vector(shape.hidden_row(j - 1) * width + at);
                        values.put(at, activation::value(kind, kept));
                    }
                    x = values.into();
                }
                // forward: y = bias + W x
                // so: d W += d y x^T, d bias += d y, d x = W^T d y
                let sums = sums.part(sum.maps[j], (inputs + 1) * stride);
                map_gradient::accumulate::<V, W>(y, stride, x, inputs, width, turned, sums, ahead);
                let packed = block.part(layout.maps[j], shape.panels.packed_len(outputs, inputs));
                product::product::<V, W>(packed, outputs, inputs, y, gradient, width, ahead);
                if j == 0 {
                    break;
                }
                // forward: x = value(kept(y of the map before))   so: d y = value' * d x
                for at in starts::<V>(inputs * width) {
                    let kept: V = record.vector(shape.hidden_row(j - 1) * width + at);
                    let gradient = activation::value_gradient(kind, kept, gradient.vector(at));
                    all.put(sum.rows[j - 1] * width + at, gradient);
                }
            }
        }
    }

    /// From the two readers of the decayed memory to the memory before the
    /// step.
    ///
    /// # Shapes
    /// Memory: `[M, width]`, of which a gradient comes from the write; `z`, the
    /// MLP's inputs: `[K + F + M, width]`.
    ///
    /// # Equation
    /// forward: `kept = decay * m'`, `z = [branches ; kept]`,
    /// `m = kept + write * bounded`
    /// so: `d kept = d m + d z`, `d m' = decay * d kept`, and for the timescale
    /// `d ln(decay) += d kept * kept`
    ///
    /// # Safety
    /// As [`Adjoint::neuron`].
    #[inline(always)]
    unsafe fn decayed_memory<V: Vector<E = E>>(
        &mut self,
        block: Span<'_, E>,
        record: Span<'_, E>,
        carried: SpanMut<'_, E>,
        sums: SpanMut<'_, E>,
    ) {
        let shape = &self.call.shape;
        let width = shape.width;
        let (memory, x) = (Span::from(&self.memory[..]), Span::from(&self.inputs[..]));
        // SAFETY: as the caller's.
        unsafe {
            for i in 0..shape.memory {
                let decay: V = block.splat(self.weights.layout.decay + i);
                for column in starts::<V>(width) {
                    let at = i * width + column;
                    let gradient = memory.vector::<V>(at).add(x.vector(shape.branches * width + at));
                    if let Some(row) = self.sum.timescale {
                        let kept: V = record.vector(shape.branches * width + at);
                        let place = row * width + at;
                        sums.put(place, gradient.mul_add(kept, sums.vector(place)));
                    }
                    carried.put(at, decay.mul(gradient));
                }
            }
        }
    }

    /// Back through `Recurrence::branches`: from branches over traces to
    /// sources.
    ///
    /// # Shapes
    /// Branches, traces and `delta`: `[K + F, width]`.
    ///
    /// # Safety
    /// As [`Adjoint::neuron`].
    #[inline(always)]
    unsafe fn branches<V: Vector<E = E>>(
        &mut self,
        t: usize,
        local: usize,
        carried: SpanMut<'_, E>,
        delta: SpanMut<'_, E>,
        ahead: &mut Ahead,
    ) {
        let shape = &self.call.shape;
        let (width, list) = (shape.width, &self.weights.synapses);
        // SAFETY: as the caller's; offsets were made from checked sources.
        unsafe {
            let branches = self.inputs.detached().part(0, shape.branches * width);
            let decay: V = constant(shape.trace_decay.unwrap_or(0.0));
            // forward: trace = decay * trace' + sum, branch = trace
            // so: d trace += d branch, d sum = d trace, d trace' = decay * d trace;
            // without traces branch = sum. The gradients of synapses need d sum later.
            for at in starts::<V>(shape.branches * width) {
                let mut gradient: V = branches.vector(at);
                if shape.trace_decay.is_some() {
                    let place = shape.trace_row() * width + at;
                    gradient = gradient.add(carried.vector(place));
                    carried.put(place, decay.mul(gradient));
                    branches.put(at, gradient);
                }
                delta.stream(at, gradient);
            }
            // forward: sum = sum over synapses of weight * table   so: `scatter`
            let synapses = list.starts[local]..list.starts[local + 1];
            if synapses.is_empty() {
                return;
            }
            let order = &list.order[local * shape.wired..(local + 1) * shape.wired];
            let groups = list.counts.len() / self.neurons.len();
            let counts = &list.counts[local * groups..(local + 1) * groups];
            let weights = Span::from(&list.weights[synapses.clone()]);
            let branches = Span::from(branches);
            let table = self.backward.scattered(width, self.thread, t);
            match &list.offsets {
                Offsets::Short(offsets) => {
                    synapse::scatter::<V, _>(
                        order,
                        counts,
                        width,
                        Span::from(&offsets[synapses]),
                        weights,
                        branches,
                        table,
                        ahead,
                    );
                }
                Offsets::Long(offsets) => {
                    synapse::scatter::<V, _>(
                        order,
                        counts,
                        width,
                        Span::from(&offsets[synapses]),
                        weights,
                        branches,
                        table,
                        ahead,
                    );
                }
            }
        }
    }
}

/// A vector of an unpadded row, zero beyond its end.
///
/// # Safety
/// The row `[row, row + rows)` lies inside of `from`, and the processor has
/// `V`'s instructions.
#[inline(always)]
unsafe fn import<V: Vector>(from: Span<'_, V::E>, row: usize, column: usize, rows: usize) -> V {
    // SAFETY: inside, as the caller says; the array has room for a vector.
    unsafe {
        if column + V::LANES <= rows {
            return from.vector(row + column);
        }
        let mut lanes = [V::E::default(); MOST_LANES];
        for b in column..rows {
            lanes[b - column] = from.get(row + b);
        }
        Span::from(&lanes[..]).vector(0)
    }
}
