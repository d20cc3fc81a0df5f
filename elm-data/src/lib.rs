//! Readers, generators and batch loaders for the data sets of the ELM
//! experiments, as plain host arrays.
//!
//! This crate knows neither tensors nor models. It turns published files (or
//! a seed) into [`Samples`], and samples into [`Batch`]es.
//!
//! Letters in shapes: `B` sequences in a batch, `T` time steps, `C` input
//! channels.

mod assemble;
mod batch;
mod copies;
mod digest;
mod draws;
mod error;
mod files;
mod lines;
mod making;
mod npy;
mod oddities;

pub use batch::{Batch, Event, Events, Input, Place, Target};
pub use error::{DataError, Result};
pub use making::{Outcome, Watch};

mod read_ahead;
mod samples;
pub use read_ahead::ReadAhead;
pub use samples::{Answer, AnswerKind, Sample, SampleInput, Samples};

pub mod arrays;
pub mod catalog;
pub mod cifar;
pub mod cochlea;
pub mod listops;
pub mod loader;
pub mod lra;
pub mod neuronio;
pub mod numpy_random;
pub mod pathfinder;
pub mod pickle;
pub mod spikes;
pub mod survey;
pub mod text;
pub mod torch_random;
pub mod weights;

pub use loader::{BatchStream, Order, SampleBatches};
