//! What a record asks for.

use crate::model::{NetworkSpec, StoredTensors};
use crate::train::{Batch, TrainingSpec};

/// A model with weights and the runs to make with it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The record's name.
    pub name: String,
    /// The model.
    pub network: NetworkSpec,
    /// Its weights, named as in [`Network::to_stored`](crate::model::Network::to_stored).
    pub weights: StoredTensors,
    /// Batches to run one after the other, state carried; intermediates are
    /// recorded on the first one.
    pub batches: Vec<Batch>,
    /// Loss, gradients and updates on the first batch.
    pub training: Option<Training>,
    /// Also answer `[sigmoid(output 0), 10 * output 1]`, as for NeuronIO.
    pub neuronio_output: bool,
}

/// How a case trains on its first batch.
#[derive(Debug, Clone)]
pub struct Training {
    /// Losses, optimiser, schedule.
    pub spec: TrainingSpec,
    /// Number of updates; 0 asks for loss and gradients only.
    pub updates: usize,
}
