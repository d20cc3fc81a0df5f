//! `run.json`: what a run is made of besides its settings, and its history.

use super::changes::Change;
use super::folder::write_atomically;
use super::provenance::Provenance;
use crate::config::Predicts;
use anyhow::{Context, Result};
use elm_core::deploy::InputKind;
use serde::{Deserialize, Serialize};
use std::path::Path;

const NAME: &str = "run.json";

/// The document.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunRecord {
    /// What the data was; `None` in runs of versions that did not keep it.
    pub data: Option<DataDigests>,
    /// What the run learned to predict; `None` likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicts: Option<Predicts>,
    /// What its data calls the classes, by number; `None` likewise, and where
    /// they have no names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<String>>,
    /// What a time step of its data is; `None` likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<InputKind>,
    /// The run whose weights this one began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Parent>,
    /// The file of another program whose weights this run began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
    /// Every start of the program on this run, the first one included.
    #[serde(default)]
    pub starts: Vec<Start>,
}

/// SHA-256 of what the samples of each split are made from, wherever they lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the splits
pub struct DataDigests {
    pub train: String,
    pub valid: String,
    pub test: String,
}

impl DataDigests {
    /// That of a split.
    pub fn of(&self, split: &str) -> &str {
        match split {
            "train" => &self.train,
            "valid" => &self.valid,
            _ => &self.test,
        }
    }

    /// The splits whose data is another.
    pub fn differing(&self, other: &DataDigests) -> Vec<&'static str> {
        ["train", "valid", "test"].into_iter().filter(|split| self.of(split) != other.of(split)).collect()
    }
}

/// A run that another began from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its folder.
    pub run: String,
    /// `best` or `last`.
    pub checkpoint: String,
    /// Updates that its weights had.
    pub step: u64,
}

/// A file of weights that a run was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The file.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// The program was started on the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Updates that were done before.
    pub step: u64,
    /// Settings that are others than before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What was started, where and how.
    #[serde(flatten)]
    pub provenance: Provenance,
}

impl RunRecord {
    /// Writes `run.json` into a run folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, run: &Path) -> Result<()> {
        write_atomically(&run.join(NAME), &serde_json::to_vec_pretty(self).context("the record of the run")?)
    }

    /// Reads `run.json`; an empty record where there is none, as in runs of
    /// versions that did not write it.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn read(run: &Path) -> Result<Self> {
        let path = run.join(NAME);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                let remedy = "put it back, or remove it: then the data is not compared with the run's";
                format!("{} is damaged; {remedy}", path.display())
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(RunRecord::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }
}
