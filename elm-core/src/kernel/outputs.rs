//! Where a forward pass leaves its results: unpadded, in the caller's slices.

use super::call::{Call, Tables};
use super::forward::Recurrence;
use super::memory::Buffer;
use super::pool::share;
use super::shape::{check_len, synapse_weight};
use super::simd::{Element, MOST_LANES, Vector, starts};
use super::span::{Shared, Span, SpanMut};
use crate::error::Result;
use crate::spec::Monitors;
use crate::spec::{LayerSpec, Trace};
use std::ops::Range;

/// The caller's slices for the results of a forward pass; all are overwritten.
pub struct Outputs<'a, E = f32> {
    /// Activity over time, `[T, N * O, B]`.
    pub activity: &'a mut [E],
    /// State after the last step, `[rows of the state layout, B]`.
    pub state: &'a mut [E],
    /// Mean over time and memory units of `|o|`, `[N, B]`.
    pub magnitude: Option<&'a mut [E]>,
    /// Every intermediate.
    pub monitors: Option<&'a mut Monitors>,
}

impl<E: Element> Outputs<'_, E> {
    /// Checks lengths and makes room for the monitors.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) naming the slice that does not fit.
    pub(super) fn prepare(&mut self, layer: &LayerSpec, rows: usize, steps: usize) -> Result<()> {
        let (n, neuron) = (layer.neurons, &layer.neuron);
        let outputs = n * layer.outputs;
        check_len("activity to be written", self.activity.len(), steps * outputs * rows)?;
        check_len("state to be written", self.state.len(), layer.state_layout().rows() * rows)?;
        if let Some(magnitude) = &self.magnitude {
            check_len("magnitude to be written", magnitude.len(), n * rows)?;
        }
        if let Some(monitors) = &mut self.monitors {
            for (values, each) in [
                (&mut monitors.branch, n * neuron.all_branches()),
                (&mut monitors.mlp, n * neuron.memory),
                (&mut monitors.memory, n * neuron.memory),
                (&mut monitors.readout, outputs),
                (&mut monitors.preactivation, outputs),
            ] {
                values.clear();
                values.resize(steps * each * rows, 0.0);
            }
        }
        Ok(())
    }

    /// The same slices, to be written by several threads.
    pub(super) fn shared(&mut self) -> SharedOutputs<'_, E> {
        SharedOutputs {
            activity: Shared::from(&mut *self.activity),
            state: Shared::from(&mut *self.state),
            magnitude: self.magnitude.as_deref_mut().map(Shared::from),
            monitors: self.monitors.as_deref_mut().map(|monitors| SharedMonitors {
                branch: Shared::from(&mut monitors.branch[..]),
                mlp: Shared::from(&mut monitors.mlp[..]),
                memory: Shared::from(&mut monitors.memory[..]),
                readout: Shared::from(&mut monitors.readout[..]),
                preactivation: Shared::from(&mut monitors.preactivation[..]),
            }),
        }
    }
}

/// [`Outputs`] that several threads write to, each the rows of its neurons.
pub(super) struct SharedOutputs<'a, E> {
    activity: Shared<'a, E>,
    state: Shared<'a, E>,
    magnitude: Option<Shared<'a, E>>,
    monitors: Option<SharedMonitors<'a>>,
}

struct SharedMonitors<'a> {
    branch: Shared<'a, f32>,
    mlp: Shared<'a, f32>,
    memory: Shared<'a, f32>,
    readout: Shared<'a, f32>,
    preactivation: Shared<'a, f32>,
}

/// One thread's view of the outputs.
pub(super) struct OutputParts<'c, 'a, E: Element> {
    call: &'c Call<'a, E>,
    outputs: &'c SharedOutputs<'a, E>,
    /// Sum of `|o|`, `[neurons, width]`.
    magnitude: Buffer<E>,
    /// Traces of the table's rows, see [`OutputParts::trace_sources`].
    source_trace: Option<&'c Shared<'a, E>>,
    /// Rows of the table whose trace this thread keeps.
    sources: Range<usize>,
    trace_decay: f64,
}

