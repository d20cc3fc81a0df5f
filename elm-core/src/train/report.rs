//! What an update tells of itself.

use crate::backend::Backend;
use crate::model::LayerAnswer;
use crate::scan::ScanPath;
use crate::spec::InputKind;

/// What one update did.
#[derive(Debug, Clone, PartialEq)]
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
    /// How each layer was computed, first to last.
    pub layers: Vec<LayerReport>,
}

/// What an update tells of a layer; what its model does not say is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerReport {
    /// How its recurrence was computed.
    pub path: ScanPath,
    /// Why that is not by a fused kernel.
    pub reason: Option<String>,
    /// In which form it got its input.
    pub input: Option<InputKind>,
    /// Wall-clock seconds of its recurrence. Of a card, which works behind,
    /// these and the next are those in which the work was handed over.
    pub forward: Option<f64>,
    /// The same of the way back; `None` also where that is not one step of the
    /// graph.
    pub backward: Option<f64>,
}

impl LayerReport {
    /// What a layer tells before the way back.
    pub(super) fn of<B: Backend>(answer: &LayerAnswer<B>) -> Self {
        LayerReport {
            path: answer.path,
            reason: answer.reason.clone(),
            input: answer.read,
            forward: answer.forward,
            backward: None,
        }
    }

    /// What another part of the batch tells on top.
    pub(super) fn joined(self, next: Self) -> Self {
        let sum = |a: Option<f64>, b: Option<f64>| Some(a? + b?);
        let (forward, backward) = (sum(self.forward, next.forward), sum(self.backward, next.backward));
        let path = self.path.min(next.path);
        LayerReport { path, reason: self.reason.or(next.reason), forward, backward, input: next.input }
    }
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
