//! The ground floor: what a layer is and what runs through it, as plain data.
//!
//! Kernels, backends and models are written in these terms and import them
//! from here; nothing here knows how anything is computed.
//!
//! Read in this order: [`neuron`] (what a neuron is made of), [`layer`] (how
//! many, and how wired), [`parameters`] (where their numbers lie),
//! [`connectome`] (what each synapse reads), [`input`] (what a layer sees),
//! [`layer_run`] (all of it together, for one call).

pub mod connectome;
pub mod input;
pub mod layer;
pub mod layer_run;
pub mod neuron;
pub mod parameters;

pub use connectome::Connectome;
pub use input::{Event, Events, Input, InputKind, NO_TOKEN};
pub use layer::{DropoutSpec, InputDropoutMode, LayerSpec, Routing, StateLayout};
pub use layer_run::{DropoutMasks, LayerRun, Monitors, Want};
pub use neuron::{Activation, LambdaMode, MlpActivation, NeuronSpec, TauSpacing, Trace};
pub use parameters::{NamedRange, ParameterLayout, Role};
