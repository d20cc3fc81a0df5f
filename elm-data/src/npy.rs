//! One NumPy array, as `numpy.save` writes it.
//!
//! Read here rather than by a library: the header is one line of a fixed form,
//! and a general parser of Python literals would recurse on, and allocate by,
//! what a damaged file says.

use half::f16;

/// An array in C order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NpyArray {
    /// Its shape; empty for a single value.
    pub(crate) shape: Vec<usize>,
    /// Its values.
    pub(crate) values: NpyValues,
}

/// The values of an array by what they mean to a reader.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NpyValues {
    /// Of `float16`, `float32` and `float64`.
    Real(Vec<f32>),
    /// Of all kinds of integers.
    Integer(Vec<i64>),
    /// Of `bool`.
    Boolean(Vec<bool>),
    /// Of `str` and `bytes`.
    Text(Vec<String>),
}

/// Longer headers are no plain arrays.
const LONGEST_HEADER: usize = 1 << 16;

const MAGIC: &[u8; 6] = b"\x93NUMPY";

impl NpyArray {
    /// The array of a file's bytes.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let (header, data) = header_and_data(bytes)?;
        let descr = quoted(field(header, "descr")?)?;
        let shape = shape_of(field(header, "shape")?)?;
        let fortran = match field(header, "fortran_order")?.trim_start() {
            text if text.starts_with("False") => false,
            text if text.starts_with("True") => true,
            _ => return Err("its header does not say fortran_order: True or False".into()),
        };
        let kind = Kind::of(descr)?;
        let count = shape.iter().try_fold(1_usize, |all, &size| all.checked_mul(size));
        let size = count.and_then(|count| count.checked_mul(kind.size));
        if size != Some(data.len()) {
            return Err(format!(
                "an array of shape {shape:?} and type {descr} needs {} bytes, {} are there",
                size.map_or("too many".into(), |size| size.to_string()),
                data.len()
            ));
        }
        let values = kind.values(data)?;
        let values = if fortran { values.reordered(&shape) } else { values };
        Ok(NpyArray { shape, values })
    }
}

/// The header's text, and what follows it.
fn header_and_data(bytes: &[u8]) -> Result<(&str, &[u8]), String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("this is no NumPy array (it does not start as one)")?;
    let (length, rest) = match rest {
        [1, _, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        _ => return Err("its header is cut off or of an unknown version".into()),
    };
    if length > LONGEST_HEADER {
        return Err(format!("its header has {length} bytes; expected {LONGEST_HEADER} at most"));
    }
    let (header, data) = rest.split_at_checked(length).ok_or("its header is cut off")?;
    let header = std::str::from_utf8(header).map_err(|_| "its header is not text")?;
    Ok((header, data))
}

/// What follows a key of the header.
fn field<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let found = ['\'', '"'].iter().find_map(|quote| header.split_once(&format!("{quote}{key}{quote}:")));
    found.map(|(_, after)| after).ok_or_else(|| format!("its header does not tell its {key}"))
}

/// The string that a text begins with.
fn quoted(text: &str) -> Result<&str, String> {
    let text = text.trim_start();
    let parts = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.split_once(*quote));
    let why = "it is a table of several types; expected an array of numbers or texts";
    parts.map(|(own, _)| own).ok_or_else(|| why.into())
}

/// `(3, 4)` as numbers.
fn shape_of(text: &str) -> Result<Vec<usize>, String> {
    let wrong = || "its header has no shape such as (3, 4)".to_string();
    let inner =
        text.trim_start().strip_prefix('(').and_then(|text| text.split_once(')')).ok_or_else(wrong)?;
    let sizes = inner.0.split(',').map(str::trim).filter(|size| !size.is_empty());
    sizes.map(|size| size.trim_end_matches('L').parse().map_err(|_| wrong())).collect()
}

/// The type of an entry.
struct Kind {
    letter: u8,
    /// Bytes of an entry.
    size: usize,
    big_endian: bool,
}

