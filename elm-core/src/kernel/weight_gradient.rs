//! Gradients of synapses and MLP, put off until a tile of steps is done.
//!
//! A weight's gradient is a sum over time and batch of the product of two
//! numbers that the steps left behind. Over a tile these are two rows of
//! `steps * width` numbers, and the gradients of a neuron are the dot products
//! of all pairs of rows, added to the caller's slice once per tile instead of
//! once per step.

use super::activation;
use super::adjoint::Adjoint;
use super::arguments::Shape;
use super::memory::Buffer;
use super::simd::{Element, Program, Vector};
use super::span::{Span, SpanMut};
use super::table::{InputWriter, Rows};
use super::weights::Places;
use std::ops::Range;

/// Numbers in a tile's row: all rows of a neuron fit the first-level cache,
/// the table fits the second.
const ROW: usize = 128;

/// Steps of a tile.
pub(super) fn tile_steps(width: usize) -> usize {
    (ROW / width).max(1)
}

/// One thread's scratch for weight gradients.
pub(super) struct TileScratch<'a, E: Element> {
    places: Places,
    writer: InputWriter<'a, E>,
    /// Numbers in a row: those of a whole tile, rounded up to whole vectors.
    row: usize,
    /// The table over a tile, `[C + N + 1, row]`.
    table: Buffer<E>,
    /// Steps whose inputs lie in the table.
    filled: Range<usize>,
    /// Inputs of a linear map, `[inputs, row]`.
    inputs: Buffer<E>,
    /// Gradients of its outputs, or of the branches, `[outputs, row]`.
    outputs: Buffer<E>,
}

impl<'a, E: Element> TileScratch<'a, E> {
    pub(super) fn new(adjoint: &Adjoint<'_, 'a, E>) -> Self {
        let (call, shape) = (adjoint.call, &adjoint.call.shape);
        let row = (tile_steps(shape.width) * shape.width).next_multiple_of(MOST_LANES);
        let inputs = shape.maps.iter().map(|map| map.0).max().unwrap_or(0);
        let outputs = shape.maps.iter().map(|map| map.1).max().unwrap_or(0).max(shape.branches);
        TileScratch {
            places: Places::new(call.arguments.layer),
            writer: InputWriter::new(call.arguments),
            row,
            table: call.store.zeros(shape.sources() * row),
            filled: 0..0,
            inputs: call.store.zeros(inputs * row),
            outputs: call.store.zeros(outputs * row),
        }
    }
}

/// Lanes of the widest vector.
const MOST_LANES: usize = 16;

/// Adds what a tile of steps contributes to the gradients of a thread's
/// weights.
pub(super) struct Tile<'r, 'c, 'a, E: Element> {
    pub adjoint: &'r Adjoint<'c, 'a, E>,
    pub scratch: &'r mut TileScratch<'a, E>,
    pub steps: Range<usize>,
    /// Records of these steps, `[steps, neurons, record, width]`.
    pub records: &'r [E],
    /// What the steps left behind, `[steps, neurons, delta rows, width]`.
    pub deltas: &'r [E],
}

impl<E: Element> Program<E> for Tile<'_, '_, '_, E> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<E = E>, W: Vector<E = E>>(mut self) {
        self.fill_inputs();
        // SAFETY: the caller vouches for the processor.
        unsafe {
            self.fill_activity::<V>();
            for local in 0..self.adjoint.neurons.len() {
                self.synapses::<V, W>(local);
                for j in 0..self.adjoint.call.shape.maps.len() {
                    self.linear_map::<V, W>(local, j);
                }
            }
        }
    }
}

