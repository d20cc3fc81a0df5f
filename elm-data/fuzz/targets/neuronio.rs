//! Simulations of NeuronIO in pickles.
#![no_main]

use elm_data::neuronio::NeuronFile;
use std::fs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sim.p");
    fs::write(&path, bytes).expect("a file");
    if let Ok(file) = NeuronFile::open(&path) {
        let _ = file.read();
    }
});
