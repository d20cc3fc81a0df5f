//! NeuronIO: what a detailed model of a cortical neuron answers to spikes at
//! its 639 dendritic segments (Beniaguev et al. 2021), as published: pickles
//! of 128 simulations of six seconds each.
//!
//! Read in this order: [`simulation`](Simulation) (what is recorded),
//! `pickled` (the published files), `packed` and `file` (their compact
//! copies), `folder` (which files are which split), `split`, `window` (a part
//! of simulations as a batch), `sampler` (windows to learn from) and
//! `evaluation` (windows to be judged by). [`make`] makes files in the same
//! layout.

mod evaluation;
mod file;
mod folder;
pub mod make;
mod packed;
mod pickled;
mod sampler;
mod simulation;
mod split;
mod window;

pub use evaluation::EvaluationWindows;
pub use file::NeuronFile;
pub use folder::Layout;
pub use sampler::{TrainingWindows, WindowSettings};
pub use simulation::{InputSpike, Simulation, soma_target, voltage_of};
pub use split::NeuronSplit;
