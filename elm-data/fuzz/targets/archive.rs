//! HDF5 files of spikes in gzip or zip.
#![no_main]

use elm_data::spikes::{Collection, SpikeFile};
use std::fs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let name = if bytes.starts_with(b"PK") { "shd_train.h5.zip" } else { "shd_train.h5.gz" };
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("a file");
    let _ = SpikeFile::open(&path, Collection::Shd);
});
