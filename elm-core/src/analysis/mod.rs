//! From the results of many runs to statements about them: which split of a
//! budget is best, what is worth its cost, how the loss falls with size; and, in
//! [`activity`], from what units of one network did over time.
//!
//! Everything is a pure function of numbers and a seed. A loss is any figure of
//! which less is better; accuracies are given as errors `1 - accuracy`.
//!
//! # Intervals
//! All intervals are of 90 %, between the 5th and the 95th percentile of a
//! bootstrap with drawn residuals or seeds. Residuals are enlarged by
//! [`small_sample_factor`], without which a handful of points looks more
//! certain than it is (Hoffmann et al.'s fit of 2022 is the known example,
//! see Besiroglu et al., arXiv 2404.10102).

pub mod activity;
mod bootstrap;
mod flanks;
mod front;
mod minimum;
mod observation;
mod optimum;
mod power_law;
mod recipe;
#[cfg(test)]
mod tests;

pub use bootstrap::{percentile_interval, small_sample_factor};
pub use flanks::{Flanks, monotone_flanks};
pub use front::pareto_front;
pub use minimum::nelder_mead;
pub use observation::{Allocation, Budget, Observation, allocations, budgets};
pub use optimum::{Optimum, optimum};
pub use power_law::{PowerLaw, PowerLawFit, fit_power_law};
pub use recipe::{Recipe, recipe};

/// Draws of every bootstrap. With 1000 of them the ends of a 90 % interval move
/// by about a tenth of its half-width from seed to seed.
pub const REPLICATES: usize = 1000;
