//! The page of a sweep.

use super::page::{cards, cell, head, key, parts, section, table};
use super::{curves, pictures};
use crate::commands::plot::read;
use crate::commands::runs::row::merit;
use crate::config::keys::{self, short};
use crate::model::ConfiguredModel;
use crate::run::progress::duration;
use crate::sweep::pivot::value;
use crate::sweep::results::{Outcome, outcomes};
use crate::sweep::{Plan, table as summary};
use elm_core::train::{Criterion, Measured, Metric, Scores};
use maud::{Markup, html};
use std::collections::BTreeSet;
use std::path::Path;

/// Runs whose curves are drawn over each other; more cannot be told apart.
const MOST_CURVES: usize = 14;

/// Its title and content; `links` is where a run's folder is seen from the page.
pub(super) fn page<S: ConfiguredModel>(
    plan: &Plan,
    sweep: &Path,
    links: &dyn Fn(&Path) -> String,
    notes: &mut Vec<String>,
) -> (String, Markup) {
    let name = super::name_of(sweep);
    let outcomes = outcomes(plan, sweep);
    let mut files = pictures::inside(sweep);
    files.extend(pictures::below(&sweep.join("plots")));
    let figures = pictures::embedded(&files, sweep, notes);
    let curves = match outcomes.len() {
        0..=MOST_CURVES => all_curves::<S>(&outcomes, sweep, notes),
        _ => Vec::new(),
    };
    let (keys, same) = settings(plan, &outcomes);
    let tables = summary::markdown_of(&keys, plan, &outcomes).map(|text| tables_of(&text));
    let content = html! {
        (head(&name, None, &format!("a sweep of {} runs", outcomes.len())))
        (cards(&counts(&outcomes)))
        (section("Means over seeds", tables))
        (section("Figures", pictures::grid(&figures)))
        (section("Runs", Some(runs(&keys, &same, &outcomes, sweep, links))))
        (section("What went wrong", errors(&outcomes)))
        (section("Learning curves", pictures::grid(&curves)))
    };
    (name, content)
}

fn all_curves<S: ConfiguredModel>(
    outcomes: &[Outcome],
    sweep: &Path,
    notes: &mut Vec<String>,
) -> Vec<Markup> {
    let folders = outcomes.iter().map(|outcome| outcome.point.folder(sweep)).filter(|run| run.is_dir());
    let measured: Vec<_> = folders.filter_map(|run| read::<S>(run, notes).ok()).collect();
    if measured.is_empty() { Vec::new() } else { curves::figures(&measured) }
}

/// Runs by state, the best of them, and their time.
fn counts(outcomes: &[Outcome]) -> Vec<(String, String)> {
    let states: BTreeSet<&str> = outcomes.iter().map(|outcome| outcome.state).collect();
    let count = |state: &str| outcomes.iter().filter(|outcome| outcome.state == state).count();
    let mut cards: Vec<(String, String)> =
        states.into_iter().map(|state| (state.to_string(), count(state).to_string())).collect();
    if let Some((run, scores)) = best(outcomes) {
        cards.push((format!("best validation: {}", run.point.name), merit(&scores)));
    }
    let seconds: f64 = outcomes.iter().filter_map(|outcome| outcome.seconds).sum();
    cards.push(("training time of all".into(), duration(seconds)));
    cards
}

/// The finished run with the best validation, by what the task measures, else
/// by the loss.
fn best(outcomes: &[Outcome]) -> Option<(&Outcome, Scores)> {
    let mut best: Option<(&Outcome, Scores)> = None;
    for run in outcomes.iter().filter(|run| run.is_done()) {
        let value = |name: &str| run.metrics.get(&format!("valid_{name}")).copied();
        let measured = Measured::new(Metric::ALL.map(|metric| (metric, value(metric.name()))));
        let of_task = measured.iter().next().map(|(metric, _)| Criterion::Metric(metric));
        let criteria: Vec<Criterion> = of_task.into_iter().chain([Criterion::Loss]).collect();
        let scores = Scores { loss: value("loss"), measured };
        if best.as_ref().is_none_or(|(_, best)| scores.beat(best, &criteria)) {
            best = Some((run, scores));
        }
    }
    best
}

