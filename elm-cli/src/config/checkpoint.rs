//! `[checkpoint]`: when to save.

use super::ranges::{count, positive, size};
use super::section::settings;

settings! {
    /// When to save.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub struct CheckpointConfig {
        /// save after so many updates, besides every validation
        every_steps: Option<u64> = count(1), None, "none";
        /// save after so many minutes
        every_minutes: f64 = positive(), 5.0;
        /// checkpoints kept, the newest included
        keep: usize = size(2).because("the newest may be damaged, so one before it is always kept; open a run that has less with --set checkpoint.keep=2"), 2;
    }
}
