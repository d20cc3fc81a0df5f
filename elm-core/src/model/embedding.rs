//! The input embedding: a factor, or a trained table with a row for each symbol.

use super::built::flat_values;
use super::network::{Embedding, NetworkSpec};
use super::stored::StoredTensors;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::kernel::LiveInput;
use crate::ops;
use crate::random::{Draws, Purpose};
use crate::spec::{Input, NO_TOKEN, ParameterLayout};

impl Embedding {
    /// The factor put on every input value.
    pub fn factor(self) -> f32 {
        match self {
            Embedding::None => 1.0,
            Embedding::Scaled(factor) | Embedding::OneHot(factor) => factor as f32,
            Embedding::Learned { scale, .. } => scale as f32,
        }
    }
}

impl NetworkSpec {
    /// Layout of the embedding's flat variable, the table `[V, W]`; empty
    /// unless it is learned.
    pub fn embedding_layout(&self) -> ParameterLayout {
        let mut layout = ParameterLayout::default();
        if let Embedding::Learned { symbols, width, .. } = self.embedding {
            layout.push("weight", &[symbols, width]);
        }
        layout
    }

    /// Initial table, uniform in ±√3: entries of variance 1, as of PyTorch's
    /// `Embedding`, but bounded.
    pub(super) fn initial_embedding(&self, seed: u64) -> Vec<f32> {
        // Behind the places of the layers and the head.
        let mut draws = Draws::new(seed, Purpose::Weights, [self.layers.len() as u64 + 1, 0]);
        (0..self.embedding_layout().len()).map(|_| draws.symmetric(3f64.sqrt())).collect()
    }
}

/// The rows of a table `[V, W]`, one flat variable, that tokens `[T, B]` stand
/// for, as a dense input `[T, W, B]`; no token is a row of zeros.
///
/// # Errors
/// [`Error::Config`] for an input without tokens, [`Error::Index`] for a token
/// that the table lacks; when the backend refuses an operation.
pub(super) fn embedded<B: Backend>(
    backend: &B,
    table: &B::Tensor,
    [symbols, width]: [usize; 2],
    input: &Input<B::Tensor>,
    [steps, rows]: [usize; 2],
) -> Result<B::Tensor> {
    let Input::Tokens(ids) = input else { return Err(no_tokens()) };
    let row = |&id: &u32| match id {
        NO_TOKEN => Ok(symbols as u32),
        id if (id as usize) < symbols => Ok(id),
        id => Err(Error::Index { what: "token".into(), index: id as usize, len: symbols }),
    };
    let index = backend.index(&ids.iter().map(row).collect::<Result<Vec<_>>>()?)?;
    let table = backend.reshape(table, &[symbols, width])?;
    let table = backend.cat(&[table, ops::zeros(backend, &[1, width])?], 0)?; // [V + 1, W]
    let seen = backend.reshape(&backend.select(&table, &index)?, &[steps, rows, width])?;
    backend.transpose(&seen, 1, 2) // [T, W, B]
}

/// The table of a learned embedding in a live program.
#[derive(Debug)]
pub(super) struct LiveEmbedding {
    /// `[V, W]`.
    table: Vec<f32>,
    /// What is read where nothing is said, `[W]`.
    silence: Vec<f32>,
}

impl LiveEmbedding {
    /// The stored table of a network; `None` where it has none.
    ///
    /// # Errors
    /// [`Error::Stored`] when the tensor is missing or has another shape.
    pub(super) fn new(spec: &NetworkSpec, stored: &StoredTensors) -> Result<Option<Self>> {
        let Embedding::Learned { width, .. } = spec.embedding else { return Ok(None) };
        let table = flat_values(stored, "embedding", &spec.embedding_layout())?;
        Ok(Some(LiveEmbedding { table, silence: vec![0.0; width] }))
    }

    /// The row of a token, `[W]`.
    ///
    /// # Errors
    /// [`Error::Index`] for a token that the table lacks, [`Error::Config`]
    /// for an input that is no token.
    pub(super) fn row(&self, input: LiveInput<'_>) -> Result<&[f32]> {
        let width = self.silence.len();
        let id = match input {
            LiveInput::Silence => return Ok(&self.silence),
            LiveInput::Token(id) => id as usize,
            LiveInput::Events(_) | LiveInput::Dense(_) => return Err(no_tokens()),
        };
        let row = id.checked_mul(width).and_then(|start| self.table.get(start..start.checked_add(width)?));
        row.ok_or(Error::Index { what: "token".into(), index: id, len: self.table.len() / width.max(1) })
    }
}

fn no_tokens() -> Error {
    Error::config("model.embedding", "only tokens can have a learned embedding")
}
