//! State dicts of PyTorch, as `torch.save` files them.

use super::{LARGEST, NumberArray, torch_old, torch_zip};
use crate::error::Result;
use crate::files::{self, format};
use std::collections::BTreeMap;
use std::path::Path;

const EXPECTED: &str = "a state dict as torch.save files it";

/// Are these the first bytes of such a file?
pub fn is_torch(bytes: &[u8]) -> bool {
    torch_zip::is_zip(bytes) || torch_old::is_old(bytes)
}

/// The tensors of a state dict by name, at the top of the file or under
/// `state_dict`, `model_state_dict`, `model_state` or `model`.
///
/// # Errors
/// [`Missing`](crate::DataError::Missing) without the file,
/// [`Format`](crate::DataError::Format) when it is no such file, is damaged,
/// or wants anything imported that a state dict has no use for.
pub fn read(path: &Path) -> Result<BTreeMap<String, NumberArray>> {
    parse(path, &files::read(path, EXPECTED, LARGEST)?)
}

/// The same from the bytes of a file; `path` is for messages.
///
/// # Errors
/// As [`read`].
pub fn parse(path: &Path, bytes: &[u8]) -> Result<BTreeMap<String, NumberArray>> {
    let read = match (torch_zip::is_zip(bytes), torch_old::is_old(bytes)) {
        (true, _) => torch_zip::parse(bytes),
        (_, true) => torch_old::parse(bytes),
        _ => Err(("byte 0".into(), format!("expected {EXPECTED}: a zip, or a pickle that begins as such"))),
    };
    read.map_err(|(at, reason)| format(path, at, reason))
}

/// What a part of such a file comes to; an error has its place.
pub(super) type Part<T> = std::result::Result<T, (String, String)>;
