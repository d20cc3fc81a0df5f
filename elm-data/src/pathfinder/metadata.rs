//! The lists of pictures: files `metadata/<batch>.npy`, which are text in the
//! release and arrays of strings from the generator itself.

use crate::error::Result;
use crate::files;
use crate::oddities::Oddities;
use std::path::{Component, Path, PathBuf};

const EXPECTED: &str = "the list of a batch of pictures";
const COLUMNS: usize = 11;
/// The released lists have 50 kB.
const LARGEST: u64 = 1 << 26;
const MAGIC: &[u8] = b"\x93NUMPY";

/// One picture of a list.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    /// Below the folder of the difficulty.
    pub(super) path: PathBuf,
    pub(super) label: u8,
}

/// Reads a list of either kind, and tells what was odd about it.
///
/// # Errors
/// [`crate::DataError`] naming file and row.
pub(super) fn read(path: &Path) -> Result<(Vec<Entry>, Option<String>)> {
    let bytes = files::read(path, EXPECTED, LARGEST)?;
    let wrong = |at: String, reason: String| files::format(path, at, reason);
    let rows = if bytes.starts_with(MAGIC) {
        array_rows(&bytes).map_err(|reason| wrong("header of the array".into(), reason))?
    } else {
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| wrong(format!("byte {}", error.valid_up_to()), "not UTF-8".into()))?;
        text.lines().map(|line| line.split_whitespace().map(str::to_string).collect()).collect()
    };
    let mut odd = Oddities::default();
    if rows.iter().all(|fields| fields.is_empty()) {
        return Err(wrong("row 1".into(), "the list is empty; expected a row for each picture".into()));
    }
    let mut entries = Vec::with_capacity(rows.len());
    for (row, fields) in rows.iter().enumerate() {
        if fields.is_empty() {
            odd.blank += 1;
            continue;
        }
        let entry = entry(fields, &mut odd).map_err(|reason| wrong(format!("row {}", row + 1), reason))?;
        entries.push(entry);
    }
    Ok((entries, odd.note(path)))
}

/// A row: folder, file, number, label, and seven parameters of the generator.
fn entry(fields: &[String], odd: &mut Oddities) -> std::result::Result<Entry, String> {
    let fields: Vec<&str> = fields.iter().map(|field| odd.unquoted_text(field)).collect();
    let [folder, file, _, label, ..] = fields.as_slice() else {
        return Err(format!(
            "{} columns; expected {COLUMNS}: folder, file, number, label, ...",
            fields.len()
        ));
    };
    if fields.len() != COLUMNS {
        return Err(format!("{} columns; expected {COLUMNS}", fields.len()));
    }
    let class = odd.digit(label.as_bytes()).filter(|&class| class < 2);
    let class = class.ok_or_else(|| format!("the label is {label:?}; expected 0 or 1"))?;
    let path = below(&Path::new(folder).join(file), odd)?;
    Ok(Entry { path, label: class })
}

/// A path below the folder of the difficulty: as it stands, without a `./`, or,
/// when it is that of another machine, from its last folder `imgs` on.
fn below(path: &Path, odd: &mut Oddities) -> std::result::Result<PathBuf, String> {
    let out = || format!("{path:?} leads out of the folder");
    let parts: Vec<Component<'_>> = path.components().collect();
    let is_imgs = |part: &Component<'_>| matches!(part, Component::Normal(name) if *name == "imgs");
    let start = match parts.first() {
        Some(Component::Normal(_)) => 0,
        Some(Component::CurDir) => 1,
        _ => parts.iter().rposition(is_imgs).ok_or_else(out)?,
    };
    odd.paths += u64::from(start > 0);
    match parts[start..].iter().all(|part| matches!(part, Component::Normal(_))) {
        true => Ok(parts[start..].iter().collect()),
        false => Err(out()),
    }
}

/// The rows of an array of strings in NumPy's file format.
fn array_rows(bytes: &[u8]) -> std::result::Result<Vec<Vec<String>>, String> {
    let cut = || "the file is cut off".to_string();
    let version = *bytes.get(6).ok_or_else(cut)?;
    let sizes = if version == 1 { 8..10 } else { 8..12 };
    let size = bytes.get(sizes.clone()).ok_or_else(cut)?.iter().rev();
    let size = size.fold(0, |size, &byte| size << 8 | usize::from(byte));
    let header = bytes.get(sizes.end..).and_then(|rest| rest.get(..size)).ok_or_else(cut)?;
    let header = std::str::from_utf8(header).map_err(|_| "the header is not text")?;
    let data = &bytes[sizes.end + size..];
    let value =
        |key: &str| header.split_once(key).map_or("", |(_, rest)| rest.trim_start_matches([':', ' ']));
    let width = value("'descr'").strip_prefix("'<U").and_then(|rest| rest.split('\'').next()?.parse().ok());
    let width: usize = width.filter(|&width| width > 0).ok_or("expected strings, '<U12' or the like")?;
    let by_column = value("'fortran_order'").starts_with("True");
    let shape = value("'shape'").trim_start_matches('(').split(')').next().unwrap_or_default();
    let shape: Vec<usize> = shape.split(',').map_while(|size| size.trim().parse().ok()).collect();
    let row = width.checked_mul(4 * COLUMNS).ok_or("the strings are too long")?;
    match shape.as_slice() {
        [rows, COLUMNS] if rows.checked_mul(row) == Some(data.len()) => {}
        _ => return Err(format!("shape {shape:?} of {width} letters does not fit {} bytes", data.len())),
    }
    let fields: Vec<String> = data.chunks_exact(4 * width).map(string).collect();
    let rows = fields.len() / COLUMNS;
    let place =
        |row: usize, column: usize| if by_column { column * rows + row } else { row * COLUMNS + column };
    let row = |row| (0..COLUMNS).map(|column| fields[place(row, column)].clone()).collect();
    Ok((0..rows).map(row).collect())
}

/// A string of four bytes a letter, padded with zeros.
fn string(field: &[u8]) -> String {
    let letters = field.chunks_exact(4).map(|letter| letter.iter().rev());
    let codes = letters.map(|letter| letter.fold(0, |code, &byte| code << 8 | u32::from(byte)));
    codes.take_while(|&code| code != 0).map(|code| char::from_u32(code).unwrap_or('\u{fffd}')).collect()
}
