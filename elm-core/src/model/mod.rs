//! The models: one neuron, a layer of neurons, a network of layers.
//!
//! Read in this order: [`neuron`] (what a neuron is made of), [`layer`] (how
//! many, and how wired), [`network`] (layers, embedding, head), [`options`]
//! (settings with defaults and overrides, resolved into the former).

pub mod layer;
pub mod network;
pub mod neuron;
pub mod options;
pub mod params;

pub use layer::{DropoutSpec, InputDropoutMode, LayerSpec, Routing, StateLayout};
pub use network::{Embedding, ModelKind, NetworkSpec};
pub use neuron::{Activation, LambdaMode, MlpActivation, NeuronSpec, Trace};
pub use options::{DropoutOptions, LayerOptions, NetworkOptions, NeuronOptions, WiringOptions};
