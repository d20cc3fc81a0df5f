//! The conformance suite on the processor.

use elm_backend_candle::CandleBackend;
use elm_core::device::BackendOptions;

elm_core::conformance_tests!(CandleBackend::new(BackendOptions::default()).expect("the processor is there"));
