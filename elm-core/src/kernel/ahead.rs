//! Fetching what the next neuron needs while this one is computed.
//!
//! A neuron's weights come from a far cache in every step, and arrive in time
//! only if they are asked for early, some lines at a time: asking for all at
//! once fills the processor's queue, and its own loads wait behind them.
//!
//! Measured on a prototype of the text layer, training step on one thread:
//! without fetching 413 ms, with it 227. All lines at once in the scatter loop
//! made its backward steps 160 ms, spread over the neuron's work they took 115.

use super::simd::{CACHE_LINE, prefetch};
use std::ops::Range;

/// Lines asked for in a turn: 1.25 KiB.
///
/// Counted for the text layer at batch 8 on AVX-512: going forward a neuron has
/// 15 turns and the next one reads 11 KB, going backward 23 turns and 24 KB;
/// its synapses are 7 turns and 5 KB either way. With 16 lines a turn going back
/// takes 20 % longer, as the last of what it needs is not asked for; 24, 32 and
/// 40 lines take up to 4 % longer.
const TURN: usize = 20;

/// Most places to fetch from.
const PLACES: usize = 5;

/// A range of memory.
#[derive(Clone, Copy)]
pub(super) struct Fetch {
    next: *const u8,
    end: *const u8,
}

impl Fetch {
    const NOTHING: Fetch = Fetch { next: std::ptr::null(), end: std::ptr::null() };

    /// `len` elements from `start` on; they need not be valid.
    #[inline(always)]
    pub(super) fn new<T>(start: *const T, len: usize) -> Self {
        Fetch { next: start.cast(), end: start.wrapping_add(len).cast() }
    }
}

/// Memory still to be asked for, one place after the other.
#[derive(Clone, Copy)]
pub(super) struct Ahead([Fetch; PLACES]);

impl Ahead {
    #[inline(always)]
    pub(super) fn new<const N: usize>(places: [Fetch; N]) -> Self {
        let mut all = [Fetch::NOTHING; PLACES];
        all[..N].copy_from_slice(&places);
        Ahead(all)
    }

    /// Asks for the next lines. Called between the pieces of a neuron's work,
    /// often enough that all have been asked for in the end.
    #[inline(always)]
    pub(super) fn turn(&mut self) {
        let [now, ..] = &mut self.0;
        // A turn may go beyond the end by some lines: they are asked for in
        // vain, but lines are not counted one by one.
        if now.next < now.end {
            for line in 0..TURN {
                prefetch(now.next.wrapping_add(line * CACHE_LINE));
            }
            now.next = now.next.wrapping_add(TURN * CACHE_LINE);
        } else {
            *now = Fetch::NOTHING;
            self.0.rotate_left(1);
        }
    }
}

/// Parts of a loop, between which there are turns. Loops that ask in every
/// round whether there is one make compilers run out of registers.
#[inline(always)]
pub(super) fn between_turns(len: usize, every: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let part = start..(start + every).min(len);
        start += every;
        (!part.is_empty()).then_some(part)
    })
}
