//! The keys of a configuration as people read them: `elm check --keys`.

use super::Sections;
use super::section::{Key, Section};

/// All keys that settings are read from. `extends` is none of them: it names
/// the file that settings are added to.
pub fn all() -> Vec<Key> {
    Sections::keys("")
}

/// All keys with their meanings, by table.
pub fn documentation() -> String {
    let mut text = line(
        "extends",
        "another configuration to start from, relative to this one",
        "a path, in files only",
        "none",
    );
    let keys = all();
    for (tables, own) in sections(&keys) {
        let (first, others) = tables.split_first().unwrap_or((&"", &[]));
        let others: Vec<String> = others.iter().map(|table| format!("[{table}]")).collect();
        text += &match others.is_empty() {
            true => format!("\n[{first}]\n"),
            false => format!("\n[{first}], and the same under {}\n", others.join(" and ")),
        };
        for key in own {
            text += &line(&key.path, key.meaning, &key.takes, &key.default);
        }
    }
    text
}

fn line(path: &str, meaning: &str, takes: &str, default: &str) -> String {
    format!("  {path:<44} {meaning}\n      {takes}; default: {default}\n")
}

/// Keys by table; tables of the same keys go together.
fn sections(keys: &[Key]) -> Vec<(Vec<&str>, Vec<&Key>)> {
    let mut tables: Vec<(&str, Vec<&Key>)> = Vec::new();
    for key in keys {
        let (table, _) = parts(key);
        match tables.iter_mut().find(|(name, _)| *name == table) {
            Some((_, own)) => own.push(key),
            None => tables.push((table, vec![key])),
        }
    }
    let mut sections: Vec<(Vec<&str>, Vec<&Key>)> = Vec::new();
    for (table, own) in tables {
        match sections.iter_mut().find(|(_, others)| are_alike(others, &own)) {
            Some((names, _)) => names.push(table),
            None => sections.push((vec![table], own)),
        }
    }
    sections
}

fn are_alike(a: &[&Key], b: &[&Key]) -> bool {
    let alike = |(a, b): (&&Key, &&Key)| (parts(a).1, a.meaning) == (parts(b).1, b.meaning);
    a.len() == b.len() && a.iter().zip(b).all(alike)
}

/// Table and name of a key.
fn parts(key: &Key) -> (&str, &str) {
    key.path.rsplit_once('.').unwrap_or(("", &key.path))
}
