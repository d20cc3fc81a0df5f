//! The models: a network of layers, on top of what a layer is
//! ([`crate::spec`]).
//!
//! Read in this order: [`network`] (layers, embedding, head), [`options`]
//! (settings with defaults and overrides, resolved into the former), `init`
//! (weights from a seed), [`stored`] (weights as bytes), [`built`] (a network
//! on a backend), [`live`] (a network in a live program).

pub mod built;
pub mod count;
mod init;
pub mod live;
pub mod network;
pub mod options;
pub mod stored;

pub use crate::spec::{
    Activation, DropoutSpec, InputDropoutMode, LambdaMode, LayerSpec, MlpActivation, NeuronSpec, Routing,
    StateLayout, Trace,
};
pub use built::{Layer, LayerAnswer, Network, RunArgs};
pub use live::LiveNetwork;
pub use network::{Embedding, Head, ModelKind, NetworkSpec};
pub use options::{DropoutOptions, LayerOptions, NetworkOptions, NeuronOptions, WiringOptions};
pub use stored::{StoredTensor, StoredTensors, StoredValues};
