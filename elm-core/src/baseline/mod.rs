//! The models that ELM neurons are compared with, in the same trainer.
//!
//! [`Lstm`] (with a plain or a chrono initialisation), [`Gru`] and [`Lif`]
//! (leaky integrate-and-fire units, the spiking network of \[S1\]) are cells of
//! a [`Recurrent`] model; [`Transformer`] is the encoder of the Long Range
//! Arena. Weights have PyTorch's layout, gate order and names, so that they
//! can be compared with `torch.nn.LSTM`, `GRU` and `TransformerEncoder`.
//!
//! Read in this order: [`head`] (from features to logits), [`cell`] (what
//! distinguishes recurrent ones), [`recurrent`] (what they have in common),
//! [`lstm`], [`gru`], [`lif`], [`transformer`].

pub mod cell;
pub mod gru;
pub mod head;
pub mod lif;
pub mod lstm;
pub mod recurrent;
mod sizes;
pub mod transformer;

pub use cell::{Cell, CellArgs};
pub use gru::Gru;
pub use head::LinearHead;
pub use lif::{Lif, LifReadout};
pub use lstm::Lstm;
pub use recurrent::Recurrent;
pub use transformer::{Pooling, Positions, Transformer};

use crate::backend::Backend;
use crate::device::BackendOptions;
use crate::error::Result;
use crate::model::count::NetworkCount;
use crate::model::{Model, ModelSpec, StoredTensors};
use crate::spec::ParameterLayout;
use serde::{Deserialize, Serialize};

/// A baseline with every choice made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BaselineSpec {
    /// Long short-term memory.
    Lstm(Recurrent<Lstm>),
    /// Gated recurrent units.
    Gru(Recurrent<Gru>),
    /// Leaky integrate-and-fire units.
    Lif(Recurrent<Lif>),
    /// A Transformer encoder.
    Transformer(Transformer),
}

/// The same expression for whichever baseline it is.
macro_rules! of_any {
    ($baseline:expr, $spec:ident => $then:expr) => {
        match $baseline {
            BaselineSpec::Lstm($spec) => $then,
            BaselineSpec::Gru($spec) => $then,
            BaselineSpec::Lif($spec) => $then,
            BaselineSpec::Transformer($spec) => $then,
        }
    };
}

impl BaselineSpec {
    /// Checks that no size is beyond any machine.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) naming the size.
    pub fn check(&self) -> Result<()> {
        of_any!(self, spec => spec.check())
    }
}

impl ModelSpec for BaselineSpec {
    fn inputs(&self) -> usize {
        of_any!(self, spec => spec.inputs())
    }

    fn logits(&self) -> usize {
        of_any!(self, spec => spec.logits())
    }

    fn layouts(&self) -> Vec<(String, ParameterLayout)> {
        of_any!(self, spec => spec.layouts())
    }

    fn count(&self) -> NetworkCount {
        of_any!(self, spec => spec.count())
    }

    fn layer_flops(&self) -> u64 {
        of_any!(self, spec => spec.layer_flops())
    }

    fn training_memory_bytes(&self, samples: usize, steps: usize, options: &BackendOptions) -> u64 {
        of_any!(self, spec => spec.training_memory_bytes(samples, steps, options))
    }

    fn inference_memory_bytes(&self, samples: usize, steps: usize) -> u64 {
        of_any!(self, spec => spec.inference_memory_bytes(samples, steps))
    }

    fn initial_weights(&self, seed: u64) -> StoredTensors {
        of_any!(self, spec => spec.initial_weights(seed))
    }

    fn build<B: Backend + 'static>(&self, backend: &B, weights: &StoredTensors) -> Result<Box<dyn Model<B>>> {
        of_any!(self, spec => spec.build(backend, weights))
    }
}

/// The tensors of a flat variable `[P]`, cut out of it in the order of its
/// layout; a bias `[R]` becomes a column `[R, 1]`.
///
/// # Errors
/// When the variable is shorter than its layout.
fn tensors<B: Backend>(backend: &B, flat: &B::Tensor, layout: &ParameterLayout) -> Result<Vec<B::Tensor>> {
    let cut = |tensor: &crate::spec::NamedRange| {
        let values = backend.narrow(flat, 0, tensor.range.start, tensor.range.len())?;
        match tensor.shape[..] {
            [rows] => backend.reshape(&values, &[rows, 1]),
            _ => backend.reshape(&values, &tensor.shape),
        }
    };
    layout.tensors.iter().map(cut).collect()
}

/// Variables of a model from its stored weights, one for each layout.
///
/// # Errors
/// [`Error::Stored`](crate::Error::Stored) when a tensor is missing or has another shape.
fn variables<B: Backend>(
    backend: &B,
    layouts: &[(String, ParameterLayout)],
    weights: &StoredTensors,
) -> Result<Vec<B::Tensor>> {
    let variable = |(name, layout): &(String, ParameterLayout)| {
        backend.variable(&crate::model::flat_values(weights, name, layout)?, &[layout.len()])
    };
    layouts.iter().map(variable).collect()
}
