//! A network: embedding, layers, head.

use crate::spec::LayerSpec;
use serde::{Deserialize, Serialize};

/// Which published model a network is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// Layers of recurrently wired neurons \[S2\].
    #[default]
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
    /// Token ids become rows of a trained table, times a factor.
    Learned {
        /// Rows of the table, `V`.
        symbols: usize,
        /// Numbers in a row, the input channels of the first layer.
        width: usize,
        /// Factor on every number.
        scale: f64,
    },
}

/// What turns the outputs of the last layer into logits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// Nothing: outputs are logits.
    #[default]
    None,
    /// A linear map with bias.
    Linear,
    /// A linear map with bias from what two sequences `x`, `y` leave in the
    /// last layer, `[x ; y ; x - y ; x y]`, to the classes of the pair, as the
    /// retrieval task of the Long Range Arena needs (Tay et al. 2021,
    /// arXiv 2011.04006).
    Pair {
        /// Number of classes.
        classes: usize,
    },
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
    /// What comes after the last layer.
    pub head: Head,
}

impl NetworkSpec {
    /// Input channels (or token symbols) of the network.
    pub fn inputs(&self) -> usize {
        match self.embedding {
            Embedding::Learned { symbols, .. } => symbols,
            _ => self.layers.first().map_or(0, |layer| layer.inputs),
        }
    }

    /// Outputs of the last layer.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.neurons * layer.outputs)
    }

    /// Number of logits of a prediction.
    pub fn logits(&self) -> usize {
        match self.head {
            Head::None | Head::Linear => self.outputs(),
            Head::Pair { classes } => classes,
        }
    }

    /// Rows that the head reads, 0 without one.
    pub(super) fn head_inputs(&self) -> usize {
        match self.head {
            Head::None => 0,
            Head::Linear => self.outputs(),
            Head::Pair { .. } => 4 * self.outputs(),
        }
    }
}
