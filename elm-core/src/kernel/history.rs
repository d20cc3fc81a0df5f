//! What a forward pass keeps for the backward pass.

use super::memory::Buffer;
use super::shape::Shape;
use super::simd::{Element, InstructionSet};
use super::synapse_gradient::tile_steps;

/// What [`Kernel::forward`](super::Kernel::forward) keeps for
/// [`Kernel::backward`](super::Kernel::backward): opaque, owned, independent of
/// the caller's slices. Its memory returns to the kernel when it is dropped.
pub struct History<E: Element = f32> {
    pub(super) shape: Shape,
    pub(super) set: InstructionSet,
    /// How the kernel that ran forward cut the sequence; another kernel may
    /// have another memory budget.
    pub(super) segments: Segments,
    /// Activity before each step and after the last, `[T + 1, N * O, width]`.
    pub(super) activity: Buffer<E>,
    /// Traces of sources at the end, `[C + N + 1, width]`, with synapse traces.
    pub(super) source_trace: Option<Buffer<E>>,
    /// What each thread keeps of its neurons.
    pub(super) threads: Vec<ThreadHistory<E>>,
}

/// One thread's part of a [`History`].
pub(super) struct ThreadHistory<E: Element> {
    /// Records `[T, neurons, record, width]`, if they are kept.
    pub records: Option<Buffer<E>>,
    /// State at the start of every segment, `[segments, neurons, carried, width]`.
    pub starts: Buffer<E>,
}

/// How a sequence is cut for recomputation.
///
/// With records of all steps within the memory budget there is one segment and
/// nothing is computed twice. Else only the state at segment borders is kept,
/// and the backward pass computes a segment's records when it gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segments {
    /// Steps of a segment, whole tiles; the last may be shorter.
    pub length: usize,
    /// Are the records of all steps kept?
    pub keep_records: bool,
}

impl Segments {
    /// As [`segment_steps`] says.
    pub(super) fn new<E: Element>(shape: &Shape, budget: usize) -> Self {
        let bytes = |rows: usize| (rows * shape.neurons * shape.width * size_of::<E>()) as f64;
        let each = StepBytes { record: bytes(shape.record()), state: bytes(shape.carried()) };
        match segment_steps(shape.steps, each, tile_steps(shape.width), budget as f64) {
            None => Segments { length: shape.steps, keep_records: true },
            Some(length) => Segments { length, keep_records: false },
        }
    }
}

/// What a recurrence may keep of one time step, in bytes. Estimates reckon with
/// sizes whose products no integer holds, hence floats.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepBytes {
    /// Its record: every intermediate that the backward pass reads.
    pub record: f64,
    /// The state before it.
    pub state: f64,
}

impl StepBytes {
    /// Bytes that segments of `length` steps need of a sequence: one segment's
    /// records and the states between segments.
    pub(crate) fn of_segments(self, steps: usize, length: usize) -> f64 {
        length as f64 * self.record + steps as f64 / length as f64 * self.state
    }
}

/// Steps of the segments that a sequence is cut into, a multiple of `tile`: the
/// longest ones whose memory stays within `budget` bytes; where none does,
/// those that need least. `None` when the records of all steps fit.
pub(crate) fn segment_steps(steps: usize, each: StepBytes, tile: usize, budget: f64) -> Option<usize> {
    let StepBytes { record, state } = each;
    let states = steps as f64 * state;
    if steps as f64 * record <= budget {
        return None;
    }
    // length * record + states / length falls up to this length and rises
    // beyond; it meets the budget at the larger root of a quadratic equation.
    let least = (states / record).sqrt() / tile as f64;
    let beyond = budget * budget - 4.0 * record * states;
    let fitting = (budget + beyond.max(0.0).sqrt()) / (2.0 * record) / tile as f64;
    let tiles = if beyond > 0.0 { fitting.floor().max(least.ceil()) } else { least.ceil() };
    Some((tiles.max(1.0) as usize).saturating_mul(tile))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_the_longest_that_fit_the_budget_and_never_worse_than_the_least() {
        let each = StepBytes { record: 700.0, state: 90.0 };
        for steps in [1, 7, 100, 5000] {
            let mut before = 0.0;
            for budget in (0..4_000_000).step_by(9973) {
                let budget = f64::from(budget);
                let need = |length| each.of_segments(steps, length);
                let all = steps as f64 * each.record;
                let needed = match segment_steps(steps, each, 1, budget) {
                    None => all,
                    Some(length) => {
                        let least = (1..=steps).map(need).fold(f64::INFINITY, f64::min);
                        assert!(need(length) <= budget.max(1.001 * least.max(need(1))), "{steps} {budget}");
                        assert!(need(length + 1) > budget, "{steps} {budget}: longer ones fit");
                        need(length).min(all)
                    }
                };
                assert!(needed >= before, "{steps} {budget}: more budget, less memory");
                before = needed;
            }
        }
    }

    #[test]
    fn segments_of_absurd_sequences_are_found_at_once() {
        let each = StepBytes { record: 1e6, state: 1e5 };
        let length = segment_steps(usize::MAX, each, 16, 1e18);
        assert!(length.is_some_and(|length| length >= 16 && length % 16 == 0), "{length:?}");
    }
}
