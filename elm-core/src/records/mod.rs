//! Reference records: a model, its input, and every number it must answer.
//!
//! A record is a pair of documents, `NAME.json` (model and run) and
//! `NAME.safetensors` (numbers), written by the authors' released programs.
//! [`parse`] reads one into a [`Case`] and the expected [`Answers`],
//! [`answer`] computes the answers with a backend, [`compare`] tells how far
//! they lie apart. [`built_in`] makes cases without any file.

mod answer;
mod built_in;
mod case;
mod compare;
mod config;
mod given;
mod read;

pub use answer::{Answers, Arrays, answer};
pub use built_in::built_in;
pub use case::{Case, Training};
pub use compare::{Deviation, Group, Tolerance, compare};
pub use config::single_neuron_options;
pub use read::{parse, single_neuron_weights};
