//! The form of `torch.save` since PyTorch 1.6: a zip of `NAME/data.pkl`, which
//! describes the tensors, and their storages `NAME/data/KEY`.

use super::state_dict::{Storage, check_globals, storages, tensors};
use super::torch::Part;
use super::{NumberArray, Numbers};
use crate::pickle::Pickle;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::{CompressionMethod, ZipArchive};

/// Is it a zip?
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// The tensors by name.
pub(super) fn parse(bytes: &[u8]) -> Part<BTreeMap<String, NumberArray>> {
    let archive = ZipArchive::new(Cursor::new(bytes));
    let cut_off = |error| format!("this is no complete archive: cut off or damaged ({error})");
    let mut archive = Archive(archive.map_err(|error| ("archive".to_string(), cut_off(error)))?);
    let name = archive.pickle()?;
    let folder = name.strip_suffix("data.pkl").unwrap_or_default().to_string();
    let pickled = archive.entry(&name, None)?;
    let at_byte = |(byte, reason): (usize, String)| (format!("{name}, byte {byte}"), reason);
    let pickle = Pickle::parse(&pickled).map_err(at_byte)?;
    let in_pickle = |reason: String| (name.clone(), reason);
    check_globals(&pickle).map_err(in_pickle)?;
    let big_endian = archive.is_big_endian(&folder)?;
    let described = storages(&pickle).map_err(in_pickle)?;
    // Entries may lie over each other; together they are no more than the file.
    let size = described.values().try_fold(0, |size: usize, storage| size.checked_add(storage.bytes()?));
    if size.is_none_or(|size| size > bytes.len()) {
        return Err((name, format!("the storages are larger than the file of {} bytes", bytes.len())));
    }
    let mut numbers = BTreeMap::new();
    for (key, storage) in described {
        let read = archive.storage(&format!("{folder}data/{key}"), &storage, big_endian)?;
        numbers.insert(key, read);
    }
    tensors(&pickle, &numbers).map_err(in_pickle)
}

struct Archive<'a>(ZipArchive<Cursor<&'a [u8]>>);

impl Archive<'_> {
    /// The name of the pickle.
    fn pickle(&self) -> Part<String> {
        let names = self.0.file_names().filter_map(Result::ok);
        let mut found = names.filter(|name| name == "data.pkl" || name.ends_with("/data.pkl"));
        match (found.next(), found.next()) {
            (Some(name), None) => Ok(name.into_owned()),
            (None, _) => Err(("the zip".into(), "has no data.pkl, so it is not from torch.save".into())),
            (Some(_), Some(_)) => Err(("the zip".into(), "has several data.pkl".into())),
        }
    }

    /// The bytes of an entry, of which there are `wanted` where that is known.
    fn entry(&mut self, name: &str, wanted: Option<usize>) -> Part<Vec<u8>> {
        let wrong = |reason: String| (name.to_string(), reason);
        let mut entry = self.0.by_name(name).map_err(|error| wrong(error.to_string()))?;
        // So that the bytes that it has are there, not only announced.
        if entry.compression() != CompressionMethod::Stored {
            return Err(wrong("is compressed, which torch.save does not do".into()));
        }
        if let Some(wanted) = wanted
            && entry.size() != wanted as u64
        {
            return Err(wrong(format!("has {} bytes, the pickle tells of {wanted}", entry.size())));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
        Ok(bytes)
    }

    /// The order of the bytes of a number; files of versions that wrote none
    /// are little-endian.
    fn is_big_endian(&mut self, folder: &str) -> Part<bool> {
        let name = format!("{folder}byteorder");
        if self.0.index_for_name(&name).is_none() {
            return Ok(false);
        }
        match self.entry(&name, None)?.as_slice() {
            b"little" => Ok(false),
            b"big" => Ok(true),
            _ => Err((name, "expected \"little\" or \"big\"".into())),
        }
    }

    fn storage(&mut self, name: &str, storage: &Storage, big_endian: bool) -> Part<Numbers> {
        let too_large = || (name.to_string(), format!("{} numbers are too many", storage.numbers));
        let bytes = self.entry(name, Some(storage.bytes().ok_or_else(too_large)?))?;
        Ok(storage.element.numbers(&bytes, big_endian))
    }
}
