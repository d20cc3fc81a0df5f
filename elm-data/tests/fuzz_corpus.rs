//! What the fuzz targets start from, and what they have found, goes through
//! each of them: so they compile, and what was mended stays mended.
#![allow(unused_attributes, unreachable_pub)] // a target is a program without a main

use std::fs;
use std::path::Path;

/// In the place of libfuzzer's: a target becomes a function.
#[macro_export]
macro_rules! fuzz_target {
    (|$bytes:ident: &[u8]| $body:expr) => {
        pub fn run($bytes: &[u8]) {
            $body
        }
    };
}
// The targets name it so.
extern crate self as libfuzzer_sys;

#[path = "../fuzz/targets/archive.rs"]
mod archive;
#[path = "../fuzz/targets/cifar.rs"]
mod cifar;
#[path = "../fuzz/targets/listops.rs"]
mod listops;
#[path = "../fuzz/targets/neuronio.rs"]
mod neuronio;
#[path = "../fuzz/targets/pathfinder.rs"]
mod pathfinder;
#[path = "../fuzz/targets/pickle.rs"]
mod pickle;
#[path = "../fuzz/targets/retrieval.rs"]
mod retrieval;
#[path = "../fuzz/targets/spikes.rs"]
mod spikes;
#[path = "../fuzz/targets/text.rs"]
mod text;
#[path = "../fuzz/targets/weights.rs"]
mod weights;

const TARGETS: [(&str, fn(&[u8])); 10] = [
    ("archive", archive::run),
    ("cifar", cifar::run),
    ("listops", listops::run),
    ("neuronio", neuronio::run),
    ("pathfinder", pathfinder::run),
    ("pickle", pickle::run),
    ("retrieval", retrieval::run),
    ("spikes", spikes::run),
    ("text", text::run),
    ("weights", weights::run),
];

#[test]
fn every_target_survives_its_corpus() {
    let fuzz = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz"));
    let files = |folder: &str| fs::read_dir(fuzz.join(folder)).unwrap().map(|entry| entry.unwrap().path());
    assert_eq!(files("targets").count(), TARGETS.len(), "a target is not listed here");
    for (name, target) in TARGETS {
        let inputs: Vec<_> = files(&format!("corpus/{name}")).collect();
        assert!(!inputs.is_empty(), "{name} has no corpus");
        inputs.iter().for_each(|input| target(&fs::read(input).unwrap()));
    }
}
