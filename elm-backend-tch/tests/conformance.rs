//! The conformance suite on the processor, with every implementation of the
//! recurrence.

use elm_backend_tch::TchBackend;
use elm_core::device::{BackendOptions, ScanChoice};

fn backend(scan: ScanChoice, memory_budget: Option<u64>) -> TchBackend {
    let options = BackendOptions { scan, memory_budget, ..BackendOptions::default() };
    TchBackend::new(options).expect("the processor is there")
}

mod composed {
    use super::*;
    elm_core::conformance_tests!(backend(ScanChoice::Composed, None));
}

/// So little memory that every step is a segment of its own.
mod composed_in_segments {
    use super::*;
    elm_core::conformance_tests!(backend(ScanChoice::Composed, Some(1)));
}

mod fused {
    use super::*;
    elm_core::conformance_tests!(backend(ScanChoice::Fused, None));
}

/// So little memory that the history is computed again.
mod fused_in_segments {
    use super::*;
    elm_core::conformance_tests!(backend(ScanChoice::Fused, Some(1)));
}
