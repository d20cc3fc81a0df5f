//! A network: embedding, layers, head.

use super::layer::LayerSpec;
use serde::{Deserialize, Serialize};

/// Which published model a network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// Layers of recurrently wired neurons \[S2\].
    ElmNetwork,
    /// The single neuron of \[S2\].
    ElmNeuron,
    /// The first single neuron of \[S1\]: a trace per synapse.
    Elm,
    /// The second single neuron of \[S1\]: a trace per branch.
    BranchElm,
}

/// What becomes of the input before the first layer reads it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Embedding {
    /// Channels as they are.
    None,
    /// Channels times a factor.
    Scaled(f64),
    /// Token ids become one-hot vectors times a factor.
    OneHot(f64),
}

/// A network with every choice made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// Which published model this is.
    pub kind: ModelKind,
    /// What becomes of the input.
    pub embedding: Embedding,
    /// The layers, first to last; the last is the readout layer.
    pub layers: Vec<LayerSpec>,
    /// Is there a linear map with bias after the last layer?
    pub head: bool,
}

impl NetworkSpec {
    /// Input channels (or token symbols) of the network.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// Outputs of the network.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.neurons * layer.outputs)
    }
}