impl<E: Element> Tile<'_, '_, '_, E> {
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

    /// Writes the layer's own activity of all steps into the tile's table.
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
                    for column in (0..width).step_by(V::LANES) {
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
            let rows = self.rows(Span::from(self.deltas), adjoint.delta.rows, local, 0);
            let outputs = self.scratch.outputs.detached();
            gather_rows::<V>(rows, shape.branches, shape.width, outputs, row, len);
            let gradient = adjoint
                .backward
                .gradients
                .parameters
                .part(self.scratch.places.synapses.of(n).start, synapses);
            let sources = Span::from(&adjoint.call.arguments.sources[n * synapses..(n + 1) * synapses]);
            let table = Span::from(&self.scratch.table[..]);
            for k in 0..shape.branches {
                let branch = Span::from(outputs).part(k * row, row);
                let first = k * shape.per_branch;
                let (sources, gradient) =
                    (sources.part(first, shape.per_branch), gradient.part(first, shape.per_branch));
                for j in (0..shape.per_branch).step_by(8) {
                    dots_with_sources::<W>(branch, table, row, len, sources, gradient, j, shape.per_branch);
                }
            }
        }
    }

    /// Gradients of weight and bias of linear map `j` of neuron `local`.
    ///
    /// # Safety
    /// The processor has `V`'s and `W`'s instructions.
    #[inline(always)]
    unsafe fn linear_map<V: Vector<E = E>, W: Vector<E = E>>(&mut self, local: usize, j: usize) {
        let adjoint = self.adjoint;
        let shape = &adjoint.call.shape;
        let n = adjoint.neurons.start + local;
        let (row, len) = (self.scratch.row, self.len::<W>());
        let (inputs, outputs) = shape.maps[j];
        let kind = adjoint.call.arguments.layer.neuron.mlp_activation;
        let first = if j == 0 { 0 } else { shape.hidden_row(j - 1) };
        // SAFETY: rows lie where shape and layouts say; each thread writes the
        // gradients of its neurons only.
        unsafe {
            let from = self.rows(Span::from(self.records), shape.record(), local, first);
            let x = self.scratch.inputs.detached();
            gather_rows::<V>(from, inputs, shape.width, x, row, len);
            if j > 0 {
                for i in 0..inputs {
                    for at in (i * row..i * row + len).step_by(W::LANES) {
                        x.put(at, activation::value::<W>(kind, x.vector(at)));
                    }
                }
            }
            let from = self.rows(Span::from(self.deltas), adjoint.delta.rows, local, adjoint.delta.maps[j]);
            let y = self.scratch.outputs.detached();
            gather_rows::<V>(from, outputs, shape.width, y, row, len);
            let (weight, bias) = self.scratch.places.maps[j];
            let parameters = &adjoint.backward.gradients.parameters;
            let weight = parameters.part(weight.of(n).start, outputs * inputs);
            outer_product::<W>(y.into(), outputs, x.into(), inputs, row, len, weight);
            row_sums::<W>(y.into(), outputs, row, len, parameters.part(bias.of(n).start, outputs));
        }
    }

    /// Rows `first` and on of neuron `local` in blocks of `rows` rows.
    ///
    /// # Safety
    /// `span` holds such blocks for every step and neuron.
    unsafe fn rows<'s>(&self, span: Span<'s, E>, rows: usize, local: usize, first: usize) -> Strided<'s, E> {
        let width = self.shape().width;
        let stride = self.adjoint.neurons.len() * rows * width;
        let start = (local * rows + first) * width;
        // SAFETY: the last step's block ends inside.
        let span = unsafe { span.part(start, (self.steps.len() - 1) * stride + (rows - first) * width) };
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
                for column in (0..width).step_by(V::LANES) {
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

/// Adds the dot products of all rows of `a` with all rows of `b` to
/// `out[i, j]`, two by four at a time.
///
/// # Safety
/// `a` and `b` hold rows of `row` numbers, of which `len`, whole vectors,
/// count; `out` holds `rows_a * rows_b`; the processor has `W`'s instructions.
#[inline(always)]
unsafe fn outer_product<W: Vector>(
    a: Span<'_, W::E>,
    rows_a: usize,
    b: Span<'_, W::E>,
    rows_b: usize,
    row: usize,
    len: usize,
    out: SpanMut<'_, W::E>,
) {
    for j in (0..rows_b).step_by(4) {
        for i in (0..rows_a).step_by(2) {
            // SAFETY: rows beyond the end are replaced by the last row, and
            // their dot products are dropped.
            unsafe {
                let (mut of_a, mut of_b) = ([a; 2], [b; 4]);
                for r in 0..2 {
                    of_a[r] = a.part((i + r).min(rows_a - 1) * row, row);
                }
                for c in 0..4 {
                    of_b[c] = b.part((j + c).min(rows_b - 1) * row, row);
                }
                let mut sums = [W::splat(W::E::default()); 8];
                for x in (0..len).step_by(W::LANES) {
                    let (first, second): (W, W) = (of_a[0].vector(x), of_a[1].vector(x));
                    for c in 0..4 {
                        let value: W = of_b[c].vector(x);
                        sums[c] = value.mul_add(first, sums[c]);
                        sums[4 + c] = value.mul_add(second, sums[4 + c]);
                    }
                }
                let sums = W::sums(sums);
                for r in 0..2.min(rows_a - i) {
                    let columns = 4.min(rows_b - j);
                    add_to(&sums[4 * r..4 * r + columns], out.part((i + r) * rows_b + j, columns));
                }
            }
        }
    }
}

/// Adds the dot products of a branch with the sources of synapses `j..j + 8`
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
        let mut rows = [table; 8];
        for c in 0..8 {
            rows[c] = table.part(sources.get((j + c).min(count - 1)) as usize * row, row);
        }
        let mut sums = [W::splat(W::E::default()); 8];
        for x in (0..len).step_by(W::LANES) {
            let values: W = branch.vector(x);
            for c in 0..8 {
                sums[c] = values.mul_add(rows[c].vector(x), sums[c]);
            }
        }
        let valid = 8.min(count - j);
        add_to(&W::sums(sums)[..valid], gradient.part(j, valid));
    }
}

/// Adds the sum of each row to `out`.
///
/// # Safety
/// As [`outer_product`].
#[inline(always)]
unsafe fn row_sums<W: Vector>(
    a: Span<'_, W::E>,
    rows: usize,
    row: usize,
    len: usize,
    out: SpanMut<'_, W::E>,
) {
    for i in (0..rows).step_by(8) {
        // SAFETY: rows beyond the end are replaced by the last row, and their
        // sums are dropped.
        unsafe {
            let mut sums = [W::splat(W::E::default()); 8];
            for r in 0..8 {
                let values = a.part((i + r).min(rows - 1) * row, row);
                for x in (0..len).step_by(W::LANES) {
                    sums[r] = sums[r].add(values.vector(x));
                }
            }
            let valid = 8.min(rows - i);
            add_to(&W::sums(sums)[..valid], out.part(i, valid));
        }
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
