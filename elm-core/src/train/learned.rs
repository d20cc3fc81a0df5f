//! What comes out of a batch, or of a part of one, before the update.

use super::report::{LayerReport, StepTimes};
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::ops;
use crate::scan::Clock;

/// What a forward pass gives.
pub(super) struct Forward<B: Backend> {
    /// Loss of the task, `[]`.
    pub(super) loss: B::Tensor,
    /// What is minimised, `[]`.
    pub(super) objective: B::Tensor,
    /// Number of predictions that the loss is a mean of.
    pub(super) predictions: usize,
    /// End state of every layer, detached.
    pub(super) end: Vec<B::Tensor>,
    /// How each layer was computed.
    pub(super) layers: Vec<LayerReport>,
    /// How long the way back through each will have taken.
    pub(super) clocks: Vec<Option<Clock>>,
}

/// Loss, objective and, where squares of gradients follow, their norm: in one
/// reading, as an update has to wait for all of them. Nothing may change before
/// it is known that they are finite.
pub(super) fn read<B: Backend>(backend: &B, scalars: &[B::Tensor]) -> Result<(f64, f64, Option<f64>)> {
    let values = ops::scalars(backend, scalars)?;
    let [loss, objective, squares @ ..] = &values[..] else {
        return Err(Error::shape("numbers of an update", &[values.len()], "loss and objective at least"));
    };
    let norm = (!squares.is_empty()).then(|| squares.iter().sum::<f64>().sqrt());
    Ok((*loss, *objective, norm))
}

/// What is learned from a batch, or from a part of one.
pub(super) struct Learned<B: Backend> {
    pub(super) loss: f64,
    pub(super) objective: f64,
    pub(super) predictions: f64,
    pub(super) gradients: Vec<B::Tensor>,
    /// Their global norm, where it has been read.
    pub(super) norm: Option<f64>,
    pub(super) end: Vec<B::Tensor>,
    pub(super) layers: Vec<LayerReport>,
    pub(super) times: StepTimes,
}

impl<B: Backend> Learned<B> {
    /// Losses and gradients times a factor.
    pub(super) fn scaled(self, backend: &B, factor: f64) -> Result<Self> {
        let scaled = |gradient| backend.affine(&backend.detach(gradient), factor, 0.0);
        let gradients = self.gradients.iter().map(scaled).collect::<Result<_>>()?;
        let (loss, objective) = (self.loss * factor, self.objective * factor);
        Ok(Learned { loss, objective, gradients, norm: None, ..self })
    }

    /// Sums of losses, predictions and gradients; end states side by side.
    pub(super) fn joined(self, backend: &B, next: Self) -> Result<Self> {
        let sum = |(a, b): (&B::Tensor, &B::Tensor)| ops::add(backend, a, b);
        let beside = |(a, b): (&B::Tensor, &B::Tensor)| backend.cat(&[a.clone(), b.clone()], 1);
        Ok(Learned {
            loss: self.loss + next.loss,
            objective: self.objective + next.objective,
            predictions: self.predictions + next.predictions,
            gradients: self.gradients.iter().zip(&next.gradients).map(sum).collect::<Result<_>>()?,
            norm: None,
            end: self.end.iter().zip(&next.end).map(beside).collect::<Result<_>>()?,
            layers: self.layers.into_iter().zip(next.layers).map(|(a, b)| a.joined(b)).collect(),
            times: StepTimes {
                forward: self.times.forward + next.times.forward,
                backward: self.times.backward + next.times.backward,
                optimizer: 0.0,
            },
        })
    }
}
