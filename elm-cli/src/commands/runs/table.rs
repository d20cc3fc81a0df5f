//! The table of runs for people, as wide as the terminal.

use super::RunsReport;
use super::row::{Row, merit};
use crate::commands::plot::names::shortened;
use crate::commands::settings::told;
use crate::config::keys::short;
use crate::run::progress::{duration, per_second};
use std::io::IsTerminal;
use std::path::Path;

/// Settings that have a column; the rest is counted.
const MOST_SETTINGS: usize = 6;
/// Settings that are worth more than time and speed.
const FEW_SETTINGS: usize = 3;
/// Letters that the name of a run and a value are cut to where room is short.
const SHORT_NAME: usize = 24;
const LONGEST_VALUE: usize = 24;
/// Letters below which a column is not cut.
const NARROWEST: usize = 8;

/// Columns of a terminal that does not tell.
const COLUMNS: usize = 80;

/// Columns of the terminal; of anything else, enough.
pub(super) fn room() -> usize {
    let out = std::io::stdout();
    if !out.is_terminal() {
        return usize::MAX;
    }
    terminal_size::terminal_size_of(out).map_or(COLUMNS, |(width, _)| usize::from(width.0).max(20))
}

/// A column: its head, and a cell for each run.
type Lines = (String, Vec<String>);

/// The table with its last lines.
pub(super) fn text(report: &RunsReport, room: usize) -> String {
    if report.runs.is_empty() {
        return counts(report);
    }
    let own = own_columns(report);
    let keys: Vec<&str> = report.settings.iter().map(String::as_str).collect();
    let settings = keys.iter().take(MOST_SETTINGS).map(|key| {
        let value = |row: &Row| shortened(&told(row.setting(key)), LONGEST_VALUE);
        (short(key, &keys).to_string(), report.runs.iter().map(value).collect())
    });
    let (columns, shown) = fitting(own, settings.collect(), room);
    let mut text = aligned(&columns);
    let hidden = &keys[shown..];
    if !hidden.is_empty() {
        let some: Vec<&str> = hidden.iter().take(4).copied().collect();
        let more = if hidden.len() > 4 { ", …" } else { "" };
        text +=
            &format!("{} more settings differ: {}{more} (--json has all)\n", hidden.len(), some.join(", "));
    }
    for row in &report.runs {
        if let Some(error) = &row.error {
            let line = format!("{}: {}", row.run, error.lines().next().unwrap_or_default());
            text += &(shortened(&line, room.min(400)) + "\n");
        }
    }
    text + &counts(report)
}

fn own_columns(report: &RunsReport) -> Vec<Lines> {
    let of = |head: &str, cell: &dyn Fn(&Row) -> Option<String>| -> Option<Lines> {
        let cells: Vec<Option<String>> = report.runs.iter().map(cell).collect();
        let any = cells.iter().any(Option::is_some);
        any.then(|| (head.to_string(), cells.into_iter().map(Option::unwrap_or_default).collect()))
    };
    let below = |row: &Row| {
        let inside =
            Path::new(&row.run).strip_prefix(&report.dir).ok().filter(|path| path.file_name().is_some());
        inside.map_or(row.run.clone(), |path| path.display().to_string())
    };
    let columns = [
        of("run", &|row| Some(below(row))),
        of("state", &|row| Some(row.state.to_string())),
        of("step", &|row| Some(row.steps_text("/"))),
        of("best valid", &|row| row.valid.as_ref().map(merit)),
        of("test", &|row| row.test.as_ref().map(merit)),
        of("speed", &|row| row.steps_per_second.map(per_second)),
        of("time", &|row| row.seconds.map(duration)),
        of("left", &|row| row.seconds_left.map(duration)),
    ];
    columns.into_iter().flatten().collect()
}

/// What fits: names are shortened first; then settings go from the last one on
/// down to a few, what is said of time and speed, the other settings, and the
/// test. The number of settings kept comes with it.
fn fitting(mut own: Vec<Lines>, mut settings: Vec<Lines>, room: usize) -> (Vec<Lines>, usize) {
    let width = |columns: &[Lines]| columns.iter().map(|column| widest(column) + 2).sum::<usize>();
    let too_wide = |own: &[Lines], settings: &[Lines]| width(own) + width(settings) > room.saturating_add(2);
    if too_wide(&own, &settings) {
        let names = own.first_mut().map(|column| &mut column.1);
        names.into_iter().flatten().for_each(|name| *name = shortened(name, SHORT_NAME));
    }
    for (fewest, head) in [(FEW_SETTINGS, "time"), (FEW_SETTINGS, "speed"), (0, "test"), (0, "left")] {
        while settings.len() > fewest && too_wide(&own, &settings) {
            settings.pop();
        }
        if too_wide(&own, &settings) {
            own.retain(|(own, _)| own != head);
        }
    }
    let shown = settings.len();
    own.extend(settings);
    (own, shown)
}

