//! Forward and backward over a whole sequence.

use super::adjoint::{Adjoint, BackwardCall};
use super::backward::{FirstInputs, StepsBack};
use super::call::{Call, Tables};
use super::forward::{Recurrence, Steps};
use super::gradients::{Cotangents, Gradients};
use super::history::{History, Segments, ThreadHistory};
use super::memory::{Buffer, Store};
use super::outputs::{OutputParts, Outputs, copy_rows};
use super::pages::caught;
use super::pool::Pool;
use super::shape::{Arguments, Shape, check};
use super::simd::{Element, InstructionSet, Simd};
use super::span::Shared;
use super::synapse_gradient::{Tile, TileScratch, tile_steps};
use super::weights::Places;
use crate::error::{Error, Result};
use crate::spec::{LayerRun, Trace};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// How much history a kernel keeps where nothing else is said: 512 MiB. The
/// text network's hidden layer keeps 344 MiB at batch 8 over 100 steps; longer
/// sequences trade a second forward pass for memory.
pub const DEFAULT_MEMORY_BUDGET: usize = 512 << 20;

/// A number type that the kernels are compiled for: f32, and f64 to check
/// gradients.
///
/// Its functions are those of [`Kernel`]. That they are no generic ones has a
/// reason: they are compiled here, once and as this crate is, and not again in
/// every program that uses them.
pub trait Compiled: Element {
    #[doc(hidden)]
    fn forward(
        kernel: &Kernel,
        arguments: &LayerRun<&[Self]>,
        outputs: Outputs<'_, Self>,
    ) -> Result<Option<History<Self>>>;
    #[doc(hidden)]
    fn backward(
        kernel: &Kernel,
        arguments: &LayerRun<&[Self]>,
        history: &History<Self>,
        cotangents: Cotangents<'_, Self>,
        gradients: Gradients<'_, Self>,
    ) -> Result<()>;
}

macro_rules! compile_for {
    ($($element:ty),*) => {$(
        impl Compiled for $element {
            fn forward(
                kernel: &Kernel,
                arguments: &LayerRun<&[Self]>,
                outputs: Outputs<'_, Self>,
            ) -> Result<Option<History<Self>>> {
                kernel.run_forward(arguments, outputs)
            }

            fn backward(
                kernel: &Kernel,
                arguments: &LayerRun<&[Self]>,
                history: &History<Self>,
                cotangents: Cotangents<'_, Self>,
                gradients: Gradients<'_, Self>,
            ) -> Result<()> {
                kernel.run_backward(arguments, history, cotangents, gradients)
            }
        }
    )*};
}

compile_for!(f32, f64);

/// The fused recurrence with its threads and memory.
///
/// A backend owns one and calls it for every layer. Calls from several threads
/// take turns.
pub struct Kernel {
    pool: Arc<Pool>,
    set: InstructionSet,
    memory_budget: usize,
    store: Store,
}

impl Kernel {
    /// A kernel on a pool's threads.
    ///
    /// `memory_budget` bounds the history of one layer's forward pass, in
    /// bytes; longer sequences are computed again in the backward pass, with
    /// the same results.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the processor lacks the instructions.
    pub fn new(pool: Arc<Pool>, simd: Simd, memory_budget: usize) -> Result<Self> {
        let store = Store::new(pool.threads());
        Ok(Kernel { pool, set: simd.resolve()?, memory_budget, store })
    }

    /// The instructions in use.
    pub fn instruction_set(&self) -> InstructionSet {
        self.set
    }

    /// The threads in use.
    pub fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// Runs a layer over a sequence; if a gradient is wanted, answers what
    /// [`Kernel::backward`] needs. Magnitude and monitors are written where
    /// there is room for them.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Index`], [`Error::Stored`] or
    /// [`Error::Config`] when an argument or output does not fit the layer;
    /// then nothing was written. [`Error::Memory`] when there is none left.
    pub fn forward<E: Compiled>(
        &self,
        arguments: &LayerRun<&[E]>,
        outputs: Outputs<'_, E>,
    ) -> Result<Option<History<E>>> {
        caught(|| E::forward(self, arguments, outputs))
    }

