//! Settings checked against the table of keys, and read by type.

use super::document::{Entries, Entry, Value};
use super::keys::{self, Kind};
use super::place::ConfigError;
use std::path::{Path, PathBuf};

/// Settings whose keys exist and whose values have the right type and range.
#[derive(Debug, Clone, PartialEq)]
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
    pub fn check(name: &str, mut entries: Entries) -> Result<Self, ConfigError> {
        for (path, entry) in &mut entries {
            let Some(key) = keys::find(path) else { return Err(unknown_key(path, entry)) };
            if is_none(entry, key.kind) {
                continue;
            }
            check_value(key.kind, path, entry)?;
            if key.kind == Kind::Path {
                absolute_path(entry)?;
            }
        }
        Ok(Settings { entries, name: name.into() })
    }

    /// The settings themselves.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// Was the key given, with a value or as "none"?
    pub fn is_given(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// Was the key given as "none"?
    pub fn is_cleared(&self, path: &str) -> bool {
        let kind = keys::find(path).map(|key| key.kind);
        self.entries.get(path).zip(kind).is_some_and(|(entry, kind)| is_none(entry, kind))
    }

    fn value(&self, path: &str) -> Option<&Value> {
        debug_assert!(keys::find(path).is_some(), "{path} is not in the table of keys");
        if self.is_cleared(path) { None } else { self.entries.get(path).map(|entry| &entry.value) }
    }

    /// A whole number.
    pub fn integer(&self, path: &str) -> Option<u64> {
        match self.value(path)? {
            Value::Integer(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// A whole number as a size.
    pub fn size(&self, path: &str) -> Option<usize> {
        self.integer(path).and_then(|value| usize::try_from(value).ok())
    }

    /// A number.
    pub fn number(&self, path: &str) -> Option<f64> {
        number(self.value(path)?)
    }

    /// A number that "none" unsets: `Some(None)` then.
    pub fn number_or_none(&self, path: &str) -> Option<Option<f64>> {
        if self.is_cleared(path) { Some(None) } else { self.number(path).map(Some) }
    }

    /// True or false.
    pub fn flag(&self, path: &str) -> Option<bool> {
        match self.value(path)? {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A string.
    pub fn text(&self, path: &str) -> Option<&str> {
        match self.value(path)? {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }

    /// A path whose environment variables are all set.
    ///
    /// # Errors
    /// When the key is missing or names a variable that is not set.
    pub fn existing_path(&self, path: &str) -> Result<PathBuf, ConfigError> {
        let Some(text) = self.text(path) else {
            return Err(self.error(path, "missing: this kind of data is read from a file or folder"));
        };
        match text.split_once("${").and_then(|(_, rest)| rest.split_once('}')) {
            None => Ok(PathBuf::from(text)),
            Some((name, _)) => Err(self
                .error(path, format!("the environment variable {name} is not set"))
                .help(format!("run {name}=/folder/of/data elm …, or give the place with --set {path}=…"))),
        }
    }

    /// A list of numbers.
    pub fn numbers(&self, path: &str) -> Option<Vec<f64>> {
        match self.value(path)? {
            Value::List(items) => items.iter().map(number).collect(),
            _ => None,
        }
    }

    /// A name of a closed set, read by serde.
    pub fn choice<T: serde::de::DeserializeOwned>(&self, path: &str) -> Option<T> {
        serde_json::from_value(serde_json::Value::String(self.text(path)?.to_string())).ok()
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

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Number(value) => Some(*value),
        _ => None,
    }
}

/// "none" unsets a key, unless it is a value like any other.
fn is_none(entry: &Entry, kind: Kind) -> bool {
    let is_value =
        matches!(kind, Kind::Text) || matches!(kind, Kind::Choice(names) if names.contains(&"none"));
    !is_value && entry.value == Value::Text("none".into())
}

fn unknown_key(path: &str, entry: &Entry) -> ConfigError {
    let error = ConfigError::at(&entry.key_place, format!("unknown key `{path}`"));
    let all = keys::paths();
    let table = format!("{path}.");
    if let Some(inside) = all.iter().find(|known| known.starts_with(&table)) {
        return ConfigError::at(&entry.value_place, format!("`{path}` is a table, not a value"))
            .help(format!("it has keys such as `{inside}`"));
    }
    let last = |p: &str| p.rsplit('.').next().unwrap_or_default().to_string();
    let likeness = |known: &String| {
        // A right name in the wrong table is as likely a slip as a misspelt one.
        strsim::jaro_winkler(known, path).max(0.95 * strsim::jaro_winkler(&last(known), &last(path)))
    };
    let nearest = all.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)).then(b.len().cmp(&a.len())));
    match nearest.filter(|known| likeness(known) > 0.8) {
        Some(known) => error.help(format!("did you mean `{known}`? `elm check --keys` lists all")),
        None => error.help("`elm check --keys` lists all keys"),
    }
}

fn check_value(kind: Kind, path: &str, entry: &Entry) -> Result<(), ConfigError> {
    let wrong_type = || {
        Err(ConfigError::at(&entry.value_place, format!("{path} takes {kind}, not {}", entry.value.kind())))
    };
    let out_of_range =
        |value: String| Err(ConfigError::at(&entry.value_place, format!("{path} takes {kind}, not {value}")));
    match (kind, &entry.value) {
        (Kind::Bool, Value::Bool(_)) | (Kind::Text | Kind::Path, Value::Text(_)) => Ok(()),
        (Kind::Integer(least), Value::Integer(value)) if *value < least => out_of_range(value.to_string()),
        (Kind::Integer(_), Value::Integer(_)) => Ok(()),
        (Kind::Choice(names), Value::Text(given)) if !names.contains(&given.as_str()) => {
            let nearest =
                names.iter().max_by(|a, b| strsim::jaro(a, given).total_cmp(&strsim::jaro(b, given)));
            let error = ConfigError::at(&entry.value_place, format!("{path} takes {kind}, not \"{given}\""));
            Err(match nearest.filter(|name| strsim::jaro(name, given) > 0.7) {
                Some(name) => error.help(format!("did you mean \"{name}\"?")),
                None => error,
            })
        }
        (Kind::Choice(_), Value::Text(_)) => Ok(()),
        (Kind::Positive | Kind::NotNegative | Kind::Number | Kind::Share, value) => match number(value) {
            None => wrong_type(),
            Some(value) if !in_range(kind, value) => out_of_range(value.to_string()),
            Some(_) => Ok(()),
        },
        (Kind::Integers, Value::List(items)) => {
            let all_right = items.iter().all(|item| matches!(item, Value::Integer(value) if *value >= 0));
            if all_right { Ok(()) } else { out_of_range("this one".into()) }
        }
        (Kind::Numbers, Value::List(items)) => {
            let all_right =
                items.iter().all(|item| number(item).is_some_and(|v| in_range(Kind::Positive, v)));
            if all_right { Ok(()) } else { out_of_range("this one".into()) }
        }
        _ => wrong_type(),
    }
}

fn in_range(kind: Kind, value: f64) -> bool {
    value.is_finite()
        && match kind {
            Kind::Positive => value > 0.0,
            Kind::NotNegative => value >= 0.0,
            Kind::Share => (0.0..=1.0).contains(&value),
            _ => true,
        }
}

/// Expands `${NAME}` and makes a path absolute, starting from its file's
/// folder. A variable that is not set stays: whoever needs the path complains
/// (see [`Settings::existing_path`]), and `elm info` needs none.
fn absolute_path(entry: &mut Entry) -> Result<(), ConfigError> {
    let Value::Text(text) = &entry.value else { return Ok(()) };
    let mut expanded = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else {
            return Err(ConfigError::at(&entry.value_place, "`${` without a closing `}`"));
        };
        let Ok(value) = std::env::var(name) else { return Ok(()) };
        expanded = expanded + before + &value;
        rest = behind;
    }
    let path: PathBuf = Path::new(&entry.value_place.source.folder).join(expanded + rest);
    let absolute = std::path::absolute(&path).unwrap_or(path);
    match absolute.into_os_string().into_string() {
        Ok(text) => entry.value = Value::Text(text),
        Err(_) => {
            return Err(ConfigError::at(&entry.value_place, "the path is not UTF-8; use another folder"));
        }
    }
    Ok(())
}
