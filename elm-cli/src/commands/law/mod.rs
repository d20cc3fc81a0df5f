//! `elm law`: what a set of runs says about how to split a budget of parameters
//! between neurons, their complexity and their connections.

mod assemble;
mod configuration;
mod costs;
mod figures;
mod metric;
mod published;
mod reasons;
mod recommend;
mod report;
mod rows;
mod settings;
mod table;
mod words;

pub use published::Task;
pub use recommend::Recommendation;
pub use report::{
    BestAllocation, LawReport, LimitName, Measured, PowerLawIntervals, PowerLawReport, RecipeReport,
    TheoryOptimum, TheoryPointReport, TheoryReport,
};

use crate::answer::tell;
use crate::config::names::Named;
use crate::config::place::ConfigError;
use crate::run::folder::write_atomically;
use anyhow::{Context, Result};
use elm_core::analysis::{
    Allocation, Budget, Observation, Optimum, PowerLawFit, Recipe, allocations, budgets, fit_power_law,
    optimum, pareto_front, recipe,
};
use elm_core::theory::{TheoryFit, fit_theory};
use metric::Metric;
use rows::Row;
use std::collections::BTreeSet;
use std::path::PathBuf;
use table::Table;

/// Allocations from which on a fit takes seconds.
const MANY_ALLOCATIONS: usize = 200;

/// What to find out.
#[derive(Debug, Clone)]
pub struct LawRequest {
    /// Tables of results; none for the published one of the task.
    pub tables: Vec<PathBuf>,
    /// What was learned.
    pub task: Option<Task>,
    /// Figure of merit, or a column.
    pub metric: Option<String>,
    /// Parameters to recommend an allocation for.
    pub budget: Option<f64>,
    /// Folder to write into.
    pub out: Option<PathBuf>,
    /// Seed of everything drawn.
    pub seed: u64,
}

/// All that follows from the runs.
struct Laws {
    metric: Metric,
    rows: Vec<Row>,
    observations: Vec<Observation>,
    /// In the order of neurons.
    allocations: Vec<Allocation>,
    budgets: Vec<Budget>,
    optima: Vec<Optimum>,
    fronts: [Vec<usize>; 2],
    power_law: elm_core::Result<PowerLawFit>,
    recipe: elm_core::Result<Recipe>,
    theory: elm_core::Result<TheoryFit>,
}

/// Reads tables, fits laws, and writes what was asked for.
///
/// # Errors
/// When a table cannot be read or used, the budget pays for no network, or a
/// file cannot be written.
pub fn run(request: &LawRequest) -> Result<LawReport> {
    let mut notes = Vec::new();
    let (mut tables, task) = tables(request)?;
    let metric = Metric::of(&tables[0], request.metric.as_deref())?;
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    for table in &mut tables {
        settings::without_copies(table, &mut seen, &mut notes);
        if !table.rows.is_empty() {
            rows.extend(rows::rows(table, &metric, task, &mut notes)?);
        }
    }
    let rows = settings::best_settings(rows, &metric, &mut notes);
    let laws = Laws::of(metric, rows, request.seed, &mut notes)?;
    let recommendation = match request.budget {
        Some(budget) => Some(recommend::recommend(&laws, task, budget)?),
        None => None,
    };
    let names = tables.into_iter().map(|table| table.name).collect();
    let mut report = assemble::report(&laws, names, task, recommendation, notes);
    if let Some(folder) = &request.out {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        if let Some(recommendation) = &mut report.recommendation {
            match task {
                Some(task) => configuration::write(task, recommendation, folder)?,
                None => report
                    .notes
                    .push("no configuration is written: say with --task what is learned".to_string()),
            }
        }
        report.files = figures::write(&laws, folder)?;
        report.files.extend(report.recommendation.as_ref().and_then(|advice| advice.config.clone()));
        let path = folder.join("law.json");
        report.files.push(path.display().to_string());
        write_atomically(&path, serde_json::to_string_pretty(&report).context("the report")?.as_bytes())?;
    }
    Ok(report)
}

