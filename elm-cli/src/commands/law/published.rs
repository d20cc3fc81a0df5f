//! What the authors published about the sweeps of the second paper.
//!
//! The tables are those of the JAX release of \[S2\] (arXiv 2605.12049), one run
//! each: `published/text.csv` on Enwik8, `published/spikes.csv` on SHD-Adding.

use crate::config::names::names;

names! {
    /// Which of the two published tasks.
    pub enum Task {
        /// Next-character prediction, Enwik8.
        Text = "text",
        /// Sums of two spoken digits as spikes, SHD-Adding.
        Spikes = "spikes",
    }
}

/// The published table and the sizes that it does not name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Published {
    /// Name for messages.
    pub(super) name: &'static str,
    /// The table.
    pub(super) table: &'static str,
    /// Branches of a hidden neuron.
    pub(super) branches: usize,
    /// Synapses of a branch.
    pub(super) synapses_per_branch: usize,
    /// Parameters of the readout layer and the head.
    pub(super) rest: f64,
}

impl Task {
    pub(super) fn published(self) -> Published {
        match self {
            Task::Text => Published {
                name: "published text sweep (Enwik8)",
                table: include_str!("published/text.csv"),
                branches: 50,
                synapses_per_branch: 15,
                rest: 228_684.0,
            },
            Task::Spikes => Published {
                name: "published spike sweep (SHD-Adding)",
                table: include_str!("published/spikes.csv"),
                branches: 30,
                synapses_per_branch: 10,
                rest: 8_094.0,
            },
        }
    }
}

impl Published {
    /// Learned numbers of a hidden neuron without its synapses, `k_e`: an MLP
    /// of one hidden layer of `2 d_m` units, readout weights and bias.
    pub(super) fn complexity(&self, memory: f64) -> f64 {
        let hidden = 2.0 * memory;
        (self.branches as f64 + memory + 1.0) * hidden + (hidden + 1.0) * memory + memory + 1.0
    }

    /// Synapses of a hidden neuron, `k_c`.
    pub(super) fn synapses(&self) -> f64 {
        (self.branches * self.synapses_per_branch) as f64
    }
}
