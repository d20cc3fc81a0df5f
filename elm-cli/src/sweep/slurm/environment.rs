//! Variables of the environment that configurations name.

use crate::config::document;
use crate::config::paths::{expand, variable};
use crate::sweep::Point;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Those that are set, with their values: the runs get them whether or not the
/// cluster hands the environment on.
pub(super) fn variables(points: &[&Point]) -> Vec<(String, String)> {
    let configs: BTreeSet<&PathBuf> = points.iter().map(|point| &point.config).collect();
    let found = RefCell::new(BTreeMap::new());
    let note = |name: &str| {
        // Home is where the node has it.
        let value = variable(name).filter(|_| !name.is_empty() && name != "HOME");
        found.borrow_mut().extend(value.map(|value| (name.to_string(), value)));
        None
    };
    for config in configs {
        let entries = document::read_file(config).unwrap_or_default();
        let texts = entries.values().map(|entry| &entry.value_place.source.text);
        // All entries of a file share its text.
        let texts: BTreeSet<&String> = texts.collect();
        let lines = texts.into_iter().flat_map(|text| text.lines());
        for line in lines.filter(|line| !line.trim_start().starts_with('#')) {
            // A line that is no path is not ours to judge.
            let _ = expand(line, note);
        }
    }
    found.into_inner().into_iter().collect()
}
