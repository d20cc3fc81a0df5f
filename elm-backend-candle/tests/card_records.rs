//! All reference records by the kernels of cards, emulated: networks of several
//! layers are run and trained, and intermediates handed back.

use elm_backend_candle::CandleBackend;
use elm_core::device::{BackendOptions, ScanChoice};
use elm_core::kernel::cuda::driver::AnyDriver;
use elm_core::kernel::cuda::emulated::Emulated;
use elm_core::records::{Answers, Case, Tolerance, answer, built_in, compare, parse};
use elm_core::reference::Reference;
use elm_core::scan::ScanPath;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Past the capture of passing tests, so that it is seen.
fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// A card that divides the work in every way that there is; `None`, said aloud,
/// where nothing compiles its kernels.
fn card() -> Option<Arc<Emulated>> {
    let card = Emulated::new(4, 227 << 10).unwrap();
    if card.is_none() {
        skipped("no C++ compiler; kernels of cards are not emulated");
    }
    card.map(|card| Arc::new(card.with_drawn_divisions()))
}

fn assert_agrees(card: &Arc<Emulated>, case: &Case, expected: &Answers, tolerance: &Tolerance) {
    let options = BackendOptions { scan: ScanChoice::Fused, ..BackendOptions::default() };
    let backend = CandleBackend::with_driver(options, AnyDriver::new(card.clone())).unwrap();
    let got = answer(&backend, case).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    assert_eq!(got.path, Some(ScanPath::Fused), "{}", case.name);
    for deviation in compare(expected, &got, &case.weights, tolerance).unwrap() {
        assert!(deviation.is_ok(), "{}: {deviation:#?}", case.name);
    }
}

#[test]
fn built_in_records_agree() {
    let Some(card) = card() else { return };
    for case in built_in().unwrap() {
        assert_agrees(&card, &case, &answer(&Reference, &case).unwrap(), &Tolerance::F32);
    }
}

/// Names and folders of the records in a folder, in order.
fn records(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    let records = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let named = records.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), folder.into()));
    let mut found: Vec<_> = named.collect();
    found.sort();
    found
}

/// Those of this repository, and further ones as the tests of `elm verify` find them.
#[test]
fn reference_records_agree() {
    let Some(card) = card() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = records(&root.join("elm-core/tests/records"));
    assert_eq!(all.len(), 7, "{all:?}");
    let further =
        std::env::var_os("ELM_FIXTURES").map_or_else(|| root.join("../shared/fixtures"), PathBuf::from);
    let mut further = records(&further);
    further.retain(|(name, _)| all.iter().all(|(known, _)| known != name));
    if further.is_empty() {
        skipped("no further records; set ELM_FIXTURES to their folder");
    }
    all.extend(further);
    for (name, folder) in all {
        let bytes = |ending: &str| std::fs::read(folder.join(&name).with_extension(ending)).unwrap();
        let (case, expected, tolerance) = parse(&name, &bytes("json"), &bytes("safetensors")).unwrap();
        assert_agrees(&card, &case, &expected, &tolerance);
    }
}
