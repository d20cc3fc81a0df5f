//! Tables of a sweep file: their keys, lists and settings, with places.

use crate::config::ConfigError;
use crate::config::document::{self, Entries, Entry, Value};
use crate::config::keys::nearest;
use crate::config::place::{Place, Source};
use serde_spanned::Spanned;
use std::ops::Range;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// What tables of one source are read with.
pub(super) struct Tables<'a> {
    source: &'a Arc<Source>,
}

/// A dotted key that stands at the place, and its value.
pub(super) type Leaf<'t, 'i> = (String, Place, &'t Spanned<DeValue<'i>>);

impl<'a> Tables<'a> {
    pub(super) fn new(source: &'a Arc<Source>) -> Self {
        Tables { source }
    }

    pub(super) fn place(&self, span: Range<usize>) -> Place {
        Place { source: self.source.clone(), span }
    }

    /// Refuses keys that are not among those there are.
    pub(super) fn check_keys(
        &self,
        table: &DeTable<'_>,
        prefix: &str,
        known: &[&str],
    ) -> Result<(), ConfigError> {
        let mut keys: Vec<_> = table.keys().collect();
        keys.sort_by_key(|key| key.span().start);
        for key in keys {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let error =
                    ConfigError::at(&self.place(key.span()), format!("a sweep has no key `{prefix}{name}`"));
                return Err(error.help(nearest(name, known)));
            }
        }
        Ok(())
    }

    /// The value of a key, which is no table.
    pub(super) fn entry(&self, table: &DeTable<'_>, key: &str) -> Result<Option<Entry>, ConfigError> {
        let Some((key, value)) = table.get_key_value(key) else { return Ok(None) };
        let place = self.place(key.span());
        if matches!(value.get_ref(), DeValue::Table(_)) {
            let message = format!("`{}` takes a value, not a table", key.get_ref());
            return Err(ConfigError::at(&place, message));
        }
        document::entry_of(self.source, &place, value).map(Some)
    }

    /// The value of a key that takes a name.
    pub(super) fn name(
        &self,
        table: &DeTable<'_>,
        key: &str,
    ) -> Result<Option<(String, Entry)>, ConfigError> {
        let Some(entry) = self.entry(table, key)? else { return Ok(None) };
        match &entry.value {
            Value::Text(text) => Ok(Some((text.clone(), entry))),
            other => {
                let message = format!("`{key}` takes a name, not {}", other.kind());
                Err(ConfigError::at(&entry.value_place, message))
            }
        }
    }

    /// The values of a list, each with its place.
    pub(super) fn list(&self, table: &DeTable<'_>, key: &str) -> Result<Option<Vec<Entry>>, ConfigError> {
        let Some((key, value)) = table.get_key_value(key) else { return Ok(None) };
        let place = self.place(key.span());
        self.items(key.get_ref(), &place, value).map(Some)
    }

    /// The same of a value.
    pub(super) fn items(
        &self,
        key: &str,
        place: &Place,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Vec<Entry>, ConfigError> {
        let DeValue::Array(items) = value.get_ref() else {
            let message = format!("`{key}` takes a list here");
            return Err(ConfigError::at(&self.place(value.span()), message).help("for example [1, 2, 3]"));
        };
        if items.is_empty() {
            let message = format!("`{key}`: an empty list leaves no run");
            return Err(ConfigError::at(&self.place(value.span()), message));
        }
        items.iter().map(|item| document::entry_of(self.source, place, item)).collect()
    }

    /// The table of that name.
    pub(super) fn table<'t, 'i>(
        &self,
        table: &'t DeTable<'i>,
        key: &str,
    ) -> Result<Option<(&'t DeTable<'i>, Place)>, ConfigError> {
        let Some((key, value)) = table.get_key_value(key) else { return Ok(None) };
        let place = self.place(key.span());
        match value.get_ref() {
            DeValue::Table(inside) => Ok(Some((inside, place))),
            _ => Err(ConfigError::at(&place, format!("`{0}` is a table: [{0}]", key.get_ref()))),
        }
    }

    /// The tables of a list `[[key]]`.
    pub(super) fn list_of_tables<'t, 'i>(
        &self,
        table: &'t DeTable<'i>,
        key: &str,
    ) -> Result<Vec<(&'t DeTable<'i>, Place)>, ConfigError> {
        let Some((key, value)) = table.get_key_value(key) else { return Ok(Vec::new()) };
        let name: &str = key.get_ref();
        let wrong =
            |span| ConfigError::at(&self.place(span), format!("`{name}` is a list of tables: [[{name}]]"));
        let DeValue::Array(items) = value.get_ref() else { return Err(wrong(key.span())) };
        let table = |item: &'t Spanned<DeValue<'i>>| match item.get_ref() {
            DeValue::Table(inside) => Ok((inside, self.place(item.span()))),
            _ => Err(wrong(item.span())),
        };
        items.iter().map(table).collect()
    }

    /// The settings of a table.
    pub(super) fn settings(&self, table: &DeTable<'_>, key: &str) -> Result<Entries, ConfigError> {
        match self.table(table, key)? {
            Some((inside, _)) => document::settings_of(self.source, inside),
            None => Ok(Entries::new()),
        }
    }

    /// The values of a table and those below it in the order of the file,
    /// under dotted keys; a table for which `is_value` holds is a value.
    pub(super) fn leaves<'t, 'i>(
        &self,
        table: &'t DeTable<'i>,
        is_value: fn(&DeTable<'i>) -> bool,
    ) -> Vec<Leaf<'t, 'i>> {
        let mut leaves = Vec::new();
        let mut tables = vec![(String::new(), table)];
        while let Some((prefix, table)) = tables.pop() {
            for (key, value) in table {
                let name = format!("{prefix}{}", key.get_ref());
                match value.get_ref() {
                    DeValue::Table(inside) if !is_value(inside) => tables.push((name + ".", inside)),
                    _ => leaves.push((name, self.place(key.span()), value)),
                }
            }
        }
        leaves.sort_by_key(|(_, place, _)| place.span.start);
        leaves
    }
}
