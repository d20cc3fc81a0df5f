//! From the table of sources to branches and back.

use super::ahead::{Ahead, Fetch};
use super::memory::{Buffer, Plain, Store};
use super::simd::{Vector, starts};
use super::span::{Span, SpanMut};
use std::ops::Range;

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

    /// To fetch `len` offsets from `start` on.
    #[inline(always)]
    pub(super) fn fetch(&self, start: usize, len: usize) -> Fetch {
        match self {
            Offsets::Short(offsets) => Fetch::new(Span::from(&offsets[..]).address(start), len),
            Offsets::Long(offsets) => Fetch::new(Span::from(&offsets[..]).address(start), len),
        }
    }

    pub(super) fn set(&mut self, i: usize, offset: usize) {
        match self {
            Offsets::Short(offsets) => offsets[i] = offset as u16,
            Offsets::Long(offsets) => offsets[i] = offset as u32,
        }
    }
}

/// An unsigned integer of two or four bytes that offsets are stored in.
pub trait Offset: Plain {
    /// The offset.
    fn get(self) -> usize;

    /// Reads `R` offsets from `from` on, several with one load.
    ///
    /// # Safety
    /// They are readable.
    unsafe fn get_many<const R: usize>(from: *const Self) -> [usize; R];
}

impl Offset for u16 {
    #[inline(always)]
    fn get(self) -> usize {
        usize::from(self)
    }

    #[inline(always)]
    unsafe fn get_many<const R: usize>(from: *const Self) -> [usize; R] {
        let mut offsets = [0; R];
        let mut r = 0;
        // SAFETY: each load reads offsets `r` and on, of which there are `R`.
        unsafe {
            while r + 4 <= R {
                let four = from.add(r).cast::<u64>().read_unaligned().to_le();
                for i in 0..4 {
                    offsets[r + i] = (four >> (16 * i)) as usize & 0xffff;
                }
                r += 4;
            }
            while r + 2 <= R {
                let two = from.add(r).cast::<u32>().read_unaligned().to_le();
                offsets[r] = two as usize & 0xffff;
                offsets[r + 1] = (two >> 16) as usize;
                r += 2;
            }
            if r < R {
                offsets[r] = (*from.add(r)).get();
            }
        }
        offsets
    }
}

impl Offset for u32 {
    #[inline(always)]
    fn get(self) -> usize {
        self as usize
    }

    #[inline(always)]
    unsafe fn get_many<const R: usize>(from: *const Self) -> [usize; R] {
        let mut offsets = [0; R];
        for (r, offset) in offsets.iter_mut().enumerate() {
            // SAFETY: one of the `R`.
            *offset = unsafe { *from.add(r) } as usize;
        }
        offsets
    }
}

/// Branches that are worked on side by side: their sums do not wait for each
/// other, and loops end less often.
const GROUP: usize = 8;

/// The branches of each group, as even as possible.
pub(super) fn groups(branches: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let count = branches.div_ceil(GROUP);
    (0..count).map(move |i| branches * i / count..branches * (i + 1) / count)
}

/// Sizes of a neuron's dendrite.
#[derive(Clone, Copy)]
pub(super) struct Dendrite {
    pub branches: usize,
    pub per_branch: usize,
    pub width: usize,
}

impl Dendrite {
    /// All synapses in the order in which [`gather`] reads them: group by
    /// group, the first of every branch, then the second, and so on.
    pub(super) fn order(self) -> impl Iterator<Item = usize> {
        let of_group = move |group: Range<usize>| {
            let of_place = move |j: usize| group.clone().map(move |branch| branch * self.per_branch + j);
            (0..self.per_branch).flat_map(of_place)
        };
        groups(self.branches).flat_map(of_group)
    }
}

/// Where a tile of branches lies.
#[derive(Clone, Copy)]
struct Place {
    /// Branches of the group.
    rows: usize,
    /// First branch of the tile within the group.
    first: usize,
    /// First batch row.
    column: usize,
    width: usize,
}

/// Calls `$tile::<V, R, N>` with the number of branches `$count` as `R`.
macro_rules! with_branches {
    ($count:expr, $tile:ident::<V, R, $n:literal>($($argument:expr),*)) => {
        match $count {
            1 => $tile::<V, _, 1, $n>($($argument),*),
            2 => $tile::<V, _, 2, $n>($($argument),*),
            3 => $tile::<V, _, 3, $n>($($argument),*),
            4 => $tile::<V, _, 4, $n>($($argument),*),
            5 => $tile::<V, _, 5, $n>($($argument),*),
            6 => $tile::<V, _, 6, $n>($($argument),*),
            7 => $tile::<V, _, 7, $n>($($argument),*),
            _ => $tile::<V, _, 8, $n>($($argument),*),
        }
    };
}