impl Kind {
    fn of(descr: &str) -> Result<Self, String> {
        let unknown = || {
            format!(
                "its type is {descr}; expected numbers, booleans or texts (complex and objects are not read)"
            )
        };
        let &[order, letter, ref size @ ..] = descr.as_bytes() else { return Err(unknown()) };
        let size: usize = std::str::from_utf8(size).ok().and_then(|s| s.parse().ok()).ok_or_else(unknown)?;
        let known = match letter {
            b'f' => matches!(size, 2 | 4 | 8),
            b'i' | b'u' => matches!(size, 1 | 2 | 4 | 8),
            b'b' => size == 1,
            b'U' | b'S' => (1..=LONGEST_HEADER).contains(&size),
            _ => false,
        };
        if !known || !matches!(order, b'<' | b'>' | b'|' | b'=') {
            return Err(unknown());
        }
        let size = if letter == b'U' { 4 * size } else { size };
        Ok(Kind { letter, size, big_endian: order == b'>' })
    }

    fn values(&self, data: &[u8]) -> Result<NpyValues, String> {
        let entries = || data.chunks_exact(self.size);
        Ok(match self.letter {
            b'f' => NpyValues::Real(entries().map(|entry| self.real(entry)).collect()),
            b'b' => NpyValues::Boolean(data.iter().map(|&byte| byte != 0).collect()),
            b'i' | b'u' => NpyValues::Integer(entries().map(|e| self.integer(e)).collect::<Result<_, _>>()?),
            _ => NpyValues::Text(entries().map(|entry| self.text(entry)).collect()),
        })
    }

    /// The entry's bytes as a number, least significant first.
    fn bits(&self, entry: &[u8]) -> u64 {
        let shifted = |all: u64, &byte: &u8| all << 8 | u64::from(byte);
        if self.big_endian { entry.iter().fold(0, shifted) } else { entry.iter().rev().fold(0, shifted) }
    }

    fn real(&self, entry: &[u8]) -> f32 {
        let bits = self.bits(entry);
        match self.size {
            2 => f16::from_bits(bits as u16).to_f32(),
            4 => f32::from_bits(bits as u32),
            _ => f64::from_bits(bits) as f32,
        }
    }

    fn integer(&self, entry: &[u8]) -> Result<i64, String> {
        let bits = self.bits(entry);
        if self.letter == b'u' {
            return i64::try_from(bits).map_err(|_| format!("{bits} is too large"));
        }
        // The sign is the topmost bit of the entry.
        let unused = 64 - 8 * self.size as u32;
        Ok((bits << unused).cast_signed() >> unused)
    }

    /// Texts are padded with zeros.
    fn text(&self, entry: &[u8]) -> String {
        let letters =
            |part: &[u8]| char::from_u32(self.bits(part) as u32).unwrap_or(char::REPLACEMENT_CHARACTER);
        let text: String = match self.letter {
            b'U' => entry.chunks_exact(4).map(letters).collect(),
            _ => String::from_utf8_lossy(entry).into_owned(),
        };
        text.trim_end_matches('\0').to_string()
    }
}

impl NpyValues {
    /// Values in Fortran order, the first index fastest, in C order.
    fn reordered(self, shape: &[usize]) -> Self {
        match self {
            NpyValues::Real(values) => NpyValues::Real(in_c_order(&values, shape)),
            NpyValues::Integer(values) => NpyValues::Integer(in_c_order(&values, shape)),
            NpyValues::Boolean(values) => NpyValues::Boolean(in_c_order(&values, shape)),
            NpyValues::Text(values) => NpyValues::Text(in_c_order(&values, shape)),
        }
    }
}

