//! Gradients of synapses, put off until a tile of steps is done.
//!
//! forward: `branch[t, b] += weight * source[t, b]`
//! so: `d weight = sum over t, b of source[t, b] * d branch[t, b]`
//!
//! Over a tile these are two rows of `steps * width` numbers, and one dot
//! product per synapse is added to the caller's slice once per tile instead of
//! once per step.

use super::adjoint::Adjoint;
use super::memory::Buffer;
use super::shape::Shape;
use super::simd::{BLOCK, Element, MOST_LANES, Program, Vector, starts};
use super::span::{Span, SpanMut};
use super::table::{InputWriter, Rows};
use super::weights::Places;
use std::ops::Range;

/// Numbers in a tile's row, 512 bytes: the 50 branches of a text neuron take
/// 25 KiB and fit the first-level cache, the layer's table takes 615 KiB and
/// fits a second-level cache of 1 MiB. That was the aim; it was not tuned.
const ROW: usize = 128;

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
    /// Gradients of all branches, `[steps, neurons, K + F, width]`.
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
            for k in 0..shape.wired {
                let branch = Span::from(outputs).part(k * row, row);
                let first = k * shape.per_branch;
                let (sources, gradient) =
                    (sources.part(first, shape.per_branch), gradient.part(first, shape.per_branch));
                for j in (0..shape.per_branch).step_by(BLOCK) {
                    dots_with_sources::<W>(branch, table, row, len, sources, gradient, j, shape.per_branch);
                }
            }
        }
    }

    /// The gradients of the branches of neuron `local`.
    ///
    /// # Safety
    /// The deltas hold every step of the tile.
    unsafe fn rows(&self, local: usize) -> Strided<'r, E> {
        let shape = self.shape();
        let rows = shape.branches * shape.width;
        let stride = self.adjoint.neurons.len() * rows;
        // SAFETY: the last step's rows end inside.
        let span =
            unsafe { Span::from(self.deltas).part(local * rows, (self.steps.len() - 1) * stride + rows) };
        Strided { span, stride, steps: self.steps.len() }
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

/// Adds the dot products of a branch with the sources of synapses `j..j + BLOCK`
/// to their gradients.
///
/// # Safety
/// `branch` and the rows of `table` hold `len` numbers, whole vectors;
/// `sources` and `gradient` have `count` entries, sources being rows of
/// `table`; the processor has `W`'s instructions.
#[inline(always)]
unsafe fn dots_with_sources<W: Vector>(
    branch: Span<'_, W::E>,
    table: Span<'_, W::E>,
    row: usize,
    len: usize,
    sources: Span<'_, u32>,
    gradient: SpanMut<'_, W::E>,
    j: usize,
    count: usize,
) {
    // SAFETY: synapses beyond the end are replaced by the last one, and their
    // dot products are dropped.
    unsafe {
        let mut rows = [table; BLOCK];
        for c in 0..BLOCK {
            rows[c] = table.part(sources.get((j + c).min(count - 1)) as usize * row, row);
        }
        let mut sums = [W::splat(W::E::default()); BLOCK];
        for x in starts::<W>(len) {
            let values: W = branch.vector(x);
            for c in 0..BLOCK {
                sums[c] = values.mul_add(rows[c].vector(x), sums[c]);
            }
        }
        let valid = BLOCK.min(count - j);
        add_to(&W::sums(sums)[..valid], gradient.part(j, valid));
    }
}

/// `to += values`.
///
/// # Safety
/// No other thread accesses `to`.
#[inline(always)]
unsafe fn add_to<E: Element>(values: &[E], to: SpanMut<'_, E>) {
    // SAFETY: exclusive, as the caller says.
    let to = unsafe { to.slice() };
    for (to, value) in to.iter_mut().zip(values) {
        *to = *to + *value;
    }
}
