//! What training minimises, from the activity of the last layer.

use super::batch::{Batch, Target, within_lengths};
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
    /// What the model answers, `[O, R]` for its `R` predictions; the logits of
    /// a classification.
    pub outputs: B::Tensor,
    /// Number of predictions that the loss is a mean of.
    pub predictions: usize,
}

/// The loss of a batch, MODEL of \[S2\] §4.
///
/// # Equation
/// Classification: `-sum_o y_o log softmax(logits)_o`, with
/// `y = (1 - α) onehot + α / O`. NeuronIO: `½ BCE(spike) + ½ MSE(soma)`.
/// Regression: `mean_o (output_o - value_o)^2`.
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
    check_target(batch)?;
    let outputs = predictions(backend, model, activity, &batch.target)?;
    let shape = backend.shape(&outputs);
    let (task, smoothed) = match &batch.target {
        Target::EveryStep { .. } | Target::LastStep { .. } | Target::Pairs { .. } => {
            cross_entropy(backend, &outputs, &batch.target.labels().unwrap_or_default(), smoothing)?
        }
        Target::ValuesEveryStep { .. } | Target::ValuesLastStep { .. } => {
            let values = batch.target.values().unwrap_or_default();
            expect_len("values of a regression", values.len(), shape[0] * shape[1])?;
            let task = mean_squared(backend, &outputs, &backend.tensor(&values, &shape)?)?;
            (task.clone(), task)
        }
        Target::SpikeAndSoma { spike, soma, burn_in, .. } => {
            let start = burn_in * batch.rows;
            let task = spike_and_soma(backend, &outputs, [&spike[start..], &soma[start..]])?;
            (task.clone(), task)
        }
    };
    Ok(BatchLoss { task, smoothed, outputs, predictions: shape[1] })
}

/// What the model answers where something is to be predicted, `[O, R]`.
fn predictions<B: Backend>(
    backend: &B,
    model: &dyn Model<B>,
    activity: &B::Tensor,
    target: &Target,
) -> Result<B::Tensor> {
    match target {
        Target::EveryStep { lengths, .. } | Target::ValuesEveryStep { lengths, .. } => {
            let all = logits_of_all_steps(backend, model, activity)?; // [O, T * B]
            let Some(lengths) = lengths else { return Ok(all) };
            let within = backend.index(&within_lengths(backend.shape(activity)[0], lengths))?;
            let by_column = backend.select(&backend.transpose(&all, 0, 1)?, &within)?; // [R, O]
            backend.transpose(&by_column, 0, 1)
        }
        Target::LastStep { lengths, .. } | Target::ValuesLastStep { lengths, .. } => {
            logits_of_last_step(backend, model, activity, lengths.as_deref())
        }
        Target::Pairs { lengths, .. } => logits_of_pairs(backend, model, activity, lengths.as_deref()),
        Target::SpikeAndSoma { burn_in, .. } => {
            let shape = backend.shape(activity);
            let (steps, rows) = (shape[0], shape[2]);
            if *burn_in >= steps {
                return Err(Error::shape("NeuronIO activity", &shape, format!("[T above {burn_in}, ..]")));
            }
            let all = logits_of_all_steps(backend, model, activity)?; // [2, T * B]
            let outputs = backend.shape(&all);
            if outputs[0] != 2 {
                return Err(Error::shape("NeuronIO outputs", &outputs, "[2, T * B]: spike and soma"));
            }
            backend.narrow(&all, 1, burn_in * rows, (steps - burn_in) * rows)
        }
    }
}

