//! What a network costs beside its budget: neurons, and what follows them.

use super::{Laws, Task};
use anyhow::{Result, bail};
use elm_core::theory::Design;

/// What a budget may take of a network that is not the hidden layer.
const MOST_REST: f64 = 0.5;

/// The readout layer: neurons without hidden units and with three memory units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Readout {
    pub(super) branches: usize,
    pub(super) synapses_per_branch: usize,
    /// Does a linear head follow?
    pub(super) head: bool,
}

/// Readout layers from the published ones (with those of text) to the smallest.
pub(super) fn readouts(published: [usize; 2]) -> [Readout; 5] {
    let readout =
        |[branches, synapses_per_branch]: [usize; 2], head| Readout { branches, synapses_per_branch, head };
    [
        readout(published, true),
        readout([20, 10], true),
        readout([10, 5], true),
        readout([10, 5], false),
        readout([5, 3], false),
    ]
}

impl Readout {
    /// Parameters of a readout layer of so many neurons, and its head.
    pub(super) fn parameters(&self, outputs: usize) -> usize {
        const MEMORY: usize = 3;
        let neuron =
            (self.branches + MEMORY + 1) * MEMORY + MEMORY + 1 + self.branches * self.synapses_per_branch;
        outputs * neuron + if self.head { outputs * outputs + outputs } else { 0 }
    }
}

/// What a network of a given number of memory units costs.
pub(super) struct Costs {
    design: Design,
    /// Branches and synapses of a branch, where they are known.
    pub(super) branches: Option<[usize; 2]>,
    /// Are they those of the runs? Otherwise of the published networks.
    pub(super) of_runs: bool,
    pub(super) readout: Option<Readout>,
    /// Branches and synapses of the readout as published.
    pub(super) published: [usize; 2],
    /// Parameters outside of the hidden neurons.
    pub(super) rest: f64,
}

impl Costs {
    /// Learned numbers of a neuron, with its synapses.
    pub(super) fn neuron(&self, memory: f64) -> f64 {
        let [complexity, synapses] = self.parts(memory);
        complexity + synapses
    }

    /// `k_e` and `k_c`.
    pub(super) fn parts(&self, memory: f64) -> [f64; 2] {
        match self.branches {
            Some([branches, synapses]) => [complexity(branches, memory), (branches * synapses) as f64],
            None => self.design.neuron(memory),
        }
    }
}

/// `k_e` of a neuron with `2 d_m` hidden units.
fn complexity(branches: usize, memory: f64) -> f64 {
    (branches as f64 + memory + 1.0) * 2.0 * memory + (2.0 * memory + 1.0) * memory + memory + 1.0
}

/// The costs that the runs show, with a readout that the budget pays for.
///
/// # Errors
/// When it pays for none.
pub(super) fn costs(laws: &Laws, task: Option<Task>, budget: f64) -> Result<Costs> {
    let design = Design::of(&laws.observations)?;
    let rest = design.rest;
    let branches = branches(laws);
    let of_runs = branches.is_some();
    let Some(task) = task else {
        return Ok(Costs { design, branches, of_runs, readout: None, published: [0, 0], rest });
    };
    let (published, outputs) = (task.published(), task.outputs());
    let published = [published.branches, published.synapses_per_branch];
    let (branches, readouts) = (branches.unwrap_or(published), readouts(published));
    let pays = |readout: &Readout| readout.parameters(outputs) as f64 <= MOST_REST * budget;
    let Some(readout) = readouts.into_iter().find(pays) else {
        let least = readouts[4].parameters(outputs) as f64 / MOST_REST;
        bail!("{budget:.0} parameters are too few for {outputs} outputs: {least:.0} are the least");
    };
    let rest = readout.parameters(outputs) as f64;
    Ok(Costs { design, branches: Some(branches), of_runs, readout: Some(readout), published, rest })
}

/// Branches and synapses of a branch that all runs have, worked out from what
/// a neuron of `2 d_m` hidden units learns.
fn branches(laws: &Laws) -> Option<[usize; 2]> {
    let mut found = None;
    for row in &laws.rows {
        let memory = row.num_memory?;
        let branches = (row.complexity_per_neuron - complexity(0, memory)) / (2.0 * memory);
        let synapses = row.synapses_per_neuron / branches;
        let whole = |value: f64| {
            ((value - value.round()).abs() < 1e-6 && value >= 1.0).then(|| value.round() as usize)
        };
        let own = [whole(branches)?, whole(synapses)?];
        if *found.get_or_insert(own) != own {
            return None;
        }
    }
    found
}
