//! How a training ends: after all updates, or before that because validations
//! have long not become better.

use super::Outcome;
use super::in_progress::Run;
use crate::config::RunConfig;
use crate::model::ConfiguredModel;
use crate::run::Summary;
use crate::run::checkpoint::Which;
use crate::run::profile::Part;
use crate::run::state::{self, RunState};
use crate::task::Purpose;
use anyhow::{Context, Result};
use elm_core::Backend;

/// Why training ends here, if its settings say that it does before all updates
/// are done.
pub(super) fn early<S>(state: &RunState<S>, config: &RunConfig, total: u64) -> Option<String> {
    if state.position.step >= total {
        return None;
    }
    let patience = config.training.patience.filter(|&patience| state.without_gain >= patience)?;
    let best = state.best.as_ref()?;
    Some(format!(
        "stopped at step {}: {patience} validations without a better one than that of step {} ({}); \
         training.patience = {patience}",
        state.position.step,
        best.step,
        best.scores.text()
    ))
}

/// Is there nothing left to train?
pub(super) fn is_over<S>(state: &RunState<S>, config: &RunConfig, total: u64) -> bool {
    state.position.step >= total || early(state, config, total).is_some()
}

impl<B: Backend + 'static, S: ConfiguredModel> Run<'_, B, S> {
    /// Tests the best weights and writes the summary. Lines written from here
    /// on come after the checkpoint: a run that continues drops them.
    pub(super) fn finish(&mut self) -> Result<Outcome> {
        if self.state.best.is_none() && !self.validate()? {
            return self.interrupted();
        }
        let best = state::load_weights(self.folder.path(), Which::Best, Some(&self.state.network))?
            .with_context(|| {
                let best = self.folder.path().join("checkpoints/best");
                format!("{}: the weights of the best validation are gone; put them back", best.display())
            })?;
        let model = self.state.network.build(self.backend, &best.weights)?;
        let Some(test) = self.evaluate(&*model, Purpose::Test)? else {
            return Ok(Outcome::Interrupted(self.trainer.steps_done()));
        };
        self.say_what_is_undefined(Purpose::Test, &test);
        self.append_scores(self.trainer.steps_done(), "test", &test)?;
        self.stopwatch.timed(Part::Logging, || self.metrics.sync())?;
        let baselines = self.stopwatch.timed(Part::Test, || self.task.baselines(&self.request.config))?;
        let description = self.backend.description();
        let summary = Summary {
            task: self.request.config.task_name(),
            backend: description.name.into(),
            device: description.device,
            scan: self.state.scan.clone(),
            why_composed: self.backend.why_composed(),
            steps: self.trainer.steps_done(),
            best_step: self.state.best.as_ref().map(|best| best.step),
            stopped_early: early(&self.state, &self.request.config, self.total),
            valid: self.state.best.as_ref().map(|best| best.scores.clone()),
            test: Some(test),
            trainable_parameters: self.state.network.trainable_parameters(),
            seconds: self.seconds(),
            run: self.folder.path().display().to_string(),
            baselines,
            data: self.record.data.clone(),
            provenance: Some(self.provenance.clone()),
            profile: self.profile(),
        };
        summary.write(self.folder.path())?;
        Ok(Outcome::Done(Box::new(summary)))
    }
}
