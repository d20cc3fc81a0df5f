//! Runs of one allocation that differ in more than their seed, and runs that
//! tables name twice.

use super::metric::Metric;
use super::rows::Row;
use super::table::Table;
use std::collections::{BTreeMap, BTreeSet};

/// Settings that are an allocation's sizes, or the seed.
const NO_CHOICE: [&str; 4] =
    ["model.neuron.num_memory", "model.num_hidden", "training.seed", "model.neuron.mlp_hidden_units"];

/// Columns of the settings of a run, besides its sizes and seed.
pub(super) fn columns(table: &Table) -> Vec<usize> {
    let is_setting =
        |name: &String| name == "variant" || (name.contains('.') && !NO_CHOICE.contains(&name.as_str()));
    (0..table.columns.len()).filter(|&column| is_setting(&table.columns[column])).collect()
}

/// Leaves out rows that were read before: those with the name of another run,
/// or, where runs have no names, with all fields of another.
pub(super) fn without_copies(table: &mut Table, seen: &mut BTreeSet<String>, notes: &mut Vec<String>) {
    let run = table.column("run");
    let before = table.rows.len();
    table.rows.retain(|(_, fields)| {
        seen.insert(run.map_or_else(|| fields.join("\u{1f}"), |column| fields[column].clone()))
    });
    let copies = before - table.rows.len();
    if copies > 0 {
        notes.push(format!("{}: {copies} runs that were there already count once", table.name));
    }
}

/// Keeps, of every allocation, the runs with the settings that are best on
/// validation in the mean over seeds: a budget is judged by what it can reach.
pub(super) fn best_settings(rows: Vec<Row>, metric: &Metric, notes: &mut Vec<String>) -> Vec<Row> {
    let mut allocations: BTreeMap<String, BTreeMap<String, Vec<Row>>> = BTreeMap::new();
    let mut order = Vec::new();
    for row in rows {
        let sizes = row.sizes();
        if !allocations.contains_key(&sizes) {
            order.push(sizes.clone());
        }
        allocations.entry(sizes).or_default().entry(row.settings.clone()).or_default().push(row);
    }
    let mean = |rows: &[Row]| rows.iter().map(|row| metric.loss(row.choice)).sum::<f64>() / rows.len() as f64;
    let (mut kept, mut left_out, mut chosen) = (Vec::new(), 0, 0);
    for sizes in order {
        let of_settings = allocations.remove(&sizes).unwrap_or_default();
        let (count, all) = (of_settings.len(), of_settings.values().map(Vec::len).sum::<usize>());
        let best = of_settings.into_values().min_by(|a, b| mean(a).total_cmp(&mean(b)));
        let best = best.unwrap_or_default();
        left_out += all - best.len();
        chosen += usize::from(count > 1);
        kept.extend(best);
    }
    if chosen > 0 {
        notes.push(format!(
            "{chosen} allocations were trained with several settings; the best on validation ({}) stands for each, {left_out} \
             runs are left out",
            metric.choice
        ));
    }
    kept
}
