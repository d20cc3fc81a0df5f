//! `elm eval`: a trained run on a split of its data.

use super::evaluation::{EvalReport, Gathering};
use super::predictions::PredictionsPath;
use super::scores::{score, undefined};
use crate::answer::tell;
use crate::config::RunConfig;
use crate::machine;
use crate::model::ConfiguredModel;
use crate::run::checkpoint::{self, Which};
use crate::run::record::DataDigests;
use crate::run::signals::StopFlag;
use crate::run::{Provenance, RunRecord, Summary, Symbols, state};
use crate::task::{Purpose, Task};
use anyhow::{Context, Result, bail};
use elm_core::Backend;
use elm_core::train::Predicted;
use std::path::{Path, PathBuf};

/// What to evaluate.
pub struct EvalRequest {
    /// The run folder.
    pub run: PathBuf,
    /// Its configuration.
    pub config: RunConfig,
    /// [`Purpose::Seen`] (the training data), validation or test.
    pub split: Purpose,
    /// Where to write every prediction.
    pub predictions: Option<PredictionsPath>,
    /// Which weights.
    pub checkpoint: Which,
    /// Threads that the backend computes with, for the record.
    pub threads: usize,
    /// Set when the process is asked to stop.
    pub stop: StopFlag,
}

/// The configuration of a run folder.
///
/// # Errors
/// When the folder is not one of a run.
pub fn config_of(run: &Path, overrides: &[String]) -> Result<RunConfig> {
    let file = run.join("config.toml");
    if !file.is_file() {
        bail!("{}: this is not the folder of a run (there is no config.toml)", run.display());
    }
    Ok(RunConfig::load(&file, overrides)?)
}

/// Sees to it that data with symbols is read with those of the run. Runs of
/// versions that kept none are taken, with a note.
///
/// # Errors
/// When the run has lost them.
pub(super) fn symbols_are_known(run: &Path, known: Option<&Symbols>, task: &Task) -> Result<()> {
    if known.is_some() || task.symbols().is_none() {
        return Ok(());
    }
    if RunRecord::read(run)?.data.is_some() {
        bail!(
            "{}: vocabulary.json is gone, so which number the run gave to which symbol is not known; put it back",
            run.display()
        );
    }
    tell("note: this run did not keep the symbols of its data; they are numbered by the data at hand");
    Ok(())
}

/// Why there are no weights.
pub(crate) fn nothing_saved(run: &Path, which: Which) -> String {
    let name = which.name();
    let remedy = match checkpoint::exists(run, Which::Last) {
        true if which == Which::Best => {
            "; it is written by the first validation; `--checkpoint last` takes the newest weights"
        }
        _ => "; train it first",
    };
    format!("{}: there is no `{name}` checkpoint{remedy}", run.join("checkpoints").display())
}

/// The digests of the data; says so where it is not that of the run.
///
/// # Errors
/// When it asks for something else than the run has learned to predict.
pub(super) fn digests_beside_those_of(
    run: &Path,
    config: &RunConfig,
    task: &Task,
    split: Purpose,
) -> Result<DataDigests> {
    let (record, predicts) = (RunRecord::read(run)?, task.properties().predicts);
    if let Some(learned) = record.predicts.filter(|learned| *learned != predicts) {
        let (learned, predicts) = (learned.words(), predicts.words());
        let reason = format!("this data asks for {predicts}; the run has learned to predict {learned}");
        return Err(config.error("data.path", reason).into());
    }
    let (data, split) = (task.digests()?, split.name());
    if record.data.is_some_and(|of_run| of_run.of(split) != data.of(split)) {
        tell(format_args!("note: this is not the {split} data of the run (it has another digest)"));
    }
    Ok(data)
}

/// Evaluates on a backend; `None` when interrupted.
///
/// # Errors
/// When weights or data are missing, damaged, or of another model, or the
/// predictions cannot be written.
pub fn run<B: Backend + 'static, S: ConfiguredModel>(
    backend: &B,
    request: &EvalRequest,
) -> Result<Option<EvalReport>> {
    let config = &request.config;
    let symbols = Symbols::read(&request.run)?;
    let task = Task::load(config, symbols.as_ref(), &mut |note| tell(format_args!("note: {note}")))?;
    symbols_are_known(&request.run, symbols.as_ref(), &task)?;
    let data = digests_beside_those_of(&request.run, config, &task, request.split)?;
    let spec = S::configured(config, task.demand())?;
    let rows = match request.split {
        Purpose::Test => config.training.test_batch_size,
        Purpose::Train | Purpose::Seen | Purpose::Valid => config.training.valid_batch_size,
    };
    machine::can_run(config, &spec, rows)?;
    let saved = state::load_weights(&request.run, request.checkpoint, Some(&spec))?
        .with_context(|| nothing_saved(&request.run, request.checkpoint))?;
    saved.warnings.iter().for_each(|warning| tell(format_args!("warning: {warning}")));
    let model = spec.build(backend, &saved.weights)?;
    let began = std::time::Instant::now();
    let stop = || request.stop.is_set();
    let mut gathering = Gathering::start(&task, request.split, request.predictions.as_ref())?;
    let mut look = |predicted: &Predicted<'_>| gathering.add(predicted);
    let Some(evaluation) = score(backend, &*model, &task, config, request.split, &stop, &mut look)? else {
        return Ok(None);
    };
    for note in undefined(&task, request.split, &evaluation.scores) {
        tell(format_args!("note: {note}"));
    }
    let description = backend.description();
    let simd = config.backend_options.simd;
    let provenance = Provenance::now(&description, simd, request.threads, config.training.seed)?;
    let of = |split| (request.split == split).then(|| evaluation.scores.clone());
    let train = of(Purpose::Seen);
    let summary = Summary {
        task: config.task_name(),
        backend: description.name.into(),
        device: description.device,
        scan: evaluation.path.map(|path| path.to_string()).unwrap_or_default(),
        why_composed: backend.why_composed(),
        steps: saved.state.position.step,
        best_step: saved.state.best.as_ref().map(|best| best.step),
        stopped_early: None,
        valid: of(Purpose::Valid),
        test: of(Purpose::Test),
        trainable_parameters: spec.trainable_parameters(),
        seconds: began.elapsed().as_secs_f64(),
        run: request.run.display().to_string(),
        baselines: None,
        data: Some(data),
        provenance: Some(provenance),
        profile: None,
    };
    Ok(Some(gathering.finish(summary, train)?))
}
