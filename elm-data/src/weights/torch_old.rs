//! The form of `torch.save` before PyTorch 1.6 (and of
//! `_use_new_zipfile_serialization=False`): a magic number, a version, facts
//! about the machine, the object and a list of keys, each a pickle, then the
//! storages in the order of that list, each a count and its numbers.

use super::state_dict::{Storage, check_globals, storages, tensors, text};
use super::torch::Part;
use super::{NumberArray, Numbers};
use crate::pickle::Pickle;
use std::collections::BTreeMap;

/// The magic number as a pickle has it, with the end of that pickle.
const MAGIC: [u8; 13] = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, b'.'];

/// It stands behind the protocol, and a frame in some.
const LATEST: usize = 11;

/// The version of this form, the only one there was.
const VERSION: i64 = 1001;

const KEYS: &str = "the keys of the storages";

/// Where the magic number ends.
fn behind_magic(bytes: &[u8]) -> Option<usize> {
    let beginning = &bytes[..bytes.len().min(LATEST + MAGIC.len())];
    beginning.windows(MAGIC.len()).position(|window| window == MAGIC).map(|at| at + MAGIC.len())
}

/// Does it begin with the magic number?
pub(super) fn is_old(bytes: &[u8]) -> bool {
    behind_magic(bytes).is_some()
}

/// The tensors by name.
pub(super) fn parse(bytes: &[u8]) -> Part<BTreeMap<String, NumberArray>> {
    let mut at = behind_magic(bytes).unwrap_or_default();
    let version = pickle(bytes, &mut at, "the version")?;
    if version.root().int() != Some(VERSION) {
        return Err(("the version".into(), format!("expected {VERSION}")));
    }
    let machine = pickle(bytes, &mut at, "the facts about the machine")?;
    let big_endian = machine.root().get("little_endian").and_then(|little| little.int()) == Some(0);
    let object = pickle(bytes, &mut at, "the object")?;
    let keys = pickle(bytes, &mut at, KEYS)?;
    let in_object = |reason: String| ("the object".to_string(), reason);
    let described = storages(&object).map_err(in_object)?;
    let numbers = numbers(bytes, at, &keys, &described, big_endian)?;
    tensors(&object, &numbers).map_err(in_object)
}

/// The next pickle.
fn pickle<'a>(bytes: &'a [u8], at: &mut usize, what: &str) -> Part<Pickle<'a>> {
    let pickle = Pickle::parse(&bytes[*at..])
        .map_err(|(byte, reason)| (format!("{what}, byte {}", *at + byte), reason))?;
    check_globals(&pickle).map_err(|reason| (what.to_string(), reason))?;
    *at += pickle.end();
    Ok(pickle)
}

/// The storages, in the order of their keys, from a byte on.
fn numbers(
    bytes: &[u8],
    mut at: usize,
    keys: &Pickle<'_>,
    described: &BTreeMap<String, Storage>,
    big_endian: bool,
) -> Part<BTreeMap<String, Numbers>> {
    let mut numbers = BTreeMap::new();
    for key in keys.root().members().into_iter().flatten().filter_map(text) {
        let Some(storage) = described.get(&key) else {
            return Err((KEYS.into(), format!("storage {key} is not described")));
        };
        let place = |at: usize| format!("storage {key}, byte {at}");
        let count = take(bytes, &mut at, 8).ok_or_else(|| (place(at), "the file ends here".to_string()))?;
        let count = count.iter().rev().fold(0u64, |count, &byte| count << 8 | u64::from(byte));
        let count = if big_endian { count.swap_bytes() } else { count };
        if count != storage.numbers as u64 {
            return Err((place(at), format!("{count} numbers, {} are described", storage.numbers)));
        }
        let read = storage.bytes().and_then(|size| take(bytes, &mut at, size));
        let read =
            read.ok_or_else(|| (place(at), format!("the file ends within the {} numbers", storage.numbers)))?;
        numbers.insert(key, storage.element.numbers(read, big_endian));
    }
    match described.keys().find(|key| !numbers.contains_key(*key)) {
        None => Ok(numbers),
        Some(key) => Err((KEYS.into(), format!("storage {key} is missing"))),
    }
}

/// The next bytes; `None` where there are fewer.
fn take<'a>(bytes: &'a [u8], at: &mut usize, size: usize) -> Option<&'a [u8]> {
    let taken = bytes.get(*at..)?.get(..size)?;
    *at += size;
    Some(taken)
}
