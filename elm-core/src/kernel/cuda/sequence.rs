//! Forward and backward over a whole sequence on a card.

use super::arguments::{Arguments, address};
use super::constants::Constants;
use super::device::{self, DeviceCotangents, DeviceGradients, DeviceOutputs, Memory};
use super::driver::{Driver, Slice, Stream};
use super::history::{CudaHistory, Segments};
use super::launch::Call;
use super::limits;
use super::plan::Plan;
use super::sizes::Sizes;
use super::wiring::Wiring;
use crate::error::{Error, Result};
use crate::spec::{Connectome, LayerRun};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The kernels, one text.
pub(super) const SOURCE: &str = concat!(
    include_str!("source/arguments.h"),
    include_str!("source/shape.h"),
    include_str!("source/warp.h"),
    include_str!("source/forward.cu"),
    include_str!("source/backward.cu"),
    include_str!("source/prepare.cu"),
    include_str!("source/traces.cu"),
    include_str!("source/gradients.cu"),
);

/// Connectomes whose lists stay on the card: a network has one for each layer.
const KEPT_WIRINGS: usize = 16;

/// The fused recurrence on one card, with what it has compiled.
///
/// A backend owns one for each card and calls it for every layer. `B` is the
/// backend's memory, see [`Memory::Block`].
pub struct CudaKernel<D: Driver, B> {
    driver: D,
    memory_budget: usize,
    shapes: Mutex<HashMap<Sizes, Compiled<D::Module>>>,
    wirings: Mutex<Vec<Kept<B>>>,
}

/// A division of the work and its kernels.
struct Compiled<M> {
    plan: Arc<Plan>,
    module: Arc<M>,
}

/// A connectome's lists on the card.
struct Kept<B> {
    connectome: Connectome,
    plan: Arc<Plan>,
    wired: Arc<Wired<B>>,
}

/// Lists on the card and where each begins; the words themselves are gone.
pub(super) struct Wired<B> {
    block: B,
    places: Wiring,
}

impl<D: Driver, B: Send + Sync> CudaKernel<D, B> {
    /// Kernels for the driver's card.
    ///
    /// `memory_budget` bounds what one layer's forward pass keeps, in bytes;
    /// longer sequences are run again in the backward pass, with the same
    /// results.
    pub fn new(driver: D, memory_budget: usize) -> Self {
        CudaKernel { driver, memory_budget, shapes: Mutex::default(), wirings: Mutex::default() }
    }

    /// The driver.
    pub fn driver(&self) -> &D {
        &self.driver
    }

    /// Can this run be fused?
    ///
    /// # Errors
    /// What stands against it, in words.
    pub fn supports<X, I>(&self, run: &LayerRun<X, I>) -> Result<(), String> {
        self.plan(run).map(|_| ())
    }

    fn plan<X, I>(&self, run: &LayerRun<X, I>) -> Result<Plan, String> {
        limits::options(run)?;
        let sizes = Sizes::new(&run.layer, run.rows);
        limits::sizes(&sizes, run.steps)?;
        let plan = Plan::new(&sizes, self.driver.card())?;
        limits::records(&plan, run.steps)?;
        Ok(plan)
    }

