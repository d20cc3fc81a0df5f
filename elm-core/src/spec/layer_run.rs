//! One layer over a whole sequence: everything that a scan reads.

use super::connectome::Connectome;
use super::input::Input;
use super::layer::LayerSpec;
use crate::error::{Error, Result};
use std::sync::Arc;

/// Everything a layer needs to run over `T` steps of `B` sequences.
///
/// `X` is how numbers are held: a backend's tensor in a scan, a slice of the
/// host in a kernel. `I` is the connectome's form on a device, `()` where none
/// is needed. Cloning copies no numbers, so whoever differentiates a scan
/// later keeps a clone.
#[derive(Debug, Clone)]
pub struct LayerRun<X, I = ()> {
    /// The layer.
    pub layer: LayerSpec,
    /// What each synapse reads.
    pub connectome: Connectome,
    /// The connectome on the device.
    pub index: I,
    /// All trainable parameters as one flat array `[P]`, in the order of
    /// [`LayerSpec::parameter_layout`].
    pub parameters: X,
    /// Fixed `tau_raw`, `[N * M]`; `None` when the timescales are learnable
    /// and lie in `parameters`.
    pub fixed_tau_raw: Option<Arc<[f32]>>,
    /// What the layer sees.
    pub input: Input<X>,
    /// Factor that the embedding puts on every input value.
    pub input_factor: f32,
    /// State to start from, `[rows of the state layout, B]`.
    pub state: X,
    /// Number of sequences `B`.
    pub rows: usize,
    /// Number of steps `T`.
    pub steps: usize,
    /// Masks that stay the same over time.
    pub dropout: DropoutMasks,
    /// What the caller needs besides activity and end state.
    pub want: Want,
}

/// Extra results and their cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Want {
    /// Will somebody differentiate the result? If not, no history is kept.
    pub gradient: bool,
    /// The regulariser's magnitude of the MLP.
    pub magnitude: bool,
    /// Every intermediate, copied to the host.
    pub monitors: bool,
}

/// Dropout masks, constant over time; they belong to the carried state.
/// Cloning shares them.
///
/// Entries are 0 or the factor that makes up for the dropped ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DropoutMasks {
    /// On the inputs, `[C, B]`.
    pub input: Option<Arc<[f32]>>,
    /// On the layer's previous activity, `[N, B]`.
    pub recurrent: Option<Arc<[f32]>>,
    /// On the MLP's answer, `[N * M, B]`.
    pub memory: Option<Arc<[f32]>>,
}

/// Every intermediate of a run on the host, besides its activity.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Monitors {
    /// What the branches, those of the feedback last, hand to the MLP, `b`:
    /// `[T, N * (K + F), B]`.
    pub branch: Vec<f32>,
    /// The MLP's answer `o` (after dropout, before tanh), `[T, N * M, B]`.
    pub mlp: Vec<f32>,
    /// Memory `m`, `[T, N * M, B]`.
    pub memory: Vec<f32>,
    /// `W_y m`, `[T, N * O, B]`.
    pub readout: Vec<f32>,
    /// `W_y m - r`, `[T, N * O, B]` (the bias is in neither).
    pub preactivation: Vec<f32>,
}

impl<X, I> LayerRun<X, I> {
    /// The same run with its numbers held in another way.
    pub fn with<Y, J>(&self, index: J, parameters: Y, state: Y, input: Input<Y>) -> LayerRun<Y, J> {
        LayerRun {
            layer: self.layer.clone(),
            connectome: self.connectome.clone(),
            index,
            parameters,
            fixed_tau_raw: self.fixed_tau_raw.clone(),
            input,
            input_factor: self.input_factor,
            state,
            rows: self.rows,
            steps: self.steps,
            dropout: self.dropout.clone(),
            want: self.want,
        }
    }

    /// Checks every shape and index; `fits(what, numbers, shape)` says whether
    /// numbers have a shape. Every path asks first, so that neither primitives
    /// nor kernels meet a shape or an index they cannot take.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Index`] or [`Error::Stored`] for the first
    /// part that does not fit.
    pub fn check(&self, fits: impl Fn(&str, &X, &[usize]) -> Result<()>) -> Result<()> {
        let layer = &self.layer;
        layer.check()?;
        let size = [self.steps, self.rows];
        if size.contains(&0) {
            return Err(Error::shape("sequence", &size, "at least one step and one row"));
        }
        fits("state of a layer", &self.state, &[layer.state_layout().rows(), self.rows])?;
        fits("parameters of a layer", &self.parameters, &[layer.parameter_layout().len()])?;
        self.connectome.check(layer)?;
        let fixed = self.fixed_tau_raw.as_ref().map_or(0, |fixed| fixed.len());
        let wanted = if layer.neuron.tau_learnable { 0 } else { layer.neurons * layer.neuron.memory };
        has_length("fixed timescales (none when they are learnable)", fixed, wanted)?;
        for (what, mask, entries) in [
            ("dropout mask of the inputs", &self.dropout.input, layer.inputs),
            ("dropout mask of the activity", &self.dropout.recurrent, layer.neurons),
            ("dropout mask of the memory", &self.dropout.memory, layer.neurons * layer.neuron.memory),
        ] {
            if let Some(mask) = mask {
                has_length(what, mask.len(), entries * self.rows)?;
            }
        }
        self.input.check([self.steps, layer.inputs, self.rows], fits)
    }
}

fn has_length(what: &str, got: usize, wanted: usize) -> Result<()> {
    if got == wanted { Ok(()) } else { Err(Error::shape(what, &[got], format!("[{wanted}]"))) }
}
