//! Evaluation of a model on a split, as published for the task.

use crate::config::RunConfig;
use crate::run::Progress;
use crate::task::{Purpose, Task};
use anyhow::Result;
use elm_core::Backend;
use elm_core::model::Model;
use elm_core::train::{Evaluation, EvaluationSpec, Metric, Predicted, Scores, evaluate};

/// Evaluates a split, with the predictions of every batch shown to `look`;
/// `None` when `stop` said so before the end.
///
/// Text carries its state from batch to batch. With `test_batch_size = 1`
/// (the default) the test of a text predicts every token but the first.
///
/// # Errors
/// When the data cannot be read or does not fit the model, and what `look`
/// fails with, which ends the evaluation.
pub fn score<B: Backend>(
    backend: &B,
    model: &dyn Model<B>,
    task: &Task,
    config: &RunConfig,
    purpose: Purpose,
    stop: &dyn Fn() -> bool,
    look: &mut dyn FnMut(&Predicted<'_>) -> Result<()>,
) -> Result<Option<Evaluation>> {
    let (mut source, limit) = task.batches(config, purpose)?;
    let mut progress = Progress::new(purpose.name(), 0, limit.unwrap_or(0));
    let (mut stopped, mut looked) = (false, Ok(()));
    let properties = task.properties();
    let spec =
        EvaluationSpec { batches: limit, carry_state: properties.carries_state, metrics: properties.metrics };
    let evaluation = evaluate(backend, model, &mut source, &spec, &mut |done, predicted| {
        progress.update(done, || "batches".into());
        looked = look(predicted);
        stopped = stop();
        !stopped && looked.is_ok()
    })?;
    looked?;
    Ok((!stopped).then_some(evaluation))
}

/// What of a task's metrics the data of a split does not tell, for people.
pub fn undefined(task: &Task, purpose: Purpose, scores: &Scores) -> Vec<String> {
    let missing = task.properties().metrics.iter().filter(|metric| scores.measured.get(**metric).is_none());
    let note = |metric: &Metric| {
        format!("{}: {} is not defined here; it needs {}", purpose.name(), metric.name(), metric.needs())
    };
    missing.map(note).collect()
}
