//! What came out of each setting: means and standard deviations over seeds.

use super::pivot;
use super::plan::Plan;
use super::results::{Outcome, unquoted};
use crate::config::keys::short;
use std::collections::BTreeMap;

/// The runs of one setting.
struct Row<'o> {
    setting: Vec<String>,
    parameters: usize,
    runs: Vec<&'o Outcome>,
}

/// A table in Markdown: a line for each setting, and the one that the sweep
/// file wants; `None` where no run is finished.
pub fn markdown(plan: &Plan, outcomes: &[Outcome]) -> Option<String> {
    let keys: Vec<&str> = plan.columns.iter().map(String::as_str).collect();
    markdown_of(&keys, plan, outcomes)
}

/// The same with a column for these settings only; runs must not differ in
/// others.
pub(crate) fn markdown_of(keys: &[&str], plan: &Plan, outcomes: &[Outcome]) -> Option<String> {
    let with_variants = outcomes.iter().any(|outcome| outcome.point.variant.is_some());
    let rows = rows(keys, with_variants, outcomes);
    let finished = rows.iter().flat_map(|row| row.runs.iter().filter(|run| run.is_done()));
    let mut metrics: Vec<&str> =
        finished.flat_map(|run| run.metrics.keys().map(String::as_str)).collect::<Vec<_>>();
    metrics.sort_unstable_by(|a, b| b.cmp(a));
    metrics.dedup();
    if metrics.is_empty() {
        return None;
    }
    let mut head: Vec<String> = with_variants.then(|| "variant".to_string()).into_iter().collect();
    head.extend(keys.iter().map(|key| short(key, keys).to_string()));
    head.extend(["parameters".to_string(), "runs".to_string()]);
    head.extend(metrics.iter().map(|name| name.replace('_', " ")));
    let mut lines = vec![head];
    for row in rows {
        let done: Vec<&&Outcome> = row.runs.iter().filter(|run| run.is_done()).collect();
        let mut line = row.setting;
        line.push(row.parameters.to_string());
        line.push(match done.len() == row.runs.len() {
            true => done.len().to_string(),
            false => format!("{} of {}", done.len(), row.runs.len()),
        });
        for name in &metrics {
            let values: Vec<f64> = done.iter().filter_map(|run| run.metrics.get(*name).copied()).collect();
            line.push(mean_and_deviation(&values).unwrap_or_default());
        }
        lines.push(line);
    }
    let pivot = plan.table.as_ref().map(|pivot| format!("\n{}", pivot::markdown(pivot, plan, outcomes)));
    Some(aligned(&lines) + &pivot.unwrap_or_default())
}

/// Runs that differ in nothing but their seed, in order of appearance.
fn rows<'o>(keys: &[&str], with_variants: bool, outcomes: &'o [Outcome]) -> Vec<Row<'o>> {
    let mut rows: Vec<Row<'o>> = Vec::new();
    let mut places: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for outcome in outcomes {
        let point = &outcome.point;
        let variant = with_variants.then(|| point.variant.clone().unwrap_or_default());
        let value = |key: &&str| point.varied.get(*key).map(|value| unquoted(value)).unwrap_or_default();
        let setting: Vec<String> = variant.into_iter().chain(keys.iter().map(value)).collect();
        let place = *places.entry(setting.clone()).or_insert(rows.len());
        if place == rows.len() {
            rows.push(Row { setting, parameters: point.size.trainable_parameters, runs: Vec::new() });
        }
        rows[place].runs.push(outcome);
    }
    rows
}

/// Mean and, of several values, the standard deviation of a sample.
pub(super) fn statistics(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    match values.len() {
        0 => None,
        1 => Some((mean, None)),
        _ => Some((mean, Some((squares / (count - 1.0)).sqrt()))),
    }
}

/// `0.8231 ± 0.0042`; of one value the value alone.
pub(super) fn mean_and_deviation(values: &[f64]) -> Option<String> {
    Some(match statistics(values)? {
        (mean, None) => format!("{mean:.4}"),
        (mean, Some(deviation)) => format!("{mean:.4} ± {deviation:.4}"),
    })
}

/// Lines of cells as a Markdown table that can be read as it is.
pub(super) fn aligned(lines: &[Vec<String>]) -> String {
    // A bar within a cell would end it.
    let lines: Vec<Vec<String>> =
        lines.iter().map(|line| line.iter().map(|cell| cell.replace('|', "\\|")).collect()).collect();
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
    };
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (i, line) in lines.iter().enumerate() {
        let cells: Vec<String> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count())))
            .collect();
        text += &format!("| {} |\n", cells.join(" | "));
        if i == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            text += &format!("| {} |\n", rules.join(" | "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_those_of_a_sample() {
        assert_eq!(mean_and_deviation(&[]), None);
        assert_eq!(mean_and_deviation(&[0.5]).unwrap(), "0.5000");
        assert_eq!(mean_and_deviation(&[1.0, 2.0, 3.0]).unwrap(), "2.0000 ± 1.0000");
    }
}