fn widest((head, cells): &Lines) -> usize {
    cells.iter().chain([head]).map(|cell| cell.chars().count()).max().unwrap_or(0)
}

/// Columns of which the widest are cut until all fit, as far as they can be read.
pub(super) fn narrowed(mut columns: Vec<Lines>, room: usize) -> Vec<Lines> {
    loop {
        let widths: Vec<usize> = columns.iter().map(widest).collect();
        let all = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        let excess = all.saturating_sub(room);
        let Some((at, &width)) = widths.iter().enumerate().max_by_key(|(_, width)| **width) else {
            return columns;
        };
        if excess == 0 || width <= NARROWEST {
            return columns;
        }
        let others = widths.iter().enumerate().filter(|(other, _)| *other != at);
        let next = others.map(|(_, width)| *width).max().unwrap_or(0).min(width - 1);
        let most = width.saturating_sub(excess).max(next).max(NARROWEST);
        let (head, cells) = &mut columns[at];
        cells.iter_mut().chain([head]).for_each(|cell| *cell = shortened(cell, most));
    }
}

/// Columns side by side.
pub(super) fn aligned(columns: &[Lines]) -> String {
    let lines = columns.first().map_or(0, |column| column.1.len());
    let mut text = String::new();
    for at in 0..=lines {
        let mut line = String::new();
        for column in columns {
            let cell = if at == 0 { &column.0 } else { &column.1[at - 1] };
            line += cell;
            line += &" ".repeat(widest(column) + 2 - cell.chars().count());
        }
        text += &format!("{}\n", line.trim_end());
    }
    text
}

/// How many runs are in which state.
fn counts(report: &RunsReport) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for row in &report.runs {
        match counts.iter_mut().find(|(state, _)| *state == row.state) {
            Some((_, count)) => *count += 1,
            None => counts.push((row.state, 1)),
        }
    }
    let counts: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
    let of = match report.runs.len() == report.found {
        true => format!("{} runs", report.found),
        false => format!("{} of {} runs", report.runs.len(), report.found),
    };
    if counts.is_empty() { of } else { format!("{of}: {}", counts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::effective::Effective;

    fn report() -> RunsReport {
        let keys: Vec<String> = (0..9).map(|at| format!("model.neuron.setting_{at}")).collect();
        let value = Effective { value: Some("\"a value\"".into()), origin: String::new() };
        let all: crate::config::effective::EffectiveSettings =
            keys.iter().map(|key| (key.clone(), value.clone())).collect();
        let row = |number: usize| Row {
            run: format!("runs/a-rather-long-name-of-a-run-{number}"),
            state: "interrupted",
            step: 123_456,
            updates: Some(200_000),
            steps_per_second: Some(12.5),
            seconds: Some(9_876.0),
            seconds_left: Some(6_123.0),
            all: all.clone(),
            ..Row::default()
        };
        RunsReport { dir: "runs".into(), found: 2, settings: keys, runs: vec![row(1), row(2)] }
    }

    #[test]
    fn the_widest_columns_are_cut_until_all_fit() {
        let column = |letters: usize| ("head".to_string(), vec!["x".repeat(letters)]);
        let widths = |room| -> Vec<usize> {
            narrowed(vec![column(30), column(90), column(10)], room).iter().map(widest).collect()
        };
        assert_eq!(widths(usize::MAX), [30, 90, 10]);
        assert_eq!(widths(84), [30, 40, 10]);
        assert_eq!(widths(54), [20, 20, 10]);
        assert_eq!(widths(1), [8, 8, 8]);
    }

    #[test]
    fn the_table_fits_a_terminal_and_counts_what_it_leaves_out() {
        let report = report();
        let table = |room| -> Vec<String> { text(&report, room).lines().map(String::from).collect() };
        for room in [64, 80, 120, 200] {
            for line in &table(room)[..3] {
                assert!(line.chars().count() <= room, "{room}: {line}");
            }
        }
        assert!(table(80)[0].starts_with("run ") && table(80)[3].contains("more settings differ"));
        assert!(
            table(usize::MAX)[1].starts_with("a-rather-long-name-of-a-run-1  interrupted  123456/200000")
        );
        assert!(table(usize::MAX)[3].starts_with("3 more settings differ: model.neuron.setting_6"));
        assert_eq!(table(usize::MAX)[4], "2 runs: 2 interrupted");
    }
}
