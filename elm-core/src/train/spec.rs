//! How to train, as plain data.

use super::regularizer::Regularizer;
use super::schedule::{LearningRate, StateReset};
use crate::optimizer::OptimizerKind;

/// How to train.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingSpec {
    /// The rule that turns gradients into steps.
    pub optimizer: OptimizerKind,
    /// The learning rate of every update.
    pub learning_rate: LearningRate,
    /// Momentum of SGD; no other rule reads it.
    pub momentum: f64,
    /// Weight decay, 0 for none: decoupled with AdamW, else a share of the
    /// weights that joins their gradients. It acts on weights, not on biases
    /// and timescales, see [`decaying`](crate::optimizer::decay::decaying).
    pub weight_decay: f64,
    /// Limit of the gradients' global norm.
    pub clip_norm: Option<f64>,
    /// In how many parts, one after the other, the gradient of a batch is
    /// computed. Its rows are divided among them, so that a part needs less
    /// memory and the update is that of the whole batch.
    pub accumulate: usize,
    /// Share `α` of a label that is spread over all classes.
    pub label_smoothing: f64,
    /// Penalties added to the loss.
    pub regularizers: Vec<Regularizer>,
    /// Truncated backpropagation through time: carry the state from batch to
    /// batch, with resets. `None` starts every batch from zero.
    pub state_reuse: Option<StateReset>,
    /// Seed of dropout masks and resets.
    pub seed: u64,
}

impl TrainingSpec {
    /// So many updates with the defaults of a configuration: Adam, a learning
    /// rate of at most 5e-4 after 100 updates of warm-up (a tenth of all
    /// updates where there are fewer than a thousand), gradients clipped to a
    /// norm of 1, and nothing else.
    pub fn new(updates: u64) -> Self {
        TrainingSpec {
            optimizer: OptimizerKind::Adam,
            learning_rate: LearningRate::cosine(5e-4, (updates / 10).min(100), updates),
            momentum: 0.0,
            weight_decay: 0.0,
            clip_norm: Some(1.0),
            accumulate: 1,
            label_smoothing: 0.0,
            regularizers: Vec::new(),
            state_reuse: None,
            seed: 0,
        }
    }
}
