//! Fetching what the next neuron needs while this one is computed.
//!
//! A neuron's weights come from a far cache in every step, and arrive in time
//! only if they are asked for early, some lines at a time: asking for all at
//! once fills the processor's queue and stalls it.

use super::simd::prefetch;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Lines asked for in a turn.
const TURN: usize = 16;

/// Memory still to be asked for: one place, then another.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    next: *const u8,
    end: *const u8,
    then: *const u8,
    then_end: *const u8,
}

impl Ahead {
    /// `len` elements from `start` on, then `then_len` from `then` on; none of
    /// them need be valid.
    #[inline(always)]
    pub(super) fn new<T, U>(start: *const T, len: usize, then: *const U, then_len: usize) -> Self {
        Ahead {
            next: start.cast(),
            end: start.wrapping_add(len).cast(),
            then: then.cast(),
            then_end: then.wrapping_add(then_len).cast(),
        }
    }

    /// Asks for the next lines. Called between the pieces of a neuron's work.
    #[inline(always)]
    pub(super) fn turn(&mut self) {
        if self.next >= self.end {
            (self.next, self.end) = (self.then, self.then_end);
            self.then = self.then_end;
        }
        // A turn may go beyond the end by some lines: they are asked for in
        // vain, but lines are not counted one by one.
        if self.next < self.end {
            for line in 0..TURN {
                prefetch(self.next.wrapping_add(line * LINE));
            }
            self.next = self.next.wrapping_add(TURN * LINE);
        }
    }
}
