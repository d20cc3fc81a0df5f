//! Types of numbers, and their bytes.

use super::Numbers;
use half::{bf16, f16};

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Float,
    Double,
    Half,
    BFloat16,
    /// Signed, of so many bytes.
    Signed(usize),
    /// Unsigned, of so many bytes.
    Unsigned(usize),
}

impl Element {
    /// That of a storage of PyTorch, e.g. `FloatStorage`.
    pub(super) fn of_storage(name: &str) -> Option<Self> {
        Some(match name {
            "FloatStorage" => Element::Float,
            "DoubleStorage" => Element::Double,
            "HalfStorage" => Element::Half,
            "BFloat16Storage" => Element::BFloat16,
            "LongStorage" => Element::Signed(8),
            "IntStorage" => Element::Signed(4),
            "ShortStorage" => Element::Signed(2),
            "CharStorage" => Element::Signed(1),
            "ByteStorage" | "BoolStorage" => Element::Unsigned(1),
            _ => return None,
        })
    }

    /// That of a type as NumPy writes it without the order of bytes, e.g. `f4`.
    pub(super) fn of_numpy(name: &str) -> Option<Self> {
        Some(match name {
            "f2" => Element::Half,
            "f4" => Element::Float,
            "f8" => Element::Double,
            "i1" => Element::Signed(1),
            "i2" => Element::Signed(2),
            "i4" => Element::Signed(4),
            "i8" => Element::Signed(8),
            "b1" | "u1" => Element::Unsigned(1),
            "u2" => Element::Unsigned(2),
            "u4" => Element::Unsigned(4),
            _ => return None,
        })
    }

    /// Bytes of a number.
    pub(super) fn width(self) -> usize {
        match self {
            Element::Half | Element::BFloat16 => 2,
            Element::Float => 4,
            Element::Double => 8,
            Element::Signed(width) | Element::Unsigned(width) => width,
        }
    }

    /// The numbers in these bytes; what is left at the end is passed over.
    pub(super) fn numbers(self, bytes: &[u8], big_endian: bool) -> Numbers {
        let words = bytes.chunks_exact(self.width()).map(|word| bits(word, big_endian));
        let floats = |number: fn(u64) -> f32| Numbers::Floats(words.clone().map(number).collect());
        match self {
            Element::Float => floats(|bits| f32::from_bits(bits as u32)),
            Element::Double => floats(|bits| f64::from_bits(bits) as f32),
            Element::Half => floats(|bits| f16::from_bits(bits as u16).to_f32()),
            Element::BFloat16 => floats(|bits| bf16::from_bits(bits as u16).to_f32()),
            Element::Signed(width) => {
                let unused = 64 - 8 * width as u32;
                Numbers::Integers(words.map(|bits| ((bits << unused) as i64) >> unused).collect())
            }
            Element::Unsigned(_) => Numbers::Integers(words.map(|bits| bits as i64).collect()),
        }
    }
}

/// The bits of a word of up to eight bytes.
fn bits(word: &[u8], big_endian: bool) -> u64 {
    let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
    if big_endian { word.iter().fold(0, join) } else { word.iter().rev().fold(0, join) }
}
