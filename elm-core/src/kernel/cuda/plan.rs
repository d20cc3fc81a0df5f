//! How a layer's work is divided over a card: a pure function of the layer's
//! sizes and the card.

use super::driver::Card;
use super::sizes::Sizes;
use crate::random::{Draws, Purpose};

/// Sequences that a warp can take at a time.
const WIDTHS: [usize; 4] = [1, 2, 4, 8];
/// Warps that a block can have.
const WARPS: [usize; 3] = [4, 8, 16];
/// Most blocks of a cluster, and the first cards that have any.
const CLUSTER: usize = 8;
const CLUSTERS: (u32, u32) = (9, 0);
/// Threads of a block that has synapses, at most.
const SYNAPSE_THREADS: usize = 512;
/// Synapses that a thread has in registers where a block has several neurons.
const SYNAPSES: usize = 6;
/// Columns that gradients of maps look at at once, at most.
const COLUMNS: usize = 32;

/// A division of the work; see `source/shape.h` for the letters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Plan {
    pub sizes: Sizes,
    /// Groups of blocks; each has sequences of its own.
    pub groups: usize,
    /// Blocks of a group (`GB`).
    pub blocks: usize,
    /// Warps of a block.
    pub warps: usize,
    /// Sequences of a warp (`BW`).
    pub width: usize,
    /// Warps that share a neuron (`SUB`).
    pub sub: usize,
    /// Times that a block goes over its neurons in a step (`SLICES`).
    pub slices: usize,
    /// Do weights stay in shared memory?
    pub resident: bool,
    /// Does what synapses read?
    pub tabled: bool,
    /// Does the state that neurons carry?
    pub held: bool,
    /// Is a group a cluster of blocks, which meet by themselves?
    pub cluster: bool,
    /// Slabs whose columns gradients of maps look at at once.
    pub units: usize,
    /// Neurons of a block for gradients of synapses.
    pub synapse_neurons: usize,
    /// Does it keep what they read in a step in shared memory?
    pub staged: bool,
}

impl Plan {
    /// The division with the lowest estimated cost, or a drawn one where the
    /// card says so.
    ///
    /// # Errors
    /// In words, when no division fits the card's shared memory.
    pub(super) fn new(sizes: &Sizes, card: &Card) -> Result<Self, String> {
        let mut all = Plan::all(sizes, card);
        let best = if card.drawn && !all.is_empty() {
            let number = |all: u64, (_, size): (&str, i64)| all.wrapping_mul(31).wrapping_add(size as u64);
            let shape = sizes.defines().into_iter().fold(0, number);
            let drawn = Draws::new(shape, Purpose::MadeUp, [0, 0]).below(all.len() as u32);
            Some(all.swap_remove(drawn as usize))
        } else {
            all.into_iter().min_by(|a, b| a.cost().total_cmp(&b.cost()))
        };
        let none = || {
            format!(
                "a neuron's step does not fit the {} bytes of shared memory of a block of {}",
                card.shared_bytes, card.name
            )
        };
        best.ok_or_else(none)
    }

    /// Every division worth a look that fits the card.
    pub(super) fn all(sizes: &Sizes, card: &Card) -> Vec<Plan> {
        let places =
            [[true, true, true], [false, true, true], [false, false, true], [false, true, false], [false; 3]];
        let mut plans: Vec<Plan> =
            places.into_iter().flat_map(|place| Plan::with(sizes, card, place)).collect();
        plans.retain(|plan| plan.fits(card));
        plans
    }

