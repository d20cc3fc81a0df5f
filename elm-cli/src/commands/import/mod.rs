//! `elm import`: weights of another program as a run folder.

mod fit;
mod settings;
mod staging;
mod weights;

use crate::answer::tell;
use crate::config::effective::Found;
use crate::config::{Demand, RunConfig};
use crate::model::ConfiguredModel;
use crate::run::record::{Imported, Start};
use crate::run::state::{self, RunState};
use crate::run::{Provenance, RunFolder, RunRecord, Symbols, Which};
use crate::task::Task;
use anyhow::{Context, Result};
use elm_core::Backend;
use elm_core::model::StoredTensors;
use elm_core::reference::Reference;
use elm_core::train::Trainer;
use serde::Serialize;
use staging::Staging;
use std::path::{Path, PathBuf};
use weights::WeightsFile;

/// What to import.
pub struct ImportRequest {
    /// The file of weights.
    pub file: PathBuf,
    /// The configuration of the model, the authors' (`.json`) or one of ours.
    pub config: Option<PathBuf>,
    /// Overrides of settings.
    pub overrides: Vec<String>,
    /// The run folder to make.
    pub out: PathBuf,
}

/// What was imported.
#[derive(Debug, Clone, Serialize)]
pub struct ImportReport {
    /// The run folder.
    pub run: String,
    /// The file of weights.
    pub file: String,
    /// Kind of the data that the run is for.
    pub task: String,
    /// Trainable parameters.
    pub trainable_parameters: usize,
    /// Tensors of the checkpoint.
    pub tensors: usize,
}

/// Makes a run folder of a file of weights. Its checkpoints are those of a run
/// before its first update.
///
/// # Errors
/// When file or configuration cannot be read, do not fit each other or the
/// data, or the folder is used.
pub fn run<S: ConfiguredModel>(request: &ImportRequest) -> Result<ImportReport> {
    let file = weights::read(&request.file)?;
    let settings = settings::of(request, &file)?;
    let folder = RunFolder::for_training(&request.out, false)?;
    let made = || {
        let config = settings.kept(folder.path())?;
        let staging = Staging::below(folder.path())?;
        let report = make::<S>(request, file, &config, &staging.folder)?;
        staging.move_out(folder.path())?;
        Ok(report)
    };
    made().inspect_err(|_| settings.forget(folder.path()))
}

/// Fills the folder.
fn make<S: ConfiguredModel>(
    request: &ImportRequest,
    file: WeightsFile,
    config: &Path,
    folder: &RunFolder,
) -> Result<ImportReport> {
    let config = RunConfig::load(config, &request.overrides)?;
    let task = task(&config, file.vocabulary.as_ref())?;
    let demand = demand(&config, file.vocabulary.as_ref(), task.as_ref())?;
    let model = S::configured(&config, demand)?;
    let weights = fit::to_model(file.given, &config, demand, &model)
        .with_context(|| request.file.display().to_string())?;
    let tensors = weights.tensors.len();
    let symbols = file.vocabulary.or_else(|| task?.symbols());
    save(folder, &config, &model, &weights).with_context(|| request.file.display().to_string())?;
    folder.keep_source(&config, &request.overrides, 0)?;
    symbols.map_or(Ok(()), |symbols| symbols.write(folder.path()))?;
    let absolute = std::path::absolute(&request.file).unwrap_or_else(|_| request.file.clone());
    let imported = Imported { file: absolute.display().to_string(), sha256: file.sha256 };
    let start = Start { step: 0, changes: Vec::new(), provenance: provenance(&config)? };
    RunRecord { imported: Some(imported), starts: vec![start], ..RunRecord::default() }
        .write(folder.path())?;
    let found = Found { demand: Some(demand), turn: None, model: model.settings(&config) };
    folder.keep_settings(&config.effective(&found))?;
    Ok(ImportReport {
        run: request.out.display().to_string(),
        file: request.file.display().to_string(),
        task: config.task_name(),
        trainable_parameters: model.trainable_parameters(),
        tensors,
    })
}

/// The data, where nothing but the data tells what it asks of a model, and it
/// is known where it is.
fn task(config: &RunConfig, known: Option<&Symbols>) -> Result<Option<Task>> {
    let Some(path) = &config.data.path else { return Ok(None) };
    let of_text = config.data.kind.properties().generates;
    if config.data.channels_and_classes().is_some() || (of_text && known.is_some()) {
        return Ok(None);
    }
    // The symbols of a text are nowhere else.
    if !of_text && !Path::new(path).exists() {
        tell(format_args!(
            "note: {path} is not there, so whether the weights are for such data is not checked"
        ));
        return Ok(None);
    }
    Task::load(config, known, &mut |note| tell(format_args!("note: {note}"))).map(Some)
}

/// What the data asks of a model: as it is, else as the configuration tells,
/// else, of a text, as many symbols as are known.
fn demand(config: &RunConfig, known: Option<&Symbols>, task: Option<&Task>) -> Result<Demand> {
    if let Some(task) = task {
        return Ok(task.demand());
    }
    let known = known.filter(|_| config.data.kind.properties().generates).and_then(Symbols::bytes);
    let of_symbols = known.map(|bytes| Demand { inputs: bytes.len(), outputs: bytes.len(), tokens: true });
    let missing =
        || config.error("model.num_input", "missing: give inputs and outputs, as the data is not read");
    Ok(config.demand_without_data().or(of_symbols).ok_or_else(missing)?)
}

/// Saves the weights as those of a run before its first update, once the
/// naive backend has taken them.
fn save<S: ConfiguredModel>(
    folder: &RunFolder,
    config: &RunConfig,
    model: &S,
    weights: &StoredTensors,
) -> Result<()> {
    // The length of the training is nothing that a snapshot before it depends on.
    let trainer = Trainer::new(&Reference, model.build(&Reference, weights)?, config.training.spec(1))?;
    let snapshot = trainer.snapshot()?;
    let state = RunState::fresh(snapshot.position, model.clone());
    let provenance = provenance(config)?;
    for which in [Which::Last, Which::Best] {
        state::save(folder.path(), which, &state, &snapshot, config.checkpoint.keep, &provenance)?;
    }
    Ok(())
}

fn provenance(config: &RunConfig) -> Result<Provenance> {
    Provenance::now(&Reference.description(), config.backend_options.simd, 1, config.training.seed)
}

impl ImportReport {
    /// The report for people.
    pub fn text(&self) -> String {
        format!(
            "{} tensors with {} trainable parameters from {}, for {}\nrun folder: {}",
            self.tensors, self.trainable_parameters, self.file, self.task, self.run
        )
    }
}
