//! `elm export`: the weights of a run for other programs.

use super::weights_file::{About, Integers, to_bytes};
use crate::TrainedRun;
use crate::answer::tell;
use crate::model::ConfiguredModel;
use crate::run::Which;
use crate::run::folder::{file_to_write, write_atomically};
use anyhow::{Context, Result};
use elm_core::model::{ModelKind, NetworkSpec, StoredTensor, StoredTensors};
use elm_core::records::single_neuron_state_dict;
use serde::Serialize;
use std::path::PathBuf;

/// Under which names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Those of the checkpoint.
    Ours,
    /// Those of the authors' PyTorch neurons; models that have none keep ours,
    /// with whole numbers as PyTorch indexes by.
    PyTorch,
}

/// What to export.
pub struct ExportRequest {
    /// The run folder.
    pub run: PathBuf,
    /// Which weights.
    pub checkpoint: Which,
    /// Under which names.
    pub names: Names,
    /// The file to write.
    pub out: PathBuf,
}

/// What was exported.
#[derive(Debug, Clone, Serialize)]
pub struct ExportReport {
    /// The run folder.
    pub run: String,
    /// Updates that the weights had.
    pub step: u64,
    /// The file.
    pub out: String,
    /// Its tensors by name, with their shapes.
    pub tensors: Vec<(String, Vec<usize>)>,
    /// Trainable parameters of the model.
    pub trainable_parameters: usize,
}

/// Writes the weights of a run into one file.
///
/// # Errors
/// When the run has no such weights, the authors' programs have no such model,
/// or the file cannot be written.
pub fn run<S: ConfiguredModel>(request: &ExportRequest) -> Result<ExportReport> {
    let run = TrainedRun::<S>::open_weights(&request.run, request.checkpoint)?;
    run.warnings.iter().for_each(|warning| tell(format_args!("warning: {warning}")));
    let (weights, integers) = match request.names {
        Names::Ours => (run.weights, Integers::Unsigned32),
        Names::PyTorch => (as_pytorch(&run.network, run.weights)?, Integers::Signed64),
    };
    let file = request.run.join("config.toml");
    let config = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let about = About { config, vocabulary: run.symbols };
    write_atomically(&file_to_write(&request.out)?, &to_bytes(&weights, integers, &about)?)?;
    let shape = |(name, tensor): (String, StoredTensor)| (name, tensor.shape);
    Ok(ExportReport {
        run: request.run.display().to_string(),
        step: run.step,
        out: request.out.display().to_string(),
        trainable_parameters: run.network.trainable_parameters(),
        tensors: weights.tensors.into_iter().map(shape).collect(),
    })
}

/// The weights under the authors' names, where their programs have such a model.
fn as_pytorch<S: ConfiguredModel>(model: &S, weights: StoredTensors) -> Result<StoredTensors> {
    // The program may be made for other models, which have names of their own.
    let network = serde_json::to_value(model).ok().and_then(|value| serde_json::from_value(value).ok());
    match network {
        Some(network @ NetworkSpec { kind: ModelKind::Elm | ModelKind::BranchElm, .. }) => {
            Ok(single_neuron_state_dict(&network, &weights)?)
        }
        _ => Ok(weights),
    }
}

impl ExportReport {
    /// The report for people.
    pub fn text(&self) -> String {
        let width = self.tensors.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for (name, shape) in &self.tensors {
            text += &format!("{name:<width$}  {shape:?}\n");
        }
        text + &format!(
            "{} tensors ({} trainable parameters, step {}) of {} in {}",
            self.tensors.len(),
            self.trainable_parameters,
            self.step,
            self.run,
            self.out
        )
    }
}
