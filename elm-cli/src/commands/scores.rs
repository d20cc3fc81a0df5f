//! Evaluation of a network on a split, as published for the task.

use crate::config::RunConfig;
use crate::run::metrics::finite;
use crate::run::{Progress, Scores};
use crate::task::{Purpose, Task};
use anyhow::Result;
use elm_core::Backend;
use elm_core::model::Network;
use elm_core::scan::ScanPath;
use elm_core::train::{Evaluation, evaluate};

/// Scores of a split and how the recurrence was computed; `None` when `stop`
/// said so before the end.
///
/// Text carries its state from batch to batch. With `test_batch_size = 1`
/// (the default) the test of a text predicts every token but the first.
///
/// # Errors
/// When the data cannot be read or does not fit the network.
pub fn score<B: Backend>(
    backend: &B,
    network: &Network<B>,
    task: &Task,
    config: &RunConfig,
    purpose: Purpose,
    stop: &dyn Fn() -> bool,
) -> Result<Option<(Scores, Option<ScanPath>)>> {
    let (mut source, limit) = task.batches(config, purpose)?;
    let name = if purpose == Purpose::Test { "test" } else { "valid" };
    let mut progress = Progress::new(name, 0, limit.unwrap_or(0));
    let mut stopped = false;
    let evaluation = evaluate(backend, network, &mut source, limit, task.is_text(), &mut |done| {
        progress.update(done, || "batches".into());
        stopped = stop();
        !stopped
    })?;
    Ok((!stopped).then(|| (scores_of(&evaluation, task.is_text()), evaluation.path)))
}

/// Loss with the task's metric.
pub fn scores_of(evaluation: &Evaluation, is_text: bool) -> Scores {
    Scores {
        loss: finite(evaluation.loss),
        bpc: if is_text { finite(evaluation.bits_per_character()) } else { None },
        accuracy: if is_text { None } else { evaluation.accuracy },
    }
}