fn in_c_order<V: Clone>(values: &[V], shape: &[usize]) -> Vec<V> {
    let place = |mut index: usize| {
        let (mut place, mut stride) = (0, values.len());
        for &size in shape.iter().rev() {
            stride /= size;
            place += index % size * stride;
            index /= size;
        }
        place
    };
    (0..values.len()).map(|index| values[place(index)].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `numpy.save` of version 1.0 writes it.
    pub(crate) fn file(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
        while !(MAGIC.len() + 4 + header.len() + 1).is_multiple_of(64) {
            header.push(' ');
        }
        header.push('\n');
        let length = (header.len() as u16).to_le_bytes();
        [&MAGIC[..], &[1, 0], &length, header.as_bytes(), data].concat()
    }

    fn values(descr: &str, shape: &str, data: &[u8]) -> NpyValues {
        NpyArray::parse(&file(descr, "False", shape, data)).unwrap().values
    }

    #[test]
    fn every_type_is_read_in_both_byte_orders() {
        assert_eq!(values("<f4", "(1,)", &1.5_f32.to_le_bytes()), NpyValues::Real(vec![1.5]));
        assert_eq!(values(">f8", "(1,)", &(-2.5_f64).to_be_bytes()), NpyValues::Real(vec![-2.5]));
        assert_eq!(values("<f2", "(1,)", &[0x00, 0x3e]), NpyValues::Real(vec![1.5]));
        assert_eq!(values("|i1", "(2,)", &[0xff, 1]), NpyValues::Integer(vec![-1, 1]));
        assert_eq!(values(">i2", "()", &[0xff, 0xfe]), NpyValues::Integer(vec![-2]));
        assert_eq!(values("<i8", "(1,)", &(-3_i64).to_le_bytes()), NpyValues::Integer(vec![-3]));
        assert_eq!(values("|u1", "(1,)", &[255]), NpyValues::Integer(vec![255]));
        assert_eq!(values("|b1", "(2,)", &[0, 1]), NpyValues::Boolean(vec![false, true]));
        assert_eq!(values("|S3", "(2,)", b"ab\0xyz"), NpyValues::Text(vec!["ab".into(), "xyz".into()]));
        let text: Vec<u8> = ['ä', '\0'].iter().flat_map(|&c| (c as u32).to_le_bytes()).collect();
        assert_eq!(values("<U2", "(1,)", &text), NpyValues::Text(vec!["ä".into()]));
    }

    #[test]
    fn fortran_order_is_turned_into_c_order() {
        let array = NpyArray::parse(&file("|u1", "True", "(2, 3)", &[0, 3, 1, 4, 2, 5])).unwrap();
        assert_eq!((array.shape, array.values), (vec![2, 3], NpyValues::Integer(vec![0, 1, 2, 3, 4, 5])));
        let empty = NpyArray::parse(&file("|u1", "True", "(0, 3)", &[])).unwrap();
        assert_eq!(empty.values, NpyValues::Integer(vec![]));
    }

    #[test]
    fn what_is_no_plain_array_is_refused_in_words() {
        let refused = |bytes: &[u8]| NpyArray::parse(bytes).unwrap_err();
        let whole = file("<f4", "False", "(2,)", &[0; 8]);
        assert!(refused(&whole[..whole.len() - 1]).contains("needs 8 bytes, 7 are there"));
        (0..whole.len()).for_each(|length| drop(refused(&whole[..length])));
        assert!(refused(&file("|O", "False", "(2,)", &[0; 8])).contains("its type is |O"));
        assert!(refused(&file("<c8", "False", "(1,)", &[0; 8])).contains("complex"));
        assert!(refused(&file("<f4", "False", "(4294967296, 4294967296, 2)", &[])).contains("too many"));
        assert!(refused(&file("<f4", "False", "2", &[0; 8])).contains("no shape"));
        assert!(refused(b"PK\x03\x04").contains("no NumPy array"));
        assert!(refused(&file("<u8", "False", "(1,)", &[255; 8])).contains("too large"));
    }

    #[test]
    fn no_flipped_bit_of_a_header_panics() {
        let whole = file("<U2", "True", "(1, 2)", &[65; 16]);
        for place in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[place] ^= 1 << bit;
                let _ = NpyArray::parse(&bytes);
            }
        }
    }
}
