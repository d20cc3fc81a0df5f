//! Gradients of synapses, put off until a tile of steps is done.
//!
//! forward: `branch[t, b] += weight * source[t, b]`
//! so: `d weight = sum over t, b of source[t, b] * d branch[t, b]`
//!
//! Over a tile these are two rows of `steps * width` numbers, and one dot
//! product per synapse is added to the caller's slice once per tile instead of
//! once per step.
//!
//! A source that is silent throughout a tile adds nothing to its synapses, and
//! they are passed over: of input channels few are active at a time, and the
//! rows of the others need not come from the second-level cache.

use super::adjoint::Adjoint;
use super::ahead::{Ahead, Fetch};
use super::memory::Buffer;
use super::shape::Shape;
use super::simd::{BLOCK, Element, MOST_LANES, Program, Vector, starts};
use super::span::{Span, SpanMut};
use super::table::{InputWriter, Rows};
use super::tiles::with_count;
use super::weights::Places;
use std::ops::Range;

/// Numbers in a tile's row, 512 bytes: the 50 branches of a text neuron take
/// 25 KiB and fit the first-level cache, the layer's table takes 615 KiB and
/// fits a second-level cache of 1 MiB. That was the aim; it was not tuned.
const ROW: usize = 128;

/// Synapses whose dot products are computed side by side: with AVX-512 as many
/// sums, the branch's vector and one of a source fit the registers.
const SYNAPSES: usize = 16;

/// Steps of a tile.
pub(super) fn tile_steps(width: usize) -> usize {
    (ROW / width).max(1)
}

/// One thread's scratch for synapse gradients.
pub(super) struct TileScratch<'a, E: Element> {
    places: Places,
    writer: InputWriter<'a, E>,
    /// Numbers in a row: those of a whole tile, rounded up to whole vectors.
    row: usize,
    /// The table over a tile, `[C + N + 1, row]`.
    table: Buffer<E>,
    /// Steps whose inputs lie in the table.
    filled: Range<usize>,
    /// Which rows of the table hold anything but zeros, 0 or 1 each.
    active: Buffer<u16>,
    /// Gradients of a neuron's wired branches, `[K, row]`.
    branches: Buffer<E>,
}

impl<'a, E: Element> TileScratch<'a, E> {
    pub(super) fn new(adjoint: &Adjoint<'_, 'a, E>) -> Self {
        let (call, shape) = (adjoint.call, &adjoint.call.shape);
        let row = (tile_steps(shape.width) * shape.width).next_multiple_of(MOST_LANES);
        TileScratch {
            places: Places::new(&call.arguments.layer),
            writer: InputWriter::new(call.arguments),
            row,
            table: call.store.zeros(shape.sources() * row),
            filled: 0..0,
            active: call.store.zeros(shape.sources()),
            branches: call.store.zeros(shape.wired * row),
        }
    }
}

/// Adds what a tile of steps contributes to the gradients of a thread's
/// synapses.
pub(super) struct Tile<'r, 'c, 'a, E: Element> {
    pub adjoint: &'r Adjoint<'c, 'a, E>,
    pub scratch: &'r mut TileScratch<'a, E>,
    pub steps: Range<usize>,
    /// Gradients of all branches, `[neurons, steps, K + F, width]`.
    pub deltas: &'r [E],
}

impl<E: Element> Program<E> for Tile<'_, '_, '_, E> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<E = E>, W: Vector<E = E>>(mut self) {
        if self.adjoint.call.arguments.layer.neuron.fixed_synapse_weight.is_some() {
            return;
        }
        self.fill_inputs();
        // SAFETY: the caller vouches for the processor.
        unsafe {
            self.fill_activity::<V>();
            self.find_active::<W>();
            for local in 0..self.adjoint.neurons.len() {
                self.synapses::<V, W>(local);
            }
        }
    }
}

impl<'r, E: Element> Tile<'r, '_, '_, E> {
    fn shape(&self) -> &Shape {
        &self.adjoint.call.shape
    }

    /// Numbers of a row that count: those of the tile's steps, rounded up to
    /// whole vectors.
    fn len<W: Vector>(&self) -> usize {
        (self.steps.len() * self.shape().width).next_multiple_of(W::LANES)
    }

