//! Random numbers as pure functions of what they are for.
//!
//! Every draw of a run comes from a [`Draws`] keyed by the run's seed, its
//! purpose and its place, so nothing has to be saved to continue a run and
//! every backend starts from the same numbers.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of random numbers is for; streams of different purpose are
/// independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Which source each synapse reads.
    Connectome = 1,
    /// Initial weights.
    Weights = 2,
    /// Dropout masks that stay the same over a sequence.
    Dropout = 3,
    /// Dropout masks that change with every time step.
    DropoutPerStep = 4,
    /// Whether the carried state is reset before an update.
    StateReset = 5,
    /// Symbols drawn from a trained model.
    Generation = 6,
    /// Made-up inputs for benchmarks and built-in records.
    MadeUp = 7,
    /// Measurements drawn anew for an interval.
    Bootstrap = 8,
    /// Places where a search begins.
    Starts = 9,
}

/// A stream of random numbers.
pub struct Draws(ChaCha8Rng);

impl Draws {
    /// The stream of a purpose; `place` tells layers, steps or samples apart.
    pub fn new(seed: u64, purpose: Purpose, place: [u64; 2]) -> Self {
        let mut key = [0; 32];
        for (bytes, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, place[0], place[1]]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Draws(ChaCha8Rng::from_seed(key))
    }

    /// Uniform in `0..1` with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `-bound..bound`.
    pub fn symmetric(&mut self, bound: f64) -> f32 {
        ((2.0 * self.unit() - 1.0) * bound) as f32
    }

    /// Of a normal distribution with mean 0 and variance 1 (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Uniform integer below `end`, which is at least 1.
    pub fn below(&mut self, end: u32) -> u32 {
        // Lemire's multiply-shift: the bias of at most 2^-32 is beyond any use here.
        ((self.0.next_u64() >> 32).wrapping_mul(u64::from(end)) >> 32) as u32
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A 64-bit key for a hash-like use.
    pub fn key(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_every_part_of_its_key() {
        let first = |seed, purpose, place| Draws::new(seed, purpose, place).key();
        let base = first(1, Purpose::Dropout, [2, 3]);
        assert_eq!(base, first(1, Purpose::Dropout, [2, 3]));
        for other in [
            first(2, Purpose::Dropout, [2, 3]),
            first(1, Purpose::Weights, [2, 3]),
            first(1, Purpose::Dropout, [3, 3]),
            first(1, Purpose::Dropout, [2, 4]),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn draws_are_spread_over_their_range() {
        let mut draws = Draws::new(7, Purpose::MadeUp, [0, 0]);
        let mut seen = [0; 5];
        for _ in 0..5000 {
            seen[draws.below(5) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (850..1150).contains(&count)), "{seen:?}");
        let mut tenths = [0; 10];
        for _ in 0..5000 {
            tenths[(draws.unit() * 10.0) as usize] += 1;
        }
        assert!(tenths.iter().all(|&count| (400..600).contains(&count)), "{tenths:?}");
    }
}
