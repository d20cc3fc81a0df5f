//! Weights as PyTorch and Equinox file them.
#![no_main]

use elm_data::weights::{equinox, torch};
use std::path::Path;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = torch::parse(Path::new("weights.pt"), bytes);
    let _ = equinox::parse(Path::new("weights.eqx"), bytes);
});