    /// Writes the inputs of all steps into the tile's table.
    fn fill_inputs(&mut self) {
        let shape = &self.adjoint.call.shape;
        let scratch = &mut *self.scratch;
        let (stride, channels) = (scratch.row, 0..shape.inputs);
        let len = scratch.table.len();
        let table = SpanMut::from(&mut scratch.table[..]);
        // SAFETY: the table is this thread's own; each of its rows holds the
        // columns of every step of a tile.
        unsafe {
            for (i, step) in scratch.filled.clone().enumerate() {
                let span = table.part(i * shape.width, len - i * shape.width);
                scratch.writer.erase(step, channels.clone(), Rows { span, stride });
            }
            for (i, step) in self.steps.clone().enumerate() {
                let span = table.part(i * shape.width, len - i * shape.width);
                scratch.writer.write(step, channels.clone(), Rows { span, stride });
            }
        }
        scratch.filled = self.steps.clone();
    }

    /// Writes the layer's own activity of all steps into the tile's table, as
    /// synapses saw it: `[N, width]` of each step to `[N, row]`.
    ///
    /// # Safety
    /// The processor has `V`'s instructions.
    #[inline(always)]
    unsafe fn fill_activity<V: Vector<E = E>>(&mut self) {
        let (call, shape) = (self.adjoint.call, &self.adjoint.call.shape);
        if !shape.recurrent {
            return;
        }
        let (width, row) = (shape.width, self.scratch.row);
        let table = SpanMut::from(&mut self.scratch.table[..]);
        // SAFETY: activity was complete before the backward pass began; the
        // table is this thread's own.
        unsafe {
            for (i, t) in self.steps.clone().enumerate() {
                let activity = Span::from(self.adjoint.backward.activity);
                let activity = activity.part(t * shape.neurons * width, shape.neurons * width);
                for n in 0..shape.neurons {
                    for column in starts::<V>(width) {
                        let mut values: V = activity.vector(n * width + column);
                        if let Some(mask) = &call.mask {
                            values = values.mul(Span::from(&mask[..]).vector(n * width + column));
                        }
                        table.put((shape.inputs + n) * row + i * width + column, values);
                    }
                }
            }
        }
    }

    /// Finds the sources that are not silent in this tile.
    ///
    /// # Safety
    /// The processor has `W`'s instructions.
    #[inline(always)]
    unsafe fn find_active<W: Vector<E = E>>(&mut self) {
        let (sources, row, len) = (self.shape().sources(), self.scratch.row, self.len::<W>());
        let table = Span::from(&self.scratch.table[..]);
        for first in (0..sources).step_by(BLOCK) {
            // SAFETY: rows beyond the last one are replaced by it.
            unsafe {
                let mut sums = [W::splat(E::default()); BLOCK];
                for c in 0..BLOCK {
                    let from = table.part((first + c).min(sources - 1) * row, row);
                    for x in starts::<W>(len) {
                        sums[c] = sums[c].add(from.vector::<W>(x).abs());
                    }
                }
                let sums = W::sums(sums);
                for c in 0..BLOCK.min(sources - first) {
                    self.scratch.active[first + c] = u16::from(sums[c] != E::default());
                }
            }
        }
    }

    /// Gradients of the synapses of neuron `local`.
    ///
    /// # Shapes
    /// Gradients of branches: `[K, row]`; table: `[C + N + 1, row]`; gradients of
    /// synapses, which are added to: `[S]`.
    ///
    /// # Safety
    /// The processor has `V`'s and `W`'s instructions.
    #[inline(always)]
    unsafe fn synapses<V: Vector<E = E>, W: Vector<E = E>>(&mut self, local: usize) {
        let adjoint = self.adjoint;
        let shape = &adjoint.call.shape;
        let (n, synapses) = (adjoint.neurons.start + local, shape.synapses());
        let (row, len) = (self.scratch.row, self.len::<W>());
        // SAFETY: deltas start with the branches; each thread writes the
        // gradients of its neurons only; sources were checked.
        unsafe {
            let rows = self.rows(local);
            let outputs = self.scratch.branches.detached();
            gather_rows::<V>(rows, shape.wired, shape.width, outputs, row, len);
            let gradient = adjoint
                .backward
                .gradients
                .parameters
                .part(self.scratch.places.synapses.of(n).start, synapses);
            let sources =
                Span::from(&adjoint.call.arguments.connectome.sources()[n * synapses..(n + 1) * synapses]);
            let table = Span::from(&self.scratch.table[..]);
            let active = Span::from(&self.scratch.active[..]);
            let mut ahead = self.ahead(local, sources, gradient.into());
            for k in 0..shape.wired {
                ahead.turn();
                let branch = Span::from(outputs).part(k * row, row);
                for j in (0..shape.per_branch).step_by(SYNAPSES) {
                    let count = SYNAPSES.min(shape.per_branch - j);
                    let place = k * shape.per_branch + j;
                    let (sources, gradient) = (sources.part(place, count), gradient.part(place, count));
                    let picked = Picked::new(sources, active, row);
                    with_count!(
                        picked.count,
                        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
                        dots::<W, R>(branch, table, row, len, &picked, gradient)
                    );
                }
            }
        }
    }

