//! Where the segments of the made neuron lie: as many as in the published one,
//! of lengths that are ours.

use std::ops::Range;

/// Segments of the basal and of the apical tree.
pub(super) const TREES: [Range<usize>; 2] = [0..262, 262..639];
/// Branches of both trees.
pub(super) const BRANCHES: [usize; 2] = [18, 27];
/// Added to the length of a segment when spikes are shared out, in micrometres.
const EVERY_SEGMENT_UM: f64 = 10.0;

/// Lengths of the segments.
pub(super) struct Anatomy {
    /// In micrometres, the basal tree first.
    pub lengths: Vec<f64>,
    /// What each tree's segments sum to, with the length that all have.
    totals: [f64; 2],
}

impl Anatomy {
    pub(super) fn new() -> Self {
        // Between 12 and 28 micrometres, in a fixed pattern.
        let length = |segment: usize| 12.0 + (segment * 7 % 17) as f64;
        let lengths: Vec<f64> = (0..TREES[1].end).map(length).collect();
        let totals = TREES.map(|tree| lengths[tree].iter().map(|length| length + EVERY_SEGMENT_UM).sum());
        Anatomy { lengths, totals }
    }

    /// The share of a tree's spikes that a segment of it gets.
    pub(super) fn share(&self, segment: usize, tree: &Range<usize>) -> f64 {
        let total = self.totals[usize::from(tree.start > 0)];
        (self.lengths[segment] + EVERY_SEGMENT_UM) / total
    }

    /// The branch of each segment: neighbours share one.
    pub(super) fn branches(&self) -> Vec<usize> {
        let mut branches = Vec::with_capacity(self.lengths.len());
        for (tree, (count, first)) in TREES.into_iter().zip([(BRANCHES[0], 0), (BRANCHES[1], BRANCHES[0])]) {
            let segments = tree.len();
            branches.extend((0..segments).map(|segment| first + segment * count / segments));
        }
        branches
    }
}
