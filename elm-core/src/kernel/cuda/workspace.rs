//! What a backward pass needs besides the history.

use super::arguments::Arguments;
use super::device::{Memory, room};
use super::history::Segments;
use super::plan::Plan;
use crate::error::Result;
use std::ops::Range;

/// Share of the memory budget for what the way back leaves for gradients.
const SHARE: usize = 4;

/// Memory of one backward pass.
pub(super) struct Workspace<B> {
    carried: B,
    deltas: B,
    partial: B,
    sums: B,
    counter: B,
    /// Records of a segment that is run again.
    again: B,
    traces: [B; 2],
    /// Steps whose deltas there is room for.
    chunk: usize,
    /// Bytes of a step's records.
    of_record: usize,
}

impl<B> Workspace<B> {
    pub(super) fn new<M: Memory<Block = B>>(
        memory: &M,
        plan: &Plan,
        segments: Segments,
        budget: usize,
    ) -> Result<Self> {
        let (sizes, row) = (&plan.sizes, plan.row());
        let (of_deltas, of_records) = (sizes.n * sizes.delta() * row, sizes.n * sizes.record() * row);
        let chunk = (budget / SHARE / (4 * of_deltas)).clamp(1, segments.length);
        let partial = if sizes.recurrent { 2 * plan.blocks * sizes.n * row } else { 0 };
        let again = if segments.keep_records { 0 } else { segments.length * of_records };
        let traces = if sizes.synapse_traces() { sizes.table_rows() * row } else { 0 };
        Ok(Workspace {
            carried: room(memory, sizes.n * sizes.carried() * row)?,
            deltas: room(memory, chunk * of_deltas)?,
            partial: room(memory, partial)?,
            sums: room(memory, plan.groups * plan.sub * sizes.n * sizes.sums())?,
            counter: room(memory, plan.groups)?,
            again: room(memory, again)?,
            traces: [room(memory, traces)?, room(memory, traces)?],
            chunk,
            of_record: 4 * of_records,
        })
    }

    /// Where its parts are to be found; `end` says whether the end state has a
    /// gradient.
    pub(super) fn place<M: Memory<Block = B>>(&self, memory: &M, end: bool, to: &mut Arguments) {
        let address = |block: &B| memory.slice(block).address;
        to.d_carried = address(&self.carried);
        to.deltas = address(&self.deltas);
        to.partial = address(&self.partial);
        to.sums = address(&self.sums);
        to.counter = address(&self.counter);
        to.source_trace = address(&self.traces[0]);
        to.d_source_trace = if end { address(&self.traces[1]) } else { 0 };
    }

    /// Where the records of a segment go that is run again.
    pub(super) fn place_again<M: Memory<Block = B>>(&self, memory: &M, to: &mut Arguments) {
        to.records = memory.slice(&self.again).address;
    }

    /// A segment's steps in chunks, last to first, and how many bytes behind
    /// the segment's records those of each begin.
    pub(super) fn chunks(&self, segment: Range<usize>) -> impl Iterator<Item = (Range<usize>, u64)> {
        let (chunk, of_record) = (self.chunk, self.of_record);
        let count = segment.len().div_ceil(chunk);
        (0..count).rev().map(move |at| {
            let first = segment.start + at * chunk;
            (first..(first + chunk).min(segment.end), (at * chunk * of_record) as u64)
        })
    }
}
