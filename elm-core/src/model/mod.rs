//! The models: a network of layers, on top of what a layer is
//! ([`crate::spec`]).
//!
//! Read in this order: [`network`] (layers, embedding, head), [`options`]
//! (settings with defaults and overrides, resolved into the former), `init`
//! (weights from a seed), [`stored`] (weights as bytes), [`sequences`] (what is
//! read), `embedding` (what becomes of it), [`dropout`] and [`per_step`]
//! (masks), [`built`] (a network on a backend), [`live`] (a network in a live
//! program). What training asks of any model stands in [`interface`];
//! [`logits`] and the training go by that.

pub mod built;
pub mod count;
pub mod dropout;
mod elm;
mod embedding;
mod init;
pub mod interface;
pub mod live;
pub mod logits;
pub mod network;
pub mod options;
pub mod per_step;
pub mod sequences;
mod setters;
mod sizes;
pub mod stored;

pub use crate::spec::{
    Activation, DropoutSpec, InputDropoutMode, LambdaMode, LayerSpec, MlpActivation, NeuronSpec, Routing,
    StateLayout, TauSpacing, Trace,
};
pub use built::{Layer, LayerAnswer, Network, RunArgs, flat_values, insert_named};
pub use interface::{Model, ModelSpec, Pass};
pub use live::LiveNetwork;
pub use network::{Embedding, Head, ModelKind, NetworkSpec};
pub use options::{DropoutOptions, LayerOptions, NetworkOptions, NeuronOptions, RoutingName, WiringOptions};
pub use per_step::PerStep;
pub use sequences::{HostInput, Sequences};
pub use stored::{StoredTensor, StoredTensors, StoredValues};
