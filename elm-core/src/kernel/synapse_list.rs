//! A thread's synapses to a range of sources, in the order of work.

use super::ahead::{Ahead, Fetch};
use super::memory::{Buffer, Store};
use super::offsets::Offsets;
use super::shape::{Arguments, Shape, effective_weight};
use super::simd::{Element, Vector};
use super::span::{Span, SpanMut};
use super::synapse::{self, Dendrite};
use std::ops::Range;

/// The synapses from a range of sources, neuron by neuron, branches with many
/// of them first, so that the branches of a group have about as many. Where
/// one has less, synapses of weight 0 to a row apart fill up.
pub(super) struct SynapseList<E: Element> {
    offsets: Offsets,
    weights: Buffer<E>,
    /// The wired branches of each neuron in their order here, `K` each.
    order: Vec<u32>,
    /// Synapses per branch in each group of each neuron.
    counts: Vec<u32>,
    /// First synapse of each neuron, and their total number.
    starts: Vec<usize>,
    branches: usize,
    groups: usize,
}

/// One neuron's part of a list.
struct OfNeuron<'l> {
    dendrite: Dendrite<'l>,
    synapses: Range<usize>,
    /// That of the next neuron, which has about as many synapses.
    ahead: Ahead,
}

impl<E: Element> SynapseList<E> {
    /// The synapses of `neurons` that read `sources`, which are entries of the
    /// table; offsets count from the first of them, and `apart` is the row that
    /// synapses of weight 0 read.
    pub(super) fn new(
        store: &Store,
        shape: &Shape,
        arguments: &Arguments<'_, E>,
        neurons: Range<usize>,
        sources: Range<usize>,
        apart: usize,
    ) -> Self {
        let (each, groups) = (shape.synapses(), synapse::groups(shape.wired).count());
        let mut list = SynapseList {
            offsets: Offsets::new(store, 0, 0),
            weights: store.take(0),
            order: Vec::with_capacity(neurons.len() * shape.wired),
            counts: Vec::with_capacity(neurons.len() * groups),
            starts: Vec::with_capacity(neurons.len() + 1),
            branches: shape.wired,
            groups,
        };
        let all = &arguments.connectome.sources()[neurons.start * each..neurons.end * each];
        list.starts.push(0);
        for of_neuron in all.chunks_exact(each) {
            list.arrange(of_neuron, shape.per_branch, &sources);
        }
        let total = list.starts[neurons.len()];
        list.offsets = Offsets::new(store, total, (apart + 1) * shape.width);
        list.weights = store.zeros(total);
        for local in 0..neurons.len() {
            list.fill(shape, arguments, local, neurons.start + local, &sources, apart * shape.width);
        }
        list
    }

    /// Orders the branches of the next neuron by their number of synapses.
    fn arrange(&mut self, of_neuron: &[u32], per_branch: usize, sources: &Range<usize>) {
        let first = self.order.len();
        let mut synapses = vec![0; self.branches];
        for (count, of_branch) in synapses.iter_mut().zip(of_neuron.chunks_exact(per_branch)) {
            *count = of_branch.iter().map(|&source| u32::from(sources.contains(&(source as usize)))).sum();
        }
        // A branch has few synapses, so that going through their number is
        // faster than to compare.
        for count in (0..=per_branch as u32).rev() {
            let with_count = (0..self.branches as u32).filter(|&branch| synapses[branch as usize] == count);
            self.order.extend(with_count);
        }
        let mut total = self.starts[self.starts.len() - 1];
        for group in synapse::groups(self.branches) {
            let most = synapses[self.order[first + group.start] as usize];
            self.counts.push(most);
            total += most as usize * group.len();
        }
        self.starts.push(total);
    }

