//! What this backend does for the kernels of cards, emulated: lends its memory,
//! takes over results, and differentiates. Nothing may be composed: that would
//! be an error. What the kernels compute of every option and size is the same
//! for all backends, and tested with candle.

use elm_backend_tch::TchBackend;
use elm_core::device::{BackendOptions, ScanChoice};
use elm_core::kernel::cuda::driver::AnyDriver;
use elm_core::kernel::cuda::emulated::Emulated;
use std::io::Write;
use std::sync::{Arc, LazyLock};

/// One card for all tests, as compiling for it takes most of their time; `None`,
/// said aloud, where nothing compiles its kernels.
static CARD: LazyLock<Option<Arc<Emulated>>> = LazyLock::new(|| {
    let card = Emulated::new(4, 227 << 10).unwrap();
    if card.is_none() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no C++ compiler; kernels of cards are not emulated");
    }
    card.map(Arc::new)
});

fn backend(card: &Arc<Emulated>, memory_budget: Option<u64>) -> TchBackend {
    let options = BackendOptions { scan: ScanChoice::Fused, memory_budget, ..BackendOptions::default() };
    TchBackend::with_driver(options, AnyDriver::new(card.clone())).unwrap()
}

mod fused {
    use super::*;
    elm_core::conformance_tests!(only
    scan_of_every_input,
    scan_with_dropout_masks,
    scan_without_gradient,
    scan_with_monitors,
    scan_with_a_loss_of_one_answer,
    scan_of_views,
    scan_of_constants,
    scan_of_published_shapes,
    scan_of_many_sources,
    scan_is_deterministic,
    scan_is_causal,
    scan_gives_every_parameter_a_gradient,
    scan_keeps_rows_apart,
    scan_of_a_batch_is_the_scan_of_its_rows,
    scan_in_parts_is_the_whole_scan,
    scan_of_a_scan,
    impossible_scans_are_refused,
    impossible_layers_are_refused;
    of match &*CARD {
        Some(card) => backend(card, None),
        None => return,
    });
}

/// So little memory that the history is computed again, one step at a time: all
/// that is carried from segment to segment.
mod fused_in_segments {
    use super::*;
    elm_core::conformance_tests!(only
    scan_of_every_input,
    scan_with_dropout_masks,
    scan_with_a_loss_of_one_answer,
    scan_in_parts_is_the_whole_scan;
    of match &*CARD {
        Some(card) => backend(card, Some(1)),
        None => return,
    });
}
