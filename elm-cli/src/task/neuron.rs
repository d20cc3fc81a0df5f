//! NeuronIO as batches: windows that are drawn to learn from, and all of a
//! file to be judged by.

use super::load::Purpose;
use super::samples::Splits;
use crate::config::{DataConfig, RunConfig};
use crate::run::Progress;
use anyhow::Result;
use elm_data::neuronio::{EvaluationWindows, Layout, NeuronSplit, TrainingWindows, WindowSettings};
use elm_data::{BatchStream, DataError};
use std::path::Path;
use std::sync::Arc;

/// The files of train, valid and test.
pub(crate) struct Neuron {
    splits: [Arc<NeuronSplit>; 3],
}

impl Neuron {
    /// Opens all files in a folder; each is read once and kept in a compact
    /// form.
    ///
    /// # Errors
    /// When a file is missing or damaged, or of another neuron.
    pub(crate) fn load(path: &Path, notice: &mut dyn FnMut(&str)) -> Result<Self> {
        let layout = Layout::of(path)?;
        layout.notes.iter().for_each(|note| notice(note));
        let all = layout.splits.iter().map(Vec::len).sum::<usize>() as u64;
        let mut progress = Progress::new("files", 0, all);
        let mut before = 0;
        let mut open = |paths: &[std::path::PathBuf]| -> Result<Arc<NeuronSplit>> {
            let split = NeuronSplit::open(paths, |done| progress.update(before + done as u64, String::new))?;
            before += paths.len() as u64;
            Ok(Arc::new(split))
        };
        let [train, valid, test] = &layout.splits;
        let splits = [open(train)?, open(valid)?, open(test)?];
        NeuronSplit::same_neuron(&splits[0], &splits[1])?;
        NeuronSplit::same_neuron(&splits[0], &splits[2])?;
        Ok(Neuron { splits })
    }

    /// Whole simulations as samples.
    pub(crate) fn samples(&self) -> Splits {
        self.splits.clone().map(|split| split as Arc<dyn elm_data::Samples>)
    }

    /// Batches of `rows` windows; a training epoch has `per_epoch`.
    ///
    /// # Errors
    /// When windows or batches do not fit the simulations.
    pub(super) fn stream(
        &self,
        config: &RunConfig,
        purpose: Purpose,
        rows: usize,
        per_epoch: u64,
    ) -> Result<Box<dyn BatchStream>> {
        let DataConfig { window_ms, burn_in_ms, evaluation_burn_in_ms, file_fraction, valid_files, .. } =
            config.data;
        let [train, valid, test] = self.splits.clone();
        let shape = |burn_in| WindowSettings { rows, steps: window_ms, burn_in };
        let (split, files) = match purpose {
            Purpose::Train => {
                let seed = config.training.seed;
                let windows = TrainingWindows::new(train, shape(burn_in_ms), file_fraction, per_epoch, seed)?;
                return Ok(Box::new(windows));
            }
            Purpose::Seen => (train, valid_files),
            Purpose::Valid => (valid, valid_files),
            Purpose::Test => (test, usize::MAX),
        };
        // The data knows one burn-in; which setting it was is known here.
        let windows = EvaluationWindows::new(split, shape(evaluation_burn_in_ms), files).map_err(
            |error| match error {
                DataError::Setting { setting, reason } if setting == "data.burn_in_ms" => {
                    DataError::Setting { setting: "data.evaluation_burn_in_ms".into(), reason }
                }
                other => other,
            },
        )?;
        Ok(Box::new(windows))
    }
}
