//! From the table of sources to branches and back.

use super::memory::{Buffer, Plain, Store};
use super::simd::Vector;
use super::span::{Span, SpanMut};

/// Rows of a table as element offsets (`row * width`), in 16 bits where they
/// fit: half the memory traffic of the connectome.
pub(super) enum Offsets {
    /// All below 2^16.
    Short(Buffer<u16>),
    /// Otherwise.
    Long(Buffer<u32>),
}

impl Offsets {
    /// `len` offsets into a table of `table` elements.
    pub(super) fn new(store: &Store, len: usize, table: usize) -> Self {
        if table <= 1 << 16 {
            Offsets::Short(store.take(len))
        } else {
            assert!(u32::try_from(table).is_ok(), "a table of {table} numbers is out of reach");
            Offsets::Long(store.take(len))
        }
    }

    pub(super) fn set(&mut self, i: usize, offset: usize) {
        match self {
            Offsets::Short(offsets) => offsets[i] = offset as u16,
            Offsets::Long(offsets) => offsets[i] = offset as u32,
        }
    }
}

/// An unsigned integer that offsets are stored in.
pub(super) trait Offset: Plain {
    fn get(self) -> usize;
}

impl Offset for u16 {
    #[inline(always)]
    fn get(self) -> usize {
        usize::from(self)
    }
}

impl Offset for u32 {
    #[inline(always)]
    fn get(self) -> usize {
        self as usize
    }
}

/// Sizes of a neuron's dendrite.
#[derive(Clone, Copy)]
pub(super) struct Dendrite {
    pub branches: usize,
    pub per_branch: usize,
    pub width: usize,
}

/// Branch sums of one neuron: `out[k] = sum over its synapses of weight * table[offset]`.
///
/// # Safety
/// `offsets` and `weights` hold the neuron's synapses, `out` its branches,
/// every offset is the start of a row of `table`, and the processor has `V`'s
/// instructions.
#[inline(always)]
pub(super) unsafe fn gather<V: Vector, O: Offset>(
    dendrite: Dendrite,
    table: Span<'_, V::E>,
    offsets: Span<'_, O>,
    weights: Span<'_, V::E>,
    out: SpanMut<'_, V::E>,
) {
    let Dendrite { branches, per_branch, width } = dendrite;
    for k in 0..branches {
        // SAFETY: branch `k` owns `per_branch` synapses and one row of `out`.
        unsafe {
            let offsets = offsets.part(k * per_branch, per_branch);
            let weights = weights.part(k * per_branch, per_branch);
            for column in (0..width).step_by(V::LANES) {
                let mut sum = V::splat(V::E::default());
                for j in 0..per_branch {
                    let source: V = table.vector(offsets.get(j).get() + column);
                    sum = weights.splat::<V>(j).mul_add(source, sum);
                }
                out.put(k * width + column, sum);
            }
        }
    }
}

/// The synapses of one branch that hand gradient to a source.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Run {
    pub branch: u32,
    pub count: u32,
}

/// Adds each branch's gradient to the sources of its synapses:
/// `table[offset] += weight * branch`.
///
/// # Safety
/// `offsets` and `weights` hold the synapses of all `runs`, `branches` the
/// gradients `[K, width]`, every offset is the start of a row of `table`, no
/// other thread accesses `table`, and the processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn scatter<V: Vector, O: Offset>(
    runs: &[Run],
    width: usize,
    offsets: Span<'_, O>,
    weights: Span<'_, V::E>,
    branches: Span<'_, V::E>,
    table: SpanMut<'_, V::E>,
) {
    let mut start = 0;
    for run in runs {
        let count = run.count as usize;
        // SAFETY: the synapses of the runs lie one after the other.
        unsafe {
            let offsets = offsets.part(start, count);
            let weights = weights.part(start, count);
            for column in (0..width).step_by(V::LANES) {
                let gradient: V = branches.vector(run.branch as usize * width + column);
                for j in 0..count {
                    let at = offsets.get(j).get() + column;
                    table.put(at, weights.splat::<V>(j).mul_add(gradient, table.vector(at)));
                }
            }
        }
        start += count;
    }
}