    /// Runs a layer over a sequence; if a gradient is wanted, answers what
    /// [`CudaKernel::backward`] needs. Nothing has happened yet when it
    /// returns: the kernels are in the memory's stream.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Index`] or [`Error::Stored`] when an argument
    /// or output does not fit the layer; [`Error::Unsupported`] for what
    /// [`CudaKernel::supports`] refuses; whatever driver and memory fail with.
    ///
    /// # Safety
    /// All slices are memory of the driver's card that nothing else uses until
    /// the stream has passed the call; those to be written overlap nothing.
    pub unsafe fn forward<M: Memory<Block = B>>(
        &self,
        memory: &M,
        run: &LayerRun<Slice>,
        outputs: DeviceOutputs,
    ) -> Result<Option<CudaHistory<B>>> {
        device::check(run)?;
        outputs.check(run)?;
        let Compiled { plan, module } = self.compiled(run)?;
        // Traces of synapses are taken from all steps in the end.
        let traced = plan.sizes.synapse_traces();
        let (gradient, keep) = (run.want.gradient, run.want.gradient || traced);
        let segments = if gradient {
            Segments::new(&plan, run.steps, self.memory_budget)
        } else {
            Segments::none(run.steps)
        };
        let mut call = self.call(memory.stream(), &plan, &module, run);
        let sizes = &plan.sizes;
        let (neurons, row) = (sizes.n, plan.row());
        let wired = self.wired(memory, run, &plan)?;
        wired.place(memory, &mut call.arguments);
        let constants = Constants::new(run, &plan);
        let lists = self.uploaded(memory, &constants.words)?;
        constants.place(memory.slice(&lists).address, &mut call.arguments);
        let entries = if keep { run.steps + 1 } else { 2 };
        let of_edges =
            if gradient && sizes.recurrent { plan.blocks * plan.neurons() * sizes.synapses() } else { 0 };
        let border = neurons * sizes.carried() * row;
        let recorded = segments.keep_records.then(|| run.steps * neurons * sizes.record() * row);
        let history = CudaHistory {
            steps: run.steps,
            wired,
            lists,
            constants,
            weights: room(memory, neurons * sizes.weights())?,
            synapses: room(memory, neurons * sizes.synapses())?,
            edges: room(memory, of_edges)?,
            x: room(memory, run.steps * sizes.c * row)?,
            seen: room(memory, entries * sizes.seen_rows() * row)?,
            borders: room(memory, (segments.count() + 1) * border)?,
            records: recorded.map(|floats| room(memory, floats)).transpose()?,
            plan: plan.clone(),
            segments,
        };
        let counter = room(memory, plan.groups)?;
        let trace = room(memory, if traced { sizes.table_rows() * row } else { 0 })?;
        history.place(memory, &mut call.arguments);
        let to = &mut call.arguments;
        to.counter = memory.slice(&counter).address;
        to.activity = outputs.activity.address;
        to.end_state = outputs.state.address;
        to.magnitude = address(outputs.magnitude);
        to.source_trace = memory.slice(&trace).address;
        to.keep = i32::from(keep);
        // SAFETY: the caller's slices were checked, and the blocks are as long
        // as the plan says; all live until the stream has passed.
        unsafe {
            call.prepare(gradient)?;
            for segment in 0..segments.count() {
                history.place_border(memory, segment, &mut call.arguments);
                call.forward(segments.of(segment), false)?;
            }
            call.end()?;
        }
        Ok(gradient.then_some(history))
    }

    /// Differentiates a forward pass.
    ///
    /// `run` is that of the forward pass; `history` may be used again.
    ///
    /// # Errors
    /// As [`CudaKernel::forward`]; [`Error::Shape`] also when `history` is that
    /// of another run.
    ///
    /// # Safety
    /// As [`CudaKernel::forward`]; `history` is of the same card.
    pub unsafe fn backward<M: Memory<Block = B>>(
        &self,
        memory: &M,
        run: &LayerRun<Slice>,
        history: &CudaHistory<B>,
        cotangents: DeviceCotangents,
        gradients: DeviceGradients,
    ) -> Result<()> {
        device::check(run)?;
        cotangents.check(run)?;
        gradients.check(run)?;
        let Compiled { plan, module } = self.compiled(run)?;
        if history.steps != run.steps || *history.plan != *plan {
            let got = [history.steps, history.plan.sizes.n, history.plan.sizes.b];
            return Err(Error::shape("history", &got, "that of a forward pass of this layer by this kernel"));
        }
        let mut call = self.call(memory.stream(), &plan, &module, run);
        let (sizes, segments) = (&plan.sizes, history.segments);
        let (neurons, row) = (sizes.n, plan.row());
        history.wired.place(memory, &mut call.arguments);
        history.constants.place(memory.slice(&history.lists).address, &mut call.arguments);
        history.place(memory, &mut call.arguments);
        let of_steps = |rows: usize| segments.length * neurons * rows * row;
        let partial = if sizes.recurrent { 2 * plan.blocks * neurons * row } else { 0 };
        let again = if segments.keep_records { 0 } else { of_steps(sizes.record()) };
        let traces = if sizes.synapse_traces() { sizes.table_rows() * row } else { 0 };
        let blocks = [
            room(memory, neurons * sizes.carried() * row)?,
            room(memory, of_steps(sizes.delta()))?,
            room(memory, partial)?,
            room(memory, plan.groups * plan.sub * neurons * sizes.sums())?,
            room(memory, plan.groups)?,
            room(memory, again)?,
            room(memory, traces)?,
            room(memory, traces)?,
        ];
        let to = &mut call.arguments;
        let [carried, deltas, partial, sums, counter, again, trace, d_trace] =
            blocks.each_ref().map(|block| memory.slice(block).address);
        (to.d_carried, to.deltas, to.partial, to.sums, to.counter) =
            (carried, deltas, partial, sums, counter);
        to.source_trace = trace;
        to.d_source_trace = if cotangents.state.is_some() { d_trace } else { 0 };
        to.d_activity = address(cotangents.activity);
        to.d_end_state = address(cotangents.state);
        to.d_magnitude = address(cotangents.magnitude);
        to.d_parameters = gradients.parameters.address;
        to.d_state = gradients.state.address;
        to.d_dense = address(gradients.input);
        to.keep = 1;
        // SAFETY: as in `forward`.
        unsafe {
            call.start_back()?;
            for segment in (0..segments.count()).rev() {
                let steps = segments.of(segment);
                if !segments.keep_records {
                    call.arguments.records = again;
                    history.place_border(memory, segment, &mut call.arguments);
                    call.forward(steps.clone(), true)?;
                }
                call.backward(steps, segment + 1 < segments.count())?;
            }
            call.finish_back()
        }
    }

