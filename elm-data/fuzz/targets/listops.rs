//! ListOps.
#![no_main]

use elm_data::Samples;
use elm_data::listops::ListOps;
use elm_data::lra::Preparation;
use std::fs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["basic_train.tsv", "basic_val.tsv", "basic_test.tsv"] {
        fs::write(folder.path().join(name), bytes).expect("a file");
    }
    for preparation in [Preparation::S4, Preparation::Lra] {
        if let Ok([train, ..]) = ListOps::load(folder.path(), preparation, None, None) {
            (0..train.len()).for_each(|index| drop(train.read(index)));
        }
    }
});
