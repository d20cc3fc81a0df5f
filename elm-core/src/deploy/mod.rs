//! A trained network in one file, and in a program that has nothing else.
//!
//! The file is a safetensors document, so that any reader of the format opens
//! it; `elm export RUN --to live` writes one. Tensors have the names of a
//! checkpoint. Under `elm_live` its metadata holds a JSON document:
//!
//! | key | what it is |
//! |---|---|
//! | `sha256` | the first key: digest of the rest of the document's text and of all tensors |
//! | `version` | of this format, 1 |
//! | `network` | the [`NetworkSpec`](crate::model::NetworkSpec), its `delta_t` included |
//! | `input` | what a step takes: [`InputForm`] |
//! | `output` | what a step answers: [`OutputForm`] |
//! | `written_by`, `step` | program, and updates that the weights had |
//!
//! The digest is that of the text behind `{"sha256":"…",` and then, for each
//! tensor in the order of names, of name, type (`f32` or `u32`), number of
//! dimensions, dimensions and values; texts with their length before them,
//! whole numbers in 8 bytes, all little-endian.
//!
//! Read in this order: `form` (what goes in and comes out), `file` (bytes),
//! `network` (step by step), `c` (the same for other languages, with the
//! feature `c`).
//!
//! # Example
//! ```
//! use elm_core::deploy::{DeployedNetwork, LiveFile};
//! use elm_core::kernel::{LiveInput, Simd};
//! # use elm_core::deploy::{InputForm, InputKind, OutputForm, OutputKind};
//! # fn main() -> elm_core::Result<()> {
//! # let network = elm_core::model::NetworkOptions::new(4, 3).num_hidden(8).resolve()?;
//! # let weights = network.initial_weights(7);
//! # let (input, output) = (InputForm::new(InputKind::Events), OutputForm::new(OutputKind::Class));
//! # let file = LiveFile { network, weights, input, output, written_by: "elm".into(), step: 0 };
//! # let bytes = file.to_bytes()?;
//! let file = LiveFile::from_bytes("digits.safetensors", &bytes)?;
//! let mut network = DeployedNetwork::new(&file, Simd::Auto, 1)?;
//! let logits = network.step(LiveInput::Events(&[(0, 1.0), (3, 1.0)]))?;
//! assert_eq!(logits.len(), 3);
//! # Ok(())
//! # }
//! ```

#[cfg(any(test, feature = "c"))]
pub mod c;
mod file;
mod form;
mod network;

pub use file::LiveFile;
pub use form::{InputForm, InputKind, Names, OutputForm, OutputKind, Scaling, Symbols};
pub use network::DeployedNetwork;
