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
    /// The longest segments whose memory stays within `budget` bytes; where
    /// none does, those that need least.
    pub(super) fn new<E: Element>(shape: &Shape, budget: usize) -> Self {
        let bytes = |rows: usize| rows * shape.neurons * shape.width * size_of::<E>();
        let (record, state) = (bytes(shape.record()), bytes(shape.carried()));
        if shape.steps.saturating_mul(record) <= budget {
            return Segments { length: shape.steps, keep_records: true };
        }
        let tile = tile_steps(shape.width);
        let need = |length: usize| {
            length.saturating_mul(record).saturating_add(shape.steps.div_ceil(length).saturating_mul(state))
        };
        // Needs fall up to the square root of the sequence and rise beyond.
        let least = ((shape.steps * state) as f64 / record as f64).sqrt().ceil() as usize;
        let mut length = least.next_multiple_of(tile).max(tile);
        while length + tile < shape.steps && need(length + tile) <= budget {
            length += tile;
        }
        Segments { length, keep_records: false }
    }
}
