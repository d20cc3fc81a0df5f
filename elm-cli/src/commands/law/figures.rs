//! The figures of `elm law`.

use super::Laws;
use crate::chart::{Axis, Chart, Field, Series};
use anyhow::Result;
use elm_core::analysis::{Budget, percentile_interval};
use elm_core::theory::TheoryFit;
use std::path::Path;

/// Budgets drawn in one figure; more cannot be told apart.
const MOST_BUDGETS: usize = 6;

/// Places at which a curve is drawn.
const PLACES: usize = 60;

/// Writes every figure that the runs allow; returns the names of the files.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write(laws: &Laws, folder: &Path) -> Result<Vec<String>> {
    let mut charts = Vec::new();
    let budgets = shown_budgets(laws);
    if !budgets.is_empty() {
        charts.push(("allocation", allocation(laws, &budgets, None)));
    }
    if let Ok(theory) = &laws.theory {
        if !budgets.is_empty() {
            charts.push(("theory", allocation(laws, &budgets, Some(theory))));
        }
        charts.push(("surface", surface(laws, theory)));
    }
    charts.push(("front", front(laws, 0, "trainable parameters P")));
    if !laws.fronts[1].is_empty() {
        charts.push(("front-flops", front(laws, 1, "operations for a time step (FLOP)")));
    }
    if laws.power_law.is_ok() {
        charts.push(("law", law(laws)));
    }
    let mut files = Vec::new();
    for (stem, chart) in charts {
        files.extend(chart.write(folder, stem)?.map(|path| path.display().to_string()));
    }
    Ok(files)
}

/// The budgets that have an optimum, thinned to a few.
fn shown_budgets(laws: &Laws) -> Vec<&Budget> {
    let has_optimum =
        |budget: &&Budget| laws.optima.iter().any(|optimum| optimum.budget == budget.parameters);
    let all: Vec<&Budget> = laws.budgets.iter().filter(has_optimum).collect();
    let every = all.len().div_ceil(MOST_BUDGETS).max(1);
    all.into_iter().rev().step_by(every).collect()
}

/// Loss against neurons at fixed parameters; with the theory, if it is given.
fn allocation(laws: &Laws, budgets: &[&Budget], theory: Option<&TheoryFit>) -> Chart {
    let metric = &laws.metric;
    let title = if theory.is_some() {
        "Splitting a budget, and the theory"
    } else {
        "Splitting a budget of parameters"
    };
    let mut chart = Chart::new(title, Axis::log("neurons N"), Axis::linear(metric.label(&metric.report)));
    for budget in budgets {
        let points: Vec<(f64, f64)> =
            budget.allocations.iter().map(|a| (a.mean.neurons, metric.value(a.mean.loss))).collect();
        let name = format!("P = {}", rounded(budget.parameters));
        let series = Series::points(name, &points);
        let errors: Vec<f64> = budget.allocations.iter().map(|a| deviation(&a.losses)).collect();
        let repeated = errors.iter().any(|error| *error > 0.0);
        chart = chart.with(if repeated { series.errors(&errors) } else { series });
    }
    if let Some(theory) = theory {
        let shown = shown_values(laws, budgets);
        for (number, budget) in budgets.iter().enumerate() {
            let mut curve = curve(laws, theory, budget);
            let values = curve.iter_mut().flat_map(|(_, values)| values);
            values.for_each(|value| *value = value.clamp(shown[0], shown[1]));
            let line: Vec<(f64, f64)> =
                curve.iter().map(|&(neurons, [value, ..])| (neurons, value)).collect();
            let band: Vec<_> = curve.iter().map(|&(neurons, [_, low, high])| (neurons, low, high)).collect();
            let told = |name: &str| if number == 0 { name.to_string() } else { String::new() };
            chart = chart.with(Series::band(told("90 % of the fit"), &band).like(number));
            chart = chart.with(Series::line(told("theory"), &line).dashed().like(number));
        }
    }
    if let ([budget], Some(optimum)) = (budgets, laws.optima.first()) {
        let neurons = match theory.and_then(|theory| theory.optimum(budget.parameters)) {
            Some(best) => best.neurons,
            None => optimum.neurons,
        };
        let of = if theory.is_some() { "optimum of the theory" } else { "optimum on validation" };
        let of = if metric.choice == metric.report { "optimum" } else { of };
        chart = chart.mark(neurons, format!("{of}, N = {neurons:.0}"));
    }
    chart
}

/// What was measured and half as much beyond: an interval of the theory may be
/// so wide that nothing else could be seen.
fn shown_values(laws: &Laws, budgets: &[&Budget]) -> [f64; 2] {
    let values = budgets.iter().flat_map(|b| &b.allocations).map(|a| laws.metric.value(a.mean.loss));
    let [low, high] = values
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| [low.min(value), high.max(value)]);
    let beyond = 0.5 * (high - low);
    [low - beyond, high + beyond]
}

/// The theory along a budget: neurons, value and its interval.
fn curve(laws: &Laws, theory: &TheoryFit, budget: &Budget) -> Vec<(f64, [f64; 3])> {
    let memories = budget.allocations.iter().map(|a| a.mean.memory);
    let [low, high] =
        memories.fold([f64::INFINITY, 0.0], |[low, high], memory| [low.min(memory), high.max(memory)]);
    // Beyond the outermost runs, whose parameters are not quite those of the budget.
    let (low, high) = (low / 1.05, high * 1.05);
    let at = |place: usize| {
        let memory = low * (high / low).powf(place as f64 / (PLACES - 1) as f64);
        let neurons = theory.design.neurons(budget.parameters, memory)?;
        let complexity = theory.design.neuron(memory)[0];
        let drawn = theory.replicates.iter().map(|theory| theory.loss(neurons, complexity)).collect();
        let [low, high] = laws.metric.values(percentile_interval(drawn)?);
        Some((neurons, [laws.metric.value(theory.theory.loss(neurons, complexity)), low, high]))
    };
    (0..PLACES).filter_map(at).collect()
}

