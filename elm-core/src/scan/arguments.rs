//! What goes into a scan and what comes out of it.

use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::model::LayerSpec;
use std::sync::Arc;

/// Everything a layer needs to run over `T` steps of `B` sequences.
pub struct ScanArgs<'a, B: Backend> {
    /// The layer.
    pub layer: &'a LayerSpec,
    /// What each synapse reads.
    pub wiring: &'a Wiring<B>,
    /// All trainable parameters as one flat tensor `[P]`, in the order of
    /// [`ParameterLayout`](crate::model::params::ParameterLayout).
    pub parameters: &'a B::Tensor,
    /// Fixed `tau_raw`, `[N * M]`; `None` when the timescales are learnable
    /// and lie in `parameters`.
    pub fixed_tau_raw: Option<&'a [f32]>,
    /// What the layer sees.
    pub input: &'a Input<'a, B>,
    /// Factor that the embedding puts on every input value.
    pub input_factor: f32,
    /// State to start from, `[rows of the state layout, B]`.
    pub state: &'a B::Tensor,
    /// Number of sequences `B`.
    pub rows: usize,
    /// Number of steps `T`.
    pub steps: usize,
    /// Masks that stay the same over time.
    pub dropout: &'a DropoutMasks,
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

/// The connectome: the table entry that each synapse reads.
///
/// The table is `[inputs ; the layer's previous activity ; 0]`, see
/// [`LayerSpec::sources`].
pub struct Wiring<B: Backend> {
    /// Table entries, `[N, S]`.
    pub sources: Arc<[u32]>,
    /// The same on the device.
    pub index: B::Index,
}

impl<B: Backend> Clone for Wiring<B> {
    fn clone(&self) -> Self {
        Wiring { sources: self.sources.clone(), index: self.index.clone() }
    }
}

impl<B: Backend> Wiring<B> {
    /// Uploads a connectome after checking that every entry exists.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Index`] when it does not fit the layer.
    pub fn new(backend: &B, layer: &LayerSpec, sources: Vec<u32>) -> Result<Self> {
        let wanted = layer.neurons * layer.neuron.synapses();
        if sources.len() != wanted {
            return Err(Error::shape("connectome", &[sources.len()], format!("{wanted} synapses")));
        }
        if let Some(&bad) = sources.iter().find(|&&source| source as usize >= layer.sources()) {
            return Err(Error::Index {
                what: "connectome".into(),
                index: bad as usize,
                len: layer.sources(),
            });
        }
        let index = backend.index(&sources)?;
        Ok(Wiring { sources: sources.into(), index })
    }
}

/// A token that stands for no input at all: its row of the table is zero.
pub const NO_TOKEN: u32 = u32::MAX;

/// What a layer sees.
pub enum Input<'a, B: Backend> {
    /// Token ids `[T, B]`, each below `C` or [`NO_TOKEN`]; one-hot channels.
    Tokens(&'a [u32]),
    /// Sparse spike counts.
    Events(&'a Events),
    /// A differentiable tensor `[T, C, B]`.
    Dense(B::Tensor),
}

/// Spike counts of a batch as lists sorted by time step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Events {
    /// The events of step `t` are `entries[starts[t]..starts[t + 1]]`; length `T + 1`.
    pub starts: Vec<u32>,
    /// All events; a pair of row and channel occurs at most once in a step.
    pub entries: Vec<Event>,
}

/// `count` spikes of one channel of one sequence in one time step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// Row of the batch.
    pub row: u32,
    /// Input channel.
    pub channel: u32,
    /// Number of spikes.
    pub count: f32,
}

/// Dropout masks, constant over time; they belong to the carried state.
///
/// Entries are 0 or the factor that makes up for the dropped ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DropoutMasks {
    /// On the inputs, `[C, B]`.
    pub input: Option<Vec<f32>>,
    /// On the layer's previous activity, `[N, B]`.
    pub recurrent: Option<Vec<f32>>,
    /// On the MLP's answer, `[N * M, B]`.
    pub memory: Option<Vec<f32>>,
}

/// Which implementation ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanPath {
    /// Step by step from the backend's primitives.
    Composed,
    /// One kernel for the whole sequence.
    Fused,
}

impl std::fmt::Display for ScanPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ScanPath::Composed => "composed",
            ScanPath::Fused => "fused",
        })
    }
}

/// The answer of a scan.
pub struct ScanOutput<B: Backend> {
    /// Activity over time, `[T, N * O, B]`.
    pub activity: B::Tensor,
    /// State after the last step, `[rows of the state layout, B]`.
    pub state: B::Tensor,
    /// Mean over time and memory units of `|o|`, `[N, B]`, on request.
    pub magnitude: Option<B::Tensor>,
    /// Every intermediate, on request.
    pub monitors: Option<Monitors>,
    /// Which implementation ran.
    pub path: ScanPath,
}

/// Every intermediate of a scan on the host; activity is in [`ScanOutput`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Monitors {
    /// What the branches hand to the MLP, `b`: `[T, N * K, B]`.
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
