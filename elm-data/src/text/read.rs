//! The bytes of a text in any of the forms it is published in.

use crate::error::{DataError, Result};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Texts beyond this size are refused (a zip bomb, most likely).
const LARGEST: u64 = 4 << 30;

/// Bytes of a text, split or not.
pub(super) enum Bytes {
    /// One text to be split.
    Whole(Vec<u8>),
    /// Train, valid, test.
    Split([Vec<u8>; 3]),
}

const SPLITS: [&str; 3] = ["train", "valid", "test"];

/// Reads whatever `path` is: a raw file, a `.zip`, a folder with prepared
/// splits or with one of the former.
pub(super) fn read(path: &Path) -> Result<Bytes> {
    if !path.is_dir() {
        return read_file(path);
    }
    for ending in ["txt.raw", "txt"] {
        let files = SPLITS.map(|split| path.join(format!("{split}.{ending}")));
        if files.iter().all(|file| file.is_file()) {
            let read = |file: &PathBuf| if ending == "txt" { read_prepared(file) } else { read_raw(file) };
            let [train, valid, test] = &files;
            return Ok(Bytes::Split([read(train)?, read(valid)?, read(test)?]));
        }
    }
    for name in ["enwik8", "text8", "enwik8.zip", "text8.zip"] {
        if path.join(name).is_file() {
            return read_file(&path.join(name));
        }
    }
    Err(DataError::Missing {
        path: path.to_path_buf(),
        expected: "this folder holds no text: expected train.txt, valid.txt and test.txt, or enwik8, \
                   text8, or a .zip of those; give the file itself for any other text"
            .into(),
    })
}

fn read_file(path: &Path) -> Result<Bytes> {
    let mut start = [0; 4];
    let mut file = open(path)?;
    let got = file.read(&mut start).map_err(|source| io(path, source))?;
    if got == 4 && start == *b"PK\x03\x04" {
        return Ok(Bytes::Whole(read_zip(path)?));
    }
    read_raw(path).map(Bytes::Whole)
}

fn io(path: &Path, source: std::io::Error) -> DataError {
    DataError::Io { path: path.to_path_buf(), source }
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => DataError::Missing {
            path: path.to_path_buf(),
            expected: "there is no such file; expected a text".into(),
        },
        _ => io(path, source),
    })
}

fn read_raw(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = open(path)?;
    let size = file.metadata().map_err(|source| io(path, source))?.len();
    bytes.reserve_exact(size.min(LARGEST) as usize + 1);
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|source| io(path, source))?;
    check_size(path, bytes)
}

fn check_size(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>> {
    let format = |at: String, reason: String| DataError::Format { path: path.to_path_buf(), at, reason };
    if bytes.is_empty() {
        return Err(format("byte 0".into(), "the file is empty; expected a text".into()));
    }
    if bytes.len() as u64 > LARGEST {
        return Err(format(format!("byte {LARGEST}"), "the text goes on beyond 4 GiB".into()));
    }
    Ok(bytes)
}

/// The one member of an archive, unpacked.
fn read_zip(path: &Path) -> Result<Vec<u8>> {
    let format =
        |at: &str, reason: String| DataError::Format { path: path.to_path_buf(), at: at.into(), reason };
    let mut archive = zip::ZipArchive::new(BufReader::new(open(path)?))
        .map_err(|error| format("archive", format!("damaged or truncated: {error}")))?;
    let mut texts = Vec::new();
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(|error| format("archive", error.to_string()))?;
        if member.is_file() {
            texts.push(index);
        }
    }
    let [index] = texts.as_slice() else {
        return Err(format("archive", format!("holds {} files; expected one text", texts.len())));
    };
    let name = format!("member {index}");
    let member =
        archive.by_index(*index).map_err(|error| format(&name, format!("cannot be unpacked: {error}")))?;
    let mut bytes = Vec::new();
    member.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| {
        format(&name, format!("damaged or truncated after {} bytes: {error}", bytes.len()))
    })?;
    check_size(path, bytes)
}

/// A prepared split: byte values as decimal numbers, newlines as themselves.
fn read_prepared(path: &Path) -> Result<Vec<u8>> {
    let mut reader = BufReader::with_capacity(1 << 20, open(path)?);
    let (mut bytes, mut line, mut number) = (Vec::new(), Vec::new(), 0);
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(|source| io(path, source))? == 0 {
            break;
        }
        number += 1;
        for word in line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            let value = std::str::from_utf8(word).ok().and_then(|word| word.parse::<u8>().ok());
            bytes.push(value.ok_or_else(|| DataError::Format {
                path: path.to_path_buf(),
                at: format!("line {number}"),
                reason: format!("{:?} is not a byte value from 0 to 255", String::from_utf8_lossy(word)),
            })?);
        }
        if line.ends_with(b"\n") {
            bytes.push(b'\n');
        }
    }
    check_size(path, bytes)
}
