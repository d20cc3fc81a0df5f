//! Settings checked against the keys there are, and read by their ranges.

use super::aliases;
use super::document::{Entries, Entry, Value};
use super::place::ConfigError;
use super::ranges::{Problem, Takes, is_none};
use super::section::Key;

/// Settings whose keys exist and whose values have the right type and range.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    entries: Entries,
    /// The file they were read from, for messages without a place.
    name: String,
}

impl Settings {
    /// Checks every setting; paths become absolute.
    ///
    /// # Errors
    /// At the first setting that is unknown, of the wrong type or out of range.
    pub fn check(name: &str, mut entries: Entries, keys: &[Key]) -> Result<Self, ConfigError> {
        for (path, entry) in &mut entries {
            let Some(key) = keys.iter().find(|key| key.path == *path) else {
                return Err(unknown_key(path, entry, keys));
            };
            (key.check)(path, entry)?;
        }
        Ok(Settings { entries, name: name.into() })
    }

    /// The settings themselves.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// The keys that people have given and not unset; a run writes down by
    /// itself what holds.
    pub fn asked_for(&self) -> impl Iterator<Item = &str> {
        let asked = |entry: &Entry| !is_none(&entry.value) && !entry.key_place.source.resolved;
        self.entries.iter().filter(move |(_, entry)| asked(entry)).map(|(key, _)| key.as_str())
    }

    /// Is any key of that table given?
    pub fn has_table(&self, table: &str) -> bool {
        let inside = format!("{table}.");
        self.entries.keys().any(|key| key.starts_with(&inside))
    }

    /// The value of a key; `None` where it is not given, or unset by "none".
    ///
    /// # Errors
    /// When the range does not hold it.
    pub fn get<R: Takes>(&self, path: &str, range: &R) -> Result<Option<R::Value>, ConfigError> {
        match self.entries.get(path) {
            Some(entry) if !is_unset(entry, range) => {
                range.read(&entry.value).map(Some).map_err(|problem| error_of(path, entry, range, problem))
            }
            _ => Ok(None),
        }
    }

    /// An error at the place of a key: of its value, else of the first key
    /// below it, else of the whole configuration.
    pub fn error(&self, path: &str, message: impl Into<String>) -> ConfigError {
        let below = format!("{path}.");
        let first_below =
            || self.entries.iter().find(|(key, _)| key.starts_with(&below)).map(|(_, e)| &e.key_place);
        let place = self.entries.get(path).map(|entry| &entry.value_place).or_else(first_below);
        let message = message.into();
        match place {
            Some(place) => ConfigError::at(place, format!("{path}: {message}")),
            None => ConfigError::of(&self.name, format!("{path}: {message}")),
        }
    }
}

/// "none" unsets a key, unless it is a value like any other.
fn is_unset(entry: &Entry, range: &impl Takes) -> bool {
    is_none(&entry.value) && !range.takes_none()
}

/// Checks a value against its range and completes it.
///
/// # Errors
/// When the range does not hold it.
pub(super) fn check_value(path: &str, entry: &mut Entry, range: &impl Takes) -> Result<(), ConfigError> {
    if is_unset(entry, range) {
        return Ok(());
    }
    let folder = &entry.value_place.source.folder;
    let completed = range.read(&entry.value).and_then(|_| range.complete(&entry.value, folder));
    entry.value = completed.map_err(|problem| error_of(path, entry, range, problem))?;
    Ok(())
}

fn error_of(path: &str, entry: &Entry, range: &impl Takes, problem: Problem) -> ConfigError {
    let at = |message: String| ConfigError::at(&entry.value_place, message);
    let takes = |given: &str| at(format!("{path} takes {}, not {given}", range.words()));
    match problem {
        // Of a fraction, its digits tell more than that it is a number.
        Problem::Type => match entry.value {
            Value::Number(number) => takes(&format!("{number:?}")),
            ref other => takes(other.kind()),
        },
        Problem::Range(shown, None) => takes(&shown),
        Problem::Range(shown, Some(help)) => takes(&shown).help(help),
        Problem::Other(message) => at(format!("{path}: {message}")),
    }
}

fn unknown_key(path: &str, entry: &Entry, keys: &[Key]) -> ConfigError {
    if path == "extends" {
        return ConfigError::at(&entry.key_place, "extends is for files: name the file itself instead");
    }
    let error = ConfigError::at(&entry.key_place, format!("unknown key `{path}`"));
    let table = format!("{path}.");
    if let Some(inside) = keys.iter().find(|known| known.path.starts_with(&table)) {
        return ConfigError::at(&entry.value_place, format!("`{path}` is a table, not a value"))
            .help(format!("it has keys such as `{}`", inside.path));
    }
    if let Some(meant) = aliases::meant_by(path).filter(|&meant| keys.iter().any(|key| key.path == meant)) {
        return error.help(format!("did you mean `{meant}`? `elm check --keys` lists all"));
    }
    let last = |p: &str| p.rsplit('.').next().unwrap_or_default().to_string();
    let likeness = |known: &str| {
        // A right name in the wrong table is as likely a slip as a misspelt one.
        strsim::jaro_winkler(known, path).max(0.95 * strsim::jaro_winkler(&last(known), &last(path)))
    };
    let nearest = keys.iter().map(|key| key.path.as_str()).max_by(|a, b| {
        // Of equals the shorter path.
        likeness(a).total_cmp(&likeness(b)).then(b.len().cmp(&a.len()))
    });
    match nearest.filter(|known| likeness(known) > 0.8) {
        Some(known) => error.help(format!("did you mean `{known}`? `elm check --keys` lists all")),
        None => error.help("`elm check --keys` lists all keys"),
    }
}