    fn with(sizes: &Sizes, card: &Card, [resident, tabled, held]: [bool; 3]) -> Vec<Plan> {
        let mut plans = Vec::new();
        for width in WIDTHS {
            let (synapse_neurons, staged) = staging(sizes, width, card);
            let tiles = sizes.b.div_ceil(width);
            if width > sizes.b.next_power_of_two() {
                continue;
            }
            for groups in (1..=tiles.min(card.multiprocessors)).filter(|&groups| even(tiles, groups)) {
                let of_group = tiles.div_ceil(groups);
                for sub in (1..=of_group.min(4)).filter(|&sub| even(of_group, sub)) {
                    for warps in WARPS {
                        let most = card.multiprocessors / groups;
                        for each in shares(sizes.n, most) {
                            let blocks = sizes.n.div_ceil(each);
                            plans.push(Plan {
                                sizes: sizes.clone(),
                                groups,
                                blocks,
                                warps,
                                width,
                                sub,
                                slices: of_group.div_ceil(sub),
                                resident,
                                tabled,
                                held,
                                cluster: sizes.recurrent
                                    && card.capability >= CLUSTERS
                                    && (2..=CLUSTER).contains(&blocks),
                                units: units(sizes, width, card),
                                synapse_neurons,
                                staged,
                            });
                        }
                    }
                }
            }
        }
        plans
    }

    /// Neurons of a block (`NB`).
    pub(super) fn neurons(&self) -> usize {
        self.sizes.n.div_ceil(self.blocks)
    }

    /// Sequences that a block takes at a time (`BT`).
    pub(super) fn at_a_time(&self) -> usize {
        self.width * self.sub
    }

    /// Sequences of a group (`BG`).
    pub(super) fn of_group(&self) -> usize {
        self.at_a_time() * self.slices
    }

    /// Numbers in a row of the kernels' own arrays (`BP`).
    pub(super) fn row(&self) -> usize {
        self.of_group() * self.groups
    }

    /// Numbers of the carried state that lie in shared memory.
    fn held_floats(&self) -> usize {
        if self.held { up4(self.neurons() * self.sizes.carried() * self.of_group()) } else { 0 }
    }

    /// Bytes of shared memory of a block going forward.
    pub(super) fn forward_shared(&self) -> usize {
        let (sizes, neurons, warps) = (&self.sizes, self.neurons(), self.warps);
        let synapses = neurons * sizes.synapses();
        let mut floats = 0;
        if self.resident {
            let source = index_len(sizes.table_rows(), synapses);
            floats += up4(neurons * sizes.weights()) + up4(synapses) + up4(source);
        }
        if self.tabled {
            floats += up4(sizes.table_rows() * self.at_a_time());
        }
        floats += self.held_floats();
        floats += warps * up4(sizes.mlp_inputs() * self.width);
        4 * (floats + 2 * warps * up4(sizes.widest() * self.width))
    }

    /// Bytes of shared memory of a block going backward.
    pub(super) fn backward_shared(&self) -> usize {
        let (sizes, neurons, warps) = (&self.sizes, self.neurons(), self.warps);
        let synapses = neurons * sizes.synapses();
        let mut floats = if self.resident { up4(neurons * sizes.weights()) } else { 0 };
        if self.resident && sizes.recurrent {
            let rows = index_len(neurons * sizes.k, synapses);
            floats += up4(synapses) + up4(rows) + up4(sizes.n + 1);
        }
        if sizes.recurrent {
            floats += up4(neurons * sizes.k * self.at_a_time());
        }
        floats += self.held_floats() + up4(neurons * self.sub * sizes.sums());
        floats += warps * up4((sizes.f + sizes.m) * self.width);
        floats += 2 * warps * up4(sizes.widest() * self.width);
        floats += warps * up4(sizes.m * self.width);
        4 * (floats + 2 * warps * up4(sizes.o * self.width))
    }

    /// Bytes of shared memory for gradients of maps.
    pub(super) fn map_shared(&self) -> usize {
        map_shared(&self.sizes, self.units * self.width)
    }

    /// Threads of a block for gradients of synapses.
    pub(super) fn synapse_threads(&self) -> usize {
        let synapses = self.synapse_neurons * self.sizes.synapses();
        synapses.div_ceil(synapses.div_ceil(SYNAPSE_THREADS)).next_multiple_of(32)
    }

