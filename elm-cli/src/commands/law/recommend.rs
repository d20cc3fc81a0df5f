//! How to split a budget, from what was measured at others.

use super::report::Measured;
use super::{Laws, Task};
use anyhow::{Result, anyhow, bail};
use elm_core::analysis::Allocation;
use elm_core::theory::Design;
use serde::Serialize;

/// A network for a budget, and why this one.
#[derive(Debug, Clone, Serialize)]
pub struct Recommendation {
    /// Parameters asked for.
    pub budget: f64,
    /// Neurons of the hidden layer, N.
    pub num_neurons: usize,
    /// Memory units of a neuron, d_m.
    pub num_memory: usize,
    /// 90 % interval of `num_memory`.
    pub interval: [f64; 2],
    /// Hidden units of a neuron's MLP, d_h.
    pub mlp_hidden_units: usize,
    /// Branches of a neuron, d_b, where they are known.
    pub num_branch: Option<usize>,
    /// Synapses of a branch, where they are known.
    pub num_synapse_per_branch: Option<usize>,
    /// Synapses of a neuron, k_c.
    pub synapses_per_neuron: usize,
    /// Parameters reached, at most the budget.
    pub trainable_parameters: usize,
    /// Value that the theory expects.
    pub predicted: Option<f64>,
    /// Does the budget lie outside of those measured?
    pub extrapolated: bool,
    /// Why so.
    pub reasons: Vec<String>,
    /// The measured allocations nearest to it.
    pub nearest: Vec<Measured>,
    /// The configuration that was written.
    pub config: Option<String>,
    /// Layer after the hidden one, for the configuration.
    #[serde(skip)]
    pub(super) readout: Option<Readout>,
}

/// The readout layer: neurons without hidden units and with three memory units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Readout {
    pub(super) branches: usize,
    pub(super) synapses_per_branch: usize,
    /// Does a linear head follow?
    pub(super) head: bool,
}

