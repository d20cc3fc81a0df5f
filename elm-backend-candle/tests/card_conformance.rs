//! The conformance suite's recurrences by the kernels of cards, emulated.
//! Nothing may be composed: that would be an error.

use elm_backend_candle::CandleBackend;
use elm_core::device::{BackendOptions, ScanChoice};
use elm_core::kernel::cuda::driver::AnyDriver;
use elm_core::kernel::cuda::emulated::Emulated;
use std::io::Write;
use std::sync::{Arc, LazyLock};

/// One card for all tests, as compiling for it takes most of their time. Work is
/// divided in every way that there is, not in the one that is fastest for so
/// small layers, in which no blocks meet; threads take turns at random. `None`,
/// said aloud, where nothing compiles its kernels.
static CARD: LazyLock<Option<Arc<Emulated>>> = LazyLock::new(|| {
    let card = Emulated::new(4, 227 << 10).unwrap();
    if card.is_none() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no C++ compiler; kernels of cards are not emulated");
    }
    card.map(|card| {
        card.set_schedule(2);
        Arc::new(card.with_drawn_divisions())
    })
});

fn backend(card: &Arc<Emulated>, memory_budget: Option<u64>) -> CandleBackend {
    let options = BackendOptions { scan: ScanChoice::Fused, memory_budget, ..BackendOptions::default() };
    CandleBackend::with_driver(options, AnyDriver::new(card.clone())).unwrap()
}

mod fused {
    use super::*;
    elm_core::conformance_tests!(recurrence of match &*CARD {
        Some(card) => backend(card, None),
        None => return,
    });
}

/// So little memory that the history is computed again, one step at a time: all
/// that is carried from segment to segment.
mod fused_in_segments {
    use super::*;
    elm_core::conformance_tests!(only
    scan_with_every_trace,
    scan_with_every_depth,
    scan_with_several_outputs,
    scan_with_feedback,
    scan_with_dropout_masks,
    scan_with_learnable_timescales,
    scan_with_every_share_of_recurrence,
    scan_of_every_size,
    scan_with_drawn_options,
    scan_of_every_input,
    scan_with_a_loss_of_one_answer,
    scan_in_parts_is_the_whole_scan,
    scan_is_deterministic;
    of match &*CARD {
        Some(card) => backend(card, Some(1)),
        None => return,
    });
}