/// A line for each run.
fn runs(
    keys: &[&str],
    same: &[String],
    outcomes: &[Outcome],
    sweep: &Path,
    links: &dyn Fn(&Path) -> String,
) -> Markup {
    let metrics: BTreeSet<&String> = outcomes.iter().flat_map(|outcome| outcome.metrics.keys()).collect();
    // Validation before test.
    let metrics: Vec<&String> = metrics.into_iter().rev().collect();
    let mut head: Vec<String> = ["run", "state"].map(String::from).to_vec();
    head.extend(keys.iter().map(|key| short(key, keys).replace('_', " ")));
    head.extend(["seed", "parameters"].map(String::from));
    head.extend(metrics.iter().map(|name| name.replace('_', " ")));
    head.push("time".into());
    let row = |run: &Outcome| {
        let folder = run.point.folder(sweep);
        let name = &run.point.name;
        let mut cells = vec![
            html! { td class="key" { @if folder.is_dir() { a href=(links(&folder)) { (parts(name)) } } @else { (parts(name)) } } },
            html! { td { span class={ "state " (run.state) } { (run.state) } } },
        ];
        cells.extend(keys.iter().map(|name| cell(&value(name, run))));
        cells.push(cell(&run.point.seed.to_string()));
        cells.push(cell(&run.point.size.trainable_parameters.to_string()));
        let figure =
            |name: &&String| run.metrics.get(*name).map_or(String::new(), |value| format!("{value:.4}"));
        cells.extend(metrics.iter().map(|name| cell(&figure(name))));
        cells.push(cell(&run.seconds.map(duration).unwrap_or_default()));
        cells
    };
    html! {
        @if !same.is_empty() { p class="quiet" { "In all runs that have it: " (same.join(", ")) } }
        (table(&head, &outcomes.iter().map(row).collect::<Vec<_>>()))
    }
}

/// The settings in which runs differ, in the order in which `elm check --keys`
/// tells them; and with their value those that are the same in all runs that
/// have them, which would make a table wide and tell nothing.
fn settings<'p>(plan: &'p Plan, outcomes: &[Outcome]) -> (Vec<&'p str>, Vec<String>) {
    let known = keys::all();
    let place = |key: &&str| known.iter().position(|known| known.path == *key);
    let mut all: Vec<&str> = plan.columns.iter().map(String::as_str).collect();
    all.sort_by_key(|key| place(key).unwrap_or(usize::MAX));
    let (mut differ, mut same) = (Vec::new(), Vec::new());
    for key in all {
        let values: BTreeSet<&String> = outcomes.iter().filter_map(|run| run.point.varied.get(key)).collect();
        match (values.first(), values.len()) {
            (Some(only), 1) if outcomes.len() > 1 => same.push(format!("{key} = {only}")),
            _ => differ.push(key),
        }
    }
    (differ, same)
}

/// Why runs failed.
fn errors(outcomes: &[Outcome]) -> Option<Markup> {
    let row = |run: &Outcome| Some(vec![key(&run.point.name), cell(run.error.as_deref()?)]);
    let rows: Vec<Vec<Markup>> = outcomes.iter().filter_map(row).collect();
    (!rows.is_empty()).then(|| table(&["run", "error"].map(String::from), &rows))
}

/// Tables of Markdown as those of a page, with what stands between them.
fn tables_of(markdown: &str) -> Markup {
    let blocks = markdown.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_string()).collect()
    };
    html! {
        @for block in blocks {
            @if block.starts_with('|') {
                @let lines: Vec<Vec<String>> = block.lines().map(cells).collect();
                @let rows: Vec<Vec<Markup>> =
                    lines.iter().skip(2).map(|line| line.iter().map(|text| cell(text)).collect()).collect();
                (table(&lines[0], &rows))
            } @else {
                h3 { (block) }
            }
        }
    }
}