    /// Bytes of shared memory for them.
    pub(super) fn synapse_shared(&self) -> usize {
        let of_slab = self.synapse_neurons * self.sizes.k * self.width;
        let table = self.sizes.table_rows() * self.width;
        let slabs = if self.staged { 1 } else { (4096 / of_slab).max(1) };
        4 * if self.staged { up4(of_slab) + table } else { slabs * of_slab }
    }

    pub(super) fn fits(&self, card: &Card) -> bool {
        let most = [self.forward_shared(), self.backward_shared(), self.map_shared(), self.synapse_shared()];
        most.iter().all(|&bytes| bytes <= card.shared_bytes)
    }

    /// The constants of the compilation.
    pub(super) fn defines(&self) -> Vec<(String, i64)> {
        let own = [
            ("GROUPS", self.groups),
            ("GB", self.blocks),
            ("WARPS", self.warps),
            ("BW", self.width),
            ("SUB", self.sub),
            ("SLICES", self.slices),
            ("RESIDENT", self.resident.into()),
            ("TABLED", self.tabled.into()),
            ("HELD", self.held.into()),
            ("CLUSTER", self.cluster.into()),
            ("UNITS", self.units),
            ("MAP_THREADS", self.sizes.map_threads()),
            ("MAP_CHUNKS", self.sizes.map_chunks()),
            ("SYNAPSE_THREADS", self.synapse_threads()),
            ("SYNAPSE_NEURONS", self.synapse_neurons),
            ("STAGED", self.staged.into()),
            ("FORWARD_SHARED", self.forward_shared()),
            ("BACKWARD_SHARED", self.backward_shared()),
        ];
        let own = own.map(|(name, value)| (name, value as i64));
        let all = self.sizes.defines().into_iter().chain(own);
        all.map(|(name, value)| (format!("ELM_{name}"), value)).collect()
    }
}

/// Neurons that a block may have where there are at most so many blocks: the
/// fewest, twice as many and so on; and those of a full cluster.
fn shares(neurons: usize, blocks: usize) -> Vec<usize> {
    let fewest = neurons.div_ceil(blocks);
    let mut shares: Vec<usize> = std::iter::successors(Some(fewest), |each| Some(each * 2))
        .take_while(|&each| each <= neurons)
        .collect();
    shares.push(neurons.div_ceil(blocks.min(CLUSTER)));
    shares
}

/// Does nobody go without when `count` things are dealt out to `hands`?
fn even(count: usize, hands: usize) -> bool {
    count.div_ceil(count.div_ceil(hands)) == hands
}

/// Neurons of a block for gradients of synapses, and whether it keeps what
/// they read in shared memory: worth its copying where they read each row
/// twice or more, and blocks are left for every multiprocessor.
fn staging(sizes: &Sizes, width: usize, card: &Card) -> (usize, bool) {
    let most = SYNAPSES * SYNAPSE_THREADS / sizes.synapses();
    let neurons = (sizes.n / card.multiprocessors.max(1)).min(most).max(1);
    let floats = up4(neurons * sizes.k * width) + sizes.table_rows() * width;
    let short = sizes.table_rows().max(neurons * sizes.k) < 1 << 16;
    let worth = neurons * sizes.synapses() >= 2 * sizes.table_rows();
    let staged = short && worth && 4 * floats <= card.shared_bytes / 2;
    if staged { (neurons, true) } else { (1, false) }
}

/// Slabs whose columns fit next to each other.
fn units(sizes: &Sizes, width: usize, card: &Card) -> usize {
    let mut units = (COLUMNS / width).max(1);
    while units > 1 && map_shared(sizes, units * width) > card.shared_bytes / 2 {
        units /= 2;
    }
    units
}

fn map_shared(sizes: &Sizes, columns: usize) -> usize {
    let rows = sizes.maps().map(|(inputs, outputs)| inputs + 1 + outputs).max().unwrap_or(0);
    4 * rows * (columns + 4)
}

/// Numbers that `count` places below `below` take; short ones take half.
fn index_len(below: usize, count: usize) -> usize {
    if below < 1 << 16 { count.div_ceil(2) } else { count }
}

fn up4(count: usize) -> usize {
    count.next_multiple_of(4)
}