    fn run_forward<E: Element>(
        &self,
        arguments: &LayerRun<&[E]>,
        mut outputs: Outputs<'_, E>,
    ) -> Result<Option<History<E>>> {
        check(arguments)?;
        outputs.prepare(&arguments.layer, arguments.rows, arguments.steps)?;
        let keep_history = arguments.want.gradient;
        let shape = Shape::new(arguments, self.set);
        let mut activity = self.start_activity(arguments, &shape, keep_history);
        let mut tables = self.store.zeros(2 * shape.sources() * shape.width);
        let traced = matches!(arguments.layer.neuron.trace, Trace::Synapse(_));
        let mut source_trace = traced.then(|| self.store.zeros(shape.sources() * shape.width));
        let segments = keep_history.then(|| Segments::new::<E>(&shape, self.memory_budget));
        let threads = self.pool.threads();
        let parts: Vec<_> = (0..threads).map(|_| Mutex::new(None)).collect();
        {
            let call = Call::new(arguments, shape.clone(), &self.store, threads);
            let tables = Tables::new(&shape, &mut tables, &mut activity);
            let outputs = outputs.shared();
            let source_trace = source_trace.as_deref_mut().map(Shared::from);
            self.pool.run(|thread| {
                let _guard = call.barrier.guard();
                let mut recurrence = Recurrence::new(&call, &tables, thread);
                recurrence.start();
                let mut results = OutputParts::new(&call, &outputs, source_trace.as_ref(), thread);
                let kept = run_forward(self.set, &mut recurrence, &mut results, segments);
                results.finish(&recurrence);
                *lock(&parts[thread]) = Some(kept);
            });
        }
        let Some(segments) = segments else { return Ok(None) };
        let parts = parts.into_iter().map(|part| part.into_inner().unwrap_or_else(PoisonError::into_inner));
        let threads = parts.flatten().collect();
        Ok(Some(History { shape, set: self.set, segments, activity, source_trace, threads }))
    }

    /// Activity before the first step, with room for the other steps.
    fn start_activity<E: Element>(
        &self,
        arguments: &Arguments<'_, E>,
        shape: &Shape,
        keep_history: bool,
    ) -> Buffer<E> {
        let each = shape.neurons * shape.outputs;
        let entries = if keep_history { shape.steps + 1 } else { 2 };
        let mut activity = self.store.take(entries * each * shape.width);
        let first = &mut activity[..each * shape.width];
        first.fill(E::default());
        copy_rows(&arguments.state[..each * shape.rows], shape.rows, first, shape.width);
        activity
    }

    /// Differentiates a forward pass.
    ///
    /// `arguments` are those of the forward pass; `history` may be used again,
    /// and may come from another kernel with as many threads and the same
    /// instructions, whatever its memory budget.
    ///
    /// # Errors
    /// As [`Kernel::forward`]; [`Error::Shape`] also when `history` is that of
    /// another call.
    pub fn backward<E: Compiled>(
        &self,
        arguments: &LayerRun<&[E]>,
        history: &History<E>,
        cotangents: Cotangents<'_, E>,
        gradients: Gradients<'_, E>,
    ) -> Result<()> {
        caught(|| E::backward(self, arguments, history, cotangents, gradients))
    }

