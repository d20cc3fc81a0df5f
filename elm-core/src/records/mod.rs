//! Reference records: a model, its input, and every number it must answer.
//!
//! A record is a pair of documents, `NAME.json` (model and run) and
//! `NAME.safetensors` (numbers), written by the authors' released programs.
//! [`parse`] reads one into a [`Case`] and the expected [`Answers`],
//! [`answer`] computes the answers with a backend, [`compare`] tells how far
//! they lie apart. [`built_in`] makes cases without any file, [`drawn`] one
//! for any network.
//!
//! The names and settings of those programs are also how their weights are
//! taken over and handed back: [`network_options`] and
//! [`single_neuron_options`] read their configurations,
//! [`single_neuron_weights`] and [`single_neuron_state_dict`] translate the
//! state dict of a neuron (PyTorch), [`weights_in_tree_order`] the arrays of a
//! network or neuron (Equinox).

mod answer;
mod built_in;
mod case;
mod compare;
mod config;
mod equinox;
mod given;
mod read;
mod state_dict;

pub use answer::{Answers, Arrays, answer};
pub use built_in::{built_in, drawn};
pub use case::{Case, Training};
pub use compare::{Deviation, Group, Tolerance, compare};
pub use config::{network_options, single_neuron_options};
pub use equinox::weights_in_tree_order;
pub use read::parse;
pub use state_dict::{single_neuron_state_dict, single_neuron_weights};
