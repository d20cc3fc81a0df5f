//! Pickles that are larger than memory: read from a file in two passes, with
//! what nobody asked for passed over.
//!
//! The first pass (`recalled`) lists which objects the pickle refers back
//! to, the second (`machine`) runs the opcodes. Python remembers every
//! object it writes; a file of thirteen million numbers has forty million
//! memories, a few hundred of which are ever recalled. Only those are kept.
//! Numbers lie in the machine's stack itself and in plain lists of integers,
//! so that no object is made for any of them. Long strings are kept under the
//! keys that the caller names, else only their length is looked at.
//!
//! Nothing is ever executed: names of Python objects outside of a short list
//! (`global`) are refused.

mod calls;
mod global;
mod machine;
mod object;
mod recalled;
mod scalars;
mod source;
mod tree;

pub(crate) use tree::{Item, Streamed};

use std::io::{Read, Seek};

/// Where in the file something is wrong, and what.
pub(crate) type Fault = (u64, String);

/// What is inside of the machine: a fault without its place.
type Step<T> = Result<T, String>;

/// Objects, stack places, memories and members of lists (but whole numbers)
/// beyond this number are refused; the largest published file has fewer than
/// two hundred thousand.
const MOST: usize = 2_000_000;

/// Whole numbers in lists beyond this number are refused; a published file
/// has about thirteen million.
const MOST_INTEGERS: usize = 64_000_000;

/// Strings up to this length are always kept, in bytes.
const SHORT: u64 = 4096;

/// Strings beyond this length are never kept, in bytes.
const LONGEST: u64 = 64 << 20;

/// Reads a pickle of protocol 0 to 5. Strings and arrays of more than 4 KiB
/// are kept under a dictionary's key that is among `kept`.
///
/// # Errors
/// The byte at which the file cannot be read, is cut off or has what no data
/// file has, and what that is.
pub(crate) fn read<R: Read + Seek>(file: &mut R, size: u64, kept: &[&[u8]]) -> Result<Streamed, Fault> {
    let keys = recalled::recalled(&mut source::Source::new(&mut *file, size)?)?;
    machine::run(source::Source::new(file, size)?, keys, kept)
}

#[cfg(test)]
mod tests;
