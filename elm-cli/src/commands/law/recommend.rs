//! How to split a budget, from what was measured at others.

use super::costs::{Costs, Readout, costs};
use super::reasons::reasons;
use super::report::{Measured, TheoryOptimum};
use super::{Laws, Task};
use anyhow::{Result, anyhow, bail};
use elm_core::analysis::Allocation;
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
    /// What the theory alone would choose, with the readout of the runs.
    pub theory: Option<TheoryOptimum>,
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

/// The exponent of `d_m ∝ N^exponent` that the paper recommends.
const PUBLISHED_EXPONENT: f64 = 0.5;

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
        theory: theory.and_then(|fit| fit.optimum(budget)).map(|best| laws.theory_optimum(&best)),
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
pub(super) struct Anchor {
    pub(super) budget: f64,
    pub(super) memory: f64,
    pub(super) interval: [f64; 2],
    pub(super) neurons: f64,
    /// By the theory, or by a parabola.
    pub(super) by_theory: bool,
}

/// The optimum of the budget nearest to this one: by the parabola through what
/// was measured where several budgets were, else by the theory, which uses all
/// runs.
fn anchor(laws: &Laws, budget: f64) -> Result<Anchor> {
    let distance = |other: f64| (other / budget).ln().abs();
    if let (Err(_), Ok(fit)) = (&laws.recipe, &laws.theory) {
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
