//! Expressive Leaky Memory (ELM) neurons and networks of them: model maths,
//! training and analysis, written against an abstract [`Backend`].
//!
//! This crate names no tensor library and opens no file. A backend crate
//! supplies tensors; the caller supplies bytes, structs and seeds.
//!
//! # A network trained on arrays of your own
//! Which of two channels is the first to get a pulse? Any backend will do:
//! [`Reference`](reference::Reference) is exact and slow, the crates
//! `elm-backend-candle` and `elm-backend-tch` are fast.
//!
//! ```
//! use elm_core::model::{Head, HostInput, ModelSpec, NetworkOptions, NeuronOptions};
//! use elm_core::reference::Reference;
//! use elm_core::train::{Batch, BatchList, EvaluationSpec, Metric, Target, Trainer, TrainingSpec, evaluate};
//!
//! // The arrays: values [T, C, B] and a class for each of the B sequences.
//! let (steps, channels, rows) = (12, 2, 16);
//! let mut values = vec![0.0; steps * channels * rows];
//! let mut labels = Vec::new();
//! for row in 0..rows {
//!     let first = row % 2;
//!     for (step, channel) in [(row % 5, first), (8, 1 - first)] {
//!         values[(step * channels + channel) * rows + row] = 1.0;
//!     }
//!     labels.push(first as u32);
//! }
//! let target = Target::LastStep { labels, lengths: None };
//! let batch = Batch { rows, steps, input: HostInput::Dense(values), target };
//!
//! // A network, told only what differs from the published one.
//! let neuron = NeuronOptions::default().num_memory(3).memory_tau_max(20.0);
//! let network = NetworkOptions::new(channels, 2).num_hidden(6).head(Head::Linear).neuron(neuron).resolve()?;
//! let backend = Reference;
//! let model = network.build(&backend, &network.initial_weights(0))?;
//!
//! let mut training = TrainingSpec::new(40);
//! training.learning_rate.peak = 0.02;
//! let mut trainer = Trainer::new(&backend, model, training)?;
//! for _ in 0..40 {
//!     trainer.step(&batch)?;
//! }
//!
//! let spec = EvaluationSpec { metrics: &[Metric::Accuracy], ..Default::default() };
//! let mut source = BatchList::new(vec![batch]);
//! let evaluation = evaluate(&backend, trainer.model(), &mut source, &spec, &mut |_, _| true)?;
//! assert_eq!(evaluation.scores.measured.get(Metric::Accuracy), Some(1.0));
//! let safetensors = trainer.snapshot()?.weights.to_bytes()?;
//! # assert!(!safetensors.is_empty());
//! # Ok::<(), elm_core::Error>(())
//! ```
//! The same weights run step by step in [`LiveNetwork`](model::LiveNetwork),
//! without a backend, and from a single file in
//! [`DeployedNetwork`](deploy::DeployedNetwork), from C and Python too.
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
//! | `F` | outputs that a neuron reads back, 0 or `O` |
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
//! | `w_f` | `feedback.weight` | weights by which a neuron reads its own output |
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
pub mod layers;
pub mod ops;
pub mod optimizer;
pub mod scan;

pub mod model;

pub mod baseline;
pub mod deploy;

pub mod train;

pub mod reference;

pub mod analysis;

pub mod theory;

pub mod records;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

pub use backend::Backend;
pub use error::{Error, Result};
