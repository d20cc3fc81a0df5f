//! CIFAR-10, binary and pickled.
#![no_main]

use elm_data::Samples;
use elm_data::cifar::Cifar;
use elm_data::lra::{Pixels, Preparation};
use std::fs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let end = if bytes.first() == Some(&0x80) { "" } else { ".bin" };
    for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
    {
        fs::write(folder.path().join(format!("{name}{end}")), bytes).expect("a file");
    }
    if let Ok([train, ..]) = Cifar::load(folder.path(), Preparation::S4, Pixels::TOKENS) {
        (0..train.len()).for_each(|index| drop(train.read(index)));
    }
});
