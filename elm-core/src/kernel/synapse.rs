//! From the table of sources to branches and back.

use super::ahead::Ahead;
use super::simd::{Offset, Vector, starts};
use super::span::{Span, SpanMut};
use super::tiles::with_count;
use std::ops::Range;

/// Branches that are worked on side by side: their sums do not wait for each
/// other, and loops end less often. Two multiply-adds can begin in each cycle
/// and take four, so eight keep the processor busy; each group size is compiled
/// on its own. Other numbers were not measured.
const GROUP: usize = 8;

/// The branches of each group, as even as possible.
pub(super) fn groups(branches: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let count = branches.div_ceil(GROUP);
    (0..count).map(move |i| branches * i / count..branches * (i + 1) / count)
}

/// Neurons whose synapses are worked on one after the other, before (forward)
/// or after (backward) what else they do: so the table comes from the
/// first-level cache more often. On the text layer of 1024 neurons that makes
/// 10 % going forward and 6 % going back; one, four and sixteen were tried.
pub(super) const TOGETHER: usize = 8;

/// The neurons that are taken together, of so many.
pub(super) fn together(neurons: usize) -> impl Iterator<Item = Range<usize>> {
    (0..neurons).step_by(TOGETHER).map(move |first| first..(first + TOGETHER).min(neurons))
}

/// A neuron's branches, as a `SynapseList` arranges them.
#[derive(Clone, Copy)]
pub(super) struct Dendrite<'l> {
    /// The branches in the order of the list, `[K]`.
    pub order: &'l [u32],
    /// Synapses per branch of each group.
    pub counts: &'l [u32],
    pub width: usize,
}

/// Branch sums of one neuron.
///
/// # Shapes
/// `table`: `[C + N + 1, width]`; `out`: `[K, width]`.
///
/// # Equation
/// `out[k] = sum over its synapses of weight * table[offset]`
///
/// # Safety
/// `offsets` and `weights` hold the synapses of all groups, `out` the
/// branches, every offset is the start of a row of `table`, and the
/// processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn gather<V: Vector, O: Offset>(
    dendrite: Dendrite<'_>,
    table: Span<'_, V::E>,
    offsets: Span<'_, O>,
    weights: Span<'_, V::E>,
    out: SpanMut<'_, V::E>,
    ahead: &mut Ahead,
) {
    let mut start = 0;
    let (all, width) = (Span::from(dendrite.order), dendrite.width);
    for (group, &count) in groups(dendrite.order.len()).zip(dendrite.counts) {
        ahead.turn();
        let count = count as usize;
        let len = group.len() * count;
        // SAFETY: the synapses of the groups lie one after the other.
        unsafe {
            let (offsets, weights) = (offsets.part(start, len), weights.part(start, len));
            let order = all.part(group.start, group.len());
            for column in starts::<V>(width) {
                with_count!(
                    group.len(),
                    [1, 2, 3, 4, 5, 6, 7, 8],
                    gather_tile::<V, R, _>(count, order, table, offsets, weights, out, column, width)
                );
            }
        }
        start += len;
    }
}

/// A group of `R` branches for one vector of batch.
///
/// # Safety
/// As [`gather`], for one group.
#[inline(always)]
unsafe fn gather_tile<V: Vector, const R: usize, O: Offset>(
    count: usize,
    order: Span<'_, u32>,
    table: Span<'_, V::E>,
    offsets: Span<'_, O>,
    weights: Span<'_, V::E>,
    out: SpanMut<'_, V::E>,
    column: usize,
    width: usize,
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut sums = [V::splat(V::E::default()); R];
        for j in 0..count {
            let rows: [usize; R] = offsets.offsets(j * R);
            let weights: [V; R] = weights.splats(j * R);
            for r in 0..R {
                sums[r] = weights[r].mul_add(table.vector(rows[r] + column), sums[r]);
            }
        }
        for r in 0..R {
            out.put(order.get(r) as usize * width + column, sums[r]);
        }
    }
}

/// Adds each branch's gradient to the sources of its synapses.
///
/// # Shapes
/// `branches`, their gradients: `[K, width]`; `table`, the gradients of
/// sources: `[sources + 1, width]`.
///
/// # Equation
/// forward: `branch[k] = sum over its synapses of weight * table[offset]`
/// so: `d table[offset] += weight * d branch[k]`, synapse by synapse
///
/// # Safety
/// `offsets` and `weights` hold the synapses of all groups, `branches` the
/// gradients, every offset is the start of a row of `table`, no other thread
/// accesses `table`, and the processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn scatter<V: Vector, O: Offset>(
    dendrite: Dendrite<'_>,
    offsets: Span<'_, O>,
    weights: Span<'_, V::E>,
    branches: Span<'_, V::E>,
    table: SpanMut<'_, V::E>,
    ahead: &mut Ahead,
) {
    let mut start = 0;
    let (all, width) = (Span::from(dendrite.order), dendrite.width);
    for (group, &count) in groups(dendrite.order.len()).zip(dendrite.counts) {
        ahead.turn();
        let count = count as usize;
        let len = group.len() * count;
        // SAFETY: the synapses of the groups lie one after the other.
        unsafe {
            let (offsets, weights) = (offsets.part(start, len), weights.part(start, len));
            let order = all.part(group.start, group.len());
            for column in starts::<V>(width) {
                with_count!(
                    group.len(),
                    [1, 2, 3, 4, 5, 6, 7, 8],
                    scatter_tile::<V, R, _>(count, order, offsets, weights, branches, table, column, width)
                );
            }
        }
        start += len;
    }
}

/// A group of `R` branches for one vector of batch.
///
/// # Safety
/// As [`scatter`], for one group.
#[inline(always)]
unsafe fn scatter_tile<V: Vector, const R: usize, O: Offset>(
    count: usize,
    order: Span<'_, u32>,
    offsets: Span<'_, O>,
    weights: Span<'_, V::E>,
    branches: Span<'_, V::E>,
    table: SpanMut<'_, V::E>,
    column: usize,
    width: usize,
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut gradients = [V::splat(V::E::default()); R];
        for r in 0..R {
            gradients[r] = branches.vector(order.get(r) as usize * width + column);
        }
        for j in 0..count {
            let rows: [usize; R] = offsets.offsets(j * R);
            let weights: [V; R] = weights.splats(j * R);
            for r in 0..R {
                let row = rows[r] + column;
                table.put(row, weights[r].mul_add(gradients[r], table.vector(row)));
            }
        }
    }
}