    fn call<'a>(
        &'a self,
        stream: Stream,
        plan: &'a Plan,
        module: &'a D::Module,
        run: &LayerRun<Slice>,
    ) -> Call<'a, D> {
        let mut call = Call { driver: &self.driver, module, stream, plan, arguments: Arguments::default() };
        call.take_run(run);
        call
    }

    /// Divides the work of a shape in this way.
    #[cfg(test)]
    pub(super) fn divide(&self, plan: Plan) -> Result<()> {
        let module = Arc::new(self.driver.compile(SOURCE, &plan.defines())?);
        let mut shapes = self.shapes.lock().unwrap_or_else(PoisonError::into_inner);
        shapes.insert(plan.sizes.clone(), Compiled { plan: Arc::new(plan), module });
        Ok(())
    }

    /// The kernels of a run's shape.
    fn compiled(&self, run: &LayerRun<Slice>) -> Result<Compiled<D::Module>> {
        let unsupported = |reason| Error::Unsupported {
            what: "a fused recurrence of this layer".into(),
            backend: "cuda".into(),
            reason,
        };
        let sizes = Sizes::new(&run.layer, run.rows);
        let mut shapes = self.shapes.lock().unwrap_or_else(PoisonError::into_inner);
        if !shapes.contains_key(&sizes) {
            let plan = self.plan(run).map_err(unsupported)?;
            let module = Arc::new(self.driver.compile(SOURCE, &plan.defines())?);
            shapes.insert(sizes.clone(), Compiled { plan: Arc::new(plan), module });
        }
        limits::options(run).map_err(unsupported)?;
        let compiled = &shapes[&sizes];
        limits::records(&compiled.plan, run.steps).map_err(unsupported)?;
        Ok(Compiled { plan: compiled.plan.clone(), module: compiled.module.clone() })
    }

    /// The connectome's lists on the card, from an earlier run if possible.
    fn wired<M: Memory<Block = B>>(
        &self,
        memory: &M,
        run: &LayerRun<Slice>,
        plan: &Arc<Plan>,
    ) -> Result<Arc<Wired<B>>> {
        let mut kept = self.wirings.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |other: &Kept<B>| {
            std::ptr::eq(other.connectome.sources(), run.connectome.sources()) && *other.plan == **plan
        };
        if let Some(found) = kept.iter().find(|other| same(other)) {
            return Ok(found.wired.clone());
        }
        let mut places = Wiring::new(&run.connectome, plan);
        let words = std::mem::take(&mut places.words);
        let wired = Arc::new(Wired { block: self.uploaded(memory, &words)?, places });
        if kept.len() >= KEPT_WIRINGS {
            kept.remove(0);
        }
        kept.push(Kept { connectome: run.connectome.clone(), plan: plan.clone(), wired: wired.clone() });
        Ok(wired)
    }

    fn uploaded<M: Memory<Block = B>>(&self, memory: &M, words: &[u32]) -> Result<B> {
        let block = room(memory, words.len())?;
        if !words.is_empty() {
            // SAFETY: any number is four bytes.
            let bytes = unsafe { std::slice::from_raw_parts(words.as_ptr().cast(), size_of_val(words)) };
            self.driver.upload(memory.stream(), memory.slice(&block), bytes)?;
        }
        Ok(block)
    }
}

impl<B> Wired<B> {
    /// Where the lists are to be found.
    pub(super) fn place<M: Memory<Block = B>>(&self, memory: &M, to: &mut Arguments) {
        let at = memory.slice(&self.block).address;
        let address = |list: &std::ops::Range<usize>| at + 4 * list.start as u64;
        to.source = address(&self.places.source);
        to.origin = address(&self.places.origin);
        to.starts = address(&self.places.starts);
        to.edge_row = address(&self.places.edge_row);
        to.edge_at = address(&self.places.edge_at);
        to.in_starts = address(&self.places.in_starts);
        to.in_row = address(&self.places.in_row);
        to.in_at = address(&self.places.in_at);
    }
}

/// Room for so many numbers, or for one where there are none.
fn room<M: Memory>(memory: &M, floats: usize) -> Result<M::Block> {
    let block = memory.alloc(floats.max(1))?;
    if memory.slice(&block).address % 16 == 0 {
        return Ok(block);
    }
    Err(Error::Unsupported {
        what: "memory that does not begin at a multiple of 16 bytes".into(),
        backend: "cuda".into(),
        reason: "kernels move four numbers at once".into(),
    })
}
