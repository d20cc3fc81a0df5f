//! Penalties on what neurons do, added to the loss.

use crate::backend::{Backend, Unary};
use crate::error::{Error, Result};
use crate::model::LayerAnswer;
use crate::ops;
use serde::{Deserialize, Serialize};

/// What is penalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Penalty {
    /// `mean_b mean_n (mean_{t,i} |o|)^2`: how hard the MLPs write.
    NeuronMlpMagnitude,
    /// `mean_{t,n,b} relu(a)`: how active the neurons are.
    PopulationActivity,
}

/// A penalty on some layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Regularizer {
    /// What is penalised.
    pub penalty: Penalty,
    /// Indices of the layers it acts on.
    pub layers: Vec<usize>,
    /// Its weight in the objective.
    pub strength: f64,
    /// Multiply by the number of neurons of the layer?
    pub proportional: bool,
}

impl Regularizer {
    /// The layers whose magnitude of the MLP it needs.
    pub fn magnitudes(&self) -> &[usize] {
        match self.penalty {
            Penalty::NeuronMlpMagnitude => &self.layers,
            Penalty::PopulationActivity => &[],
        }
    }

    /// The term added to the loss, a scalar `[]`.
    ///
    /// # Errors
    /// [`Error::Config`] when a layer does not exist.
    pub fn term<B: Backend>(&self, backend: &B, answers: &[LayerAnswer<B>]) -> Result<Option<B::Tensor>> {
        let mut total: Option<B::Tensor> = None;
        for &l in &self.layers {
            let answer = answers.get(l).ok_or_else(|| {
                Error::config("regularizer.layers", format!("there is no layer {l}, only {}", answers.len()))
            })?;
            let neurons = backend.shape(&answer.activity)[1];
            let scale = self.strength * if self.proportional { neurons as f64 } else { 1.0 };
            let term = backend.affine(&self.value(backend, answer)?, scale, 0.0)?;
            total = Some(match total {
                Some(sum) => ops::add(backend, &sum, &term)?,
                None => term,
            });
        }
        Ok(total)
    }

    fn value<B: Backend>(&self, backend: &B, answer: &LayerAnswer<B>) -> Result<B::Tensor> {
        match (self.penalty, &answer.magnitude) {
            (Penalty::NeuronMlpMagnitude, Some(magnitude)) => {
                ops::mean_all(backend, &ops::mul(backend, magnitude, magnitude)?)
            }
            (Penalty::NeuronMlpMagnitude, None) => Err(Error::config(
                "regularizer.mlp_magnitude",
                "this model does not tell the magnitude of MLPs",
            )),
            (Penalty::PopulationActivity, _) => {
                ops::mean_all(backend, &backend.unary(Unary::Relu, &answer.activity)?)
            }
        }
    }
}
