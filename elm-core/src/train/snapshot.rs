//! Everything a trainer needs to continue as if it had never stopped.

use crate::error::{Error, Result};
use crate::model::StoredTensors;
use serde::{Deserialize, Serialize};

/// The whole state of a [`Trainer`](super::Trainer) on the host.
///
/// Dropout masks and reset draws are functions of the seed and the update's
/// index, so the tensors and three numbers are all there is.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Weights, timescales and connectomes, see
    /// [`Model::to_stored`](crate::model::Model::to_stored).
    pub weights: StoredTensors,
    /// `moments.V.first`, `moments.V.second` of each flat variable `V`, and
    /// `state.L` of each layer where a state is carried.
    pub state: StoredTensors,
    /// The numbers.
    pub position: Position,
}

/// Where a trainer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Updates done.
    pub step: u64,
    /// The update before which the carried state was last reset; the dropout
    /// masks in use were drawn for it.
    pub state_began: u64,
    /// Rows of the carried state; `None` when none is carried.
    pub state_rows: Option<usize>,
}

impl Snapshot {
    /// The floats of a tensor of the training state.
    pub(super) fn state_values(&self, name: &str, shape: &[usize]) -> Result<&[f32]> {
        self.state.floats(name, shape).map_err(|error| match error {
            Error::Stored { what, reason } => Error::stored(format!("training state {what}"), reason),
            other => other,
        })
    }
}
