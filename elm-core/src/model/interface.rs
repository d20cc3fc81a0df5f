//! What training, evaluation and the program ask of a model, whatever is
//! inside of it.
//!
//! A model comes in two halves. A [`ModelSpec`] is plain data: it can be
//! compared, written down and counted, and it builds the other half from
//! stored weights. A [`Model`] has those weights on a backend and runs over
//! batches. [`NetworkSpec`](super::NetworkSpec) and
//! [`Network`](super::Network) are the ELM networks of this crate;
//! `elm-cli/examples/own_model.rs` brings along a GRU.

use super::built::{LayerAnswer, insert_named};
use super::count::NetworkCount;
use super::live::LiveNetwork;
use super::per_step::PerStep;
use super::sequences::Sequences;
use super::stored::StoredTensors;
use crate::backend::Backend;
use crate::device::BackendOptions;
use crate::error::Result;
use crate::kernel::Simd;
use crate::ops;
use crate::spec::{DropoutMasks, ParameterLayout};
use serde::{Serialize, de::DeserializeOwned};

/// A model as plain data, every choice made.
pub trait ModelSpec: Clone + PartialEq + Serialize + DeserializeOwned + 'static {
    /// Input channels (or token symbols).
    fn inputs(&self) -> usize;

    /// Number of logits of a prediction.
    fn logits(&self) -> usize;

    /// Names and layouts of the flat trainable variables, in order; the
    /// tensors are stored as `NAME.TENSOR`.
    fn layouts(&self) -> Vec<(String, ParameterLayout)>;

    /// Number of trainable parameters.
    fn trainable_parameters(&self) -> usize {
        self.layouts().iter().map(|(_, layout)| layout.len()).sum()
    }

    /// Size and cost.
    fn count(&self) -> NetworkCount;

    /// Floating-point operations of all layers in one time step of one
    /// sample, forward, without the head.
    fn layer_flops(&self) -> u64 {
        self.count().flops_per_step_forward
    }

    /// Estimate of the bytes that a training step needs with a batch of
    /// `samples` of `steps` time steps on a backend with these options.
    fn training_memory_bytes(&self, samples: usize, steps: usize, options: &BackendOptions) -> u64;

    /// The same of a forward pass without gradients; a guess where a model
    /// says nothing else.
    fn inference_memory_bytes(&self, samples: usize, steps: usize) -> u64 {
        // Weights as read, packed and run, and the logits of every step.
        let logits = self.logits() as f64 * samples as f64 * steps as f64;
        (12.0 * (self.trainable_parameters() as f64 + logits)) as u64
    }

    /// Initial weights drawn from a seed.
    fn initial_weights(&self, seed: u64) -> StoredTensors;

    /// The model with stored weights.
    ///
    /// # Errors
    /// [`Error::Stored`](crate::Error::Stored) when the weights belong to another model.
    fn build<B: Backend + 'static>(&self, backend: &B, weights: &StoredTensors) -> Result<Box<dyn Model<B>>>;

    /// The model for one sequence in a live program; `None` where it has no
    /// such form.
    ///
    /// # Errors
    /// As [`LiveNetwork::new`].
    fn live(&self, _weights: &StoredTensors, _simd: Simd, _threads: usize) -> Result<Option<LiveNetwork>> {
        Ok(None)
    }
}

/// One run of a model over a batch.
#[derive(Clone, Copy)]
pub struct Pass<'a, B: Backend> {
    /// State to start from, one tensor per layer.
    pub state: &'a [B::Tensor],
    /// Masks as [`Model::draw_masks`] draws them; empty: no dropout.
    pub masks: &'a [DropoutMasks],
    /// Dropout that changes with every step; `None`: off. That of inputs acts
    /// in evaluation too, other only where `gradient` is set.
    pub per_step: Option<PerStep>,
    /// Will somebody differentiate the result? If not, no history is kept.
    pub gradient: bool,
    /// Layers whose magnitude of the MLP is needed by a regulariser.
    pub magnitude: &'a [usize],
    /// Is every intermediate wanted, see [`LayerAnswer::monitors`]? Only ELM
    /// networks have some.
    pub monitors: bool,
}

impl<'a, B: Backend> Pass<'a, B> {
    /// Without dropout and gradients.
    pub fn plain(state: &'a [B::Tensor]) -> Self {
        Pass { state, masks: &[], per_step: None, gradient: false, magnitude: &[], monitors: false }
    }
}

/// A model with weights on a backend.
pub trait Model<B: Backend> {
    /// Names and layouts of the flat trainable variables, see
    /// [`ModelSpec::layouts`].
    fn layouts(&self) -> Vec<(String, ParameterLayout)>;

    /// Those variables, in the same order.
    fn variables(&self) -> Vec<B::Tensor>;

    /// Rows of the state `[rows, B]` that each layer carries from batch to batch.
    fn state_rows(&self) -> Vec<usize>;

    /// The state before a sequence, one tensor per layer: all zeros unless
    /// the model says otherwise.
    ///
    /// # Errors
    /// When the backend refuses a tensor.
    fn start_state(&self, backend: &B, rows: usize) -> Result<Vec<B::Tensor>> {
        self.state_rows().into_iter().map(|length| ops::zeros(backend, &[length, rows])).collect()
    }

    /// Dropout masks for `rows` sequences that begin at update `began`: a pure
    /// function of these numbers. Empty for models without dropout.
    fn draw_masks(&self, _seed: u64, _began: u64, _rows: usize) -> Vec<DropoutMasks> {
        Vec::new()
    }

    /// Runs over a batch; one answer per layer. The last layer's activity
    /// `[T, O, B]` is what the head reads.
    ///
    /// # Errors
    /// When input, state or masks do not fit the model.
    fn forward(
        &self,
        backend: &B,
        sequences: &Sequences<'_>,
        pass: &Pass<'_, B>,
    ) -> Result<Vec<LayerAnswer<B>>>;

    /// The head on columns of what it reads, `[head inputs, R]`: logits `[O, R]`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when these are not the rows that the head reads.
    fn apply_head(&self, backend: &B, rows: &B::Tensor) -> Result<B::Tensor>;

    /// Does the head compare two sequences `x`, `y` by `[x ; y ; x - y ; x y]`?
    fn compares_pairs(&self) -> bool {
        false
    }

    /// All weights on the host, as [`ModelSpec::build`] takes them.
    ///
    /// # Errors
    /// When the backend cannot copy a tensor to the host.
    fn to_stored(&self, backend: &B) -> Result<StoredTensors> {
        let mut stored = StoredTensors::default();
        for (variable, (prefix, layout)) in self.variables().iter().zip(self.layouts()) {
            insert_named(&mut stored, &prefix, &layout, &backend.values(variable)?);
        }
        Ok(stored)
    }
}
