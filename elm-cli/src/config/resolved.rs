//! A configuration as the text of the run folder's `config.toml`.

use super::document::{Entries, Value};
use std::fmt::Write;

/// The settings as TOML, one table after the other; reading it back gives the
/// same settings.
pub fn to_toml(entries: &Entries) -> String {
    let mut text =
        String::from("# Resolved from the original and its overrides; train it again with `elm train`.\n");
    let mut table = "";
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by_key(|(path, _)| path.rsplit_once('.').unwrap_or(("", path)));
    for (path, entry) in sorted {
        let (own, name) = path.rsplit_once('.').unwrap_or(("", path));
        if own != table {
            let _ = write!(text, "\n[{own}]\n");
            table = own;
        }
        let _ = writeln!(text, "{name} = {}", value_text(&entry.value));
    }
    text
}

/// A value in TOML's notation.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::Text(text) => toml::Value::String(text.clone()).to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Number(value) => toml::Value::Float(*value).to_string(),
        Value::Bool(value) => value.to_string(),
        Value::List(items) => {
            format!("[{}]", items.iter().map(value_text).collect::<Vec<_>>().join(", "))
        }
        Value::Date => "\"\"".into(),
    }
}