/// Readout layers from the published ones (with those of text) to the smallest.
fn readouts(published: [usize; 2]) -> [Readout; 5] {
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
struct Costs {
    design: Design,
    /// Branches and synapses of a branch, where they are known.
    branches: Option<[usize; 2]>,
    readout: Option<Readout>,
    rest: f64,
}

impl Costs {
    /// Learned numbers of a neuron, with its synapses.
    fn neuron(&self, memory: f64) -> f64 {
        let [complexity, synapses] = self.parts(memory);
        complexity + synapses
    }

    /// `k_e` and `k_c`.
    fn parts(&self, memory: f64) -> [f64; 2] {
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

/// The exponent of `d_m ∝ N^exponent` that the paper recommends.
const PUBLISHED_EXPONENT: f64 = 0.5;

/// What a budget may take of a network that is not the hidden layer.
const MOST_REST: f64 = 0.5;

/// Recommends an allocation: the optimum of the nearest budget, carried along
/// `d_m ∝ N^γ`.
///
/// # Errors
/// When no budget has an optimum, or the budget pays for no network.
pub(super) fn recommend(laws: &Laws, task: Option<Task>, budget: f64) -> Result<Recommendation> {
    if !laws.tells_memory() {
        bail!("a recommendation needs the column num_memory (or model.neuron.num_memory)");
    }
    let anchor = anchor(laws, budget)?;
    let costs = costs(laws, task, budget)?;
    let (exponent, exponents) = match laws.recipe.as_ref() {
        Ok(recipe) => (recipe.exponent.clamp(0.0, 1.0), recipe.interval.map(|end| end.clamp(0.0, 1.0))),
        Err(_) => (PUBLISHED_EXPONENT, [0.0, PUBLISHED_EXPONENT]),
    };
    let memory = carried(&costs, budget, anchor.memory, anchor.neurons, exponent);
    let num_memory = memory.round().max(1.0);
    let neurons = ((budget - costs.rest) / costs.neuron(num_memory)).floor();
    if neurons < 1.0 {
        bail!(
            "{budget:.0} parameters pay for no hidden neuron: one with {num_memory} memory units has {:.0}, what follows the \
             hidden layer {:.0}",
            costs.neuron(num_memory),
            costs.rest
        );
    }
    let ends = anchor
        .interval
        .iter()
        .flat_map(|&end| exponents.map(|exponent| carried(&costs, budget, end, anchor.neurons, exponent)));
    let interval = ends.fold([memory, memory], |[low, high], end| [low.min(end), high.max(end)]);
    let [k_e, k_c] = costs.parts(num_memory);
    let measured =
        |pick: fn(f64, f64) -> f64, start| laws.budgets.iter().map(|b| b.parameters).fold(start, pick);
    let range = [measured(f64::min, f64::INFINITY), measured(f64::max, 0.0)];
    let extrapolated = budget < range[0] / 1.15 || budget > range[1] * 1.15;
    let theory = laws.theory.as_ref().ok();
    let mut recommendation = Recommendation {
        budget,
        num_neurons: neurons as usize,
        num_memory: num_memory as usize,
        interval,
        mlp_hidden_units: 2 * num_memory as usize,
        num_branch: costs.branches.map(|[branches, _]| branches),
        num_synapse_per_branch: costs.branches.map(|[_, synapses]| synapses),
        synapses_per_neuron: k_c.round() as usize,
        trainable_parameters: (costs.rest + neurons * (k_e + k_c)).round() as usize,
        predicted: theory.map(|fit| laws.metric.value(fit.theory.loss(neurons, k_e))),
        extrapolated,
        reasons: Vec::new(),
        nearest: nearest(laws, budget, num_memory),
        config: None,
        readout: costs.readout,
    };
    recommendation.reasons = reasons(laws, &anchor, &costs, &recommendation, exponent, range);
    Ok(recommendation)
}

/// The optimum of a measured budget.
struct Anchor {
    budget: f64,
    memory: f64,
    interval: [f64; 2],
    neurons: f64,
    by_theory: bool,
}

/// The optimum of the budget nearest to this one: by the theory, which uses all
/// runs, else by the parabola.
fn anchor(laws: &Laws, budget: f64) -> Result<Anchor> {
    let distance = |other: f64| (other / budget).ln().abs();
    if let Ok(fit) = &laws.theory {
        let known = laws.budgets.iter().filter_map(|budget| fit.optimum(budget.parameters));
        if let Some(best) = known.min_by(|a, b| distance(a.budget).total_cmp(&distance(b.budget))) {
            return Ok(Anchor {
                budget: best.budget,
                memory: best.memory,
                interval: best.memory_interval,
                neurons: best.neurons,
                by_theory: true,
            });
        }
    }
    let best = laws.optima.iter().min_by(|a, b| distance(a.budget).total_cmp(&distance(b.budget)));
    let best = best
        .ok_or_else(|| anyhow!("a recommendation needs a budget with three different numbers of neurons"))?;
    Ok(Anchor {
        budget: best.budget,
        memory: best.memory,
        interval: best.memory_interval,
        neurons: best.neurons,
        by_theory: false,
    })
}

fn costs(laws: &Laws, task: Option<Task>, budget: f64) -> Result<Costs> {
    let design = Design::of(&laws.observations)?;
    let rest = design.rest;
    let branches = branches(laws);
    let Some(task) = task else {
        return Ok(Costs { design, branches, readout: None, rest });
    };
    let (published, outputs) = (task.published(), task.outputs());
    let branches = branches.unwrap_or([published.branches, published.synapses_per_branch]);
    let readouts = readouts([published.branches, published.synapses_per_branch]);
    let pays = |readout: &Readout| readout.parameters(outputs) as f64 <= MOST_REST * budget;
    let Some(readout) = readouts.into_iter().find(pays) else {
        let least = readouts[4].parameters(outputs) as f64 / MOST_REST;
        bail!("{budget:.0} parameters are too few for {outputs} outputs: {least:.0} are the least");
    };
    let rest = readout.parameters(outputs) as f64;
    Ok(Costs { design, branches: Some(branches), readout: Some(readout), rest })
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

/// Memory units for a budget, `memory (N / neurons)^exponent` with the `N` that
/// it then pays for.
fn carried(costs: &Costs, budget: f64, memory: f64, neurons: f64, exponent: f64) -> f64 {
    let excess = |log: f64| {
        let pays = ((budget - costs.rest) / costs.neuron(log.exp())).max(1e-9);
        log - memory.ln() - exponent * (pays / neurons).ln()
    };
    // More memory units leave fewer neurons, so that there is one zero.
    let (mut low, mut high) = (0.0, (1e4f64).ln());
    if excess(low) >= 0.0 {
        return 1.0;
    }
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if excess(middle) < 0.0 { low = middle } else { high = middle }
    }
    ((low + high) / 2.0).exp()
}

fn nearest(laws: &Laws, budget: f64, memory: f64) -> Vec<Measured> {
    let mut all: Vec<&Allocation> = laws.allocations.iter().collect();
    let distance = |a: &Allocation| (a.mean.parameters / budget).ln().hypot((a.mean.memory / memory).ln());
    all.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    all.into_iter().take(3).map(|allocation| laws.measured(allocation)).collect()
}

fn reasons(
    laws: &Laws,
    anchor: &Anchor,
    costs: &Costs,
    recommendation: &Recommendation,
    exponent: f64,
    [least, most]: [f64; 2],
) -> Vec<String> {
    let [low, high] = anchor.interval;
    let by =
        if anchor.by_theory { "the theory fitted to all runs" } else { "a parabola through the best runs" };
    let mut reasons = vec![format!(
        "at {:.0} parameters, the nearest that were measured, {by} has the optimum at d_m {:.1} ({low:.1} to {high:.1})",
        anchor.budget, anchor.memory
    )];
    if recommendation.extrapolated {
        let (way, factor) = if recommendation.budget < least {
            ("below", least / recommendation.budget)
        } else {
            ("above", recommendation.budget / most)
        };
        reasons.push(format!(
            "{:.0} parameters lie outside of what was measured ({least:.0} to {most:.0}), {factor:.1} times {way}: this \
             is a guess to begin with",
            recommendation.budget
        ));
    }
    reasons.push(match laws.recipe.as_ref() {
        Ok(recipe) => format!(
            "from there d_m ~ N^{exponent:.2}, as at the optima of {} budgets ({:.2} to {:.2})",
            laws.optima.len(),
            recipe.interval[0],
            recipe.interval[1]
        ),
        Err(_) => "from there d_m ~ N^0.5, the published recipe, since one budget shows no exponent; the interval reaches \
            from that to an unchanged d_m"
            .to_string(),
    });
    reasons.push("d_h = 2 d_m, as in all published networks".to_string());
    match costs.branches {
        Some([branches, _]) => reasons.push(format!(
            "branches and synapses as in the runs; the published recipe d_b = 2 d_h would have {} instead of {branches} \
             branches",
            2 * recommendation.mlp_hidden_units
        )),
        None => reasons.push("k_e and k_c between those of the runs".to_string()),
    }
    if let Some(readout) = costs
        .readout
        .filter(|readout| *readout != readouts([readout.branches, readout.synapses_per_branch])[0])
    {
        reasons.push(format!(
            "readout neurons of {} branches of {} synapses{}, so that they take at most half of the \
            budget",
            readout.branches,
            readout.synapses_per_branch,
            if readout.head { "" } else { " and no head" }
        ));
    }
    reasons
}
