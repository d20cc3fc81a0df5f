//! The connectome as the kernels read it: rows of a table as element offsets.

use super::ahead::Fetch;
use super::memory::{Buffer, Store};
use super::span::Span;

/// Rows of a table as element offsets (`row * width`), in 16 bits where they
/// fit: half the memory traffic of the connectome.
pub(super) enum Offsets {
    /// All below 2^16.
    Short(Buffer<u16>),
    /// Otherwise.
    Long(Buffer<u32>),
}

impl Offsets {
    /// `len` offsets into a table of `table` elements.
    pub(super) fn new(store: &Store, len: usize, table: usize) -> Self {
        if table <= 1 << 16 {
            Offsets::Short(store.take(len))
        } else {
            assert!(u32::try_from(table).is_ok(), "a table of {table} numbers is out of reach");
            Offsets::Long(store.take(len))
        }
    }

    /// To fetch `len` offsets from `start` on.
    #[inline(always)]
    pub(super) fn fetch(&self, start: usize, len: usize) -> Fetch {
        match self {
            Offsets::Short(offsets) => Fetch::new(Span::from(&offsets[..]).address(start), len),
            Offsets::Long(offsets) => Fetch::new(Span::from(&offsets[..]).address(start), len),
        }
    }

    pub(super) fn set(&mut self, i: usize, offset: usize) {
        match self {
            Offsets::Short(offsets) => offsets[i] = offset as u16,
            Offsets::Long(offsets) => offsets[i] = offset as u32,
        }
    }
}
