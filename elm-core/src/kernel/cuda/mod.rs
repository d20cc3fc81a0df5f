//! The recurrence of one layer fused into kernels for Nvidia cards, with its
//! exact gradient.
//!
//! The counterpart of the CPU's [`Kernel`](super::Kernel): the same arguments,
//! in device memory, the same results and the same contract for histories.
//!
//! # How it works
//! * *Source.* `source/` holds the kernels as CUDA C++, to be read like a
//!   paper: `shape.h` (sizes and division of work), `warp.h` (what threads do
//!   together), `forward.cu`, `backward.cu`, `prepare.cu` and `gradients.cu`
//!   (before, after and between). Every size is a constant of the
//!   compilation, so a shape is compiled when it is first met and kept.
//! * *Division* (`plan`): sequences are independent, so groups of blocks share
//!   out the batch. A block of a group has some neurons, a warp takes one
//!   neuron and up to eight sequences through a step. Only a group meets, once
//!   a step. Weights stay in shared memory over all steps where they fit.
//! * *Order* (`wiring`): the connectome is sorted on the host, by branch for
//!   the way forward, by source for the way back. All sums have a fixed order
//!   and no float is added atomically: results are the same, bit for bit, from
//!   run to run.
//! * *Memory* (`history`): records of all steps, or, above the budget, only
//!   the state at segment borders; segments are then run again, with identical
//!   results.
//! * *Driver* (`driver`): what is needed of a card, behind a trait. Tests run
//!   the same source on the host, a fiber for each CUDA thread (`emulated`).

mod about;
mod arguments;
mod constants;
mod cost;
mod device;
pub mod driver;
#[cfg(any(test, feature = "conformance"))]
pub mod emulated;
mod history;
mod launch;
mod limits;
mod plan;
mod sequence;
mod shapes;
mod sizes;
mod wired;
mod wiring;
mod workspace;

#[cfg(test)]
mod tests;

pub use about::{LayerKernels, LayerPlan, about};
pub use device::{DeviceCotangents, DeviceGradients, DeviceOutputs, Memory};
pub use history::CudaHistory;
pub use sequence::CudaKernel;