/// Does the target have as many entries as the batch asks for?
fn check_target(batch: &Batch) -> Result<()> {
    let (steps, rows) = (batch.steps, batch.rows);
    let lengths = match &batch.target {
        Target::EveryStep { labels, lengths } => {
            expect_len("labels of every step", labels.len(), steps * rows)?;
            lengths
        }
        Target::LastStep { labels, lengths } => {
            expect_len("labels", labels.len(), rows)?;
            lengths
        }
        Target::Pairs { labels, lengths } => {
            expect_len("labels of pairs", labels.len(), rows / 2)?;
            lengths
        }
        Target::ValuesEveryStep { values, outputs, lengths } => {
            expect_len("values of every step", values.len(), outputs * steps * rows)?;
            lengths
        }
        Target::ValuesLastStep { lengths, .. } => lengths,
        Target::SpikeAndSoma { spike, soma, .. } => {
            expect_len("NeuronIO spikes", spike.len(), steps * rows)?;
            return expect_len("NeuronIO voltages", soma.len(), steps * rows);
        }
    };
    let Some(lengths) = lengths else { return Ok(()) };
    expect_len("lengths", lengths.len(), rows)?;
    match lengths.iter().find(|&&length| length == 0 || length as usize > steps) {
        Some(&bad) => {
            Err(Error::Index { what: "length of a sequence".into(), index: bad as usize, len: steps })
        }
        None => Ok(()),
    }
}

fn expect_len(what: &str, got: usize, wanted: usize) -> Result<()> {
    if got == wanted { Ok(()) } else { Err(Error::shape(what, &[got], format!("[{wanted}]"))) }
}

/// Mean cross-entropy of logits `[O, R]` and labels `[R]`, plain and smoothed.
fn cross_entropy<B: Backend>(
    backend: &B,
    logits: &B::Tensor,
    labels: &[u32],
    smoothing: f64,
) -> Result<(B::Tensor, B::Tensor)> {
    let (outputs, columns) = (backend.shape(logits)[0], labels.len());
    if let Some(&label) = labels.iter().find(|&&label| label as usize >= outputs) {
        return Err(Error::Index { what: "label".into(), index: label as usize, len: outputs });
    }
    let log_probabilities = ops::log_softmax(backend, logits)?;
    let chosen = ops::one_hot(backend, labels, outputs)?;
    let of_labels = ops::sum_all(backend, &ops::mul(backend, &log_probabilities, &chosen)?)?;
    let task = backend.affine(&of_labels, -1.0 / columns as f64, 0.0)?;
    if smoothing == 0.0 {
        return Ok((task.clone(), task));
    }
    let of_all = ops::mean_all(backend, &log_probabilities)?;
    let sharp = backend.affine(&task, 1.0 - smoothing, 0.0)?;
    let smoothed = ops::sub(backend, &sharp, &backend.affine(&of_all, smoothing, 0.0)?)?;
    Ok((task, smoothed))
}

fn mean_squared<B: Backend>(backend: &B, got: &B::Tensor, wanted: &B::Tensor) -> Result<B::Tensor> {
    let difference = ops::sub(backend, got, wanted)?;
    ops::mean_all(backend, &ops::mul(backend, &difference, &difference)?)
}

/// `½ BCE-with-logits(output 0, spike) + ½ MSE(output 1, soma)` of outputs
/// `[2, R]`.
fn spike_and_soma<B: Backend>(
    backend: &B,
    outputs: &B::Tensor,
    [spike, soma]: [&[f32]; 2],
) -> Result<B::Tensor> {
    let of = |output| backend.narrow(outputs, 0, output, 1);
    let host = |values: &[f32]| backend.tensor(values, &[1, values.len()]);
    let (x, y) = (of(0)?, host(spike)?);
    // max(x, 0) - x y + ln(1 + e^-|x|)
    let tail = backend.unary(Unary::Exp, &backend.affine(&backend.unary(Unary::Abs, &x)?, -1.0, 0.0)?)?;
    let tail = backend.unary(Unary::Log, &backend.affine(&tail, 1.0, 1.0)?)?;
    let linear = ops::sub(backend, &backend.unary(Unary::Relu, &x)?, &ops::mul(backend, &x, &y)?)?;
    let spikes = ops::mean_all(backend, &ops::add(backend, &linear, &tail)?)?;
    let voltage = mean_squared(backend, &of(1)?, &host(soma)?)?;
    backend.affine(&ops::add(backend, &spikes, &voltage)?, 0.5, 0.0)
}
