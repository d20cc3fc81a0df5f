//! Dropout inside of an encoder, in training only.

use super::Transformer;
use crate::backend::Backend;
use crate::error::Result;
use crate::model::dropout::mask;
use crate::model::{Pass, PerStep};
use crate::ops;
use crate::random::{Draws, Purpose};

/// Where something is dropped.
#[derive(Debug, Clone, Copy)]
pub(super) enum Site {
    /// Of the embedded input.
    Embedding,
    /// Of a block's attention: shares of a step in another.
    Shares(usize),
    /// Of what a block's attention adds.
    Attended(usize),
    /// Of a block's hidden units.
    Hidden(usize),
    /// Of what a block's maps add.
    Mapped(usize),
}

impl Site {
    /// A number of its own.
    fn number(self) -> u64 {
        let (block, which) = match self {
            Site::Embedding => return 0,
            Site::Shares(block) => (block, 1),
            Site::Attended(block) => (block, 2),
            Site::Hidden(block) => (block, 3),
            Site::Mapped(block) => (block, 4),
        };
        4 * block as u64 + which
    }
}

/// The dropout of one run. A mask is a function of the seed, the update and
/// the place, so nothing has to be saved to draw it again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dropout {
    of_columns: f64,
    of_shares: f64,
    draws: Option<PerStep>,
}

impl Dropout {
    /// On in training, where somebody differentiates the result.
    pub(super) fn new<B: Backend>(spec: &Transformer, pass: &Pass<'_, B>) -> Self {
        let draws = pass.per_step.filter(|_| pass.gradient);
        Dropout { of_columns: spec.dropout, of_shares: spec.attention_dropout, draws }
    }

    /// Are shares of the attention dropped?
    pub(super) fn inside_of_attention(&self) -> bool {
        self.draws.is_some() && self.of_shares != 0.0
    }

    /// `x` with some numbers dropped and the others scaled up.
    ///
    /// # Errors
    /// When the backend refuses the mask.
    pub(super) fn on<B: Backend>(&self, backend: &B, site: Site, x: &B::Tensor) -> Result<B::Tensor> {
        let mask = self.mask(backend, site, &backend.shape(x))?;
        mask.map_or_else(|| Ok(x.clone()), |mask| ops::mul(backend, x, &mask))
    }

    /// The mask of a place, `None` without dropout there.
    ///
    /// # Errors
    /// When the backend refuses it.
    pub(super) fn mask<B: Backend>(
        &self,
        backend: &B,
        site: Site,
        shape: &[usize],
    ) -> Result<Option<B::Tensor>> {
        let Some(PerStep { seed, place }) = self.draws else { return Ok(None) };
        let probability = if matches!(site, Site::Shares(_)) { self.of_shares } else { self.of_columns };
        let mut draws = Draws::new(seed, Purpose::DropoutPerStep, [place, site.number()]);
        let mask = mask(&mut draws, probability, shape.iter().product(), -1.0);
        mask.map(|mask| backend.tensor(&mask, shape)).transpose()
    }
}
