//! `elm check`: is a configuration right, and its data there?

use crate::answer::tell;
use crate::config::RunConfig;
use crate::engine::Registry;
use crate::machine;
use crate::model::ConfiguredModel;
use crate::task::{Purpose, Task};
use anyhow::{Context, Result};
use elm_core::device::{BackendOptions, BackendReport, Device};
use serde::Serialize;
use std::path::Path;

/// What was found of one configuration: an entry of what `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// The file as it was given.
    pub config: String,
    /// Could it be trained?
    pub ok: bool,
    /// Why not.
    pub error: Option<String>,
    /// What it describes, where nothing is wrong.
    #[serde(flatten)]
    pub found: Option<Described>,
}

/// The experiment that a configuration describes.
#[derive(Debug, Clone, Serialize)]
pub struct Described {
    /// Kind of the data.
    pub task: String,
    /// One line about the data.
    pub data: String,
    /// Input channels or token symbols.
    pub inputs: usize,
    /// Classes or token symbols.
    pub outputs: usize,
    /// Names of the classes, where the data has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<String>>,
    /// Trainable parameters of the model.
    pub trainable_parameters: usize,
}

/// Reads a configuration and its data, and makes all that a training needs
/// but the training.
///
/// # Errors
/// When a setting is wrong or data is missing or damaged.
pub fn check<S: ConfiguredModel>(
    path: &Path,
    overrides: &[String],
    registry: &Registry<S>,
) -> Result<Described> {
    let config = RunConfig::load(path, overrides)?;
    let backend = registry.get(&config.backend)?.report();
    for missing in missing_here(&config, &backend) {
        tell(format_args!("note: {}: {missing}", path.display()));
    }
    let task = Task::load(&config, None, &mut |note| tell(format_args!("note: {note}")))
        .with_context(|| format!("{}", path.display()))?;
    let model = S::configured(&config, task.demand())?;
    machine::can_train(&config, &model)?;
    machine::can_evaluate(&config, &model)?;
    config.backend_options.allowed_threads(None).map_err(|error| config.placed(error))?;
    for purpose in [Purpose::Train, Purpose::Valid, Purpose::Test] {
        task.batches(&config, purpose)?;
    }
    Ok(Described {
        task: config.task_name(),
        data: task.description(),
        inputs: model.inputs(),
        outputs: model.logits(),
        classes: task.class_names(),
        trainable_parameters: model.trainable_parameters(),
    })
}

/// What of the machine that the configuration asks for this one lacks; it may
/// be meant for another.
fn missing_here(config: &RunConfig, backend: &BackendReport) -> Vec<String> {
    let BackendOptions { device, simd, .. } = config.backend_options;
    let mut missing = Vec::new();
    if device != Device::Cpu {
        let name = device.to_string();
        let known = backend.devices.iter().find(|known| known.device == name);
        let known = known.or_else(|| backend.devices.iter().find(|known| known.device == "cuda"));
        if known.is_none_or(|known| !known.usable) {
            let why = known.map_or("there is none of that number", |known| known.detail.as_str());
            missing.push(format!("backend.device = \"{name}\" cannot be used here: {why}"));
        }
    }
    if let Err(error) = simd.resolve() {
        missing.push(format!("backend.{error}"));
    }
    missing
}

impl std::fmt::Display for Described {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; {} parameters", self.data, self.trainable_parameters)
    }
}