    /// What the next neuron reads and adds to.
    #[inline(always)]
    fn ahead(&self, local: usize, sources: Span<'_, u32>, gradient: Span<'_, E>) -> Ahead {
        let shape = self.shape();
        let (each, synapses) = (self.steps.len() * shape.branches * shape.width, shape.synapses());
        Ahead::new([
            Fetch::new(sources.address(synapses), synapses),
            Fetch::new(gradient.address(synapses), synapses),
            Fetch::new(Span::from(self.deltas).address((local + 1) * each), each),
        ])
    }

    /// The gradients of the branches of neuron `local`.
    ///
    /// # Safety
    /// The deltas hold every step of the tile.
    unsafe fn rows(&self, local: usize) -> Strided<'r, E> {
        let (steps, stride) = (self.steps.len(), self.shape().branches * self.shape().width);
        // SAFETY: the caller's promise.
        let span = unsafe { Span::from(self.deltas).part(local * steps * stride, steps * stride) };
        Strided { span, stride, steps }
    }
}

/// Rows of one neuron, `stride` numbers from one step to the next.
#[derive(Clone, Copy)]
struct Strided<'a, E> {
    span: Span<'a, E>,
    stride: usize,
    steps: usize,
}

/// Lays the rows of all steps side by side: `to[r, (t, b)] = from[t, r, b]`,
/// and zeros up to `len`.
///
/// # Safety
/// `from` holds `count` rows for each step, `to` as many of `row` numbers, and
/// the processor has `V`'s instructions.
#[inline(always)]
unsafe fn gather_rows<V: Vector>(
    from: Strided<'_, V::E>,
    count: usize,
    width: usize,
    to: SpanMut<'_, V::E>,
    row: usize,
    len: usize,
) {
    let filled = from.steps * width;
    // SAFETY: inside of both, as the caller says.
    unsafe {
        for step in 0..from.steps {
            for r in 0..count {
                for column in starts::<V>(width) {
                    let values: V = from.span.vector(step * from.stride + r * width + column);
                    to.put(r * row + step * width + column, values);
                }
            }
        }
        if filled < len {
            for r in 0..count {
                to.part(r * row + filled, len - filled).slice().fill(V::E::default());
            }
        }
    }
}

/// The synapses of a part of a branch whose sources are not silent.
struct Picked {
    /// First number of the source's row in the table.
    rows: [usize; SYNAPSES],
    /// Which of the part's synapses.
    places: [usize; SYNAPSES],
    count: usize,
}

impl Picked {
    /// # Safety
    /// `sources` has at most [`SYNAPSES`] entries, places of `active`.
    #[inline(always)]
    unsafe fn new(sources: Span<'_, u32>, active: Span<'_, u16>, row: usize) -> Self {
        let (mut rows, mut places, mut count) = ([0; SYNAPSES], [0; SYNAPSES], 0);
        for place in 0..sources.len().min(SYNAPSES) {
            // SAFETY: inside, as the caller says. No branch: whether a source
            // is active cannot be foretold.
            unsafe {
                let source = sources.get(place) as usize;
                rows[count % SYNAPSES] = source * row;
                places[count % SYNAPSES] = place;
                count += usize::from(active.get(source));
            }
        }
        Picked { rows, places, count }
    }
}

/// Adds the dot products of a branch with the sources of `R` synapses to their
/// gradients.
///
/// # Safety
/// `branch` and the rows of `table` hold `len` numbers, whole vectors; `picked`
/// are rows of `table` and places of `gradient`; the processor has `W`'s
/// instructions.
#[inline(always)]
unsafe fn dots<W: Vector, const R: usize>(
    branch: Span<'_, W::E>,
    table: Span<'_, W::E>,
    row: usize,
    len: usize,
    picked: &Picked,
    gradient: SpanMut<'_, W::E>,
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut rows = [table; R];
        for c in 0..R {
            rows[c] = table.part(picked.rows[c], row);
        }
        let mut sums = [W::splat(W::E::default()); SYNAPSES];
        for x in starts::<W>(len) {
            let values: W = branch.vector(x);
            for c in 0..R {
                sums[c] = values.mul_add(rows[c].vector(x), sums[c]);
            }
        }
        let gradient = gradient.slice();
        for first in (0..R).step_by(BLOCK) {
            let mut block = [sums[0]; BLOCK];
            block.copy_from_slice(&sums[first..first + BLOCK]);
            let block = W::sums(block);
            for c in first..R.min(first + BLOCK) {
                let to = &mut gradient[picked.places[c]];
                *to = *to + block[c - first];
            }
        }
    }
}
