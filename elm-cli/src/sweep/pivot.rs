//! One figure by two settings: `[table]` of a sweep file.

use super::plan::Plan;
use super::results::{Outcome, unquoted};
use super::table::{aligned, mean_and_deviation};
use super::tables::Tables;
use crate::config::ConfigError;
use crate::config::document::Entry;
use crate::config::keys::nearest;
use crate::config::keys::short;
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

/// What stands where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pivot {
    /// The setting whose values stand in front of the rows.
    pub rows: String,
    /// The setting whose values stand above the columns.
    pub columns: String,
    /// What stands in the cells: `test_accuracy`, say.
    pub metric: String,
    /// A table for each value of this setting; `None`: one of all runs.
    #[serde(default)]
    pub each: Option<String>,
}

/// What runs differ in besides their settings.
pub(super) const OTHERS: [&str; 3] = ["variant", "budget", "seed"];

/// Refuses what is no figure of a run.
pub(super) fn check_metric(name: &str, entry: &Entry) -> Result<(), ConfigError> {
    if ["valid_", "test_"].iter().any(|split| name.starts_with(split)) {
        return Ok(());
    }
    let message = format!("`{name}` is no figure of a run; they begin with valid_ or test_");
    Err(ConfigError::at(&entry.value_place, message))
}

/// A pivot with the places of its names.
pub(super) struct Wanted {
    pivot: Pivot,
    /// Where rows, columns and each stand.
    places: Vec<Entry>,
}

impl Wanted {
    /// The table `[table]`, if there is one.
    pub(super) fn read(tables: &Tables<'_>, top: &DeTable<'_>) -> Result<Option<Self>, ConfigError> {
        let Some((table, place)) = tables.table(top, "table")? else { return Ok(None) };
        tables.check_keys(table, "table.", &["rows", "columns", "metric", "each"])?;
        let text = |key: &str| {
            let help = "rows and columns are settings that vary, or variant, budget, seed; metric is test_loss or \
                        the like";
            let missing = || ConfigError::at(&place, format!("missing: {key} = \"…\"")).help(help);
            tables.name(table, key)?.ok_or_else(missing)
        };
        let ((rows, first), (columns, second), (metric, at)) =
            (text("rows")?, text("columns")?, text("metric")?);
        check_metric(&metric, &at)?;
        let (each, third) = tables.name(table, "each")?.unzip();
        let places = [first, second].into_iter().chain(third).collect();
        Ok(Some(Wanted { pivot: Pivot { rows, columns, metric, each }, places }))
    }

    /// The pivot, if runs differ in what it names.
    pub(super) fn checked(&self, columns: &[String]) -> Result<Pivot, ConfigError> {
        let known: Vec<&str> = columns.iter().map(String::as_str).chain(OTHERS).collect();
        let names = [&self.pivot.rows, &self.pivot.columns].into_iter().chain(&self.pivot.each);
        for (name, entry) in names.zip(&self.places) {
            if !known.contains(&name.as_str()) {
                let error = ConfigError::at(&entry.value_place, format!("no run differs in `{name}`"));
                return Err(error.help(nearest(name, &known)));
            }
        }
        Ok(self.pivot.clone())
    }
}

/// The tables in Markdown: means over all finished runs of a cell.
pub(super) fn markdown(pivot: &Pivot, plan: &Plan, outcomes: &[Outcome]) -> String {
    let tables = apart(pivot.each.as_deref(), outcomes).into_iter().map(|(of, runs)| {
        let metric = pivot.metric.replace('_', " ");
        let title = of.map_or(metric.clone(), |of| format!("{metric}, {of}"));
        format!("{title}:\n\n{}", one_table(pivot, plan, &runs))
    });
    tables.collect::<Vec<_>>().join("\n")
}

/// Runs by the value of a setting, in order of appearance; all of them without
/// a setting.
pub(super) fn apart<'o>(
    each: Option<&str>,
    outcomes: &'o [Outcome],
) -> Vec<(Option<String>, Vec<&'o Outcome>)> {
    let Some(each) = each else { return vec![(None, outcomes.iter().collect())] };
    let values = distinct(each, outcomes.iter());
    let of = |wanted: &String| outcomes.iter().filter(|run| value(each, run) == *wanted).collect();
    values.into_iter().map(|value| (Some(value.clone()), of(&value))).collect()
}

/// What runs have under a name, in order of appearance.
fn distinct<'o>(name: &str, runs: impl Iterator<Item = &'o Outcome>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in runs.map(|run| value(name, run)) {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

fn one_table(pivot: &Pivot, plan: &Plan, runs: &[&Outcome]) -> String {
    let keys: Vec<&str> = plan.columns.iter().map(String::as_str).collect();
    let [rows, columns] = [&pivot.rows, &pivot.columns].map(|name| distinct(name, runs.iter().copied()));
    let by = format!("{} by {}", short(&pivot.rows, &keys), short(&pivot.columns, &keys));
    let mut lines = vec![[vec![by], columns.clone()].concat()];
    for row in rows {
        let cell = |column: &String| {
            let of_cell = runs
                .iter()
                .filter(|run| value(&pivot.rows, run) == row && value(&pivot.columns, run) == *column);
            let values: Vec<f64> =
                of_cell.filter_map(|run| run.metrics.get(&pivot.metric).copied()).collect();
            mean_and_deviation(&values).unwrap_or_default()
        };
        let cells: Vec<String> = columns.iter().map(cell).collect();
        lines.push([vec![row.clone()], cells].concat());
    }
    aligned(&lines)
}

/// What a run has under a name, for people.
pub(crate) fn value(name: &str, run: &Outcome) -> String {
    let point = &run.point;
    match name {
        "variant" => point.variant.clone().unwrap_or_default(),
        "budget" => point.budget.map(|budget| budget.to_string()).unwrap_or_default(),
        "seed" => point.seed.to_string(),
        key => point.varied.get(key).map(|value| unquoted(value)).unwrap_or_default(),
    }
}
