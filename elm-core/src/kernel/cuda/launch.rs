//! The kernels of one call, in the order of a stream.

use super::arguments::Arguments;
use super::driver::{Driver, Grid, Launch, Slice, Stream};
use super::plan::Plan;
use super::sizes::SMALL_THREADS;
use crate::error::Result;
use crate::spec::{LambdaMode, LayerRun, Trace};
use std::ops::Range;

/// Blocks of kernels that go over long arrays, at most.
const MOST_BLOCKS: usize = 4096;

/// One call's kernels and what they are given.
pub(super) struct Call<'a, D: Driver> {
    pub driver: &'a D,
    pub module: &'a D::Module,
    pub stream: Stream,
    pub plan: &'a Plan,
    pub arguments: Arguments,
}

impl<D: Driver> Call<'_, D> {
    /// Fills in what follows from the run alone.
    pub(super) fn take_run(&mut self, run: &LayerRun<Slice>) {
        let (neuron, to) = (&run.layer.neuron, &mut self.arguments);
        to.parameters = run.parameters.address;
        to.state = run.state.address;
        to.dense = run.input.dense().map_or(0, |x| x.address);
        to.delta_t = neuron.delta_t;
        to.lambda = neuron.lambda;
        to.tau_low = neuron.tau_low;
        to.tau_high = neuron.tau_high;
        to.fixed_weight = neuron.fixed_synapse_weight.unwrap_or(0.0);
        to.input_scale = neuron.input_scale as f32;
        to.input_factor = run.input_factor;
        let average = neuron.high_pass_tau.map_or(0.0, |tau| neuron.decay(tau));
        to.average_decay = average as f32;
        to.average_take = (1.0 - average) as f32;
        to.trace_decay = match neuron.trace {
            Trace::None => 0.0,
            Trace::Branch(tau) | Trace::Synapse(tau) => neuron.decay(tau) as f32,
        };
        to.steps = run.steps as i32;
        to.lambda_scale = i32::from(neuron.lambda_mode == LambdaMode::Scale);
        to.rectified = i32::from(neuron.rectified);
    }

    /// Weights, input and start state in the form of the recurrence.
    ///
    /// # Safety
    /// Of this and all below: the arguments that the kernels read are
    /// addresses of as much memory as `source/arguments.h` says.
    pub(super) unsafe fn prepare(&self, edges: bool) -> Result<()> {
        let (plan, sizes) = (self.plan, &self.plan.sizes);
        let inputs = self.arguments.steps as usize * sizes.c * plan.row();
        // SAFETY: the caller's promise.
        unsafe {
            self.small("elm_pack", sizes.n)?;
            if edges && sizes.recurrent {
                self.small("elm_edges", blocks_for(plan.blocks * plan.neurons() * sizes.synapses()))?;
            }
            self.small("elm_input", blocks_for(inputs))?;
            if self.arguments.events > 0 {
                self.small("elm_events", blocks_for(self.arguments.events as usize))?;
            }
            self.small("elm_start", sizes.n + 1)
        }
    }

    /// The recurrence over some steps.
    ///
    /// # Safety
    /// As [`Call::prepare`].
    pub(super) unsafe fn forward(&mut self, steps: Range<usize>, again: bool) -> Result<()> {
        self.take_steps(steps);
        self.arguments.again = i32::from(again);
        // SAFETY: the caller's promise.
        unsafe { self.recurrence("elm_forward", self.plan.forward_shared(), !again) }
    }

    /// End state and magnitude.
    ///
    /// # Safety
    /// As [`Call::prepare`].
    pub(super) unsafe fn end(&self) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe {
            self.small("elm_end", self.plan.sizes.n)?;
            if !self.plan.sizes.synapse_traces() {
                return Ok(());
            }
            self.small("elm_source_trace", self.table_blocks())?;
            self.small("elm_trace_end", self.plan.sizes.n)
        }
    }

    /// The gradient of the end state.
    ///
    /// # Safety
    /// As [`Call::prepare`].
    pub(super) unsafe fn start_back(&self) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe {
            self.small("elm_back_start", self.plan.sizes.n)?;
            if !self.plan.sizes.synapse_traces() || self.arguments.d_source_trace == 0 {
                return Ok(());
            }
            self.small("elm_source_trace", self.table_blocks())?;
            self.small("elm_trace_back", self.table_blocks())
        }
    }

    /// Blocks that go over a table of what synapses read.
    fn table_blocks(&self) -> usize {
        blocks_for(self.plan.sizes.table_rows() * self.plan.row())
    }

    /// Back over some steps, and what they contribute to gradients; with
    /// `add`, to those of later steps.
    ///
    /// # Safety
    /// As [`Call::prepare`].
    pub(super) unsafe fn backward(&mut self, steps: Range<usize>, add: bool) -> Result<()> {
        let (plan, sizes) = (self.plan, &self.plan.sizes);
        let count = steps.len();
        self.take_steps(steps);
        self.arguments.add = i32::from(add);
        // SAFETY: the caller's promise.
        unsafe {
            self.recurrence("elm_backward", plan.backward_shared(), true)?;
            let chunks = sizes.n * sizes.map_chunks();
            self.plain("elm_map_gradient", chunks, sizes.map_threads(), plan.map_shared())?;
            if !sizes.fixed {
                let blocks = sizes.n.div_ceil(plan.synapse_neurons);
                self.plain("elm_synapse_gradient", blocks, plan.synapse_threads(), plan.synapse_shared())?;
            }
            if self.arguments.d_dense != 0 {
                self.small("elm_input_gradient", count)?;
            }
        }
        Ok(())
    }

    /// Gradients of what is summed over time, and of the start state.
    ///
    /// # Safety
    /// As [`Call::prepare`].
    pub(super) unsafe fn finish_back(&self) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe { self.small("elm_finish", self.plan.sizes.n) }
    }

    fn take_steps(&mut self, steps: Range<usize>) {
        self.arguments.first = steps.start as i32;
        self.arguments.last = steps.end as i32;
    }

    /// # Safety
    /// As [`Call::prepare`].
    unsafe fn recurrence(&self, kernel: &str, shared_bytes: usize, meets: bool) -> Result<()> {
        let plan = self.plan;
        let together = meets && plan.sizes.recurrent && plan.blocks > 1;
        let grid = Grid {
            blocks: (plan.groups * plan.blocks) as u32,
            threads: (plan.warps * 32) as u32,
            shared_bytes,
            launch: match () {
                () if !together => Launch::Plain,
                () if plan.cluster => Launch::Cluster(plan.blocks as u32),
                () => Launch::Cooperative,
            },
        };
        // SAFETY: the caller's promise.
        unsafe { self.launch(kernel, &grid) }
    }

    /// # Safety
    /// As [`Call::prepare`].
    unsafe fn small(&self, kernel: &str, blocks: usize) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe { self.plain(kernel, blocks, SMALL_THREADS, 0) }
    }

    /// # Safety
    /// As [`Call::prepare`].
    unsafe fn plain(&self, kernel: &str, blocks: usize, threads: usize, shared_bytes: usize) -> Result<()> {
        let (blocks, threads) = (blocks as u32, threads as u32);
        let grid = Grid { blocks, threads, shared_bytes, launch: Launch::Plain };
        // SAFETY: the caller's promise.
        unsafe { self.launch(kernel, &grid) }
    }

    /// # Safety
    /// As [`Call::prepare`].
    unsafe fn launch(&self, kernel: &str, grid: &Grid) -> Result<()> {
        // SAFETY: the caller's promise; the arguments are those of every kernel.
        unsafe { self.driver.launch(self.stream, self.module, kernel, grid, self.arguments.bytes()) }
    }
}

/// Blocks that go over so many numbers.
fn blocks_for(numbers: usize) -> usize {
    numbers.div_ceil(SMALL_THREADS).clamp(1, MOST_BLOCKS)
}
