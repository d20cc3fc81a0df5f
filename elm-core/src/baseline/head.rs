//! What turns features into logits.

use super::{sizes, tensors};
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::ops;
use crate::random::{Draws, Purpose};
use crate::spec::ParameterLayout;
use serde::{Deserialize, Serialize};

/// A linear map with bias, `torch.nn.Linear`: from the features of a sequence,
/// or, for pairs of sequences `x`, `y`, from `[x ; y ; x - y ; x y]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinearHead {
    /// Features of one sequence.
    pub features: usize,
    /// Classes, symbols or other outputs.
    pub logits: usize,
    /// Does it compare two sequences?
    pub pairs: bool,
}

/// Name of the head's flat variable.
pub(super) const HEAD: &str = "head";

impl LinearHead {
    /// Rows that it reads.
    pub fn inputs(&self) -> usize {
        if self.pairs { 4 * self.features } else { self.features }
    }

    /// `weight` `[O, inputs]` and `bias` `[O]`.
    pub(super) fn layout(&self) -> ParameterLayout {
        let mut layout = ParameterLayout::default();
        layout.push("weight", &[self.logits, self.inputs()]);
        layout.push("bias", &[self.logits]);
        layout
    }

    /// Uniform in ±1/sqrt(inputs), as PyTorch draws a linear map; `variable`
    /// is its number among those of the model.
    pub(super) fn initial(&self, seed: u64, variable: u64) -> Vec<f32> {
        let mut draws = Draws::new(seed, Purpose::Weights, [variable, 0]);
        let bound = 1.0 / (self.inputs() as f64).sqrt();
        (0..self.layout().len()).map(|_| draws.symmetric(bound)).collect()
    }

    /// Logits `[O, R]` of columns `[inputs, R]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when these are not the rows that it reads.
    pub(super) fn apply<B: Backend>(
        &self,
        backend: &B,
        variable: &B::Tensor,
        rows: &B::Tensor,
    ) -> Result<B::Tensor> {
        let shape = backend.shape(rows);
        if shape.first() != Some(&self.inputs()) {
            return Err(Error::shape("what the head reads", &shape, format!("[{}, R]", self.inputs())));
        }
        let tensors = tensors(backend, variable, &self.layout())?;
        ops::add(backend, &backend.matmul(&tensors[0], rows)?, &tensors[1])
    }

    /// Checks that no size is beyond any machine.
    ///
    /// # Errors
    /// [`Error::Config`] naming the size.
    pub(super) fn check(&self) -> Result<()> {
        sizes::check(&[("model.num_output", self.logits)])
    }
}
