//! The two published layouts of CIFAR-10.

use super::{CLASSES, SIDE};
use crate::error::Result;
use crate::files;
use crate::lra::locate;
use crate::pickle::Pickle;
use std::path::{Path, PathBuf};

// Names of the unpacked folders, the latter as S4 has them.
const BINARY: &[&str] = &["cifar-10-batches-bin", "cifar/cifar-10-batches-bin"];
const PYTHON: &[&str] = &["cifar-10-batches-py", "cifar/cifar-10-batches-py"];

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
    let (folder, is_binary) = find(path);
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

/// The folder with the files, and whether they are the `.bin` ones.
fn find(path: &Path) -> (PathBuf, bool) {
    let binary = locate(path, BINARY, "data_batch_1.bin");
    match binary.join("data_batch_1.bin").exists() {
        true => (binary, true),
        false => (locate(path, PYTHON, "data_batch_1"), false),
    }
}

/// Names of the classes: those in `batches.meta` or `batches.meta.txt`, the
/// published ones where there is no such file.
///
/// # Errors
/// [`crate::DataError`] when the file names other than ten classes.
pub(super) fn class_names(path: &Path) -> Result<Vec<String>> {
    let (folder, is_binary) = find(path);
    let file = folder.join(if is_binary { "batches.meta.txt" } else { "batches.meta" });
    if !file.exists() {
        return Ok(CLASSES.map(String::from).to_vec());
    }
    let bytes = files::read(&file, "the names of the classes", LARGEST)?;
    let names = if is_binary {
        let text = String::from_utf8_lossy(&bytes);
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect()
    } else {
        let pickle = Pickle::parse(&bytes)
            .map_err(|(at, reason)| files::format(&file, format!("byte {at}"), reason))?;
        let name =
            |name: crate::pickle::Value<'_>| Some(String::from_utf8_lossy(&name.bytes()?).into_owned());
        let names = pickle.root().get("label_names").and_then(|names| names.members()?.map(name).collect());
        names.unwrap_or_else(Vec::new)
    };
    if names.len() != CLASSES.len() {
        let reason = format!("{} names of classes; expected {}", names.len(), CLASSES.len());
        return Err(files::format(&file, "label_names", reason));
    }
    Ok(names)
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
    let labels = root.get("labels").ok_or_else(|| wrong("labels", "expected a list under this key"))?;
    let labels: Option<Vec<i64>> = match labels.members() {
        Some(labels) => labels.map(|label| label.int()).collect(),
        None => labels.array().and_then(|labels| labels.whole_numbers()),
    };
    let labels = labels.and_then(|labels| labels.into_iter().map(|label| u8::try_from(label).ok()).collect());
    let labels: Vec<u8> = labels.ok_or_else(|| wrong("labels", "expected numbers from 0 to 9"))?;
    let data = root.get("data").and_then(|data| data.array());
    let data = data.ok_or_else(|| wrong("data", "expected a NumPy array under this key"))?;
    let fits = data.shape == [labels.len(), PLANES] || data.shape == [labels.len(), 3, SIDE, SIDE];
    if data.dtype != "|u1" || !fits || labels.is_empty() {
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
