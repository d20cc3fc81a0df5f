//! Loss and metrics on data that is not trained on.

use super::batch::{Batch, BatchSource};
use super::loss::batch_loss;
use super::metric::{Mean, Measure, Measured, Metric, Predicted, Scores};
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::model::{Model, Pass, PerStep};
use crate::ops;
use crate::scan::ScanPath;

/// How to evaluate; by default all batches, each by itself, for their loss.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EvaluationSpec<'a> {
    /// Batches to take; `None`: all.
    pub batches: Option<u64>,
    /// Does a batch start from the state that the one before left, as long as
    /// the number of rows stays the same (continuous text)?
    pub carry_state: bool,
    /// What to measure besides the loss.
    pub metrics: &'a [Metric],
}

/// The outcome of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Loss and metrics.
    pub scores: Scores,
    /// Number of predictions.
    pub predictions: u64,
    /// How the recurrence was computed; `None` without a batch.
    pub path: Option<ScanPath>,
}

/// Evaluates a model on batches of a source.
///
/// Dropout is off, except for per-step input dropout: its mask is a function of
/// the batch's number, the row, the step and the channel, so that the figures
/// of such a model depend on the batch size. `look` is shown the predictions of
/// every batch with the number of batches done; returning `false` ends the
/// evaluation early.
///
/// # Errors
/// When data cannot be read or does not fit the model.
pub fn evaluate<B: Backend>(
    backend: &B,
    model: &dyn Model<B>,
    source: &mut dyn BatchSource,
    spec: &EvaluationSpec<'_>,
    look: &mut dyn FnMut(u64, &Predicted<'_>) -> bool,
) -> Result<Evaluation> {
    let mut gathered = Gathered::new(spec.metrics);
    let mut state: Option<(usize, Vec<B::Tensor>)> = None;
    let mut done = 0;
    while spec.batches.is_none_or(|limit| done < limit) {
        let Some(batch) = source.next()? else { break };
        let start = match state.take() {
            Some((rows, state)) if spec.carry_state && rows == batch.rows => state,
            _ => model.start_state(backend, batch.rows)?,
        };
        let per_step = Some(PerStep { seed: 0, place: done });
        let pass = Pass { per_step, ..Pass::plain(&start) };
        done += 1;
        let mut go_on = true;
        let end = evaluate_batch(backend, model, &batch, &pass, &mut |predicted, path| {
            gathered.add(predicted, path);
            go_on = look(done, predicted);
        })?;
        if !go_on {
            break;
        }
        state = Some((batch.rows, end));
    }
    Ok(gathered.finish())
}

/// Shows the predictions of one batch and returns the end state.
fn evaluate_batch<B: Backend>(
    backend: &B,
    model: &dyn Model<B>,
    batch: &Batch,
    pass: &Pass<'_, B>,
    look: &mut dyn FnMut(&Predicted<'_>, ScanPath),
) -> Result<Vec<B::Tensor>> {
    let answers = model.forward(backend, &batch.sequences(), pass)?;
    let last = answers.last().ok_or_else(|| Error::shape("layers of a model", &[0], "at least one"))?;
    let loss = batch_loss(backend, model, &last.activity, batch, 0.0)?;
    let predicted = Predicted {
        loss: ops::scalar(backend, &loss.task)?,
        predictions: loss.predictions as u64,
        rows: batch.rows,
        outputs: &backend.values(&loss.outputs)?,
        target: &batch.target,
    };
    let path = ScanPath::of_all(answers.iter().map(|answer| answer.path)).unwrap_or(last.path);
    look(&predicted, path);
    Ok(answers.iter().map(|answer| backend.detach(&answer.state)).collect())
}

/// The figures so far.
struct Gathered {
    loss: Mean,
    metrics: Vec<(Metric, Box<dyn Measure>)>,
    predictions: u64,
    path: Option<ScanPath>,
}

impl Gathered {
    fn new(metrics: &[Metric]) -> Self {
        let metrics = metrics.iter().map(|metric| (*metric, metric.measure())).collect();
        Gathered { loss: Mean::default(), metrics, predictions: 0, path: None }
    }

    fn add(&mut self, predicted: &Predicted<'_>, path: ScanPath) {
        self.path = ScanPath::of_all(self.path.into_iter().chain([path]));
        self.predictions += predicted.predictions;
        self.loss.add(predicted.loss * predicted.predictions as f64, predicted.predictions);
        self.metrics.iter_mut().for_each(|(_, measure)| measure.add(predicted));
    }

    fn finish(self) -> Evaluation {
        let measured = self.metrics.iter().map(|(metric, measure)| (*metric, measure.value()));
        let scores = Scores {
            loss: self.loss.value().filter(|loss| loss.is_finite()),
            measured: Measured::new(measured),
        };
        Evaluation { scores, predictions: self.predictions, path: self.path }
    }
}
