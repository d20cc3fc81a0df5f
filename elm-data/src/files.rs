//! Opening files with a word on what was expected, and replacing them whole.

use crate::error::{DataError, Result};
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

pub(crate) fn io(path: &Path, source: std::io::Error) -> DataError {
    DataError::Io { path: path.to_path_buf(), source }
}

pub(crate) fn missing(path: &Path, expected: impl Into<String>) -> DataError {
    DataError::Missing { path: path.to_path_buf(), expected: expected.into() }
}

pub(crate) fn format(path: &Path, at: impl Into<String>, reason: impl Into<String>) -> DataError {
    DataError::Format { path: path.to_path_buf(), at: at.into(), reason: reason.into() }
}

/// Opens a file for reading and tells its size.
///
/// # Errors
/// [`DataError::Missing`] when there is no file; `expected` says what it
/// should have been.
pub(crate) fn open(path: &Path, expected: &str) -> Result<(File, u64)> {
    let about = fs::metadata(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => missing(path, format!("there is no such file; expected {expected}")),
        _ => io(path, source),
    })?;
    if !about.is_file() {
        return Err(missing(path, format!("this is not a file; expected {expected}")));
    }
    Ok((File::open(path).map_err(|source| io(path, source))?, about.len()))
}

/// The bytes of a file that may not be larger than `limit`.
pub(crate) fn read(path: &Path, expected: &str, limit: u64) -> Result<Vec<u8>> {
    let (file, size) = open(path, expected)?;
    let mut bytes = Vec::with_capacity(size.min(limit) as usize + 1);
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|source| io(path, source))?;
    if bytes.len() as u64 > limit {
        let reason = format!("the file goes on beyond {limit} bytes; expected {expected}");
        return Err(format(path, format!("byte {limit}"), reason));
    }
    Ok(bytes)
}

/// Opens a zip archive, such as `.npz` is.
///
/// # Errors
/// [`DataError::Format`] when it is none, or only the first part of one.
pub(crate) fn unzip<R: Read + Seek>(path: &Path, mut file: R, expected: &str) -> Result<ZipArchive<R>> {
    let mut first = [0; 4];
    let begins_as_one = file.read_exact(&mut first).is_ok() && first.starts_with(b"PK");
    ZipArchive::new(file).map_err(|error| {
        let reason = match begins_as_one {
            true => format!("this is no complete archive: cut off or damaged ({error})"),
            false => format!("this is no archive; expected {expected}"),
        };
        format(path, "archive", reason)
    })
}

/// The entries of a folder whose name has a number, sorted by it (and by name).
/// Others are passed over.
///
/// # Errors
/// [`DataError::Missing`] when there is no such folder.
pub(crate) fn numbered(
    folder: &Path,
    expected: &str,
    number: impl Fn(&str) -> Option<u64>,
) -> Result<Vec<(u64, PathBuf)>> {
    let entries = fs::read_dir(folder).map_err(|source| match source.kind() {
        ErrorKind::NotFound => missing(folder, format!("there is no such folder; expected {expected}")),
        ErrorKind::NotADirectory => missing(folder, format!("this is not a folder; expected {expected}")),
        _ => io(folder, source),
    })?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| io(folder, source))?;
        if let Some(number) = entry.file_name().to_str().and_then(&number) {
            found.push((number, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|source| io(path, source))
}

/// Renames on disk.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|source| io(to, source))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    sync_folder(folder.unwrap_or(Path::new(".")))
}

/// Makes what was created in or renamed into a folder last.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|source| io(path, source))
}

/// Writes a file as a whole or not at all: beside it first, then renamed.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".tmp");
    let beside = path.with_file_name(name);
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|source| io(&beside, source))?;
    rename(&beside, path)
}
