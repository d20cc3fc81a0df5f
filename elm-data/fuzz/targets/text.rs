//! Texts, plain and in zip archives.
#![no_main]

use elm_data::text::{Corpus, TokenMode};
use std::fs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(if bytes.starts_with(b"PK") { "enwik8.zip" } else { "enwik8" });
    fs::write(&path, bytes).expect("a file");
    for mode in [TokenMode::Txl, TokenMode::Eos, TokenMode::Bytes] {
        let _ = Corpus::load(&path, mode, [0.8, 0.1, 0.1], None);
    }
});