    fn run_backward<E: Element>(
        &self,
        arguments: &LayerRun<&[E]>,
        history: &History<E>,
        cotangents: Cotangents<'_, E>,
        mut gradients: Gradients<'_, E>,
    ) -> Result<()> {
        check(arguments)?;
        cotangents.check(arguments)?;
        gradients.check(arguments)?;
        let shape = Shape::new(arguments, self.set);
        let threads = self.pool.threads();
        if shape != history.shape || threads != history.threads.len() || self.set != history.set {
            let got = [history.shape.steps, history.shape.neurons, history.shape.rows];
            return Err(Error::shape("history", &got, "that of a forward pass of this layer by this kernel"));
        }
        let sources = sources_with_gradient(&shape, gradients.input.is_some());
        let segments = history.segments;
        let again = if segments.keep_records { 0 } else { 2 };
        let mut tables = self.store.zeros(again * shape.sources() * shape.width);
        let mut activity = self.store.zeros(again * shape.neurons * shape.outputs * shape.width);
        let mut scattered = self.store.zeros(threads * 2 * (sources.len() + 1) * shape.width);
        let call = Call::new(arguments, shape.clone(), &self.store, threads);
        let tables = Tables::new(&shape, &mut tables, &mut activity);
        let backward = BackwardCall {
            activity: &history.activity,
            cotangents,
            gradients: gradients.shared(),
            sources,
            scattered: Shared::from(&mut scattered[..]),
        };
        let (kept, source_trace) = (&history.threads, history.source_trace.as_deref());
        self.pool.run(|thread| {
            let _guard = call.barrier.guard();
            let places = Places::new(&call.arguments.layer);
            let mut adjoint = Adjoint::new(&call, &backward, thread);
            adjoint.clear_synapses(&places);
            run_backward(self.set, &mut adjoint, &tables, &kept[thread], segments);
            E::dispatch(self.set, call.shape.rows, FirstInputs(&adjoint));
            adjoint.finish_state();
            adjoint.finish_parameters(&places, source_trace);
        });
        Ok(())
    }
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kernel").field("threads", &self.pool.threads()).field("set", &self.set).finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Table rows that hand gradient on.
fn sources_with_gradient(shape: &Shape, inputs: bool) -> Range<usize> {
    let start = if inputs { 0 } else { shape.inputs };
    let end = if shape.recurrent { shape.inputs + shape.neurons } else { shape.inputs };
    start..end
}

/// One thread's forward pass.
fn run_forward<'c, 'a, E: Element>(
    set: InstructionSet,
    recurrence: &mut Recurrence<'c, 'a, E>,
    outputs: &mut OutputParts<'c, 'a, E>,
    segments: Option<Segments>,
) -> ThreadHistory<E> {
    let (store, shape) = (&recurrence.call.store, &recurrence.call.shape);
    let record = shape.record() * shape.width;
    let count = recurrence.neurons.len();
    let keep = segments.is_some_and(|segments| segments.keep_records);
    let mut records = keep.then(|| store.take(shape.steps * count * record));
    let length = segments.map_or(shape.steps, |segments| segments.length);
    let borders = if segments.is_some() { shape.steps.div_ceil(length) } else { 0 };
    let mut starts = store.take::<E>(borders * recurrence.carried.len());
    recurrence.prime(0);
    recurrence.call.barrier.wait();
    for (segment, first) in (0..shape.steps).step_by(length).enumerate() {
        let carried = recurrence.carried.len();
        if borders > 0 {
            starts[segment * carried..(segment + 1) * carried].copy_from_slice(&recurrence.carried);
        }
        let steps = first..(first + length).min(shape.steps);
        let program = Steps {
            recurrence: &mut *recurrence,
            steps,
            records: records.as_deref_mut(),
            outputs: Some(&mut *outputs),
        };
        E::dispatch(set, shape.rows, program);
    }
    ThreadHistory { records, starts }
}

/// One thread's backward pass: segments, and tiles within them, from last to
/// first.
fn run_backward<'c, 'a, E: Element>(
    set: InstructionSet,
    adjoint: &mut Adjoint<'c, 'a, E>,
    tables: &'c Tables<'c, E>,
    history: &ThreadHistory<E>,
    segments: Segments,
) {
    let call = adjoint.call;
    let (shape, store) = (&call.shape, &call.store);
    let width = shape.width;
    let count = adjoint.neurons.len();
    let record = shape.record() * width;
    let tile = tile_steps(width);
    let mut scratch = TileScratch::new(adjoint);
    let mut deltas = store.take(tile.min(shape.steps) * count * shape.branches * width);
    let mut again = match history.records {
        Some(_) => None,
        None => Some((
            Recurrence::new(call, tables, adjoint.thread),
            store.take::<E>(segments.length.min(shape.steps) * count * record),
        )),
    };
    for (segment, first) in (0..shape.steps).step_by(segments.length).enumerate().rev() {
        let steps = first..(first + segments.length).min(shape.steps);
        let records = match (&history.records, &mut again) {
            (Some(records), _) => &records[..],
            (None, Some((recurrence, records))) => {
                let carried = recurrence.carried.len();
                let start = &history.starts[segment * carried..(segment + 1) * carried];
                recompute(set, recurrence, start, adjoint.backward.activity, steps.clone(), records);
                &records[..]
            }
            (None, None) => return,
        };
        for tile_start in steps.clone().step_by(tile).rev() {
            let tile = tile_start..(tile_start + tile).min(steps.end);
            let records =
                &records[(tile.start - first) * count * record..(tile.end - first) * count * record];
            let program =
                StepsBack { adjoint: &mut *adjoint, steps: tile.clone(), records, deltas: &mut deltas };
            E::dispatch(set, shape.rows, program);
            let program = Tile { adjoint, scratch: &mut scratch, steps: tile, deltas: &deltas };
            E::dispatch(set, shape.rows, program);
        }
    }
}

/// Computes a segment's records again from its start state.
fn recompute<E: Element>(
    set: InstructionSet,
    recurrence: &mut Recurrence<'_, '_, E>,
    start: &[E],
    activity: &[E],
    steps: Range<usize>,
    records: &mut [E],
) {
    let call = recurrence.call;
    recurrence.carried.copy_from_slice(start);
    recurrence.take_activity(steps.start, activity);
    recurrence.prime(steps.start);
    call.barrier.wait();
    let program =
        Steps { recurrence: &mut *recurrence, steps: steps.clone(), records: Some(records), outputs: None };
    E::dispatch(set, call.shape.rows, program);
    recurrence.erase(steps.end - 1);
    if steps.end < call.shape.steps {
        recurrence.erase(steps.end);
    }
}
