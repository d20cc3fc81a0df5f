//! `metrics.jsonl`: one line per report, append-only.

use anyhow::{Context, Result};
use elm_core::train::Measured;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
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

/// The file, open for appending.
pub struct MetricsLog {
    path: PathBuf,
    file: File,
    length: u64,
}

impl MetricsLog {
    /// Opens the log and cuts it to `length` bytes, the position saved with
    /// the checkpoint that is continued from (0 for a new run).
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(path: &Path, length: u64) -> Result<Self> {
        let open = || -> std::io::Result<File> {
            let mut file = File::options().create(true).truncate(false).write(true).open(path)?;
            file.set_len(length)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        let file = open().with_context(|| format!("cannot open {}", path.display()))?;
        Ok(MetricsLog { path: path.to_path_buf(), file, length })
    }

    /// Appends a line.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&mut self, line: &MetricsLine) -> Result<()> {
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
