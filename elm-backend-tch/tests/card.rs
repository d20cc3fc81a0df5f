//! The recurrence of cards on this backend, emulated.

use elm_backend_tch::TchBackend;
use elm_core::device::{BackendOptions, ScanChoice};
use elm_core::kernel::cuda::driver::AnyDriver;
use elm_core::kernel::cuda::emulated::Emulated;
use elm_core::records::{Tolerance, answer, built_in, compare};
use elm_core::reference::Reference;
use elm_core::scan::ScanPath;
use std::io::Write;

#[test]
fn a_network_is_computed_and_trained_by_the_kernels() {
    let Some(card) = Emulated::new(4, 227 << 10).unwrap() else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no C++ compiler; kernels of cards are not emulated");
        return;
    };
    let options = BackendOptions { scan: ScanChoice::Fused, ..BackendOptions::default() };
    let backend = TchBackend::with_driver(options, AnyDriver::new(card)).unwrap();
    let case = built_in().unwrap().into_iter().find(|case| case.name == "text").unwrap();
    let got = answer(&backend, &case).unwrap();
    assert_eq!(got.path, Some(ScanPath::Fused));
    let expected = answer(&Reference, &case).unwrap();
    for deviation in compare(&expected, &got, &case.weights, &Tolerance::F32).unwrap() {
        assert!(deviation.is_ok(), "{deviation:#?}");
    }
}
