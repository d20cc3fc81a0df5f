//! A configuration as the text of the run folder's `config.toml`.

use super::document::Value;
use super::effective::EffectiveSettings;
use super::keys;
use std::fmt::Write;

/// How the file begins in which a run keeps its settings.
pub const TITLE: &str = "# Every setting of this run; `elm train` trains it again.\n";
/// The same of version 0.1.0.
const FORMER_TITLE: &str =
    "# Resolved from the original and its overrides; train it again with `elm train`.\n";

/// Was a configuration written by a run, with settings that nobody asked for?
pub(super) fn is_resolved(text: &str) -> bool {
    [TITLE, FORMER_TITLE].iter().any(|title| text.starts_with(title))
}

/// Every setting that holds as TOML, one table after the other; reading it
/// back gives the same settings. Keys without a value stand in comments that
/// say what that means. `origin` adds where each value comes from.
pub fn to_toml(settings: &EffectiveSettings, origin: bool) -> String {
    let mut text = String::new();
    let mut table = "";
    let mut sorted: Vec<_> = settings.iter().collect();
    sorted.sort_by_key(|(path, _)| path.rsplit_once('.').unwrap_or(("", path)));
    let keys = keys::all();
    for (path, setting) in sorted {
        let (own, name) = path.rsplit_once('.').unwrap_or(("", path));
        let line = match &setting.value {
            Some(value) => format!("{name} = {value}"),
            None if own.ends_with("_layer") || own.contains("_layer.") => continue,
            None => {
                let default = keys.iter().find(|key| key.path == *path).map(|key| key.default.as_str());
                format!("# {name}: {}", default.unwrap_or("none"))
            }
        };
        if own != table {
            let _ = write!(text, "\n[{own}]\n");
            table = own;
        }
        let _ = match (origin, &setting.value) {
            (true, Some(_)) => writeln!(text, "{line:<44} # {}", setting.origin),
            _ => writeln!(text, "{line}"),
        };
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
