//! `[logging]`: what to write down.

use super::ranges::{Flag, count};
use super::section::settings;

settings! {
    /// What to write down.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct LoggingConfig {
        /// updates between two lines of metrics
        every_steps: u64 = count(1), 50;
        /// write TensorBoard events beside metrics.jsonl
        tensorboard: bool = Flag, true;
    }
}
