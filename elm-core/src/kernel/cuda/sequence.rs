//! Forward and backward over a whole sequence on a card.

use super::arguments::{Arguments, address};
use super::constants::Constants;
use super::device::{self, DeviceCotangents, DeviceGradients, DeviceOutputs, Memory, room, uploaded};
use super::driver::{Driver, Slice, Stream};
use super::history::{CudaHistory, Segments};
use super::launch::Call;
use super::plan::Plan;
use super::shapes::Shapes;
use super::wired::Wirings;
use crate::error::{Error, Result};
use crate::spec::LayerRun;

/// The fused recurrence on one card, with what it has compiled.
///
/// A backend owns one for each card and calls it for every layer. `B` is the
/// backend's memory, see [`Memory::Block`].
pub struct CudaKernel<D: Driver, B> {
    driver: D,
    memory_budget: usize,
    shapes: Shapes<D::Module>,
    wirings: Wirings<B>,
}

impl<D: Driver, B: Send + Sync> CudaKernel<D, B> {
    /// Kernels for the driver's card.
    ///
    /// `memory_budget` bounds what one layer's forward pass keeps, in bytes;
    /// longer sequences are run again in the backward pass, with the same
    /// results.
    pub fn new(driver: D, memory_budget: usize) -> Self {
        CudaKernel { driver, memory_budget, shapes: Shapes::default(), wirings: Wirings::default() }
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
        self.shapes.plan(self.driver.card(), run).map(|_| ())
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
        let (plan, module) = self.shapes.compiled(&self.driver, run)?;
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
        let wired = self.wirings.get(&self.driver, memory, &run.connectome, &plan)?;
        wired.place(memory, &mut call.arguments);
        let constants = Constants::new(run, &plan);
        let lists = uploaded(&self.driver, memory, &constants.words)?;
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
        let (plan, module) = self.shapes.compiled(&self.driver, run)?;
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
    pub(super) fn divide(&self, plan: Plan) {
        self.shapes.divide(plan);
    }
}
