//! Pairs of papers.
#![no_main]

use elm_data::Samples;
use elm_data::lra::{Pairs, Preparation};
use std::fs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["train", "eval", "test"] {
        fs::write(folder.path().join(format!("new_aan_pairs.{name}.tsv")), bytes).expect("a file");
    }
    for preparation in [Preparation::S4, Preparation::Lra] {
        if let Ok([train, ..]) = Pairs::load(folder.path(), preparation, None, None) {
            (0..train.len()).for_each(|index| drop(train.read(index)));
        }
    }
});
