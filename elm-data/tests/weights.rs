//! Weights as PyTorch and Equinox file them.
//!
//! The files were written by PyTorch 2.11 and Equinox 0.13: `new.pt` (zip),
//! `old.pt` (`_use_new_zipfile_serialization=False`), `nested.pt` (under
//! `state_dict`) and `protocol4.pt` (under `model`) hold the same tensors:
//! 3 × 4 numbers `k / 2`, the same transposed, a part of it, and a tensor of
//! each type. `module.pt` and `parameters.pt` are a linear layer.

use elm_data::weights::{NumberArray, Numbers, equinox, torch};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/weights").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).unwrap()
}

fn floats(shape: &[usize], values: &[f32]) -> NumberArray {
    NumberArray { shape: shape.to_vec(), numbers: Numbers::Floats(values.to_vec()) }
}

fn integers(shape: &[usize], values: &[i64]) -> NumberArray {
    NumberArray { shape: shape.to_vec(), numbers: Numbers::Integers(values.to_vec()) }
}

fn known() -> BTreeMap<String, NumberArray> {
    let whole: Vec<f32> = (0..12u8).map(|k| f32::from(k) / 2.0).collect();
    let turned: Vec<f32> = (0..12).map(|k| whole[k % 3 * 4 + k / 3]).collect();
    let known = [
        ("whole", floats(&[3, 4], &whole)),
        ("turned", floats(&[4, 3], &turned)),
        ("part", floats(&[2, 2], &[2.5, 3.0, 4.5, 5.0])),
        ("single", floats(&[], &[7.5])),
        ("double", floats(&[2], &[1.5, -2.25])),
        ("half", floats(&[2], &[0.5, -3.0])),
        ("brain", floats(&[2], &[1.0, -0.5])),
        ("long", integers(&[2], &[1 << 40, -1])),
        ("small", integers(&[2], &[3, -4])),
        ("truth", integers(&[2], &[1, 0])),
        ("empty", floats(&[0], &[])),
    ];
    known.map(|(name, array)| (name.to_string(), array)).into()
}

#[test]
fn every_form_of_a_state_dict_gives_the_same_tensors() {
    for name in ["new.pt", "old.pt", "nested.pt", "protocol4.pt"] {
        assert_eq!(torch::read(&file(name)).unwrap(), known(), "{name}");
    }
}

#[test]
fn the_parameters_of_a_module_are_read() {
    for name in ["module.pt", "parameters.pt"] {
        let read = torch::read(&file(name)).unwrap();
        let weight = floats(&[1, 2], &[-0.005_293_981, 0.379_322_9]);
        assert_eq!((&read["lin.weight"], read["lin.bias"].shape.as_slice()), (&weight, &[1][..]), "{name}");
    }
}

#[test]
fn what_a_pickle_wants_imported_is_refused_by_its_name() {
    let refused = |name: &str, global: &str| {
        let error = torch::read(&file(name)).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(global), "{error}");
        assert!(error.contains("nothing was executed"), "{error}");
    };
    refused("bad.pt", "posix.system");
    refused("bad_old.pt", "posix.system");
    refused("whole_module.pt", "__main__.Net");
    // The same by the opcodes of older and newer protocols.
    let old = |object: &[u8]| {
        let beginning: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.";
        torch::parse(Path::new("x.pt"), &[beginning, object].concat()).unwrap_err().to_string()
    };
    for object in [
        b"(S'harm'\nios\nsystem\n.".as_slice(),
        b"(cos\nsystem\nS'harm'\no.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04harm\x85R.",
        b"\x80\x02cos\nsystem\n(t\x81.",
    ] {
        let error = old(object);
        assert!(error.contains("os.system"), "{error}");
    }
}

#[test]
fn tensors_lie_within_their_storages() {
    let original = bytes("old.pt");
    let find = |what: &[u8]| original.windows(what.len()).position(|window| window == what).unwrap();
    // The offset of `part` is 5; 6 and more leave the storage of 12 numbers.
    let at = find(b"K\x05K\x02K\x02\x86");
    for (offset, fits) in [(5, true), (6, true), (7, false), (255, false)] {
        let mut changed = original.clone();
        changed[at + 1] = offset;
        let read = torch::parse(Path::new("x.pt"), &changed);
        assert_eq!(read.is_ok(), fits, "{offset}");
        if let Err(error) = read {
            assert!(
                error.to_string().contains("tensor part") && error.to_string().contains("storage"),
                "{error}"
            );
        }
    }
    // More numbers than there are in the storage, all at one place.
    let mut changed = original.clone();
    changed[at + 3] = 200;
    assert!(torch::parse(Path::new("x.pt"), &changed).is_err());
}

#[test]
fn files_cut_off_or_changed_anywhere_are_refused_or_read() {
    for name in ["new.pt", "old.pt"] {
        let original = bytes(name);
        for end in 0..original.len() {
            assert!(torch::parse(Path::new(name), &original[..end]).is_err(), "{name}: {end}");
        }
        for place in 0..original.len() {
            for bit in 0..8 {
                let mut changed = original.clone();
                changed[place] ^= 1 << bit;
                // No panic, no more than the file's own size of memory.
                let _ = torch::parse(Path::new(name), &changed);
            }
        }
    }
}

#[test]
fn what_is_no_state_dict_is_named() {
    let error = |bytes: &[u8]| torch::parse(Path::new("x.pt"), bytes).unwrap_err().to_string();
    assert!(error(b"hello").contains("torch.save"));
    assert!(error(b"PK\x03\x04").contains("x.pt"));
    let old = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02}.\x80\x02].";
    assert!(error(old).contains("no state dict"));
    let missing = torch::read(&file("absent.pt")).unwrap_err().to_string();
    assert!(missing.contains("absent.pt") && missing.contains("no such file"), "{missing}");
}

#[test]
fn arrays_of_a_tree_come_in_its_order() {
    let arrays = equinox::read(&file("tree.eqx")).unwrap();
    let known = [
        floats(&[2, 3], &[0.0, 0.25, 0.5, 0.75, 1.0, 1.25]),
        floats(&[1], &[1.5]),
        integers(&[2], &[3, 1]),
        integers(&[2], &[1, 0]),
        floats(&[], &[0.5]),
        integers(&[1, 1], &[-7]),
    ];
    assert_eq!(arrays, known);
}

#[test]
fn trees_cut_off_or_changed_anywhere_are_refused_or_read() {
    let original = bytes("tree.eqx");
    let whole = equinox::parse(Path::new("x.eqx"), &original).unwrap();
    for end in 0..original.len() {
        // At the end of an array there are fewer of them, else it is an error.
        if let Ok(arrays) = equinox::parse(Path::new("x.eqx"), &original[..end]) {
            assert!(arrays.len() < whole.len() && whole.starts_with(&arrays), "{end}");
        }
    }
    for place in 0..original.len() {
        for bit in 0..8 {
            let mut changed = original.clone();
            changed[place] ^= 1 << bit;
            let _ = equinox::parse(Path::new("x.eqx"), &changed);
        }
    }
    let mut large = original.clone();
    let at = original.windows(6).position(|window| window == b"(2, 3)").unwrap();
    large[at + 1] = b'9';
    let error = equinox::parse(Path::new("x.eqx"), &large).unwrap_err().to_string();
    // It has taken the bytes of the next one.
    assert!(error.contains("array 1") && error.contains("NumPy"), "{error}");
}
