//! The suite that tells whether a backend is right: all of it.

use elm_core::device::{BackendOptions, ScanChoice};
use third_party_backend::Mine;

fn backend(scan: ScanChoice) -> Mine {
    Mine::new(BackendOptions { scan, ..BackendOptions::default() }).expect("the processor is there")
}

mod composed {
    use super::*;
    elm_core::conformance_tests!(backend(ScanChoice::Composed));
}

mod fused {
    use super::*;
    elm_core::conformance_tests!(backend(ScanChoice::Fused));
}
