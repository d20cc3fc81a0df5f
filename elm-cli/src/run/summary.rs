//! `summary.json`: how a run came out.

use super::folder::write_atomically;
use super::profile::Profile;
use super::provenance::Provenance;
use super::record::DataDigests;
use anyhow::{Context, Result};
use elm_core::train::Scores;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Kind of the data.
    pub task: String,
    /// Name of the backend.
    pub backend: String,
    /// Device used.
    pub device: String,
    /// `fused` or `composed`.
    pub scan: String,
    /// What stood against kernels that might have computed it faster; of a
    /// training, since its last start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why_composed: Vec<String>,
    /// Updates done.
    pub steps: u64,
    /// Updates that the best weights had.
    pub best_step: Option<u64>,
    /// Why training ended before all of its updates were done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_early: Option<String>,
    /// Validation of the best weights.
    pub valid: Option<Scores>,
    /// Test of the best weights.
    pub test: Option<Scores>,
    /// Trainable parameters.
    pub trainable_parameters: usize,
    /// Seconds of training (wall clock).
    pub seconds: f64,
    /// The run folder.
    pub run: String,
    /// What simple models reach on the same test split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baselines: Option<Baselines>,
    /// What the data was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataDigests>,
    /// What computed it, where and how; of a training, its last start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Where the time of the last start went, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
}

/// What simple models reach on the same test split.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Baselines {
    /// Bits per character from the frequencies of single symbols.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unigram_bpc: Option<f64>,
    /// Bits per character from the frequencies of pairs of symbols.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_one_bpc: Option<f64>,
    /// Accuracy of a linear readout of how many spikes each channel had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summed_counts_accuracy: Option<f64>,
}

impl Baselines {
    /// All that are known.
    pub fn text(&self) -> String {
        let bpc = |name: &str, value: Option<f64>| value.map(|bpc| format!("{name} {bpc:.4} bpc"));
        let known = [
            bpc("unigram", self.unigram_bpc),
            bpc("order-1", self.order_one_bpc),
            self.summed_counts_accuracy
                .map(|share| format!("a linear readout of spike counts {:.2} %", 100.0 * share)),
        ];
        known.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Summary {
    /// The summary of a training for people.
    pub fn text(&self) -> String {
        self.text_of_weights(self.best_step, None)
    }

    /// The same of an evaluation, whose weights are those of `step`, perhaps
    /// of the training data.
    pub fn text_of_weights(&self, step: Option<u64>, train: Option<&Scores>) -> String {
        let mut text = format!(
            "{} with {} trainable parameters, {} updates on {} {}{}, {:.1} s\n",
            self.task,
            self.trainable_parameters,
            self.steps,
            self.backend,
            self.device,
            // Nothing was computed when there was no update.
            if self.scan.is_empty() { String::new() } else { format!(" ({} scan)", self.scan) },
            self.seconds
        );
        for reason in &self.why_composed {
            text += &format!("composed step by step, which is slow: {reason}\n");
        }
        let weights = step.map_or(String::new(), |step| format!(" (weights of step {step})"));
        if let Some(reason) = &self.stopped_early {
            text += &format!("{reason}\n");
        }
        for (name, scores) in [("train", train), ("valid", self.valid.as_ref()), ("test", self.test.as_ref())]
        {
            if let Some(scores) = scores {
                text += &format!("{name:<5} {}{weights}\n", scores.text());
            }
        }
        if let Some(simple) = self.baselines {
            text += &format!("for comparison: {}\n", simple.text());
        }
        text + &format!("run folder: {}", self.run)
    }

    /// Writes `summary.json` into a run folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, run: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).context("the summary")?;
        write_atomically(&run.join("summary.json"), &text)
    }

    /// Reads `summary.json`, `None` when there is none yet.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn read(run: &Path) -> Result<Option<Self>> {
        let path = run.join("summary.json");
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(
                serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?,
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }
}