impl<'c, 'a, E: Element> OutputParts<'c, 'a, E> {
    pub(super) fn new(
        call: &'c Call<'a, E>,
        outputs: &'c SharedOutputs<'a, E>,
        source_trace: Option<&'c Shared<'a, E>>,
        thread: usize,
    ) -> Self {
        let shape = &call.shape;
        let neurons = share(shape.neurons, thread, call.threads);
        let wanted = outputs.magnitude.is_some();
        OutputParts {
            magnitude: call.store.zeros(if wanted { neurons.len() * shape.width } else { 0 }),
            sources: share(shape.sources(), thread, call.threads),
            trace_decay: shape.trace_decay.unwrap_or(0.0),
            call,
            outputs,
            source_trace,
        }
    }

    /// Files what neuron `local` of a thread did in step `t`.
    ///
    /// # Safety
    /// The neuron just ran, `record` is its record, and the processor has `V`'s
    /// instructions.
    #[inline(always)]
    pub(super) unsafe fn keep<V: Vector<E = E>>(
        &mut self,
        t: usize,
        local: usize,
        record: SpanMut<'_, E>,
        recurrence: &Recurrence<'_, '_, E>,
    ) {
        let shape = &self.call.shape;
        let (rows, width, outputs) = (shape.rows, shape.width, shape.outputs);
        let n = recurrence.neurons.start + local;
        // SAFETY: this thread alone writes the rows of its neurons.
        unsafe {
            let activity = Span::from(recurrence.tables.activity(t + 1, n..n + 1));
            let start = (t * shape.neurons + n) * outputs * rows;
            let to = self.outputs.activity.part(start, outputs * rows);
            for o in 0..outputs {
                for column in starts::<V>(width) {
                    let values: V = activity.vector(o * width + column);
                    export(values, to.part(o * rows, rows), column, rows);
                }
            }
            if !self.magnitude.is_empty() {
                let answer = Span::from(recurrence.answer());
                let sums = SpanMut::from(&mut self.magnitude[..]).part(local * width, width);
                for column in starts::<V>(width) {
                    let mut sum: V = sums.vector(column);
                    for i in 0..shape.memory {
                        sum = sum.add(answer.vector::<V>(i * width + column).abs());
                    }
                    sums.put(column, sum);
                }
            }
        }
        if let Some(monitors) = &self.outputs.monitors {
            let place = t * shape.neurons + n;
            // SAFETY: nobody else accesses the record now.
            let record = unsafe { record.slice() };
            let memory = &recurrence.carried[local * shape.carried() * width..];
            let (readout, preactivation) = recurrence.readout().split_at(outputs * width);
            for (to, from, count) in [
                (&monitors.branch, &*record, shape.branches),
                (&monitors.mlp, recurrence.answer(), shape.memory),
                (&monitors.memory, memory, shape.memory),
                (&monitors.readout, readout, outputs),
                (&monitors.preactivation, preactivation, outputs),
            ] {
                // SAFETY: as above; `prepare` made room for every step.
                let to = unsafe { to.part(place * count * rows, count * rows).slice() };
                copy_rows(from, width, to, rows);
            }
        }
    }

    /// Advances the traces of this thread's share of the table by a step.
    ///
    /// A trace per synapse is linear in its source and all decay alike, so
    /// `s_t = decay^t s_0 + w X_t` with one trace `X_t = decay X_{t-1} + x_t`
    /// per source; the branch sums need no more than a trace per branch.
    ///
    /// # Safety
    /// The table of step `t` is complete and the processor has `V`'s
    /// instructions.
    #[inline(always)]
    pub(super) unsafe fn trace_sources<V: Vector<E = E>>(&mut self, t: usize, tables: &Tables<'_, E>) {
        let Some(trace) = self.source_trace else { return };
        let (start, len) =
            (self.sources.start * self.call.shape.width, self.sources.len() * self.call.shape.width);
        // SAFETY: this thread alone writes the traces of its sources.
        unsafe {
            let decay: V = super::activation::constant(self.trace_decay);
            let (table, trace) = (tables.table(t).part(start, len), trace.part(start, len));
            for at in starts::<V>(len) {
                trace.put(at, decay.mul_add(trace.vector(at), table.vector(at)));
            }
        }
    }

