//! Evaluation of a model on a split, as published for the task.

use crate::config::RunConfig;
use crate::run::Progress;
use crate::task::{Purpose, Task};
use anyhow::Result;
use elm_core::Backend;
use elm_core::model::Model;
use elm_core::train::{Evaluation, EvaluationSpec, evaluate};

/// Evaluates a split; `None` when `stop` said so before the end.
///
/// Text carries its state from batch to batch. With `test_batch_size = 1`
/// (the default) the test of a text predicts every token but the first.
///
/// # Errors
/// When the data cannot be read or does not fit the model.
pub fn score<B: Backend>(
    backend: &B,
    model: &dyn Model<B>,
    task: &Task,
    config: &RunConfig,
    purpose: Purpose,
    stop: &dyn Fn() -> bool,
) -> Result<Option<Evaluation>> {
    let (mut source, limit) = task.batches(config, purpose)?;
    let name = if purpose == Purpose::Test { "test" } else { "valid" };
    let mut progress = Progress::new(name, 0, limit.unwrap_or(0));
    let mut stopped = false;
    let properties = task.properties();
    let spec =
        EvaluationSpec { batches: limit, carry_state: properties.carries_state, metrics: properties.metrics };
    let evaluation = evaluate(backend, model, &mut source, &spec, &mut |done| {
        progress.update(done, || "batches".into());
        stopped = stop();
        !stopped
    })?;
    Ok((!stopped).then_some(evaluation))
}
