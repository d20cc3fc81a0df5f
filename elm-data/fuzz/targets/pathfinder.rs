//! Pathfinder: the list up to the first zero byte, then a picture; or a list
//! that is a NumPy array.
#![no_main]

use elm_data::Samples;
use elm_data::lra::{Pixels, Preparation};
use elm_data::pathfinder::{Difficulty, Pathfinder};
use std::fs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("pathfinder32/curv_contour_length_14");
    fs::create_dir_all(root.join("metadata")).expect("a folder");
    fs::create_dir_all(root.join("imgs/0")).expect("a folder");
    let (list, picture) = match bytes.iter().position(|&byte| byte == 0) {
        Some(at) if bytes[0] != 0x93 => (&bytes[..at], &bytes[at + 1..]),
        _ => (bytes, &[][..]),
    };
    fs::write(root.join("metadata/0.npy"), list).expect("a file");
    fs::write(root.join("imgs/0/sample_0.png"), picture).expect("a file");
    let loaded = Pathfinder::load(
        &folder.path().join("pathfinder32"),
        32,
        Difficulty::Hard,
        Preparation::S4,
        Pixels::TOKENS,
    );
    if let Ok([train, ..]) = loaded {
        (0..train.len()).for_each(|index| drop(train.read(index)));
    }
});
