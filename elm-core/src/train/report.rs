//! What an update tells of itself.

use crate::scan::ScanPath;

/// What one update did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// Loss of the task in nats before the update.
    pub loss: f64,
    /// What was minimised: with smoothing and penalties.
    pub objective: f64,
    /// Global norm of the gradients before clipping.
    pub gradient_norm: f64,
    /// The learning rate used.
    pub learning_rate: f64,
    /// How the recurrence was computed.
    pub path: ScanPath,
    /// How long its parts took.
    pub times: StepTimes,
}

/// Wall-clock seconds of the parts of an update.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepTimes {
    /// From the batch to the objective.
    pub forward: f64,
    /// Gradients.
    pub backward: f64,
    /// Clipping and update.
    pub optimizer: f64,
}
