//! Fetching what the next neuron needs while this one is computed.
//!
//! A neuron's weights come from a far cache in every step, and arrive in time
//! only if they are asked for early, a few lines at a time: asking for all at
//! once fills the processor's queue and stalls it.

use super::simd::prefetch;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Places in memory still to be asked for, one after the other.
pub(super) struct Ahead {
    /// Start and number of lines.
    places: [(*const u8, usize); PLACES],
    /// The place that is being asked for.
    place: usize,
    /// Lines to ask for in each turn.
    pace: usize,
}

/// Most places that can be asked for.
const PLACES: usize = 8;

impl Ahead {
    /// Nothing to ask for yet.
    #[inline(always)]
    pub(super) fn new() -> Self {
        Ahead { places: [(std::ptr::null(), 0); PLACES], place: 0, pace: 0 }
    }

    /// Adds `len` elements from `start` on, which need not be valid, as place
    /// `i`.
    #[inline(always)]
    pub(super) fn add<T>(&mut self, i: usize, start: *const T, len: usize) {
        self.places[i] = (start.cast(), (len * size_of::<T>()).div_ceil(LINE));
    }

    /// Spreads all places over `turns` turns.
    #[inline(always)]
    pub(super) fn spread(&mut self, turns: usize) {
        let lines: usize = self.places.iter().map(|place| place.1).sum();
        self.pace = lines.div_ceil(turns.max(1));
    }

    /// Asks for the next lines.
    #[inline(always)]
    pub(super) fn turn(&mut self) {
        for _ in 0..self.pace {
            let (next, lines) = &mut self.places[self.place % PLACES];
            if *lines == 0 {
                self.place += 1;
                return;
            }
            prefetch(*next);
            *next = next.wrapping_add(LINE);
            *lines -= 1;
        }
    }
}
