//! Models of Equinox, as `tree_serialise_leaves` files them: every array of
//! the tree in the order of the tree, each in the `.npy` format of NumPy, and
//! nothing that says what is what.

use super::elements::Element;
use super::{LARGEST, MOST_NUMBERS, NumberArray};
use crate::error::Result;
use crate::files::{self, format};
use std::path::Path;

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Are these the first bytes of such a file?
pub fn is_equinox(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The arrays in the order of the file.
///
/// # Errors
/// [`Missing`](crate::DataError::Missing) without the file,
/// [`Format`](crate::DataError::Format) where it is not arrays one after the
/// other.
pub fn read(path: &Path) -> Result<Vec<NumberArray>> {
    parse(path, &files::read(path, "arrays as tree_serialise_leaves files them", LARGEST)?)
}

/// The same from the bytes of a file; `path` is for messages.
///
/// # Errors
/// As [`read`].
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<NumberArray>> {
    let (mut rest, mut arrays, mut left) = (bytes, Vec::new(), MOST_NUMBERS);
    while !rest.is_empty() {
        let at = bytes.len() - rest.len();
        let wrong = |reason| format(path, format!("array {}, byte {at}", arrays.len()), reason);
        let (array, behind) = array(rest, &mut left).map_err(wrong)?;
        arrays.push(array);
        rest = behind;
    }
    Ok(arrays)
}

/// The first array, and what comes behind it.
fn array<'a>(bytes: &'a [u8], left: &mut usize) -> std::result::Result<(NumberArray, &'a [u8]), String> {
    let (header, data) = header(bytes).ok_or("expected an array of NumPy (.npy)")?;
    let wrong = |key: &str| format!("its header {header:?} has no {key} that can be read");
    let kind = quoted(header, "descr").ok_or_else(|| wrong("descr"))?;
    let (order, name) = kind.split_at_checked(1).ok_or_else(|| wrong("descr"))?;
    let element = Element::of_numpy(name).ok_or_else(|| format!("numbers of type {kind} cannot be read"))?;
    let shape = shape(header).ok_or_else(|| wrong("shape"))?;
    let by_column = value(header, "fortran_order").is_some_and(|value| value.starts_with("True"));
    if by_column && shape.len() > 1 {
        return Err("is in column-major order, which Equinox does not write".into());
    }
    let count = shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
    let size = count.and_then(|count| count.checked_mul(element.width()));
    let taken = size.and_then(|size| data.split_at_checked(size));
    let (Some(count), Some((numbers, behind))) = (count, taken) else {
        return Err(format!("the file ends within its numbers of shape {shape:?}"));
    };
    *left = left.checked_sub(count).ok_or_else(|| format!("there are more than {MOST_NUMBERS} numbers"))?;
    Ok((NumberArray { shape, numbers: element.numbers(numbers, order == ">") }, behind))
}

/// The text of a header, and the bytes behind it.
fn header(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (version, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<2>()?;
    let (length, rest) = match version[0] {
        1 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk::<4>()?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        _ => return None,
    };
    let (text, data) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(text).ok()?.trim(), data))
}

/// What follows a key of the dictionary that a header is.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let behind = header.split_once(&format!("'{key}'"))?.1.trim_start();
    Some(behind.strip_prefix(':')?.trim_start())
}

fn quoted<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    value(header, key)?.strip_prefix('\'')?.split('\'').next()
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let inside = value(header, "shape")?.strip_prefix('(')?.split_once(')')?.0;
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    sizes.map(|size| size.parse().ok()).collect()
}
