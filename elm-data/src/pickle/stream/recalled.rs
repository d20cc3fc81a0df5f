//! The first pass: which memories are recalled.

use super::source::Source;
use super::{Fault, MOST, Step};
use std::collections::HashSet;
use std::io::{Read, Seek};

/// What follows an opcode.
enum Argument {
    /// So many bytes.
    Bytes(u64),
    /// A string whose length is written in so many bytes.
    String(u8),
    /// So many lines.
    Lines(u8),
}

/// What follows an opcode; `None` of one that no data file has.
fn argument(opcode: u8) -> Option<Argument> {
    Some(match opcode {
        b'.' | b'(' | b'0' | b'1' | b'2' | b']' | b'}' | b')' | b'l' | b't' | b'd' | 0x85..=0x87 => {
            Argument::Bytes(0)
        }
        b'a' | b'e' | b's' | b'u' | 0x93 | b'R' | b'b' | b'N' | 0x88 | 0x89 | 0x94 | 0x98 => {
            Argument::Bytes(0)
        }
        0x80 | b'q' | b'K' | b'h' => Argument::Bytes(1),
        b'M' => Argument::Bytes(2),
        b'r' | b'J' | b'j' => Argument::Bytes(4),
        b'G' | 0x95 => Argument::Bytes(8),
        b'U' | b'C' | 0x8c | 0x8a => Argument::String(1),
        b'T' | b'X' | b'B' | 0x8b => Argument::String(4),
        0x8d | 0x8e | 0x96 => Argument::String(8),
        b'S' | b'V' | b'I' | b'L' | b'F' | b'p' | b'g' => Argument::Lines(1),
        b'c' => Argument::Lines(2),
        _ => return None,
    })
}

/// The numbers of all memories that are recalled, sorted.
pub(super) fn recalled<R: Read + Seek>(source: &mut Source<R>) -> Result<Vec<u32>, Fault> {
    let mut keys = HashSet::new();
    loop {
        let start = source.at();
        match step(source, &mut keys) {
            Ok(false) => {}
            Ok(true) => break,
            Err(reason) => return Err((start, reason)),
        }
    }
    let mut keys: Vec<u32> = keys.into_iter().collect();
    keys.sort_unstable();
    Ok(keys)
}

/// Passes over one opcode; true at the last.
fn step<R: Read + Seek>(source: &mut Source<R>, keys: &mut HashSet<u32>) -> Step<bool> {
    let [opcode] = source.fixed()?;
    let key = match opcode {
        b'.' => return Ok(true),
        b'h' => u32::from(source.fixed::<1>()?[0]),
        b'j' => u32::from_le_bytes(source.fixed()?),
        b'g' => source.number()?,
        _ => {
            match argument(opcode) {
                Some(Argument::Bytes(0)) => {}
                Some(Argument::Bytes(length)) => source.skip(length)?,
                Some(Argument::String(width)) => {
                    let length = source.length(width)?;
                    source.skip(length)?;
                }
                Some(Argument::Lines(lines)) => (0..lines).try_for_each(|_| source.line(false).map(drop))?,
                None => return Err(format!("opcode {opcode:#04x} is not among those of data files")),
            }
            return Ok(false);
        }
    };
    // Most keys come again and again, one after the other.
    if keys.insert(key) && keys.len() > MOST {
        return Err(format!("more than {MOST} memories are recalled; this is no data file"));
    }
    Ok(false)
}
