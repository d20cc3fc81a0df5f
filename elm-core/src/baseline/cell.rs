//! The seam between the recurrent baselines and what they have in common.

use crate::backend::Backend;
use crate::error::Result;
use crate::layers::FusedLayers;
use crate::ops;
use crate::scan::{ScanPath, Walked};
use crate::spec::ParameterLayout;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// What distinguishes one recurrent baseline from another. All layers of a
/// stack share one flat variable and one state.
pub trait Cell: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Name of the flat variable, as a prefix of the stored tensors.
    const NAME: &'static str;

    /// Channels that it reads.
    fn inputs(&self) -> usize;

    /// Layers of the stack, each with its inputs and units.
    fn layers(&self) -> Vec<[usize; 2]>;

    /// Rows of its activity.
    fn outputs(&self) -> usize;

    /// Rows of its state.
    fn state_rows(&self) -> usize;

    /// Its tensors.
    fn layout(&self) -> ParameterLayout;

    /// Initial values of them, one after the other.
    fn initial(&self, seed: u64) -> Vec<f32>;

    /// Floating-point operations of one step of one sample.
    fn flops_per_step(&self) -> u64;

    /// Intermediates of one step of one sample on this path, in floats.
    fn record_floats(&self, path: ScanPath) -> usize;

    /// Weights that every step multiplies by, in floats.
    fn recurrent_weights(&self) -> usize;

    /// Checks that no size is beyond any machine.
    ///
    /// # Errors
    /// [`crate::Error::Config`] naming the size.
    fn check(&self) -> Result<()>;

    /// How a backend with these layers of its own computes it without
    /// recurrent dropout.
    fn path(&self, _: FusedLayers) -> ScanPath {
        ScanPath::Composed
    }

    /// Runs over some steps.
    ///
    /// # Errors
    /// When the shapes do not fit, or the backend refuses an operation.
    fn steps<B: Backend>(&self, backend: &B, given: &CellArgs<'_, B>) -> Result<Walked<B>>;
}

/// What a cell runs with.
pub struct CellArgs<'a, B: Backend> {
    /// Its tensors in the order of [`Cell::layout`]; biases are columns `[R, 1]`.
    pub tensors: &'a [B::Tensor],
    /// Masks of each layer's input `[C, B]` and previous activity `[H, B]`.
    pub masks: &'a [[Option<B::Tensor>; 2]],
    /// State to start from, `[S, B]`.
    pub state: &'a B::Tensor,
    /// What the first layer reads, `[T, C, B]`.
    pub input: &'a B::Tensor,
    /// Which implementation shall run; fused only if [`Cell::path`] says so
    /// and there are no masks of previous activity.
    pub path: ScanPath,
}

impl<B: Backend> CellArgs<'_, B> {
    /// Rows `H` of a part of the state.
    ///
    /// # Errors
    /// When the state is shorter.
    pub(super) fn part(&self, backend: &B, number: usize, units: usize) -> Result<B::Tensor> {
        backend.narrow(self.state, 0, number * units, units)
    }

    /// A layer's input or previous activity, masked where there is dropout.
    ///
    /// # Errors
    /// When the mask does not fit.
    pub(super) fn dropped(
        &self,
        backend: &B,
        layer: usize,
        which: usize,
        x: &B::Tensor,
    ) -> Result<B::Tensor> {
        match self.mask(layer, which) {
            Some(mask) => ops::mul(backend, x, mask),
            None => Ok(x.clone()),
        }
    }

    /// The mask of a layer's input or previous activity.
    pub(super) fn mask(&self, layer: usize, which: usize) -> Option<&B::Tensor> {
        self.masks.get(layer).and_then(|masks| masks[which].as_ref())
    }
}

/// Place of the input mask in [`CellArgs::masks`].
pub(super) const INPUT: usize = 0;
/// Place of the mask of the previous activity.
pub(super) const RECURRENT: usize = 1;
