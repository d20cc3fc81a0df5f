//! Gradients of one thread's neurons, backwards in time.
//!
//! Each function goes back through one of `forward`, in reverse order: the
//! forward line is quoted, and what follows from it. `d x` is the gradient of
//! the loss by `x`; `x'` is `x` of the step before. In the order of the way
//! back: `readout`, then the MLP (here), then `branches`.

mod branches;
mod readout;

use super::activation::{self, constant};
use super::adjoint::Adjoint;
use super::ahead::{Ahead, Fetch};
use super::map_gradient;
use super::product;
use super::simd::{Element, Program, Vector, starts, store_fence};
use super::span::{Span, SpanMut};
use super::synapse;
use std::ops::Range;

/// Takes a thread's neurons back over `steps`. All threads take the same
/// steps at the same time.
pub(super) struct StepsBack<'r, 'c, 'a, E: Element> {
    pub adjoint: &'r mut Adjoint<'c, 'a, E>,
    pub steps: Range<usize>,
    /// Records of these steps, `[steps, neurons, record, width]`.
    pub records: &'r [E],
    /// Where to leave the gradients of branches, for those of synapses,
    /// `[neurons, steps, K + F, width]`.
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
        let (first, steps) = (self.steps.start, self.steps.len());
        for t in self.steps.rev() {
            // SAFETY: records and deltas hold every neuron of every step; the
            // processor is vouched for.
            unsafe {
                adjoint.start_step::<V>(t);
                for group in synapse::together(count) {
                    for local in group.clone() {
                        let slot = (t - first) * count + local;
                        let record = records.part(slot * record, record);
                        let slot = local * steps + (t - first);
                        adjoint.neuron::<V, W>(t, local, record, deltas.part(slot * delta, delta));
                    }
                    adjoint.scatter::<V>(t, group);
                }
            }
            if t + 1 < shape.steps {
                // SAFETY: as above.
                unsafe { adjoint.collect_inputs::<V>(t + 1) };
            }
            adjoint.call.barrier.wait();
        }
        store_fence();
    }
}

/// The gradient of the inputs of the first step, after all steps.
pub(super) struct FirstInputs<'r, 'c, 'a, E: Element>(pub &'r Adjoint<'c, 'a, E>);

impl<E: Element> Program<E> for FirstInputs<'_, '_, '_, E> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<E = E>, W: Vector<E = E>>(self) {
        // SAFETY: the processor is vouched for.
        unsafe { self.0.collect_inputs::<V>(0) };
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
            let gradient = self.of_inputs(local);
            self.mlp::<V, W>(local, block, record, gradient, &mut ahead);
            self.decayed_memory::<V>(block, record, gradient.into(), carried, sums);
            self.branches::<V>(gradient, carried, delta);
            if shape.feedback > 0 {
                self.feed_back::<V>(t, local, block, gradient.into(), sums);
            }
        }
    }

    /// What the next neuron reads and adds to.
    #[inline(always)]
    fn ahead(&self, local: usize, block: Span<'_, E>, record: Span<'_, E>) -> Ahead {
        let (len, sums) = (self.weights.layout.len, self.map_sum.len);
        let each = self.call.shape.record() * self.call.shape.width;
        Ahead::new([
            Fetch::new(record.address(each), each),
            Fetch::new(Span::from(&self.map_sums[..]).address((local + 1) * sums), sums),
            Fetch::new(block.address(len), len),
        ])
    }

    /// Back through `Recurrence::mlp`: from the answer to the inputs
    /// `z = [branches ; kept memory]`, and the maps' own gradients.
    ///
    /// # Shapes
    /// `y`, a map's output: `[outputs, width]`, padded to whole vectors of
    /// outputs; `x`, its input: `[inputs, width]`, `z` for the first map;
    /// `gradient`, that of `x`, in the end that of `z`.
    ///
    /// # Safety
    /// As [`Adjoint::neuron`].
    #[inline(always)]
    unsafe fn mlp<V: Vector<E = E>, W: Vector<E = E>>(
        &mut self,
        local: usize,
        block: Span<'_, E>,
        record: Span<'_, E>,
        gradient: SpanMut<'_, E>,
        ahead: &mut Ahead,
    ) {
        let (shape, layout, sum) = (&self.call.shape, &self.weights.layout, &self.map_sum);
        let width = shape.width;
        let kind = self.call.arguments.layer.neuron.mlp_activation;
        // SAFETY: as the caller's.
        unsafe {
            let all = self.map_outputs.detached();
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
    /// Memory: `[M, width]`, of which a gradient comes from the write;
    /// `gradient`, that of `z`, the MLP's inputs: `[K + F + M, width]`.
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
        gradient: Span<'_, E>,
        carried: SpanMut<'_, E>,
        sums: SpanMut<'_, E>,
    ) {
        let shape = &self.call.shape;
        let width = shape.width;
        let memory = Span::from(&self.memory[..]);
        // SAFETY: as the caller's.
        unsafe {
            for i in 0..shape.memory {
                let decay: V = block.splat(self.weights.layout.decay + i);
                for column in starts::<V>(width) {
                    let at = i * width + column;
                    let of_kept = memory.vector::<V>(at).add(gradient.vector(shape.branches * width + at));
                    if let Some(row) = self.sum.timescale {
                        let kept: V = record.vector(shape.branches * width + at);
                        let place = row * width + at;
                        sums.put(place, of_kept.mul_add(kept, sums.vector(place)));
                    }
                    carried.put(at, decay.mul(of_kept));
                }
            }
        }
    }
}
