//! `elm export`: the weights of a run for other programs, or all of a network
//! in one file.

use super::live_file;
use super::weights_file::{About, Integers, to_bytes};
use crate::TrainedRun;
use crate::answer::tell;
use crate::model::ConfiguredModel;
use crate::run::folder::{file_to_write, write_atomically};
use crate::run::{Symbols, Which};
use anyhow::{Context, Result};
use elm_core::model::{ModelKind, NetworkSpec, StoredTensor, StoredTensors};
use elm_core::records::single_neuron_state_dict;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What the file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Weights under the names of the checkpoint.
    Safetensors,
    /// Weights under the names of the authors' PyTorch neurons; models that
    /// have none keep ours, with whole numbers as PyTorch indexes by.
    PyTorchNames,
    /// A network that runs by itself, step by step.
    Live,
}

/// What to export.
pub struct ExportRequest {
    /// The run folder.
    pub run: PathBuf,
    /// Which weights.
    pub checkpoint: Which,
    /// What for.
    pub form: Form,
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
/// When the run has no such weights, there is no such form of its model, or the
/// file cannot be written.
pub fn run<S: ConfiguredModel>(request: &ExportRequest) -> Result<ExportReport> {
    let run = TrainedRun::<S>::open_weights(&request.run, request.checkpoint)?;
    run.warnings.iter().for_each(|warning| tell(format_args!("warning: {warning}")));
    let (step, trainable_parameters) = (run.step, run.network.trainable_parameters());
    let (weights, bytes) = match request.form {
        Form::Live => {
            let file = live_file::of_run(run)?;
            let bytes = file.to_bytes()?;
            (file.weights, bytes)
        }
        Form::Safetensors => with_settings(&request.run, run.weights, Integers::Unsigned32, run.symbols)?,
        Form::PyTorchNames => {
            let weights = as_pytorch(&run.network, run.weights)?;
            with_settings(&request.run, weights, Integers::Signed64, run.symbols)?
        }
    };
    write_atomically(&file_to_write(&request.out)?, &bytes)?;
    let shape = |(name, tensor): (String, StoredTensor)| (name, tensor.shape);
    Ok(ExportReport {
        run: request.run.display().to_string(),
        step,
        out: request.out.display().to_string(),
        trainable_parameters,
        tensors: weights.tensors.into_iter().map(shape).collect(),
    })
}

/// Weights with every setting and the symbols of the run, and both as bytes.
fn with_settings(
    run: &Path,
    weights: StoredTensors,
    integers: Integers,
    vocabulary: Option<Symbols>,
) -> Result<(StoredTensors, Vec<u8>)> {
    let file = run.join("config.toml");
    let config = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let bytes = to_bytes(&weights, integers, &About { config, vocabulary })?;
    Ok((weights, bytes))
}

/// The weights under the authors' names, where their programs have such a model.
fn as_pytorch<S: ConfiguredModel>(model: &S, weights: StoredTensors) -> Result<StoredTensors> {
    match network_of(model) {
        Some(network @ NetworkSpec { kind: ModelKind::Elm | ModelKind::BranchElm, .. }) => {
            Ok(single_neuron_state_dict(&network, &weights)?)
        }
        _ => Ok(weights),
    }
}

/// The ELM network that a model is, if it is one: the program may be made for
/// other models.
pub(super) fn network_of<S: ConfiguredModel>(model: &S) -> Option<NetworkSpec> {
    serde_json::from_value(serde_json::to_value(model).ok()?).ok()
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
