//! What the threads of one call share.

use super::memory::{Buffer, Store};
use super::outputs::copy_rows;
use super::pool::Barrier;
use super::shape::{Arguments, Shape};
use super::simd::Element;
use super::span::{Shared, SpanMut};
use std::ops::Range;

/// Arguments, sizes, masks and the place where threads meet.
pub(super) struct Call<'a, E: Element> {
    pub arguments: &'a Arguments<'a, E>,
    pub shape: Shape,
    pub store: Store,
    pub threads: usize,
    pub barrier: Barrier,
    /// Factor on activity before synapses read it: recurrent dropout, and 0
    /// for rows beyond the batch; `[N, width]`.
    pub mask: Option<Buffer<E>>,
    /// Memory dropout, `[N * M, width]`.
    pub memory_mask: Option<Buffer<E>>,
}

impl<'a, E: Element> Call<'a, E> {
    pub(super) fn new(arguments: &'a Arguments<'a, E>, shape: Shape, store: &Store, threads: usize) -> Self {
        let (rows, width, dropout) = (shape.rows, shape.width, &arguments.dropout);
        let masked = shape.recurrent && (width != rows || dropout.recurrent.is_some());
        let mask = masked.then(|| match &dropout.recurrent {
            Some(mask) => padded(store, mask, rows, width),
            None => padded(store, &vec![1.0; shape.neurons * rows], rows, width),
        });
        let memory_mask = dropout.memory.as_ref().map(|mask| padded(store, mask, rows, width));
        let barrier = Barrier::new(threads);
        Call { arguments, shape, store: store.clone(), threads, barrier, mask, memory_mask }
    }
}

/// What passes from step to step between threads going forward.
pub(super) struct Tables<'a, E> {
    /// The tables of even and odd steps, `[2, table]`.
    tables: Shared<'a, E>,
    /// Numbers in a table, `[C + N + 1, width]`.
    table: usize,
    /// Activity before step `t` at entry `t % entries`, each `[N * O, width]`.
    activity: Shared<'a, E>,
    entries: usize,
    /// Numbers in one neuron's activity.
    each: usize,
    neurons: usize,
}

impl<'a, E: Element> Tables<'a, E> {
    /// Tables of zeros in `tables`; `activity` has room for two steps or more.
    pub(super) fn new(shape: &Shape, tables: &'a mut [E], activity: &'a mut [E]) -> Self {
        let each = shape.outputs * shape.width;
        Tables {
            table: tables.len() / 2,
            tables: Shared::from(tables),
            entries: activity.len() / (shape.neurons * each),
            activity: Shared::from(activity),
            each,
            neurons: shape.neurons,
        }
    }

    /// Activity of `neurons` before step `t`, `[neurons * O, width]`.
    ///
    /// # Safety
    /// While it is written no other thread accesses it.
    #[inline(always)]
    pub(super) unsafe fn activity(&self, t: usize, neurons: Range<usize>) -> SpanMut<'a, E> {
        let start = (t % self.entries * self.neurons + neurons.start) * self.each;
        // SAFETY: entry `t % entries` lies inside; the rest is the caller's.
        unsafe { self.activity.part(start, neurons.len() * self.each) }
    }

    /// The table of step `t`, `[C + N + 1, width]`.
    ///
    /// # Safety
    /// While a part is written no other thread accesses that part.
    #[inline(always)]
    pub(super) unsafe fn table(&self, t: usize) -> SpanMut<'a, E> {
        // SAFETY: one of two tables; the rest is the caller's.
        unsafe { self.tables.part(t % 2 * self.table, self.table) }
    }
}

/// Rows of `rows` numbers as rows of `width`, filled up with zeros.
pub(super) fn padded<A: Element, E: Element>(
    store: &Store,
    from: &[A],
    rows: usize,
    width: usize,
) -> Buffer<E> {
    let mut padded = store.zeros(from.len() / rows * width);
    copy_rows(from, rows, &mut padded, width);
    padded
}
