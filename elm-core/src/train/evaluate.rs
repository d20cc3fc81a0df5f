//! Loss and accuracy on data that is not trained on.

use super::batch::{Batch, BatchSource};
use super::dropout::no_masks;
use super::loss::batch_loss;
use crate::backend::Backend;
use crate::error::Result;
use crate::model::{Network, RunArgs};
use crate::ops;
use crate::scan::ScanPath;
use crate::spec::Want;

/// The outcome of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Evaluation {
    /// Mean loss per prediction in nats, without smoothing and penalties.
    pub loss: f64,
    /// Share of right predictions, for classifications.
    pub accuracy: Option<f64>,
    /// Number of predictions.
    pub predictions: u64,
    /// How the recurrence was computed; `None` without a batch.
    pub path: Option<ScanPath>,
}

impl Evaluation {
    /// The loss as bits per character.
    pub fn bits_per_character(&self) -> f64 {
        self.loss / std::f64::consts::LN_2
    }
}

/// Evaluates a network on up to `batches` batches of a source.
///
/// With `carry_state` a batch starts from the state that the one before left,
/// as long as the number of rows stays the same (continuous text). Dropout is
/// off, except for per-step input dropout, whose mask then depends on the
/// batch's position alone. `progress` is called after every batch with the
/// number of batches done; returning `false` ends the evaluation early.
///
/// # Errors
/// When data cannot be read or does not fit the network.
pub fn evaluate<B: Backend>(
    backend: &B,
    network: &Network<B>,
    source: &mut dyn BatchSource,
    batches: Option<u64>,
    carry_state: bool,
    progress: &mut dyn FnMut(u64) -> bool,
) -> Result<Evaluation> {
    let mut sums = Sums::default();
    let mut state: Option<(usize, Vec<B::Tensor>)> = None;
    let mut done = 0;
    while batches.is_none_or(|limit| done < limit) {
        let Some(batch) = source.next()? else { break };
        let start = match state.take() {
            Some((rows, state)) if carry_state && rows == batch.rows => state,
            _ => network.zero_state(backend, batch.rows)?,
        };
        let masked = network.spec.layers.first().and_then(|layer| batch.masked(layer, 0, done));
        let end = evaluate_batch(backend, network, masked.as_ref().unwrap_or(&batch), &start, &mut sums)?;
        state = Some((batch.rows, end));
        done += 1;
        if !progress(done) {
            break;
        }
    }
    Ok(sums.finish())
}

/// Adds the outcome of one batch to the sums and returns the end state.
fn evaluate_batch<B: Backend>(
    backend: &B,
    network: &Network<B>,
    batch: &Batch,
    start: &[B::Tensor],
    sums: &mut Sums,
) -> Result<Vec<B::Tensor>> {
    let masks = no_masks(&network.spec);
    let want = vec![Want::default(); network.layers.len()];
    let args = RunArgs { state: start, masks: &masks, want: &want, rows: batch.rows, steps: batch.steps };
    let mut answers = network.run(backend, batch.on(backend, network.spec.inputs())?, &args)?;
    if let Some(last) = answers.last() {
        sums.path = Some(last.path);
        let loss = batch_loss(backend, network, &last.activity, batch, 0.0)?;
        sums.predictions += loss.predictions as u64;
        sums.loss += ops::scalar(backend, &loss.task)? * loss.predictions as f64;
        if let (Some(logits), Some(labels)) = (&loss.logits, batch.target.labels()) {
            sums.right += right_answers(&backend.values(logits)?, labels) as u64;
            sums.classified = true;
        }
    }
    Ok(answers.drain(..).map(|answer| backend.detach(&answer.state)).collect())
}

/// Number of columns of `[O, R]` whose largest entry is that of the label.
pub fn right_answers(logits: &[f32], labels: &[u32]) -> usize {
    let columns = labels.len();
    let is_right = |column: usize, label: u32| {
        let own = logits[label as usize * columns + column];
        // The first of equal entries wins, as in NumPy's argmax.
        logits.iter().skip(column).step_by(columns).enumerate().all(|(other, &value)| {
            other == label as usize || value < own || (value == own && other > label as usize)
        })
    };
    labels.iter().enumerate().filter(|&(column, &label)| is_right(column, label)).count()
}

#[derive(Default)]
struct Sums {
    loss: f64,
    right: u64,
    predictions: u64,
    classified: bool,
    path: Option<ScanPath>,
}

impl Sums {
    fn finish(self) -> Evaluation {
        let count = self.predictions.max(1) as f64;
        let loss = if self.predictions == 0 { f64::NAN } else { self.loss / count };
        let accuracy = self.classified.then_some(self.right as f64 / count);
        Evaluation { loss, accuracy, predictions: self.predictions, path: self.path }
    }
}

#[cfg(test)]
mod tests {
    use super::right_answers;

    #[test]
    fn the_first_of_equal_logits_is_the_answer() {
        let logits = [1.0, 0.0, 2.0, /**/ 1.0, 3.0, 2.5];
        assert_eq!(right_answers(&logits, &[0, 1, 1]), 3);
        assert_eq!(right_answers(&logits, &[1, 1, 0]), 1);
    }
}
