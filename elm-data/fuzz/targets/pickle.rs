//! Pickles.
#![no_main]

use elm_data::pickle::Pickle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(pickle) = Pickle::parse(bytes) {
        let root = pickle.root();
        let _ = (root.get("data"), root.int(), root.float(), root.bytes(), root.array());
    }
});
