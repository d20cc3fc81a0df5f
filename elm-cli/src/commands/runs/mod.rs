//! `elm runs`: the runs of a folder as a table, and two of them side by side.
//!
//! Read in this order: `row` (one run), `order` (sorting and filtering),
//! `table` (for people), `diff` (two runs).

pub mod diff;
mod order;
pub(crate) mod row;
mod table;

pub use order::Column;
pub use row::Row;

use super::settings::differing;
use crate::config::Named;
use crate::model::ConfiguredModel;
use crate::run::Progress;
use crate::run::find::runs_below;
use crate::run::found::State;
use anyhow::{Result, bail};
use serde::Serialize;
use std::path::PathBuf;

/// What to list.
#[derive(Debug, Clone)]
pub struct RunsRequest {
    /// Where to look.
    pub dir: PathBuf,
    /// A column or a setting to order by.
    pub sort: String,
    /// Turn the order round?
    pub reverse: bool,
    /// Only runs in one of these states; none: in any.
    pub states: Vec<State>,
    /// Only runs with these settings, each `KEY=VALUE`.
    pub filters: Vec<String>,
}

/// The document that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct RunsReport {
    /// Where was looked.
    pub dir: String,
    /// Runs that are there, listed or not.
    pub found: usize,
    /// The settings in which the listed runs differ.
    pub settings: Vec<String>,
    /// The listed runs.
    pub runs: Vec<Row>,
}

/// Reads all runs below a folder.
///
/// # Errors
/// When there is none, or what to sort and filter by does not exist.
pub fn run<S: ConfiguredModel>(request: &RunsRequest) -> Result<RunsReport> {
    let dir = &request.dir;
    if !dir.is_dir() {
        bail!("{}: this is no folder; name the one that your runs are in", dir.display());
    }
    let folders = runs_below(dir)?;
    if folders.is_empty() {
        bail!("{}: there is no run in this folder", dir.display());
    }
    let mut progress = Progress::new("reading", 0, folders.len() as u64);
    let mut rows = Vec::new();
    for folder in &folders {
        progress.update(rows.len() as u64, String::new);
        rows.push(Row::of::<S>(folder));
    }
    drop(progress);
    let found = rows.len();
    let keys = differing_in(&rows);
    for filter in &request.filters {
        order::filter(&mut rows, filter, &keys)?;
    }
    rows.retain(|row| {
        request.states.is_empty() || request.states.iter().any(|state| state.name() == row.state)
    });
    order::sort(&mut rows, &request.sort, request.reverse, &keys)?;
    let settings = differing_in(&rows);
    for row in &mut rows {
        let value = |key: &String| (key.clone(), row.setting(key).map(String::from));
        row.settings = settings.iter().map(value).collect();
    }
    Ok(RunsReport { dir: dir.display().to_string(), found, settings, runs: rows })
}

/// The settings that tell runs apart, where their settings are known.
fn differing_in(rows: &[Row]) -> Vec<String> {
    let known: Vec<_> = rows.iter().map(|row| &row.all).filter(|settings| !settings.is_empty()).collect();
    differing(&known)
}

impl RunsReport {
    /// The table for people.
    pub fn text(&self) -> String {
        table::text(self, table::room())
    }
}
