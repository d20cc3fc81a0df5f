//! `vocabulary.json`: the numbers that a run gave the symbols of its data.
//!
//! They are learned from the data (by how often each occurs), so they belong
//! to the run like its weights: whatever other data the run sees later is read
//! with them.

use super::folder::write_atomically;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

const NAME: &str = "vocabulary.json";

/// Symbols in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Symbols {
    /// Of a text: its bytes.
    Bytes(Vec<u8>),
    /// Of other data: words or characters.
    Names(Vec<String>),
}

impl Symbols {
    /// Writes them into a run folder.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, run: &Path) -> Result<()> {
        write_atomically(&run.join(NAME), &serde_json::to_vec(self).context("the vocabulary")?)
    }

    /// Reads those of a run; `None` where its data has none.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn read(run: &Path) -> Result<Option<Self>> {
        let path = run.join(NAME);
        match std::fs::read(&path) {
            Ok(bytes) => {
                let symbols = serde_json::from_slice(&bytes);
                symbols.map(Some).with_context(|| format!("{} is damaged", path.display()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// The bytes of a text.
    pub fn bytes(&self) -> Option<&[u8]> {
        if let Symbols::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// The names of other data. An empty list fits both.
    pub fn names(&self) -> Option<&[String]> {
        if let Symbols::Names(names) = self { Some(names) } else { None }
    }
}
