//! Which runs are listed, and in which order.

use super::row::Row;
use crate::commands::settings::told;
use crate::config::keys::nearest;
use crate::config::keys::short;
use crate::config::names::names;
use crate::config::{ConfigError, Named, keys};
use std::cmp::Ordering;
use std::collections::BTreeSet;

names! {
    /// A column that runs can be ordered by.
    pub enum Column {
        /// Its folder.
        Run = "run",
        /// How far it is.
        State = "state",
        /// Updates done.
        Step = "step",
        /// The best validation, the better first.
        Best = "best",
        /// The test, the better first.
        Test = "test",
        /// Trainable parameters.
        Parameters = "parameters",
        /// Updates per second.
        Speed = "speed",
        /// Seconds of training.
        Time = "time",
        /// When it was first started.
        Started = "started",
    }
}

/// What runs are ordered by.
enum By {
    Column(Column),
    Setting(String),
}

/// Orders runs by a column or a setting; those without a value come last.
///
/// # Errors
/// [`ConfigError`] where there is no such column or setting.
pub(super) fn sort(
    rows: &mut [Row],
    key: &str,
    reverse: bool,
    differing: &[String],
) -> Result<(), ConfigError> {
    let by = match Column::named(key) {
        Some(column) => By::Column(column),
        None => By::Setting(setting("--sort", key, rows, differing)?),
    };
    rows.sort_by(|a, b| {
        let missing = is_missing(&by, a).cmp(&is_missing(&by, b));
        let order = order(&by, a, b);
        missing.then(if reverse { order.reverse() } else { order })
    });
    Ok(())
}

fn is_missing(by: &By, row: &Row) -> bool {
    match by {
        By::Column(Column::Best) => row.valid.is_none(),
        By::Column(Column::Test) => row.test.is_none(),
        By::Column(Column::Parameters) => row.trainable_parameters.is_none(),
        By::Column(Column::Speed) => row.steps_per_second.is_none(),
        By::Column(Column::Time) => row.seconds.is_none(),
        By::Column(Column::Started) => row.started.is_none(),
        By::Column(_) => false,
        By::Setting(key) => row.setting(key).is_none(),
    }
}

fn order(by: &By, a: &Row, b: &Row) -> Ordering {
    let numbers = |a: Option<f64>, b: Option<f64>| a.unwrap_or(f64::NAN).total_cmp(&b.unwrap_or(f64::NAN));
    match by {
        By::Column(Column::Run) => a.run.cmp(&b.run),
        By::Column(Column::State) => a.state.cmp(b.state),
        By::Column(Column::Step) => a.step.cmp(&b.step),
        By::Column(Column::Best) => better(a, b, |row| row.valid.as_ref()),
        By::Column(Column::Test) => better(a, b, |row| row.test.as_ref()),
        By::Column(Column::Parameters) => a.trainable_parameters.cmp(&b.trainable_parameters),
        By::Column(Column::Speed) => numbers(a.steps_per_second, b.steps_per_second),
        By::Column(Column::Time) => numbers(a.seconds, b.seconds),
        By::Column(Column::Started) => a.started.cmp(&b.started),
        By::Setting(key) => {
            let [a, b] = [a, b].map(|row| told(row.setting(key)));
            match (number(&a), number(&b)) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                _ => a.cmp(&b),
            }
        }
    }
}

/// The better first, as the task compares; of different tasks each by itself.
fn better<'r>(
    a: &'r Row,
    b: &'r Row,
    scores: impl Fn(&'r Row) -> Option<&'r elm_core::train::Scores>,
) -> Ordering {
    let Some((own, other)) = scores(a).zip(scores(b)) else { return Ordering::Equal };
    a.task.cmp(&b.task).then_with(|| {
        let [first, second] = [own.beat(other, a.selection), other.beat(own, a.selection)];
        second.cmp(&first)
    })
}

/// Leaves the runs with a value of a setting, `KEY=VALUE`; numbers are
/// compared as numbers, and `none` stands for no value.
///
/// # Errors
/// [`ConfigError`] where it is no such pair, or there is no such setting.
pub(super) fn filter(rows: &mut Vec<Row>, wanted: &str, differing: &[String]) -> Result<(), ConfigError> {
    let Some((key, value)) = wanted.split_once('=') else {
        let error = ConfigError::of(format!("--filter {wanted}"), "this is no KEY=VALUE");
        return Err(error.help("for example --filter training.seed=1"));
    };
    let key = setting("--filter", key.trim(), rows, differing)?;
    let value = value.trim().trim_matches('"');
    rows.retain(|row| match row.setting(&key) {
        None => value == "none",
        Some(own) => {
            let equal = number(own).zip(number(value)).is_some_and(|(own, wanted)| own == wanted);
            equal || own.trim_matches('"') == value || told(Some(own)) == value
        }
    });
    Ok(())
}

fn number(text: &str) -> Option<f64> {
    text.replace('_', "").parse().ok()
}

/// The setting of that name, also in short where the table shows it so.
fn setting(argument: &str, name: &str, rows: &[Row], differing: &[String]) -> Result<String, ConfigError> {
    let shown: Vec<&str> = differing.iter().map(String::as_str).collect();
    let in_short = differing.iter().find(|key| short(key, &shown) == name);
    let is_key =
        rows.iter().any(|row| row.all.contains_key(name)) || keys::all().iter().any(|key| key.path == name);
    if let Some(key) = in_short.cloned().or(is_key.then(|| name.to_string())) {
        return Ok(key);
    }
    let mut known: BTreeSet<&str> = shown.into_iter().collect();
    if argument == "--sort" {
        known.extend(Column::ALL.iter().map(|column| column.name()));
    }
    let known: Vec<&str> = known.into_iter().collect();
    let error = ConfigError::of(argument, format!("there is no `{name}`"));
    Err(error.help(match known.is_empty() {
        true => "a setting such as training.seed; `elm check --keys` lists all".to_string(),
        false => nearest(name, &known) + " – or any setting: `elm check --keys` lists them",
    }))
}
