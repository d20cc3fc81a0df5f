//! How far a run is, read from its folder alone.

use super::folder::{RunFolder, write_atomically};
use super::{MetricsLine, Summary};
use crate::config::RunConfig;
use crate::config::names::names;
use anyhow::{Context, Result};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Where the last words of a run that failed stand.
const FAILED: &str = "failed.txt";

names! {
    /// How far a run is.
    pub enum State {
        /// Not begun.
        Waiting = "waiting",
        /// A process trains it.
        Running = "running",
        /// Waits for its turn on a cluster.
        Queued = "queued",
        /// Begun, not finished, and no process trains it.
        Interrupted = "interrupted",
        /// Ended with an error.
        Failed = "failed",
        /// Trained to its end and tested.
        Finished = "finished",
    }
}

/// What a folder tells of its run.
pub struct Found {
    /// How far it is.
    pub state: State,
    /// How it came out.
    pub summary: Option<Summary>,
    /// Why it failed.
    pub error: Option<String>,
}

impl Found {
    /// What the folder of a run tells, a damaged summary taken as a failure of
    /// that run.
    pub fn or_damaged(run: &Path) -> Self {
        Self::of(run).unwrap_or_else(|error| Found {
            state: State::Failed,
            summary: None,
            error: Some(crate::in_words(&error)),
        })
    }

    /// What the folder of a run tells.
    ///
    /// # Errors
    /// When its summary is damaged.
    pub fn of(run: &Path) -> Result<Self> {
        let found = |state, summary, error| Ok(Found { state, summary, error });
        if RunFolder::is_locked(run) {
            return found(State::Running, None, None);
        }
        let summary = Summary::read(run)?;
        if let Some(summary) = summary.filter(|summary| is_whole(run, summary)) {
            return found(State::Finished, Some(summary), None);
        }
        if let Ok(error) = std::fs::read_to_string(run.join(FAILED)) {
            return found(State::Failed, None, Some(error.trim().to_string()));
        }
        let begun = run.join("config.toml").is_file();
        found(if begun { State::Interrupted } else { State::Waiting }, None, None)
    }
}

/// Is it the summary of the whole training, not of one that somebody cut short
/// with `--max-steps`?
fn is_whole(run: &Path, summary: &Summary) -> bool {
    if summary.stopped_early.is_some() {
        return true;
    }
    let Ok(config) = RunConfig::load(&run.join("config.toml"), &[]) else { return false };
    let training = &config.training;
    training.turn.is_none_or(|turn| summary.steps >= turn.saturating_mul(training.turns))
}

/// Keeps the last words of a run that failed.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn keep_failure(run: &Path, error: &str) -> Result<()> {
    std::fs::create_dir_all(run).with_context(|| format!("cannot create {}", run.display()))?;
    write_atomically(&run.join(FAILED), error.as_bytes())
}

/// Forgets them: the run is tried again.
pub(crate) fn forget_failure(run: &Path) {
    let _ = std::fs::remove_file(run.join(FAILED));
}

/// The last bytes of a file, as text.
pub(crate) fn tail(path: &Path, bytes: u64) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        let start = file.metadata()?.len().saturating_sub(bytes);
        file.seek(SeekFrom::Start(start))?;
        let mut end = Vec::new();
        file.take(bytes).read_to_end(&mut end)?;
        Ok(end)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

/// The last line that a run in progress has measured.
pub(crate) fn last_measured(run: &Path) -> Option<MetricsLine> {
    let text = tail(&run.join("metrics.jsonl"), 4096);
    text.lines().rev().find_map(|line| serde_json::from_str(line).ok())
}
