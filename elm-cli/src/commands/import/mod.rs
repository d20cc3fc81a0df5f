//! `elm import`: weights of another program as a run folder.

mod fit;
mod settings;
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
    let kept = settings.kept(folder.path())?;
    let made = make::<S>(request, file, &kept, &folder);
    if made.is_err() {
        settings.forget(folder.path());
    }
    made
}

/// Fills the folder: the weights come first and the settings last, so that a
/// folder with settings has a checkpoint.
fn make<S: ConfiguredModel>(
    request: &ImportRequest,
    file: WeightsFile,
    config: &Path,
    folder: &RunFolder,
) -> Result<ImportReport> {
    let config = RunConfig::load(config, &request.overrides)?;
    let demand = demand(&config, file.vocabulary.as_ref())?;
    let model = S::configured(&config, demand)?;
    let weights = fit::to_model(file.given, &config, demand, &model)
        .with_context(|| request.file.display().to_string())?;
    let (tensors, symbols) = (weights.tensors.len(), symbols(&config, file.vocabulary)?);
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

/// What the data asks of a model: as the configuration tells, else, of a text,
/// as many symbols as are known.
fn demand(config: &RunConfig, known: Option<&Symbols>) -> Result<Demand> {
    let known = known.filter(|_| config.data.kind.properties().generates).and_then(Symbols::bytes);
    let of_symbols = known.map(|bytes| Demand { inputs: bytes.len(), outputs: bytes.len(), tokens: true });
    let missing =
        || config.error("model.num_input", "missing: give inputs and outputs, as the data is not read");
    Ok(config.demand_without_data().or(of_symbols).ok_or_else(missing)?)
}

/// The numbers of the symbols: as the file says, else of a text as the data
/// has them, where it is known where that is.
fn symbols(config: &RunConfig, given: Option<Symbols>) -> Result<Option<Symbols>> {
    if given.is_some() || !config.data.kind.properties().generates || config.data.path.is_none() {
        return Ok(given);
    }
    Ok(Task::load(config, None, &mut |note| tell(format_args!("note: {note}")))?.symbols())
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
