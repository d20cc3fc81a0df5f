//! The recurrence of one layer on the CPU, fused into one kernel on plain
//! slices, with its exact gradient.
//!
//! Thousands of small per-neuron networks in a loop over time are what tensor
//! libraries are worst at. Here a thread owns a range of neurons and takes
//! them through time itself; nothing is allocated per step, no input is made
//! dense, and the layer is one node of a backend's graph.
//!
//! # How it is called
//! By `scan::fused`, for every backend that offers a kernel. A backend owns one [`Kernel`] and, for each [`elm_scan`](crate::Backend::elm_scan):
//!
//! 1. gathers host slices in a [`LayerRun`](crate::spec::LayerRun) and calls
//!    [`Kernel::forward`] with slices for the results. If somebody will
//!    differentiate (`Want::gradient`), the answer is a [`History`], which is
//!    kept in the graph's node (candle's `CustomOp`, libtorch's autograd
//!    `Function`). A history owns what it holds and borrows nothing; dropping
//!    it hands its memory back to the kernel for the next step.
//! 2. In the node's backward: calls [`Kernel::backward`] with the *same* run
//!    (parameters, input, masks and start state unchanged, so the node keeps
//!    them too), the history, the gradients of the results it has
//!    ([`Cotangents`]) and slices for those it wants ([`Gradients`]). The
//!    history is only read: backward may be called again.
//!
//! Sequences are time first and batch last, `[T, C, B]`; state rows are those
//! of [`StateLayout`](crate::spec::StateLayout); parameters are flat in the
//! order of [`LayerSpec::parameter_layout`](crate::spec::LayerSpec::parameter_layout).
//! All are row-major and contiguous.
//!
//! # How it works
//! * *Layout.* Internally a row is the batch, padded to whole vectors. Batch
//!   lies in the lanes and weights are broadcast, so any layer size is
//!   possible. Where the batch fills half a vector only, the outputs of a matrix
//!   lie in the lanes, as far as they fill whole vectors (`product`).
//! * *Forward* (`forward`): per step and neuron, synapses gather rows of the
//!   table `[inputs ; previous activity ; 0]` (`synapse`), the MLP runs on
//!   panels packed in the order of use (`product`), memory and readout follow.
//!   Some neurons gather one after the other before the rest of their work, so
//!   that the table comes from the first-level cache more often.
//!   A neuron that reads its own output does so past the table (`feedback`).
//!   A record of each neuron and step is kept. The activity goes into the
//!   table of the next step; threads meet once per step. Weights come from a
//!   far cache, so the next neuron's are asked for, a few lines at a time,
//!   while this one is computed (`ahead`).
//! * *Backward* (`backward`): the same in reverse. Gradients of sources go to
//!   a table of each thread, which readers add up after the step's barrier.
//!   Gradients of the MLP are summed in place (`map_gradient`); those of
//!   synapses are put off until a tile of steps is done (`synapse_gradient`),
//!   when they are dot products over time and batch; sources that are silent
//!   throughout a tile are passed over.
//! * *Memory* (`history`): records of all steps, or, above the budget, only
//!   the state at segment borders; segments are then computed again, with
//!   identical results.
//! * *Instructions* (`simd`): everything is generic over a small vector trait
//!   and compiled for AVX-512, AVX2 with FMA, and plain Rust; the choice is
//!   made at run time. Other processors than x86-64 take the plain path,
//!   which has not been run on them.
//! * *Threads* (`pool`): neurons are divided by thread number, and all sums
//!   have a fixed order: results are the same, bit for bit, from run to run
//!   with the same number of threads.
//!
//! # Where the cycles go
//! A neuron of the text network for one step: 750 synapses on 50 branches, of
//! which 600 read the layer itself, an MLP of 65, 30 and 15 units, batch 8,
//! AVX-512 on a core of Zen 4, whose vector units are half as wide: one wide or
//! two narrow multiply-adds a cycle, two narrow loads, one narrow store. Bounds
//! are counted by hand; cycles are shares of a sampled profile of 256 neurons
//! over 100 steps on one thread, about 3100 a step forward and 6900 backward.
//!
//! | forward | cycles | bound | by what |
//! |---|---|---|---|
//! | gather | 900 | 480 | a row loaded for each synapse, weights four at once |
//! | hidden layer and answer | 1370 | 1280 | wide multiply-adds, 65 x 16 and 30 x 8 |
//! | memory, `tanh` | 170 | | |
//! | hidden values, record and results stored | 400 | 230 | stores of 113 rows, twice |
//! | readout, fetching ahead, the rest | 230 | | |
//!
//! | backward | cycles | bound | by what |
//! |---|---|---|---|
//! | products with the transposes | 1510 | 1215 | wide multiply-adds |
//! | gradients of the maps | 1470 | 1280 | wide multiply-adds |
//! | scatter | 1240 | 630 | stores |
//! | gradients of synapses, dot products | 820 | 750 | rows of 512 bytes from the second-level cache |
//! | the same, choosing and laying out rows | 460 | 100 | |
//! | readout, memory, `tanh`, hidden values | 940 | | |
//! | fetching ahead, deltas, the rest | 450 | | |
//!
//! Packing weights takes another 3 %. With 1024 neurons weights and sums come
//! from the last-level cache, and the table fills the first-level cache: 5 %
//! more cycles forward, 11 % backward.
//!
//! With all it reads in the first-level cache, and nothing in between, gathering
//! takes 0.8 cycles a synapse and scattering 1.2; 1.2 and 2 are left, as weights
//! and records pass through that cache between one group of neurons and the next.
//!
//! What did not pay, measured: the table divided in blocks of half the
//! first-level cache, with synapses sorted by block (10 % slower: shorter loops
//! with numbers that nobody can foretell); weights fetched past the caches (the
//! processor does not keep them apart); the state and sums of the next neuron
//! fetched as well; tiles of 24 or 32 steps for the gradients of synapses; the
//! events of input channels taken to their synapses one by one (nothing at 2 %
//! activity a sequence and batch 8, where a seventh of the channels is active; on
//! tokens 8 % slower, as what arrives has to be kept for every branch); the
//! barrier's values on lines of their own (nothing).
//!
//! # Example
//! ```
//! use elm_core::kernel::{
//!     Cotangents, DEFAULT_MEMORY_BUDGET, Gradients, Kernel, Outputs, Pool, Simd,
//! };
//! use elm_core::model::NetworkOptions;
//! use elm_core::spec::{Connectome, Input, LayerRun, Want};
//! use std::sync::Arc;
//!
//! # fn main() -> elm_core::Result<()> {
//! let options = NetworkOptions::new(4, 3).num_hidden(8);
//! let layer = &options.resolve()?.layers[0];
//! let (rows, steps) = (2, 5);
//! let parameters = layer.initial_parameters(7, 0);
//! let state = vec![0.0; layer.state_layout().rows() * rows];
//! let run = LayerRun {
//!     layer: layer.clone(),
//!     connectome: Connectome::new(layer, layer.draw_connectome(7, 0))?,
//!     index: (),
//!     parameters: &parameters[..],
//!     fixed_tau_raw: Some(layer.initial_tau_raw().into()),
//!     input: Input::Tokens([0, 1, 2, 3, 3, 2, 1, 0, 0, 1].into()), // [T, B]
//!     input_factor: 3.0,
//!     state: &state[..],
//!     rows,
//!     steps,
//!     dropout: Default::default(),
//!     want: Want { gradient: true, ..Want::default() },
//! };
//! let kernel = Kernel::new(Arc::new(Pool::new(2)?), Simd::Auto, DEFAULT_MEMORY_BUDGET)?;
//!
//! let mut activity = vec![0.0; steps * layer.neurons * rows]; // [T, N, B]
//! let mut end = state.clone();
//! let outputs = Outputs { activity: &mut activity, state: &mut end, magnitude: None, monitors: None };
//! let history = kernel.forward(&run, outputs)?.expect("asked for");
//!
//! let of_activity = vec![1.0; activity.len()]; // gradient of the sum of all activity
//! let cotangents = Cotangents { activity: Some(&of_activity), state: None, magnitude: None };
//! let (mut of_parameters, mut of_state) = (vec![0.0; parameters.len()], vec![0.0; state.len()]);
//! let gradients = Gradients { parameters: &mut of_parameters, state: &mut of_state, input: None };
//! kernel.backward(&run, &history, cotangents, gradients)?;
//! assert!(of_parameters.iter().any(|&gradient| gradient != 0.0));
//! # Ok(())
//! # }
//! ```

mod activation;
mod adjoint;
mod ahead;
mod backward;
mod call;
#[cfg(feature = "cuda")]
pub mod cuda;
mod feedback;
mod forward;
mod gradients;
mod history;
mod live;
mod map_gradient;
mod memory;
mod offsets;
mod outputs;
mod pages;
mod parameters;
mod peak;
mod pool;
mod product;
mod sequence;
mod shape;
mod simd;
mod span;
mod synapse;
mod synapse_gradient;
mod synapse_list;
mod table;
mod tiles;
mod timescale;
mod weights;

#[cfg(test)]
mod tests;

pub use gradients::{Cotangents, Gradients};
pub use history::History;
pub(crate) use history::{StepBytes, segment_steps};
pub use live::{LiveInput, LiveLayer, LiveWeights};
pub use outputs::Outputs;
pub use peak::peak_gflops;
pub use pool::Pool;
pub use sequence::{Compiled, DEFAULT_MEMORY_BUDGET, Kernel};
pub use simd::{Element, InstructionSet, Simd};
