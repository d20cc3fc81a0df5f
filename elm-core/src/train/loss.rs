//! What training minimises, from the activity of the last layer.

use super::batch::{Batch, Target};
use crate::backend::{Backend, Unary};
use crate::error::{Error, Result};
use crate::model::Model;
use crate::model::logits::{logits_of_all_steps, logits_of_last_step, logits_of_pairs};
use crate::ops;

/// The loss of one batch.
pub struct BatchLoss<B: Backend> {
    /// The task's loss as reported: without smoothing or penalties, `[]`.
    pub task: B::Tensor,
    /// The loss with label smoothing, to be minimised, `[]`.
    pub smoothed: B::Tensor,
    /// Logits `[O, R]` of the `R` predictions of a classification.
    pub logits: Option<B::Tensor>,
    /// Number of predictions that the loss is a mean of.
    pub predictions: usize,
}

/// The loss of a batch, MODEL of \[S2\] §4.
///
/// # Equation
/// Classification: `-sum_o y_o log softmax(logits)_o`, with
/// `y = (1 - α) onehot + α / O`. NeuronIO: `½ BCE(spike) + ½ MSE(soma)`.
///
/// # Errors
/// [`Error::Index`] when a label is not below the number of outputs,
/// [`Error::Shape`] when the target does not fit the batch.
pub fn batch_loss<B: Backend>(
    backend: &B,
    model: &dyn Model<B>,
    activity: &B::Tensor,
    batch: &Batch,
    smoothing: f64,
) -> Result<BatchLoss<B>> {
    match &batch.target {
        Target::EveryStep(labels) => {
            expect_len("labels of every step", labels.len(), batch.steps * batch.rows)?;
            let logits = logits_of_all_steps(backend, model, activity)?;
            cross_entropy(backend, logits, labels, smoothing)
        }
        Target::LastStep { labels, lengths } => {
            expect_len("labels", labels.len(), batch.rows)?;
            if let Some(lengths) = lengths {
                expect_len("lengths", lengths.len(), batch.rows)?;
            }
            let logits = logits_of_last_step(backend, model, activity, lengths.as_deref())?;
            cross_entropy(backend, logits, labels, smoothing)
        }
        Target::Pairs { labels, lengths } => {
            expect_len("labels of pairs", labels.len(), batch.rows / 2)?;
            if let Some(lengths) = lengths {
                expect_len("lengths", lengths.len(), batch.rows)?;
            }
            let logits = logits_of_pairs(backend, model, activity, lengths.as_deref())?;
            cross_entropy(backend, logits, labels, smoothing)
        }
        Target::SpikeAndSoma { spike, soma, burn_in } => {
            let task = spike_and_soma(backend, model, activity, [spike, soma], *burn_in)?;
            let predictions = (batch.steps - burn_in) * batch.rows;
            Ok(BatchLoss { smoothed: task.clone(), task, logits: None, predictions })
        }
        Target::Values(values) => {
            let outputs = logits_of_all_steps(backend, model, activity)?; // [O, T * B]
            let shape = backend.shape(activity);
            let target = backend.transpose(&backend.tensor(values, &shape)?, 0, 1)?;
            let target = backend.reshape(&target, &backend.shape(&outputs))?;
            let task = mean_squared(backend, &outputs, &target)?;
            Ok(BatchLoss { smoothed: task.clone(), task, logits: None, predictions: values.len() })
        }
    }
}

fn expect_len(what: &str, got: usize, wanted: usize) -> Result<()> {
    if got == wanted { Ok(()) } else { Err(Error::shape(what, &[got], format!("[{wanted}]"))) }
}

/// Mean cross-entropy of logits `[O, R]` and labels `[R]`.
fn cross_entropy<B: Backend>(
    backend: &B,
    logits: B::Tensor,
    labels: &[u32],
    smoothing: f64,
) -> Result<BatchLoss<B>> {
    let (outputs, columns) = (backend.shape(&logits)[0], labels.len());
    let mut chosen = vec![0.0; outputs * columns];
    for (column, &label) in labels.iter().enumerate() {
        if label as usize >= outputs {
            return Err(Error::Index { what: "label".into(), index: label as usize, len: outputs });
        }
        chosen[label as usize * columns + column] = 1.0;
    }
    let log_probabilities = ops::log_softmax(backend, &logits)?;
    let chosen = backend.tensor(&chosen, &[outputs, columns])?;
    let of_labels = ops::sum_all(backend, &ops::mul(backend, &log_probabilities, &chosen)?)?;
    let task = backend.affine(&of_labels, -1.0 / columns as f64, 0.0)?;
    let smoothed = if smoothing == 0.0 {
        task.clone()
    } else {
        let of_all = ops::mean_all(backend, &log_probabilities)?;
        let sharp = backend.affine(&task, 1.0 - smoothing, 0.0)?;
        ops::sub(backend, &sharp, &backend.affine(&of_all, smoothing, 0.0)?)?
    };
    Ok(BatchLoss { task, smoothed, logits: Some(logits), predictions: columns })
}

fn mean_squared<B: Backend>(backend: &B, got: &B::Tensor, wanted: &B::Tensor) -> Result<B::Tensor> {
    let difference = ops::sub(backend, got, wanted)?;
    ops::mean_all(backend, &ops::mul(backend, &difference, &difference)?)
}

/// `½ BCE-with-logits(output 0, spike) + ½ MSE(output 1, soma)` after the burn-in.
fn spike_and_soma<B: Backend>(
    backend: &B,
    model: &dyn Model<B>,
    activity: &B::Tensor,
    [spike, soma]: [&[f32]; 2],
    burn_in: usize,
) -> Result<B::Tensor> {
    let shape = backend.shape(activity);
    let (steps, rows) = (shape[0], shape[2]);
    if shape[1] != 2 || burn_in >= steps {
        return Err(Error::shape("NeuronIO activity", &shape, format!("[T above {burn_in}, 2, B]")));
    }
    let outputs = logits_of_all_steps(backend, model, activity)?; // [2, T * B]
    let (start, count) = (burn_in * rows, (steps - burn_in) * rows);
    let of = |output| backend.narrow(&backend.narrow(&outputs, 0, output, 1)?, 1, start, count);
    let host = |values: &[f32]| {
        expect_len("NeuronIO target", values.len(), steps * rows)?;
        backend.tensor(&values[start..], &[1, count])
    };
    let (x, y) = (of(0)?, host(spike)?);
    // max(x, 0) - x y + ln(1 + e^-|x|)
    let tail = backend.unary(Unary::Exp, &backend.affine(&backend.unary(Unary::Abs, &x)?, -1.0, 0.0)?)?;
    let tail = backend.unary(Unary::Log, &backend.affine(&tail, 1.0, 1.0)?)?;
    let linear = ops::sub(backend, &backend.unary(Unary::Relu, &x)?, &ops::mul(backend, &x, &y)?)?;
    let spikes = ops::mean_all(backend, &ops::add(backend, &linear, &tail)?)?;
    let voltage = mean_squared(backend, &of(1)?, &host(soma)?)?;
    backend.affine(&ops::add(backend, &spikes, &voltage)?, 0.5, 0.0)
}