    /// Fills in the synapses of neuron `n`.
    fn fill(
        &mut self,
        shape: &Shape,
        arguments: &Arguments<'_, E>,
        local: usize,
        n: usize,
        sources: &Range<usize>,
        apart: usize,
    ) {
        let mut place = self.starts[local];
        for (g, group) in synapse::groups(self.branches).enumerate() {
            let count = self.counts[local * self.groups + g] as usize;
            let end = place + count * group.len();
            for (r, i) in group.clone().enumerate() {
                let branch = self.order[local * self.branches + i] as usize;
                let first = (n * self.branches + branch) * shape.per_branch;
                let mut at = place + r;
                for synapse in first..first + shape.per_branch {
                    let source = arguments.connectome.sources()[synapse] as usize;
                    if sources.contains(&source) {
                        self.weights[at] = effective_weight(arguments, synapse);
                        self.offsets.set(at, (source - sources.start) * shape.width);
                        at += group.len();
                    }
                }
                while at < end {
                    self.offsets.set(at, apart);
                    at += group.len();
                }
            }
            place = end;
        }
    }

    /// Branch sums of neuron `local`, see [`synapse::gather`].
    ///
    /// # Safety
    /// `out` holds the neuron's branches and `table` the rows that the list was
    /// made for, and the processor has `V`'s instructions.
    #[inline(always)]
    pub(super) unsafe fn gather<V: Vector<E = E>>(
        &self,
        local: usize,
        width: usize,
        table: Span<'_, E>,
        out: SpanMut<'_, E>,
    ) {
        let OfNeuron { dendrite, synapses, mut ahead } = self.of(local, width);
        let weights = Span::from(&self.weights[synapses.clone()]);
        // SAFETY: the caller's promise; offsets were made from checked sources.
        unsafe {
            match &self.offsets {
                Offsets::Short(offsets) => {
                    let offsets = Span::from(&offsets[synapses]);
                    synapse::gather::<V, _>(dendrite, table, offsets, weights, out, &mut ahead);
                }
                Offsets::Long(offsets) => {
                    let offsets = Span::from(&offsets[synapses]);
                    synapse::gather::<V, _>(dendrite, table, offsets, weights, out, &mut ahead);
                }
            }
        }
    }

    /// Gradients of the branches of neuron `local` to its sources, see
    /// [`synapse::scatter`].
    ///
    /// # Safety
    /// As [`SynapseList::gather`], `branches` being the gradients; no other
    /// thread accesses `table`.
    #[inline(always)]
    pub(super) unsafe fn scatter<V: Vector<E = E>>(
        &self,
        local: usize,
        width: usize,
        branches: Span<'_, E>,
        table: SpanMut<'_, E>,
    ) {
        let OfNeuron { dendrite, synapses, mut ahead } = self.of(local, width);
        if synapses.is_empty() {
            return;
        }
        let weights = Span::from(&self.weights[synapses.clone()]);
        // SAFETY: as above.
        unsafe {
            match &self.offsets {
                Offsets::Short(offsets) => {
                    let offsets = Span::from(&offsets[synapses]);
                    synapse::scatter::<V, _>(dendrite, offsets, weights, branches, table, &mut ahead);
                }
                Offsets::Long(offsets) => {
                    let offsets = Span::from(&offsets[synapses]);
                    synapse::scatter::<V, _>(dendrite, offsets, weights, branches, table, &mut ahead);
                }
            }
        }
    }

    /// The part of neuron `local`.
    #[inline(always)]
    fn of(&self, local: usize, width: usize) -> OfNeuron<'_> {
        let Range { start, end } = self.starts[local]..self.starts[local + 1];
        let weights = Fetch::new(Span::from(&self.weights[..]).address(end), end - start);
        OfNeuron {
            dendrite: Dendrite {
                order: &self.order[local * self.branches..(local + 1) * self.branches],
                counts: &self.counts[local * self.groups..(local + 1) * self.groups],
                width,
            },
            synapses: start..end,
            ahead: Ahead::new([weights, self.offsets.fetch(end, end - start)]),
        }
    }
}
