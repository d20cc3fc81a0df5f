//! The bytes of a text in any of the forms it is published in.

use super::prepared::{self, Form};
use crate::error::{DataError, Result};
use crate::files;
use std::fs::File;
use std::io::{BufReader, Read};
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

/// What the parts of a split text may be called.
const SPLITS: [&[&str]; 3] = [&["train"], &["valid", "val", "validation", "dev"], &["test"]];

/// What stands before and after those names, and whether the files may be
/// prepared ones; the first that are all there are read.
const NAMES: [(&str, &str, bool); 8] = [
    ("", ".txt.raw", false),
    ("", ".txt", true),
    ("wiki.", ".raw", false),
    ("wiki.", ".tokens", false),
    ("ptb.char.", ".txt", true),
    ("ptb.", ".txt", true),
    ("", ".raw", false),
    ("", "", true),
];

/// Published texts that are split when they are read.
const PUBLISHED: [&str; 4] = ["enwik8", "text8", "enwik8.zip", "text8.zip"];

/// A text, and what a user should know about how it was read.
pub(super) struct Found {
    pub(super) bytes: Bytes,
    pub(super) notes: Vec<String>,
}

/// The files of train, valid and test in a folder, and whether they may be
/// prepared ones.
fn splits(folder: &Path) -> Option<([PathBuf; 3], bool)> {
    NAMES.iter().find_map(|(before, after, prepared)| {
        let file = |names: &[&str]| {
            let mut files = names.iter().map(|name| folder.join(format!("{before}{name}{after}")));
            files.find(|file| file.is_file())
        };
        let [train, valid, test] = SPLITS.map(file);
        Some(([train?, valid?, test?], *prepared))
    })
}

/// Does a folder hold a text in one of the forms that are read?
pub fn is_text_folder(folder: &Path) -> bool {
    splits(folder).is_some() || PUBLISHED.iter().any(|name| folder.join(name).is_file())
}

/// Reads whatever `path` is: a raw file, a `.zip`, a folder with splits or
/// with one of the former.
pub(super) fn read(path: &Path) -> Result<Found> {
    let plain = |bytes| Found { bytes, notes: Vec::new() };
    if !path.is_dir() {
        return read_file(path).map(plain);
    }
    if let Some((files, may_be_prepared)) = splits(path) {
        let form = if may_be_prepared { Form::of(&files[0])? } else { Form::Plain };
        let read = |file: &PathBuf| match form {
            Form::Plain | Form::PlainNumbers => read_raw(file),
            _ => prepared::read(file, form).and_then(|bytes| check_size(file, bytes)),
        };
        let [train, valid, test] = &files;
        let bytes = Bytes::Split([read(train)?, read(valid)?, read(test)?]);
        return Ok(Found { bytes, notes: form.note(train).into_iter().collect() });
    }
    for name in PUBLISHED {
        if path.join(name).is_file() {
            return read_file(&path.join(name)).map(plain);
        }
    }
    Err(DataError::Missing {
        path: path.to_path_buf(),
        expected: "this folder holds no text: expected train.txt, valid.txt (or val.txt) and test.txt, \
                   each plain, with .raw appended, or as prep_enwik8.py and prep_text8.py write them; \
                   wiki.train.raw (or .tokens) and ptb.train.txt with their like; or enwik8, text8, or a \
                   .zip of those; give the file itself for any other text"
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

/// Opens a file, and only a file: it is read twice, and a pipe would be waited
/// for for ever.
fn open(path: &Path) -> Result<File> {
    files::open(path, "a text").map(|(file, _)| file)
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
    let mut archive = files::unzip(path, BufReader::new(open(path)?), "a zip of one text")?;
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