/// Branch sums of one neuron: `out[k] = sum over its synapses of weight * table[offset]`.
///
/// # Safety
/// `offsets` and `weights` hold the neuron's synapses in [`Dendrite::order`],
/// `out` its branches, every offset is the start of a row of `table`, and the
/// processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn gather<V: Vector, O: Offset>(
    dendrite: Dendrite,
    table: Span<'_, V::E>,
    offsets: Span<'_, O>,
    weights: Span<'_, V::E>,
    out: SpanMut<'_, V::E>,
    ahead: &mut Ahead,
) {
    let Dendrite { branches, per_branch, width } = dendrite;
    for group in groups(branches) {
        ahead.turn();
        let (start, len) = (group.start * per_branch, group.len() * per_branch);
        // SAFETY: groups follow each other; each owns its branches' rows.
        unsafe {
            let (offsets, weights) = (offsets.part(start, len), weights.part(start, len));
            let out = out.part(group.start * width, group.len() * width);
            for column in starts::<V>(width) {
                let place = Place { rows: group.len(), first: 0, column, width };
                with_branches!(
                    group.len(),
                    gather_tile::<V, R, 1>(per_branch, table, offsets, weights, out, place)
                );
            }
        }
    }
}

/// `R` branches for `N` vectors of batch.
///
/// # Safety
/// As [`gather`], for one group.
#[inline(always)]
unsafe fn gather_tile<V: Vector, O: Offset, const R: usize, const N: usize>(
    per_branch: usize,
    table: Span<'_, V::E>,
    offsets: Span<'_, O>,
    weights: Span<'_, V::E>,
    out: SpanMut<'_, V::E>,
    place: Place,
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut sums = [[V::splat(V::E::default()); N]; R];
        for j in 0..per_branch {
            let start = j * place.rows + place.first;
            let offsets: [usize; R] = offsets.offsets(start);
            for r in 0..R {
                let at = start + r;
                let row = offsets[r] + place.column;
                let weight: V = weights.splat(at);
                for v in 0..N {
                    sums[r][v] = weight.mul_add(table.vector(row + v * V::LANES), sums[r][v]);
                }
            }
        }
        for r in 0..R {
            for v in 0..N {
                out.put((place.first + r) * place.width + place.column + v * V::LANES, sums[r][v]);
            }
        }
    }
}

/// Adds each branch's gradient to the sources of its synapses:
/// `table[offset] += weight * branch`.
///
/// `order` are the branches in the order of the list, `counts` the synapses
/// per branch of each group.
///
/// # Safety
/// `offsets` and `weights` hold the synapses of all groups, `branches` the
/// gradients `[K, width]`, every offset is the start of a row of `table`, no
/// other thread accesses `table`, and the processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn scatter<V: Vector, O: Offset>(
    order: &[u32],
    counts: &[u32],
    width: usize,
    offsets: Span<'_, O>,
    weights: Span<'_, V::E>,
    branches: Span<'_, V::E>,
    table: SpanMut<'_, V::E>,
    ahead: &mut Ahead,
) {
    let mut start = 0;
    let order_span = Span::from(order);
    for (group, &count) in groups(order.len()).zip(counts) {
        ahead.turn();
        let len = group.len() * count as usize;
        // SAFETY: the synapses of the groups lie one after the other.
        unsafe {
            let (offsets, weights) = (offsets.part(start, len), weights.part(start, len));
            let order = order_span.part(group.start, group.len());
            for column in starts::<V>(width) {
                let place = Place { rows: group.len(), first: 0, column, width };
                with_branches!(
                    group.len(),
                    scatter_tile::<V, R, 1>(count as usize, order, offsets, weights, branches, table, place)
                );
            }
        }
        start += len;
    }
}

/// `R` branches for `N` vectors of batch.
///
/// # Safety
/// As [`scatter`], for one group.
#[inline(always)]
unsafe fn scatter_tile<V: Vector, O: Offset, const R: usize, const N: usize>(
    count: usize,
    order: Span<'_, u32>,
    offsets: Span<'_, O>,
    weights: Span<'_, V::E>,
    branches: Span<'_, V::E>,
    table: SpanMut<'_, V::E>,
    place: Place,
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut gradients = [[V::splat(V::E::default()); N]; R];
        for r in 0..R {
            let row = order.get(place.first + r) as usize * place.width + place.column;
            for v in 0..N {
                gradients[r][v] = branches.vector(row + v * V::LANES);
            }
        }
        for j in 0..count {
            let start = j * place.rows + place.first;
            let offsets: [usize; R] = offsets.offsets(start);
            for r in 0..R {
                let at = start + r;
                let row = offsets[r] + place.column;
                let weight: V = weights.splat(at);
                for v in 0..N {
                    let row = row + v * V::LANES;
                    table.put(row, weight.mul_add(gradients[r][v], table.vector(row)));
                }
            }
        }
    }
}
