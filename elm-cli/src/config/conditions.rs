//! For which values of other settings a setting counts.
//!
//! A setting that is written where it cannot have an effect is a mistake, and
//! an error. One that was in place before a later source, an extending file or
//! `--set`, chose something else is only told: so a configuration may be
//! switched to other data without undoing it line by line.

use super::document::{Entries, Entry};
use super::kind::DataKind;
use super::names::Named;
use super::place::ConfigError;
use super::ranges::is_none;
use super::section::Key;

/// A setting counts only where another one has one of these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    /// The other one.
    key: &'static str,
    /// The values, as TOML has them.
    values: Vec<String>,
}

/// Where a closed set's setting is one of these.
pub(super) fn where_is<T: Named>(key: &'static str, members: &[T]) -> Condition {
    Condition { key, values: members.iter().map(|member| format!("\"{}\"", member.name())).collect() }
}

/// Where a flag is set.
pub(super) fn where_set(key: &'static str) -> Condition {
    Condition { key, values: vec!["true".into()] }
}

/// Where the data is of one of these kinds.
pub(super) fn for_data(kinds: &[DataKind]) -> Condition {
    where_is("data.kind", kinds)
}

/// Every key with the value that holds, as TOML has it.
type Values = [(String, Option<String>)];

impl Condition {
    fn holds(&self, values: &Values) -> bool {
        let value = values.iter().find(|(key, _)| key == self.key).and_then(|(_, value)| value.as_ref());
        value.is_some_and(|value| self.values.contains(value))
    }

    /// `data.kind = "text" or "listops"`.
    fn words(&self) -> String {
        let values = match self.values.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => "nothing".into(),
        };
        format!("{} = {values}", self.key)
    }
}

/// The first condition under which a key counts that does not hold.
pub(super) fn unmet<'a>(key: &'a Key, values: &Values) -> Option<&'a Condition> {
    key.counts.iter().find(|condition| !condition.holds(values))
}

/// Checks that every setting can have an effect, but for those that a run has
/// written down by itself; returns what people should know of those that were
/// in place before something else was chosen.
///
/// # Errors
/// At the first setting without effect.
pub(super) fn check(entries: &Entries, keys: &[Key], values: &Values) -> Result<Vec<String>, ConfigError> {
    let mut notes = Vec::new();
    for (path, entry) in entries {
        if is_none(&entry.value) || entry.key_place.source.resolved {
            continue;
        }
        let Some(key) = keys.iter().find(|key| key.path == *path) else { continue };
        let Some(condition) = unmet(key, values) else { continue };
        let chosen = entries.get(condition.key);
        if chosen.is_some_and(|chosen| is_later(chosen, entry)) {
            let (line, _) = entry.key_place.line_and_column();
            let place = &entry.key_place.source.name;
            notes.push(format!("{path} ({place}:{line}) has no effect without {}", condition.words()));
        } else {
            let message = format!("{path} has no effect here, only with {}", condition.words());
            return Err(ConfigError::at(&entry.key_place, message));
        }
    }
    Ok(notes)
}

/// Does a setting come from a source that was read after that of another?
fn is_later(setting: &Entry, than: &Entry) -> bool {
    setting.key_place.source.rank > than.key_place.source.rank
}
