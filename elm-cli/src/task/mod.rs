//! Tasks: a configured data set as batches that `elm-core` trains on.

mod adapt;
mod load;
pub(crate) mod neuron;
pub(crate) mod samples;

pub use adapt::Adapted;
pub use load::{Purpose, Task};