    /// Writes end state and magnitude, after the last step's barrier.
    pub(super) fn finish(&mut self, recurrence: &Recurrence<'_, '_, E>) {
        let (shape, layer) = (&self.call.shape, &self.call.arguments.layer);
        let (rows, width, neurons) = (shape.rows, shape.width, &recurrence.neurons);
        let layout = layer.state_layout();
        // SAFETY (all parts below): each thread writes its neurons' rows only.
        let write = |first: usize, each: usize, local: usize, from: &[E]| {
            let at = (first + (neurons.start + local) * each) * rows;
            // SAFETY: as above.
            copy_rows(from, width, unsafe { self.outputs.state.part(at, each * rows).slice() }, rows);
        };
        for (local, carried) in recurrence.carried.chunks_exact(shape.carried() * width).enumerate() {
            let n = neurons.start + local;
            // SAFETY: no thread writes activity after the last barrier.
            let activity = unsafe { recurrence.tables.activity(shape.steps, n..n + 1).slice() };
            write(layout.activity.start, shape.outputs, local, activity);
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
                Trace::Synapse(_) => {
                    self.finish_synapse_traces(n);
                    let from = &carried[(shape.trace_row() + shape.wired) * width..];
                    let first = layout.trace.start + n * layer.neuron.traces() + shape.synapses();
                    // SAFETY: as above.
                    let to = unsafe { self.outputs.state.part(first * rows, shape.feedback * rows).slice() };
                    copy_rows(from, width, to, rows);
                }
            }
        }
        if let Some(to) = &self.outputs.magnitude {
            // SAFETY: as above.
            let to = unsafe { to.part(neurons.start * rows, neurons.len() * rows).slice() };
            copy_rows(&self.magnitude, width, to, rows);
            let entries = (shape.steps * shape.memory) as f64;
            to.iter_mut().for_each(|sum| *sum = E::from_f64(sum.to_f64() / entries));
        }
    }

    /// `s = decay^T s_0 + w X` for the wired synapses of neuron `n`.
    fn finish_synapse_traces(&self, n: usize) {
        let (shape, arguments) = (&self.call.shape, self.call.arguments);
        let Some(traces) = self.source_trace else { return };
        let (rows, first) = (shape.rows, arguments.layer.state_layout().trace.start);
        let left = self.trace_decay.powf(shape.steps as f64);
        for synapse in n * shape.synapses()..(n + 1) * shape.synapses() {
            let at = (first + shape.trace_of(synapse)) * rows;
            let weight = synapse_weight(&arguments.layer, arguments.parameters, synapse);
            let source = arguments.connectome.sources()[synapse] as usize;
            // SAFETY: traces are complete; each thread writes its neurons' rows.
            let (trace, to) = unsafe {
                let trace = traces.part(source * shape.width, rows);
                (Span::from(trace), self.outputs.state.part(at, rows).slice())
            };
            for (b, to) in to.iter_mut().enumerate() {
                // SAFETY: `b` is below `rows`.
                let now = weight * unsafe { trace.get(b) }.to_f64();
                *to = E::from_f64(left * arguments.state[at + b].to_f64() + now);
            }
        }
    }
}

/// Copies rows of `width` numbers to rows of `rows`, dropping the padding; or
/// the reverse, leaving the padding as it is.
pub(super) fn copy_rows<A: Element, B: Element>(
    from: &[A],
    from_width: usize,
    to: &mut [B],
    to_width: usize,
) {
    for (from, to) in from.chunks_exact(from_width).zip(to.chunks_exact_mut(to_width)) {
        for (from, to) in from.iter().zip(to) {
            *to = B::from_f64(from.to_f64());
        }
    }
}

/// Writes the vector of an unpadded row that starts at `column`, dropping what
/// lies beyond the row.
///
/// # Safety
/// `to` holds `rows`, and the processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn export<V: Vector>(vector: V, to: SpanMut<'_, V::E>, column: usize, rows: usize) {
    // SAFETY: inside, as the caller says; the array has room for a vector.
    unsafe {
        if column + V::LANES <= rows {
            return to.put(column, vector);
        }
        let mut lanes = [V::E::default(); MOST_LANES];
        SpanMut::from(&mut lanes[..]).put(0, vector);
        for b in column..rows {
            to.part(b, 1).slice()[0] = lanes[b - column];
        }
    }
}
