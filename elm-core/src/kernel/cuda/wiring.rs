//! The connectome in the orders in which kernels read it.

use super::plan::Plan;
use crate::spec::Connectome;
use std::ops::Range;

/// Numbers that the banks of shared memory hand over at once.
const BANKS: usize = 32;

/// Index lists, one after the other; see `source/arguments.h`.
pub(super) struct Wiring {
    /// All of them.
    pub words: Vec<u32>,
    pub source: Range<usize>,
    pub origin: Range<usize>,
    pub starts: Range<usize>,
    pub edge_row: Range<usize>,
    pub edge_at: Range<usize>,
    pub in_starts: Range<usize>,
    pub in_row: Range<usize>,
    pub in_at: Range<usize>,
}

impl Wiring {
    pub(super) fn new(connectome: &Connectome, plan: &Plan) -> Self {
        let (source, origin) = order(connectome, plan);
        let (starts, edge_row, edge_at) = edges(&source, plan);
        let (in_starts, in_row, in_at) = input_edges(&source, plan);
        let mut words = Vec::new();
        let mut append = |list: Vec<u32>| {
            let start = words.len();
            words.extend(list);
            start..words.len()
        };
        Wiring {
            source: append(source),
            origin: append(origin),
            starts: append(starts),
            edge_row: append(edge_row),
            edge_at: append(edge_at),
            in_starts: append(in_starts),
            in_row: append(in_row),
            in_at: append(in_at),
            words,
        }
    }
}

/// Rows of the table that synapses read, and the synapses' places among their
/// neuron's, `[N, S, K]` each: first the first synapse of every branch.
///
/// A branch's sum may be taken in any order. Branches that one instruction
/// reads for side by side should find their rows in different banks, so each
/// in turn takes a synapse whose banks the fewest of the others need.
fn order(connectome: &Connectome, plan: &Plan) -> (Vec<u32>, Vec<u32>) {
    let sizes = &plan.sizes;
    let (k, s, each) = (sizes.k, sizes.s, sizes.synapses());
    let zeros = (sizes.table_rows() - 1) as u32;
    let row_of = |source: u32| {
        let activity = source as usize >= sizes.c;
        if activity && (!sizes.recurrent || source as usize == sizes.c + sizes.n) { zeros } else { source }
    };
    let classes = (BANKS / plan.width).max(1);
    let (mut source, mut origin) = (vec![0; sizes.n * each], vec![0; sizes.n * each]);
    for (n, sources) in connectome.sources().chunks_exact(each).enumerate() {
        for first in (0..k).step_by(classes) {
            let branches = first..(first + classes).min(k);
            let mut left: Vec<Vec<usize>> =
                branches.clone().map(|branch| (branch * s..(branch + 1) * s).collect()).collect();
            for j in 0..s {
                let mut taken = vec![0; classes];
                for (branch, left) in branches.clone().zip(&mut left) {
                    let class = |synapse: usize| row_of(sources[synapse]) as usize % classes;
                    let freest = (0..left.len()).min_by_key(|&at| taken[class(left[at])]);
                    let synapse = left.remove(freest.unwrap_or(0));
                    taken[class(synapse)] += 1;
                    source[n * each + j * k + branch] = row_of(sources[synapse]);
                    origin[n * each + j * k + branch] = synapse as u32;
                }
            }
        }
    }
    (source, origin)
}

/// For each block, its synapses by the neuron that they read: where each
/// neuron's begin, `[blocks, N + 1]`; their branches among the block's and
/// their places in the order of `source`, `[blocks, neurons * synapses]`.
fn edges(source: &[u32], plan: &Plan) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
    let sizes = &plan.sizes;
    if !sizes.recurrent {
        return Default::default();
    }
    let (each, k) = (sizes.synapses(), sizes.k);
    let of_block = plan.neurons() * each;
    let (mut starts, mut rows, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for block in 0..plan.blocks {
        let synapses = (block * of_block).min(source.len())..((block + 1) * of_block).min(source.len());
        let neuron = |at: usize| (source[at] as usize).checked_sub(sizes.c).filter(|&n| n < sizes.n);
        let (of_neurons, order) = sorted(synapses, sizes.n, neuron);
        starts.extend(of_neurons);
        let first = block * of_block;
        rows.extend(order.iter().map(|&at| ((at - first) / each * k + (at - first) % each % k) as u32));
        places.extend(order.iter().map(|&at| at as u32));
        rows.resize((block + 1) * of_block, 0);
        places.resize((block + 1) * of_block, 0);
    }
    (starts, rows, places)
}

/// All synapses by the channel that they read: where each channel's begin,
/// `[C + 1]`; their branches and their places in the order of `source`.
fn input_edges(source: &[u32], plan: &Plan) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
    let sizes = &plan.sizes;
    let (each, k) = (sizes.synapses(), sizes.k);
    let channel = |at: usize| Some(source[at] as usize).filter(|&row| row < sizes.c);
    let (starts, order) = sorted(0..source.len(), sizes.c, channel);
    let rows = order.iter().map(|&at| (at / each * k + at % each % k) as u32).collect();
    (starts, rows, order.iter().map(|&at| at as u32).collect())
}

/// Items by their key, those without left out: where each key's begin, and the
/// items.
fn sorted(items: Range<usize>, keys: usize, key: impl Fn(usize) -> Option<usize>) -> (Vec<u32>, Vec<usize>) {
    let mut starts = vec![0u32; keys + 1];
    for key in items.clone().filter_map(&key) {
        starts[key + 1] += 1;
    }
    for at in 0..keys {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut order = vec![0; starts[keys] as usize];
    for item in items {
        if let Some(key) = key(item) {
            order[next[key] as usize] = item;
            next[key] += 1;
        }
    }
    (starts, order)
}
