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
use super::workspace::Workspace;
use crate::error::{Error, Result};
use crate::spec::LayerRun;

/// The fused recurrence on one card, with what it has compiled.
///
/// A backend owns one for each card and calls it for every layer. `B` is the
/// backend's memory, see [`Memory::Block`].
pub struct CudaKernel<D: Driver, B> {
    driver: D,
    pub(super) memory_budget: usize,
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
        self.shapes.plan_of(self.driver.card(), run).map(|_| ())
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
        let mut call = self.call(memory.stream(), &plan, &module, run);
        let wired = self.wirings.get(&self.driver, memory, &run.connectome, &plan)?;
        let constants = Constants::new(run, &plan);
        let lists = uploaded(&self.driver, memory, &constants.words)?;
        let gradient = run.want.gradient;
        let segments = if gradient {
            Segments::new(&plan, run.steps, self.memory_budget)
        } else {
            Segments::none(run.steps)
        };
        let history = CudaHistory::new(memory, &plan, segments, gradient, (wired, lists, constants))?;
        let counter = room(memory, plan.groups)?;
        let traced = plan.sizes.synapse_traces();
        let trace = room(memory, if traced { plan.sizes.table_rows() * plan.row() } else { 0 })?;
        history.place(memory, &mut call.arguments);
        let to = &mut call.arguments;
        to.counter = memory.slice(&counter).address;
        to.activity = outputs.activity.address;
        to.end_state = outputs.state.address;
        to.magnitude = address(outputs.magnitude);
        to.source_trace = memory.slice(&trace).address;
        to.keep = i32::from(gradient || traced);
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
        let segments = history.segments;
        let workspace = Workspace::new(memory, &plan, segments, self.memory_budget)?;
        history.place(memory, &mut call.arguments);
        workspace.place(memory, cotangents.state.is_some(), &mut call.arguments);
        let to = &mut call.arguments;
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
                    workspace.place_again(memory, &mut call.arguments);
                    history.place_border(memory, segment, &mut call.arguments);
                    call.forward(steps.clone(), true)?;
                }
                let records = call.arguments.records;
                for (chunk, behind) in workspace.chunks(steps) {
                    call.arguments.records = records + behind;
                    let later = chunk.end < run.steps;
                    call.backward(chunk, later)?;
                }
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

    /// Every way to divide a run's work on the card, in words, the one with
    /// the lowest estimated cost first: for measurements.
    #[cfg(any(test, feature = "conformance"))]
    pub fn divisions<X, I>(&self, run: &LayerRun<X, I>) -> Vec<String> {
        self.sorted_plans(run)
            .iter()
            .map(|plan| format!("{plan}, estimate {:.0} cycles", plan.cost()))
            .collect()
    }

    /// From now on divides the work of such runs in the way that is `place`
    /// among [`CudaKernel::divisions`]; false when there are not so many.
    #[cfg(any(test, feature = "conformance"))]
    pub fn choose_division<X, I>(&self, run: &LayerRun<X, I>, place: usize) -> bool {
        let plan = self.sorted_plans(run).into_iter().nth(place);
        plan.map(|plan| self.shapes.divide(plan)).is_some()
    }

    #[cfg(any(test, feature = "conformance"))]
    fn sorted_plans<X, I>(&self, run: &LayerRun<X, I>) -> Vec<Plan> {
        let sizes = super::sizes::Sizes::new(&run.layer, run.rows);
        let mut plans = Plan::all(&sizes, self.driver.card());
        plans.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
        plans
    }
}
