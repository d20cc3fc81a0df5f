//! The page of one run.

use super::page::{cards, cell, head, list, section, table};
use super::{curves, log, pictures, settings};
use crate::commands::plot::names::shortened;
use crate::commands::plot::read;
use crate::commands::runs::diff::of_program;
use crate::commands::runs::row::{Row, merit};
use crate::model::ConfiguredModel;
use crate::run::progress::{duration, per_second};
use crate::run::record::{DataDigests, Start};
use crate::run::{RunRecord, Summary};
use elm_core::train::Scores;
use maud::{Markup, html};
use std::path::Path;

/// Its title and content.
pub(super) fn page<S: ConfiguredModel>(run: &Path, notes: &mut Vec<String>) -> (String, Markup) {
    let name = super::name_of(run);
    let row = Row::of::<S>(run);
    let summary = Summary::read(run).ok().flatten();
    let record = RunRecord::read(run).unwrap_or_default();
    let measured = read::<S>(run.to_path_buf(), notes);
    let of_run = measured.iter().flat_map(|run| curves::figures(std::slice::from_ref(run)));
    let of_run: Vec<Markup> = of_run.collect();
    // What `elm plot` draws is drawn afresh.
    let plots = run.join("plots");
    let mut files = pictures::below(&plots);
    files.retain(|file| !file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"curves")));
    let drawn = pictures::embedded(&files, &plots, notes);
    let content = html! {
        (head(&name, Some(row.state), &about(&row, summary.as_ref())))
        @if let Some(error) = &row.error { p class="failed" { (error) } }
        @if let Some(reason) = summary.as_ref().and_then(|summary| summary.stopped_early.as_ref()) { p { (reason) } }
        (cards(&figures(&row)))
        (section("Results", results(&row, summary.as_ref())))
        (section("Learning curves", pictures::grid(&of_run)))
        (section("Pictures", pictures::grid(&drawn)))
        (section("Settings", settings::of(&row.all)))
        (section("Made by", made_by(&record)))
        (section("Log", log::of(run)))
    };
    (name, content)
}

/// What was trained, where and when.
fn about(row: &Row, summary: Option<&Summary>) -> String {
    let mut parts: Vec<String> = row.task.iter().cloned().collect();
    parts.extend(summary.map(|own| format!("{} {}, {} scan", own.backend, own.device, own.scan)));
    parts.extend(row.started.iter().map(|date| format!("started {date}")));
    parts.join(" · ")
}

fn figures(row: &Row) -> Vec<(String, String)> {
    let best = row.best_step.map_or("best validation".into(), |step| format!("validation, step {step}"));
    let figures = [
        ("test".to_string(), row.test.as_ref().map(merit)),
        (best, row.valid.as_ref().map(merit)),
        ("trainable parameters".into(), row.trainable_parameters.map(|count| count.to_string())),
        ("updates".into(), Some(row.steps_text(" of "))),
        ("training time".into(), row.seconds.map(duration)),
        ("updates a second".into(), row.steps_per_second.map(per_second)),
        ("time left".into(), row.seconds_left.map(duration)),
    ];
    figures.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Every figure of every split, and what simple models reach.
fn results(row: &Row, summary: Option<&Summary>) -> Option<Markup> {
    let splits = [("validation", row.valid.as_ref()), ("test", row.test.as_ref())];
    let splits: Vec<(&str, &Scores)> =
        splits.into_iter().filter_map(|(name, scores)| Some((name, scores?))).collect();
    let (_, first) = splits.first()?;
    let mut head = vec!["".to_string(), "loss".to_string()];
    head.extend(first.measured.iter().map(|(metric, _)| metric.name().replace('_', " ")));
    let row_of = |(name, scores): &(&str, &Scores)| {
        let number =
            |value: Option<f64>| cell(&value.map_or("not finite".into(), |value| format!("{value:.4}")));
        let mut cells = vec![html! { th scope="row" { (name) } }, number(scores.loss)];
        cells.extend(first.measured.iter().map(|(metric, _)| number(scores.measured.get(metric))));
        cells
    };
    let simple = summary.and_then(|summary| summary.baselines).map(|simple| simple.text());
    Some(html! {
        (table(&head, &splits.iter().map(row_of).collect::<Vec<_>>()))
        @if let Some(simple) = simple { p class="quiet" { "For comparison on the test split: " (simple) } }
    })
}

/// Program, machine and data of the last start; every start, where there were
/// several.
fn made_by(record: &RunRecord) -> Option<Markup> {
    let last = record.starts.last()?;
    let mut pairs = of_program(&last.provenance);
    pairs.push(("seed".into(), last.provenance.seed.to_string()));
    pairs.push(("command".into(), last.provenance.command.join(" ")));
    pairs.push(("in the folder".into(), last.provenance.folder.clone()));
    pairs.extend(record.from.iter().map(|from| {
        ("weights from".to_string(), format!("{} ({}, step {})", from.run, from.checkpoint, from.step))
    }));
    pairs.extend(record.imported.iter().map(|from| ("imported from".to_string(), from.file.clone())));
    pairs.extend(record.data.iter().flat_map(digests));
    Some(html! {
        (list(&pairs))
        @if record.starts.len() > 1 { h3 { "Every start" } (starts(&record.starts)) }
    })
}

fn digests(data: &DataDigests) -> Vec<(String, String)> {
    ["train", "valid", "test"]
        .iter()
        .map(|split| (format!("{split} data"), format!("SHA-256 {}", shortened(data.of(split), 33))))
        .collect()
}

fn starts(starts: &[Start]) -> Markup {
    let head = ["step", "date", "host", "elm", "backend", "threads", "changes"].map(String::from);
    let row = |start: &Start| {
        let made = &start.provenance;
        let changes: Vec<String> = start.changes.iter().map(ToString::to_string).collect();
        let cells = [
            start.step.to_string(),
            made.date.clone(),
            made.host.clone(),
            made.elm.clone(),
            format!("{} {}", made.backend, made.device),
            made.threads.to_string(),
            changes.join("; "),
        ];
        cells.iter().map(|text| cell(text)).collect()
    };
    table(&head, &starts.iter().map(row).collect::<Vec<_>>())
}
