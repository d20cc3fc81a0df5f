//! The synapses that hand gradient back to their sources, in the order of work.

use super::memory::{Buffer, Store};
use super::offsets::Offsets;
use super::shape::{Arguments, Shape, effective_weight};
use super::simd::Element;
use super::synapse;
use std::ops::Range;

/// The synapses from a range of sources, neuron by neuron, branches with many
/// of them first, so that the branches of a group have about as many. Where
/// one has less, synapses of weight 0 into the row beyond the range fill up.
pub(super) struct SynapseList<E: Element> {
    pub offsets: Offsets,
    pub weights: Buffer<E>,
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
pub(super) struct OfNeuron<'l> {
    /// Its wired branches in their order in the list, `K`.
    pub order: &'l [u32],
    /// Synapses per branch in each group.
    pub counts: &'l [u32],
    pub synapses: Range<usize>,
}

impl<E: Element> SynapseList<E> {
    /// The synapses of `neurons` that read `sources`, which are entries of the
    /// table; offsets count from the first of them.
    pub(super) fn new(
        store: &Store,
        shape: &Shape,
        arguments: &Arguments<'_, E>,
        neurons: Range<usize>,
        sources: Range<usize>,
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
        list.offsets = Offsets::new(store, total, (sources.len() + 1) * shape.width);
        list.weights = store.zeros(total);
        for local in 0..neurons.len() {
            list.fill(shape, arguments, local, neurons.start + local, &sources);
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
                    self.offsets.set(at, sources.len() * shape.width);
                    at += group.len();
                }
            }
            place = end;
        }
    }

    /// The part of neuron `local`.
    #[inline(always)]
    pub(super) fn of(&self, local: usize) -> OfNeuron<'_> {
        OfNeuron {
            order: &self.order[local * self.branches..(local + 1) * self.branches],
            counts: &self.counts[local * self.groups..(local + 1) * self.groups],
            synapses: self.starts[local]..self.starts[local + 1],
        }
    }
}
