//! Expressive Leaky Memory (ELM) neurons and networks of them: model maths,
//! training and analysis, written against an abstract [`Backend`].
//!
//! This crate names no tensor library and opens no file. A backend crate
//! supplies tensors; the caller supplies bytes, structs and seeds.
//!
//! # Sources
//! * \[S1\] Spieler, Rahaman, Martius, Schölkopf, Levina, *The Expressive Leaky
//!   Memory Neuron*, ICLR 2024, arXiv 2306.16922.
//! * \[S2\] Spieler, Martius, Levina, *Scaling Laws and Tradeoffs in Recurrent
//!   Networks of Expressive Neurons*, 2026, arXiv 2605.12049.
//!
//! # Letters in shapes
//! | letter | meaning |
//! |---|---|
//! | `T` | time steps of a sequence |
//! | `B` | sequences advanced together (batch rows) |
//! | `C` | input channels of a layer |
//! | `N` | neurons of a layer |
//! | `O` | outputs per neuron (1 in a network layer) |
//! | `M` | memory units per neuron, `d_m` |
//! | `K` | branches per neuron, `d_b` |
//! | `S` | synapses per neuron, `K` times synapses per branch |
//! | `H` | hidden units of the neuron's MLP, `d_h` |
//!
//! Sequences are time first and **batch last**: `[T, C, B]`. The gather that
//! every synapse does then copies whole rows of `B` neighbouring numbers, and
//! a neuron's weights multiply matrices `[·, B]` without any transposition.
//!
//! # Symbols
//! | symbol | identifier | meaning |
//! |---|---|---|
//! | `τ_m` | `tau` (from `tau_raw`) | memory timescales, in the unit of `delta_t` |
//! | `κ_x` | `decay_x` | `exp(-delta_t / tau_x)`, the share kept over one step |
//! | `λ` | `lambda` | how strongly the MLP writes into memory |
//! | `w_s` | `synapse.weight` | synapse weights |
//! | `W_y`, `b` | `readout.weight`, `readout.bias` | memory to output |
//! | `τ_b`, `τ_s` | [`Trace`](spec::Trace) | leaky trace of a branch or synapse |
//! | `τ_r` | `high_pass_tau` | timescale of the readout's high-pass |
//! | `φ` | [`Activation`](spec::Activation) | output non-linearity |

// Storey by storey: a module imports from those before it, and from its own.

pub mod error;
pub mod random;
pub mod shape;

pub mod spec;

pub mod kernel;

pub mod device;

// The trait and what is composed from it: a trait's default methods and the
// functions over the trait know each other.
pub mod backend;
pub mod ops;
pub mod optimizer;
pub mod scan;

pub mod model;

pub mod train;

pub mod reference;

pub mod records;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

pub use backend::Backend;
pub use error::{Error, Result};
