//! `metrics.jsonl`: one line per report, append-only.

use super::changes::Change;
use anyhow::{Context, Result};
use elm_core::train::Measured;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricsLine {
    /// Updates done.
    pub step: u64,
    /// Passes over the training data (or turns) done.
    pub epoch: f64,
    /// `train`, `valid` or `test`.
    pub split: String,
    /// Loss of the task in nats; `null` when not finite.
    pub loss: Option<f64>,
    /// What is minimised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<f64>,
    /// What the task measures, each under its name.
    #[serde(flatten)]
    pub measured: Measured,
    /// Learning rate of the last update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Norm of the last gradient before clipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_norm: Option<f64>,
    /// Updates per second (wall clock).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps_per_second: Option<f64>,
    /// Time steps times batch per second (wall clock).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// Seconds of training so far (wall clock).
    pub seconds: f64,
}

/// The line that stands where a run continued with other settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangesLine<'a> {
    /// Updates done.
    pub step: u64,
    /// Passes over the training data (or turns) done.
    pub epoch: f64,
    /// Always `changes`.
    pub split: &'static str,
    /// The settings with both values.
    pub changes: &'a [Change],
    /// Seconds of training so far (wall clock).
    pub seconds: f64,
}

/// The file, open for appending.
pub struct MetricsLog {
    path: PathBuf,
    file: File,
    length: u64,
}

impl MetricsLog {
    /// Opens the log and cuts it to `length` bytes, the position saved with
    /// the checkpoint that is continued from (0 for a new run). A log that was
    /// shortened since then is continued after its last whole line; the second
    /// value says so.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(path: &Path, length: u64) -> Result<(Self, Option<String>)> {
        let open = || -> std::io::Result<(File, u64)> {
            let mut file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
            let mut kept = Vec::new();
            (&mut file).take(length).read_to_end(&mut kept)?;
            let whole = kept.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1) as u64;
            file.set_len(whole)?;
            file.seek(SeekFrom::Start(whole))?;
            Ok((file, whole))
        };
        let (file, whole) = open().with_context(|| format!("cannot open {}", path.display()))?;
        let missing = (whole < length).then(|| {
            format!(
                "{}: of {length} bytes of metrics that were saved only {whole} are left; lines are missing",
                path.display()
            )
        });
        Ok((MetricsLog { path: path.to_path_buf(), file, length: whole }, missing))
    }

    /// Appends a line.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&mut self, line: &impl Serialize) -> Result<()> {
        let mut text = serde_json::to_string(line).context("a line of metrics")?;
        text.push('\n');
        self.file
            .write_all(text.as_bytes())
            .with_context(|| format!("cannot write {}", self.path.display()))?;
        self.length += text.len() as u64;
        Ok(())
    }

    /// Makes what was written survive a crash, and tells how long it is.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn sync(&mut self) -> Result<u64> {
        self.file.sync_data().with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(self.length)
    }
}

/// A number that JSON can hold.
pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_cut_to_what_was_saved_and_a_shortened_one_to_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let opened = |content: &str, length: u64| {
            std::fs::write(&path, content).unwrap();
            let (log, missing) = MetricsLog::open(&path, length).unwrap();
            drop(log);
            (std::fs::read_to_string(&path).unwrap(), missing.is_some())
        };
        assert_eq!(opened("{1}\n{2}\n{3}\n", 8), ("{1}\n{2}\n".into(), false));
        assert_eq!(opened("{1}\n{2", 8), ("{1}\n".into(), true));
        assert_eq!(opened("", 8), (String::new(), true));
        assert_eq!(opened("{1}\n", 0), (String::new(), false));
    }
}
