//! What a forward pass on a card keeps for the backward pass.

use super::arguments::Arguments;
use super::constants::Constants;
use super::device::{Memory, room};
use super::plan::Plan;
use super::wired::Wired;
use crate::error::Result;
use crate::kernel::{StepBytes, segment_steps};
use std::ops::Range;
use std::sync::Arc;

/// What [`CudaKernel::forward`](super::CudaKernel::forward) keeps for
/// [`CudaKernel::backward`](super::CudaKernel::backward): opaque and owned. Its
/// memory goes back to the backend when it is dropped, in the order of the
/// stream.
pub struct CudaHistory<B> {
    pub(super) steps: usize,
    pub(super) plan: Arc<Plan>,
    pub(super) segments: Segments,
    /// The connectome's index lists.
    pub(super) wired: Arc<Wired<B>>,
    /// Masks, timescales and events, and where each begins.
    pub(super) lists: B,
    pub(super) constants: Constants,
    /// Packed weights: of neurons, of synapses, of synapses by source.
    pub(super) weights: B,
    pub(super) synapses: B,
    pub(super) edges: B,
    /// Input and activity as synapses saw them, of all steps.
    pub(super) x: B,
    pub(super) seen: B,
    /// State where segments begin, and after the last.
    pub(super) borders: B,
    /// Records of all steps, if they are kept.
    pub(super) records: Option<B>,
}

impl<B> CudaHistory<B> {
    /// Room for the forward pass; as much as an evaluation needs where no
    /// `gradient` is wanted. `lists` are those of the connectome and of the
    /// run, with the places of the latter.
    pub(super) fn new<M: Memory<Block = B>>(
        memory: &M,
        plan: &Arc<Plan>,
        segments: Segments,
        gradient: bool,
        lists: (Arc<Wired<B>>, B, Constants),
    ) -> Result<Self> {
        let (sizes, row, steps) = (&plan.sizes, plan.row(), segments.steps);
        let synapses = sizes.n * sizes.synapses();
        // Traces of synapses are taken from all steps in the end.
        let entries = if gradient || sizes.synapse_traces() { steps + 1 } else { 2 };
        let edges = plan.blocks * plan.neurons() * sizes.synapses();
        let (wired, lists, constants) = lists;
        let records = segments.keep_records.then(|| room(memory, steps * sizes.n * sizes.record() * row));
        Ok(CudaHistory {
            steps,
            plan: plan.clone(),
            segments,
            wired,
            lists,
            constants,
            weights: room(memory, sizes.n * sizes.weights())?,
            synapses: room(memory, synapses)?,
            edges: room(memory, if gradient && sizes.recurrent { edges } else { 0 })?,
            x: room(memory, steps * sizes.c * row)?,
            seen: room(memory, entries * sizes.seen_rows() * row)?,
            borders: room(memory, (segments.count() + 1) * sizes.n * sizes.carried() * row)?,
            records: records.transpose()?,
        })
    }

    /// Where its parts are to be found.
    pub(super) fn place<M: Memory<Block = B>>(&self, memory: &M, to: &mut Arguments) {
        let address = |block: &B| memory.slice(block).address;
        self.wired.place(memory, to);
        self.constants.place(address(&self.lists), to);
        to.weights = address(&self.weights);
        to.synapses = address(&self.synapses);
        to.edges = address(&self.edges);
        to.x = address(&self.x);
        to.seen = address(&self.seen);
        to.carried = address(&self.borders);
        to.records = self.records.as_ref().map_or(0, address);
    }

    /// Where a segment's first state is, and goes on to.
    pub(super) fn place_border<M: Memory<Block = B>>(&self, memory: &M, segment: usize, to: &mut Arguments) {
        let border = self.plan.sizes.n * self.plan.sizes.carried() * self.plan.row();
        to.carried = memory.slice(&self.borders).address + (4 * segment * border) as u64;
        to.carried_on = to.carried + (4 * border) as u64;
    }
}

/// How a sequence is cut for recomputation, as on the CPU: with records of all
/// steps within the budget there is one segment; else only the state at the
/// borders is kept, and the backward pass runs a segment again when it gets
/// there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segments {
    steps: usize,
    /// Steps of a segment; the last may be shorter.
    pub length: usize,
    /// Are the records of all steps kept?
    pub keep_records: bool,
}

impl Segments {
    /// The longest that the budget allows; what the backward pass leaves for
    /// gradients is bounded by a share of the budget, see `workspace`.
    pub(super) fn new(plan: &Plan, steps: usize, budget: usize) -> Self {
        let sizes = &plan.sizes;
        let bytes = |rows: usize| 4.0 * rows as f64 * sizes.n as f64 * plan.row() as f64;
        let each = StepBytes { record: bytes(sizes.record()), state: bytes(sizes.carried()) };
        match segment_steps(steps, each, 1, budget as f64) {
            None => Segments { steps, length: steps, keep_records: true },
            Some(length) => Segments { steps, length: length.min(steps), keep_records: false },
        }
    }

    /// The whole sequence at once, nothing kept.
    pub(super) fn none(steps: usize) -> Self {
        Segments { steps, length: steps, keep_records: false }
    }

    pub(super) fn count(&self) -> usize {
        self.steps.div_ceil(self.length)
    }

    pub(super) fn of(&self, segment: usize) -> Range<usize> {
        segment * self.length..((segment + 1) * self.length).min(self.steps)
    }
}
