//! The models: one neuron, a layer of neurons, a network of layers.
//!
//! Read in this order: [`neuron`] (what a neuron is made of), [`layer`] (how
//! many, and how wired), [`network`] (layers, embedding, head), [`options`]
//! (settings with defaults and overrides, resolved into the former), `init`
//! (weights from a seed), [`stored`] (weights as bytes), [`built`] (a network
//! on a backend), [`live`] (a network in a live program).

pub mod built;
pub mod count;
mod init;
pub mod layer;
pub mod live;
pub mod network;
pub mod neuron;
pub mod options;
pub mod params;
pub mod stored;

pub use built::{Layer, LayerAnswer, Network, RunArgs};
pub use layer::{DropoutSpec, InputDropoutMode, LayerSpec, Routing, StateLayout};
pub use live::LiveNetwork;
pub use network::{Embedding, Head, ModelKind, NetworkSpec};
pub use neuron::{Activation, LambdaMode, MlpActivation, NeuronSpec, Trace};
pub use options::{DropoutOptions, LayerOptions, NetworkOptions, NeuronOptions, WiringOptions};
pub use stored::{StoredTensor, StoredTensors, StoredValues};
