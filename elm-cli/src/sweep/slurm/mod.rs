//! Sweeps on a cluster under Slurm: one job array, a task for each run.
//!
//! [`options`]: what the table `[slurm]` says. [`script`] (with `task.sh`): the
//! batch script. [`jobs`]: what was submitted, and what of it is queued or
//! running now. [`submit`]: sbatch, and what to do where it refuses.

mod environment;
pub mod jobs;
pub mod options;
mod programs;
pub mod script;
pub mod submit;

pub use jobs::{Queue, Submission};
pub use options::Options;
