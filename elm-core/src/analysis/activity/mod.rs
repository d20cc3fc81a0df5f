//! What units did over time, in numbers: how much, how regularly, how much
//! alike. A unit is a neuron, an output, a memory unit, whatever has a value at
//! every step.
//!
//! Read in this order: `recording` (values over time), `trains` (events, the
//! intervals between them, how their number varies), `level` (who is silent,
//! who never rests), `correlation` and `rank` (what units have in common),
//! `histogram`.
//!
//! Everything is computed in f64. A figure that is not defined, the interval
//! between the events of a silent unit for instance, is `None`.

mod correlation;
mod histogram;
mod level;
mod rank;
mod recording;
#[cfg(test)]
mod tests;
mod trains;

pub use correlation::correlations;
pub use histogram::Histogram;
pub use level::{Level, SATURATED};
pub use rank::effective_rank;
pub use recording::{MOST_STEPS, Recording};
pub use trains::{Event, coefficient_of_variation, counts, event_times, fano_factor, intervals};
