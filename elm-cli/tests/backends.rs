//! The built-in backends against the reference records and each other.

mod common;

use common::{further_records, records};
use elm_backend_candle::CandleBackend;
use elm_cli::commands::verify::{VerifyRequest, run};
use elm_core::Backend;
use elm_core::device::{BackendOptions, ScanChoice};

fn options(scan: ScanChoice, memory_budget: Option<u64>) -> BackendOptions {
    BackendOptions { scan, memory_budget, ..BackendOptions::default() }
}

/// Runs the built-in records, those of the authors, and further ones.
fn verify<B: Backend>(backend: &B, asked: ScanChoice) {
    let of_the_authors = [records(), further_records()].concat();
    for paths in [Vec::new(), of_the_authors] {
        let request = VerifyRequest::new(&paths, asked).unwrap();
        for report in run(backend, &request).unwrap() {
            assert!(report.ok, "{report:#?}");
        }
    }
}

#[test]
fn candle_passes_the_records() {
    verify(&CandleBackend::new(options(ScanChoice::Composed, None)).unwrap(), ScanChoice::Composed);
}

#[test]
fn candle_passes_the_records_fused() {
    for budget in [None, Some(1)] {
        verify(&CandleBackend::new(options(ScanChoice::Fused, budget)).unwrap(), ScanChoice::Fused);
    }
}

#[test]
fn candle_passes_the_records_in_segments() {
    verify(&CandleBackend::new(options(ScanChoice::Composed, Some(100_000))).unwrap(), ScanChoice::Composed);
}

#[cfg(feature = "tch")]
mod tch {
    use super::*;
    use elm_backend_tch::TchBackend;
    use elm_core::records::{Tolerance, answer, built_in, compare};

    #[test]
    fn tch_passes_the_records() {
        verify(&TchBackend::new(options(ScanChoice::Composed, None)).unwrap(), ScanChoice::Composed);
    }

    #[test]
    fn tch_passes_the_records_fused() {
        for budget in [None, Some(1)] {
            verify(&TchBackend::new(options(ScanChoice::Fused, budget)).unwrap(), ScanChoice::Fused);
        }
    }

    #[test]
    fn tch_passes_the_records_in_segments() {
        verify(&TchBackend::new(options(ScanChoice::Composed, Some(100_000))).unwrap(), ScanChoice::Composed);
    }

    /// From one seed: the same weights, answers, gradients and training steps.
    #[test]
    fn tch_and_candle_agree() {
        let (tch, candle) = (options(ScanChoice::Auto, None), options(ScanChoice::Auto, None));
        let (tch, candle) = (TchBackend::new(tch).unwrap(), CandleBackend::new(candle).unwrap());
        for case in built_in().unwrap() {
            let (expected, got) = (answer(&candle, &case).unwrap(), answer(&tch, &case).unwrap());
            for deviation in compare(&expected, &got, &case.weights, &Tolerance::F32).unwrap() {
                assert!(deviation.is_ok(), "{}: {deviation:#?}", case.name);
            }
        }
    }
}
