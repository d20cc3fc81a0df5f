//! `elm eval`: a trained run on its validation or test split.

use super::scores::score;
use crate::answer::tell;
use crate::config::RunConfig;
use crate::model::ConfiguredModel;
use crate::run::checkpoint::Which;
use crate::run::signals::StopFlag;
use crate::run::{Summary, state};
use crate::task::{Purpose, Task};
use anyhow::{Context, Result, bail};
use elm_core::Backend;
use std::path::{Path, PathBuf};

/// What to evaluate.
pub struct EvalRequest {
    /// The run folder.
    pub run: PathBuf,
    /// Its configuration.
    pub config: RunConfig,
    /// Validation or test.
    pub split: Purpose,
    /// Which weights.
    pub checkpoint: Which,
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

/// Evaluates on a backend; `None` when interrupted.
///
/// # Errors
/// When weights or data are missing, damaged, or of another model.
pub fn run<B: Backend + 'static, S: ConfiguredModel>(
    backend: &B,
    request: &EvalRequest,
) -> Result<Option<Summary>> {
    let config = &request.config;
    let task = Task::load(config, &mut |note| tell(format_args!("note: {note}")))?;
    let spec = S::configured(config, task.demand())?;
    let saved = state::load_weights(&request.run, request.checkpoint, Some(&spec))?
        .with_context(|| format!("{}: nothing was saved yet; train it first", request.run.display()))?;
    saved.warnings.iter().for_each(|warning| tell(format_args!("warning: {warning}")));
    let model = spec.build(backend, &saved.weights)?;
    let began = std::time::Instant::now();
    let stop = || request.stop.is_set();
    let Some(evaluation) = score(backend, &*model, &task, config, request.split, &stop)? else {
        return Ok(None);
    };
    let description = backend.description();
    let of = |split| (request.split == split).then(|| evaluation.scores.clone());
    Ok(Some(Summary {
        task: config.task_name(),
        backend: description.name.into(),
        device: description.device,
        scan: evaluation.path.map(|path| path.to_string()).unwrap_or_default(),
        steps: saved.state.position.step,
        best_step: saved.state.best.as_ref().map(|best| best.step),
        valid: of(Purpose::Valid),
        test: of(Purpose::Test),
        trainable_parameters: spec.trainable_parameters(),
        seconds: began.elapsed().as_secs_f64(),
        run: request.run.display().to_string(),
        baselines: None,
    }))
}