/// The tables asked for, and the task they are about as far as it is known.
fn tables(request: &LawRequest) -> Result<(Vec<Table>, Option<Task>)> {
    if request.tables.is_empty() {
        let Some(task) = request.task else {
            let message = format!(
                "name tables of results, or the task whose published sweep is to be taken: {}",
                names()
            );
            return Err(ConfigError::of("--task", message).into());
        };
        let published = task.published();
        return Ok((vec![Table::parse(published.name, published.table)?], Some(task)));
    }
    let tables: Vec<Table> = request.tables.iter().map(|path| Table::read(path)).collect::<Result<_>>()?;
    let recognised =
        rows::recognised(&tables[0]).filter(|task| tables.iter().all(|t| rows::recognised(t) == Some(*task)));
    Ok((tables, request.task.or(recognised)))
}

fn names() -> String {
    Task::ALL.iter().map(|task| task.name()).collect::<Vec<_>>().join(", ")
}

impl Laws {
    fn of(metric: Metric, rows: Vec<Row>, seed: u64, notes: &mut Vec<String>) -> Result<Laws> {
        let observations: Vec<Observation> = rows.iter().map(|row| row.observation(&metric)).collect();
        let budgets = budgets(&observations)?;
        let optima = optima(&budgets, seed, notes);
        let allocations = allocations(&observations)?;
        let points = |cost: fn(&Observation) -> f64| -> Vec<(f64, f64)> {
            allocations.iter().map(|allocation| (cost(&allocation.mean), allocation.mean.loss)).collect()
        };
        let fronts = [
            pareto_front(&points(|observation| observation.parameters)),
            pareto_front(&points(|observation| observation.flops.unwrap_or(f64::NAN))),
        ];
        let power_law = fit_power_law(&best_of(&budgets, &optima), seed);
        if power_law.as_ref().is_ok_and(|fit| fit.at_limit) {
            notes.push(
                "the exponent of the power law is at the end of what is searched: these sizes follow none"
                    .into(),
            );
        }
        let recipe = recipe(&optima);
        if allocations.len() > MANY_ALLOCATIONS {
            tell(format_args!("fitting the theory to {} allocations", allocations.len()));
        }
        let theory = fit_theory(&observations, seed);
        Ok(Laws {
            metric,
            rows,
            observations,
            allocations,
            budgets,
            optima,
            fronts,
            power_law,
            recipe,
            theory,
        })
    }
}

/// The optimum of every budget that splits its parameters in three ways.
fn optima(budgets: &[Budget], seed: u64, notes: &mut Vec<String>) -> Vec<Optimum> {
    let mut optima = Vec::new();
    for budget in budgets {
        match optimum(budget, seed) {
            Ok(optimum) => {
                if budget.allocations.len() == 3 {
                    notes.push(format!(
                        "budget {:.0}: a parabola goes through any three allocations; its interval tells of seeds \
                         alone",
                        budget.parameters
                    ));
                }
                if optimum.at_edge {
                    notes.push(format!(
                        "budget {:.0}: the best allocation is the last on its side; the optimum may lie beyond",
                        budget.parameters
                    ));
                }
                optima.push(optimum);
            }
            // Sizes of single neurons are no allocations of a budget.
            Err(_) if budget.allocations.iter().all(|a| a.mean.neurons == 1.0) => {}
            Err(error) => notes.push(format!("budget {:.0}: {error}", budget.parameters)),
        }
    }
    optima
}

/// Size and loss of every run of the allocation that is best on validation, of
/// every budget that has an optimum; of every size, where nothing is split.
fn best_of(budgets: &[Budget], optima: &[Optimum]) -> Vec<(f64, f64)> {
    let mut best = Vec::new();
    for Budget { parameters, allocations } in budgets {
        if optima.is_empty() && allocations.iter().all(|a| a.mean.neurons == allocations[0].mean.neurons) {
            best.extend(allocations);
        } else if let Some(optimum) = optima.iter().find(|optimum| optimum.budget == *parameters) {
            best.push(&allocations[optimum.measured]);
        }
    }
    best.into_iter().flat_map(|best| best.losses.iter().map(|&loss| (best.mean.parameters, loss))).collect()
}
