//! The two published layouts of CIFAR-10.

use super::SIDE;
use crate::error::Result;
use crate::files;
use crate::lra::locate;
use crate::pickle::Pickle;
use std::path::Path;

// Names of the unpacked folders.
const BINARY: &str = "cifar-10-batches-bin";
const PYTHON: &str = "cifar-10-batches-py";

const EXPECTED: &str =
    "CIFAR-10: data_batch_1 to data_batch_5 and test_batch, all with the ending .bin or all without";
/// Bytes of a picture: three planes of 32 rows.
const PLANES: usize = 3 * SIDE * SIDE;
/// The published files have 30 MB.
const LARGEST: u64 = 1 << 26;

/// One picture as it is in a file.
pub(super) struct Picture<'a> {
    pub(super) is_test: bool,
    pub(super) label: u8,
    /// Red, green and blue, each row by row.
    pub(super) planes: &'a [u8],
}

/// Visits all pictures, the test file last.
///
/// # Errors
/// [`crate::DataError`] naming file and row, and those of `visit`.
pub(super) fn visit(path: &Path, mut visit: impl FnMut(Picture<'_>) -> Result<()>) -> Result<()> {
    let binary = locate(path, BINARY, "data_batch_1.bin");
    let is_binary = binary.join("data_batch_1.bin").exists();
    let folder = if is_binary { binary } else { locate(path, PYTHON, "data_batch_1") };
    for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
    {
        let file = folder.join(if is_binary { format!("{name}.bin") } else { name.to_string() });
        let bytes = files::read(&file, EXPECTED, LARGEST)?;
        let (labels, planes) =
            if is_binary { binary_rows(&file, &bytes)? } else { python_rows(&file, &bytes)? };
        for (row, (label, planes)) in labels.into_iter().zip(planes.chunks_exact(PLANES)).enumerate() {
            if label > 9 {
                let reason = format!("the label is {label}; expected 0 to 9");
                return Err(files::format(&file, format!("row {row}"), reason));
            }
            visit(Picture { is_test: name == "test_batch", label, planes })?;
        }
    }
    Ok(())
}

/// Labels and pictures of `.bin`: rows of a label and three planes.
fn binary_rows(file: &Path, bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let rows = bytes.chunks_exact(1 + PLANES);
    if bytes.is_empty() || !rows.remainder().is_empty() {
        let reason = format!(
            "the file ends in the middle of a row: {} bytes are no multiple of {}",
            bytes.len(),
            1 + PLANES
        );
        return Err(files::format(file, format!("row {}", rows.len()), reason));
    }
    let labels = rows.clone().map(|row| row[0]).collect();
    Ok((labels, rows.flat_map(|row| &row[1..]).copied().collect()))
}

/// Labels and pictures of a pickled dictionary.
fn python_rows(file: &Path, bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let pickle =
        Pickle::parse(bytes).map_err(|(at, reason)| files::format(file, format!("byte {at}"), reason))?;
    let root = pickle.root();
    let wrong = |at: &str, reason: &str| files::format(file, at, reason);
    let labels = root.get("labels").and_then(|labels| labels.members());
    let labels = labels.ok_or_else(|| wrong("labels", "expected a list under this key"))?;
    let label = |label: crate::pickle::Value<'_>| label.int().and_then(|label| u8::try_from(label).ok());
    let labels: Option<Vec<u8>> = labels.map(label).collect();
    let labels = labels.ok_or_else(|| wrong("labels", "expected numbers from 0 to 9"))?;
    let data = root.get("data").and_then(|data| data.array());
    let data = data.ok_or_else(|| wrong("data", "expected a NumPy array under this key"))?;
    if data.dtype != "|u1" || data.shape != [labels.len(), PLANES] || labels.is_empty() {
        let reason = format!(
            "an array of type {} and shape {:?}; expected |u1 and [{}, {PLANES}], a row for each label",
            data.dtype,
            data.shape,
            labels.len().max(1)
        );
        return Err(wrong("data", &reason));
    }
    Ok((labels, data.data))
}
