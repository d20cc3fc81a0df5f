//! The scan: a backend's own [`Backend::elm_scan`](crate::Backend::elm_scan)
//! against the composed path on the reference backend, and laws that hold for
//! every recurrence.

mod case;
mod chain;
mod compare;
mod feedback;
mod inputs;
mod laws;
mod options;
mod refusals;
mod rows;
mod run;

pub use chain::{scan_in_parts_is_the_whole_scan, scan_of_a_scan};
pub use feedback::scan_with_feedback;
pub use inputs::*;
pub use laws::*;
pub use options::*;
pub use refusals::*;
pub use rows::*;

#[cfg(test)]
pub(super) use case::{ScanCase, ScanData};
#[cfg(test)]
pub(super) use options::drawn_case;
#[cfg(test)]
pub(super) use run::{Leaves, TRAINING, loss, run_with, scan};
