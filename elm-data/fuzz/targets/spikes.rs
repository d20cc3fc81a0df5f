//! HDF5 files of spikes.
#![no_main]

use elm_data::spikes::{Collection, SpikeFile};
use std::fs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shd_train.h5");
    fs::write(&path, bytes).expect("a file");
    if let Ok(file) = SpikeFile::open(&path, Collection::Shd) {
        for row in 0..file.len() {
            let recording = file.read(row).expect("what was converted can be read");
            assert_eq!(recording.times.len(), recording.units.len());
        }
    }
});
