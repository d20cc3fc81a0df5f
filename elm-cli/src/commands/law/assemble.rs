//! From laws in terms of losses to a document in terms of the metric.

use super::metric::Metric;
use super::report::{
    BestAllocation, LawReport, LimitName, Measured, PowerLawIntervals, PowerLawReport, RecipeReport,
    TheoryOptimum, TheoryParameters, TheoryPointReport, TheoryReport,
};
use super::{Laws, Recommendation, Task};
use crate::config::names::Named;
use elm_core::analysis::{Allocation, PowerLawFit};
use elm_core::theory::{Limit, Predicted, TheoryFit};

impl From<Limit> for LimitName {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::Redundancy => LimitName::Redundancy,
            Limit::Noise => LimitName::Noise,
            Limit::Saturation => LimitName::Saturation,
        }
    }
}

/// Everything as a document.
pub(super) fn report(
    laws: &Laws,
    tables: Vec<String>,
    task: Option<Task>,
    recommendation: Option<Recommendation>,
    notes: Vec<String>,
) -> LawReport {
    let metric = &laws.metric;
    let reason = |error: Option<&elm_core::Error>| error.map(ToString::to_string);
    let [front, front_flops] = laws
        .fronts
        .each_ref()
        .map(|front| front.iter().map(|&at| laws.measured(&laws.allocations[at])).collect());
    LawReport {
        tables,
        task: task.map(Task::name),
        metric: metric.name.clone(),
        chosen_on: metric.choice.clone(),
        reported_on: metric.report.clone(),
        optimum: optima(laws),
        front,
        front_flops,
        power_law: laws.power_law.as_ref().ok().map(|fit| power_law(fit, metric)),
        reason: reason(laws.power_law.as_ref().err()),
        recipe: laws
            .recipe
            .as_ref()
            .ok()
            .filter(|_| laws.tells_memory())
            .map(|recipe| RecipeReport { exponent: recipe.exponent, interval: recipe.interval }),
        recipe_reason: reason(laws.recipe.as_ref().err()),
        theory: laws.theory.as_ref().ok().map(|fit| theory(fit, laws)),
        theory_reason: reason(laws.theory.as_ref().err()),
        recommendation,
        notes,
        files: Vec::new(),
    }
}

impl Laws {
    /// Do the tables say how many memory units there are?
    pub(super) fn tells_memory(&self) -> bool {
        self.rows.iter().all(|row| row.num_memory.is_some())
    }

    pub(super) fn measured(&self, allocation: &Allocation) -> Measured {
        let mean = &allocation.mean;
        Measured {
            num_memory: self.tells_memory().then_some(mean.memory),
            num_neurons: mean.neurons,
            trainable_parameters: mean.parameters,
            flops: mean.flops,
            value: self.metric.value(mean.loss),
            runs: allocation.losses.len(),
        }
    }

    pub(super) fn theory_optimum(&self, predicted: &Predicted) -> TheoryOptimum {
        let known = self.tells_memory();
        TheoryOptimum {
            budget: predicted.budget,
            num_memory: known.then_some(predicted.memory),
            num_neurons: predicted.neurons,
            interval: known.then_some(predicted.memory_interval),
            predicted: self.metric.value(predicted.loss),
            predicted_interval: self.metric.values(predicted.loss_interval),
        }
    }
}

fn optima(laws: &Laws) -> Vec<BestAllocation> {
    let known = laws.tells_memory();
    let of = |optimum: &elm_core::analysis::Optimum| {
        let budget = laws.budgets.iter().find(|budget| budget.parameters == optimum.budget)?;
        Some(BestAllocation {
            budget: optimum.budget,
            num_memory: known.then_some(optimum.memory),
            num_neurons: optimum.neurons,
            value: laws.metric.value(optimum.loss),
            interval: known.then_some(optimum.memory_interval),
            neurons_interval: optimum.neurons_interval,
            flanks: known.then_some(optimum.flanks_memory),
            flanks_interval: known.then_some(optimum.flanks_interval),
            measured: laws.measured(&budget.allocations[optimum.measured]),
            at_edge: optimum.at_edge,
        })
    };
    laws.optima.iter().filter_map(of).collect()
}

fn power_law(fit: &PowerLawFit, metric: &Metric) -> PowerLawReport {
    let [l_inf, a, alpha] = fit.intervals;
    PowerLawReport {
        of: metric.loss_name(),
        l_inf: fit.law.l_inf,
        a: fit.law.a,
        alpha: fit.law.alpha,
        intervals: PowerLawIntervals { l_inf, a, alpha },
        rms_error: fit.rms_error,
    }
}

fn theory(fit: &TheoryFit, laws: &Laws) -> TheoryReport {
    let (theory, channel) = (fit.theory, fit.theory.channel);
    TheoryReport {
        of: laws.metric.loss_name(),
        parameters: TheoryParameters {
            correlation: channel.correlation,
            snr_max: channel.snr_max,
            complexity_half: channel.half,
            steepness: channel.steepness,
            l_inf: theory.l_inf,
            a: theory.a,
            gamma: theory.gamma,
        },
        rms_error: fit.rms_error,
        optimum: laws
            .budgets
            .iter()
            .filter_map(|budget| fit.optimum(budget.parameters))
            .map(|predicted| laws.theory_optimum(&predicted))
            .collect(),
        points: laws
            .allocations
            .iter()
            .zip(&fit.points)
            .map(|(allocation, point)| TheoryPointReport {
                measured: laws.measured(allocation),
                predicted: laws.metric.value(point.predicted),
                snr: point.snr,
                redundancy: point.redundancy,
                limit: point.limit.into(),
            })
            .collect(),
    }
}
