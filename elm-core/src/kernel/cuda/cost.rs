//! What a division of the work is worth.

use super::plan::Plan;

impl Plan {
    /// Cycles of a step both ways, roughly: none of this was measured on a card.
    ///
    /// A multiprocessor issues four instructions a cycle, a warp about one in
    /// three; shared memory hands over 128 bytes a cycle, the cache behind it
    /// about 40; a group meets in a microsecond and a half.
    pub(super) fn cost(&self) -> f64 {
        let sizes = &self.sizes;
        let count = |value: usize| value as f64;
        let vector = vector(self.width);
        let gather = (sizes.k * self.width / vector).div_ceil(32) * sizes.s * (3 + vector);
        let maps: usize = sizes.maps().map(|(inputs, outputs)| self.map_cost(inputs, outputs)).sum();
        let back: usize = sizes.maps().map(|(inputs, outputs)| self.map_cost(outputs, inputs)).sum();
        let partials = if sizes.recurrent { 10 * (self.blocks * self.width).div_ceil(32) } else { 0 };
        let task = gather + maps + back + partials + 600;
        let tasks = self.neurons() * self.sub;
        let rounds = tasks.div_ceil(self.warps) * self.slices;
        let busy = count(tasks.min(self.warps)) / 4.0;
        let mut cycles = count(rounds * task) * busy.max(3.0);
        let threads = count(self.warps * 32);
        let copied = count(sizes.table_rows() * self.at_a_time() / vector);
        cycles += count(self.slices) * (600.0 + copied * if self.tabled { 6.0 } else { 0.0 } / threads);
        if !self.tabled {
            cycles += count(self.neurons() * sizes.synapses() * self.of_group() * 4) / 40.0;
        }
        if !self.held {
            cycles += count(self.neurons() * sizes.carried() * self.of_group() * 24) / 40.0;
        }
        if !self.resident {
            let streamed = self.neurons() * (2 * sizes.weights() + 4 * sizes.synapses());
            cycles += count(streamed * self.slices * 4) / 40.0;
        }
        if sizes.recurrent {
            let edges = sizes.n + self.neurons() * sizes.synapses();
            cycles += count(edges * self.of_group() / vector) * 6.0 / threads;
            cycles += if self.cluster {
                1200.0
            } else if self.blocks > 1 {
                4000.0
            } else {
                0.0
            };
        }
        cycles
    }

    /// Instructions of a warp for one map.
    fn map_cost(&self, inputs: usize, outputs: usize) -> usize {
        let parts = [1, 2, 4, 8].into_iter().filter(|&parts| self.width.is_multiple_of(parts));
        let rounds = |parts: usize| (outputs * parts).div_ceil(32) * (self.width / parts + 2);
        inputs * parts.map(rounds).min().unwrap_or(0)
    }
}

/// Numbers moved at once (`V`).
fn vector(width: usize) -> usize {
    if width.is_multiple_of(4) {
        4
    } else if width.is_multiple_of(2) {
        2
    } else {
        1
    }
}

impl std::fmt::Display for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Plan { groups, blocks, warps, width, sub, slices, .. } = self;
        write!(f, "{groups} groups of {blocks} blocks, {warps} warps, {width} x {sub} x {slices} sequences")?;
        for (holds, word) in [
            (self.cluster, "clusters"),
            (self.resident, "weights stay"),
            (self.tabled, "table"),
            (self.held, "states stay"),
            (self.staged, "staged gradients"),
        ] {
            if holds {
                write!(f, ", {word}")?;
            }
        }
        Ok(())
    }
}
