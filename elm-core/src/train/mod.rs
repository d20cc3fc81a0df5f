//! Training: losses, regularisers, optimisers, schedules, carried state.

pub mod optimizer;
