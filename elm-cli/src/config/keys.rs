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

/// The last parts of a key, as many as tell it from the others.
pub(crate) fn short<'k>(key: &'k str, others: &[&str]) -> &'k str {
    let dots = key.rmatch_indices('.').map(|(at, _)| at + 1);
    let is_clear = |start: &usize| {
        let end = format!(".{}", &key[*start..]);
        !others.iter().any(|other| *other != key && (other.ends_with(&end) || **other == key[*start..]))
    };
    dots.into_iter().find(is_clear).map_or(key, |start| &key[start..])
}

/// What is meant, or what there is.
pub(crate) fn nearest(name: &str, known: &[&str]) -> String {
    let likeness = |known: &str| strsim::jaro_winkler(known, name);
    let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match best.filter(|known| likeness(known) > 0.75) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("there are {}", known.join(", ")),
    }
}