/// The theory over neurons and complexity, with the runs.
fn surface(laws: &Laws, theory: &TheoryFit) -> Chart {
    const GRID: usize = 44;
    let metric = &laws.metric;
    let axis = |of: fn(&elm_core::analysis::Observation) -> f64| -> Vec<f64> {
        let values = laws.observations.iter().map(of);
        let [low, high] =
            values.fold([f64::INFINITY, 0.0], |[low, high], value| [low.min(value), high.max(value)]);
        let (low, high) = (low / 1.5, high * 1.5);
        (0..GRID).map(|at| low * (high / low).powf(at as f64 / (GRID - 1) as f64)).collect()
    };
    let (neurons, complexity) = (axis(|o| o.neurons), axis(|o| o.complexity));
    // Far from every run the theory is steep; what was met there sets the colours.
    let met = laws.observations.iter().map(|o| o.loss);
    let [least, most] =
        met.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], loss| [low.min(loss), high.max(loss)]);
    let (floor, ceiling) = (least - (most - least), most + 0.2 * (most - least));
    let value = |n: f64, k: f64| metric.value(theory.theory.loss(n, k).clamp(floor, ceiling));
    let rows: Vec<Vec<f64>> =
        complexity.iter().map(|&k| neurons.iter().map(|&n| value(n, k)).collect()).collect();
    let points: Vec<(f64, f64)> = laws.observations.iter().map(|o| (o.neurons, o.complexity)).collect();
    let mut chart = Chart::new(
        format!("The fitted theory (root mean square error {})", Significant(theory.rms_error)),
        Axis::log("neurons N"),
        Axis::log("learned numbers of a neuron k_e"),
    )
    .over(Field::contours(metric.label(&metric.report), &neurons, &complexity, &rows, 14));
    for (number, budget) in shown_budgets(laws).into_iter().enumerate() {
        let line: Vec<(f64, f64)> =
            budget.allocations.iter().map(|a| (a.mean.neurons, a.mean.complexity)).collect();
        chart =
            chart.with(Series::line(format!("P = {}", rounded(budget.parameters)), &line).like(number + 1));
    }
    chart.with(Series::points("runs", &points).like(6))
}

/// All allocations by their cost, and those that nothing cheaper beats.
fn front(laws: &Laws, which: usize, cost: &str) -> Chart {
    let metric = &laws.metric;
    let of = |at: usize| {
        let mean = &laws.allocations[at].mean;
        let cost = if which == 0 { Some(mean.parameters) } else { mean.flops };
        Some((cost?, metric.value(mean.loss)))
    };
    let others = (0..laws.allocations.len()).filter(|at| !laws.fronts[which].contains(at));
    let others: Vec<(f64, f64)> = others.filter_map(of).collect();
    let front: Vec<(f64, f64)> = laws.fronts[which].iter().filter_map(|&at| of(at)).collect();
    let chart =
        Chart::new("What nothing cheaper beats", Axis::log(cost), Axis::linear(metric.label(&metric.report)));
    let chart = chart.with(Series::line("front", &front).marked());
    if others.is_empty() { chart } else { chart.with(Series::points("others", &others).like(5)) }
}

/// The power law through the best of every budget.
fn law(laws: &Laws) -> Chart {
    let metric = &laws.metric;
    let best = super::best_of(&laws.budgets, &laws.optima);
    let mut chart = Chart::new(
        "Loss against size",
        Axis::log("trainable parameters P"),
        Axis::linear(if metric.best.is_some() { metric.loss_name() } else { metric.label(&metric.report) }),
    )
    .with(Series::points("best allocation of each budget", &best));
    let Ok(fit) = &laws.power_law else { return chart };
    let sizes = best.iter().map(|point| point.0);
    let [low, high] = sizes.fold([f64::INFINITY, 0.0], |[low, high], size| [low.min(size), high.max(size)]);
    let places: Vec<f64> =
        (0..PLACES).map(|at| low / 1.3 * (high / low * 1.69).powf(at as f64 / (PLACES - 1) as f64)).collect();
    let band: Vec<(f64, f64, f64)> = places
        .iter()
        .filter_map(|&size| {
            let [low, high] = percentile_interval(fit.replicates.iter().map(|law| law.at(size)).collect())?;
            Some((size, low, high))
        })
        .collect();
    let line: Vec<(f64, f64)> = places.iter().map(|&size| (size, fit.law.at(size))).collect();
    chart = chart.with(Series::band("90 % of the fit", &band).like(0));
    chart.with(
        Series::line(super::words::law(fit.law.l_inf, fit.law.a, fit.law.alpha), &line).dashed().like(0),
    )
}

/// Standard deviation of a few runs; 0 of one.
fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
}

/// A size as people say it: `3.5 M`.
fn rounded(parameters: f64) -> String {
    let (value, unit) = match parameters {
        // Not "1000 k".
        p if p >= 0.9995e6 => (p / 1e6, " M"),
        p if p >= 999.5 => (p / 1e3, " k"),
        p => (p, ""),
    };
    if value >= 100.0 { format!("{value:.0}{unit}") } else { format!("{value:.1}{unit}") }
}

/// A number with two significant digits.
struct Significant(f64);

impl std::fmt::Display for Significant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = if self.0 > 0.0 { (1.0 - self.0.log10().floor()).clamp(0.0, 9.0) as usize } else { 0 };
        write!(f, "{:.digits$}", self.0)
    }
}
