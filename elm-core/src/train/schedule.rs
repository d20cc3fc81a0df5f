//! What changes over the course of training: the learning rate and how often
//! carried state is reset. Both are pure functions of the update's index.

use crate::random::{Draws, Purpose};

/// Linear warm-up, then half a cosine down to zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningRate {
    /// Highest learning rate.
    pub peak: f64,
    /// Number of warm-up updates `W`; the first one uses 0.
    pub warmup: u64,
    /// Total number of updates `D`.
    pub total: u64,
}

impl LearningRate {
    /// The learning rate of update `t`, counted from 0.
    ///
    /// # Equation
    /// ```text
    /// t < W: peak * t / W
    /// t < D: peak * (1 + cos(pi * (t - W) / (D - W))) / 2
    /// else:  0
    /// ```
    pub fn at(&self, t: u64) -> f64 {
        if t < self.warmup {
            self.peak * t as f64 / self.warmup as f64
        } else if t < self.total {
            let progress = (t - self.warmup) as f64 / (self.total - self.warmup) as f64;
            self.peak * half_cosine(progress)
        } else {
            0.0
        }
    }
}

/// How often the state carried from segment to segment is set to zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StateReset {
    /// Probability that is reached in the end.
    pub floor: f64,
    /// Updates over which it falls from 1 along a half cosine.
    pub warmup: u64,
}

impl StateReset {
    /// Probability of a reset before update `t`.
    pub fn probability(&self, t: u64) -> f64 {
        if t >= self.warmup {
            return self.floor;
        }
        self.floor + (1.0 - self.floor) * half_cosine(t as f64 / self.warmup as f64)
    }

    /// Is the state reset before update `t`? One draw for the whole batch.
    pub fn happens(&self, seed: u64, t: u64) -> bool {
        Draws::new(seed, Purpose::StateReset, [t, 0]).chance(self.probability(t))
    }
}

/// Falls from 1 to 0 as `progress` goes from 0 to 1.
fn half_cosine(progress: f64) -> f64 {
    0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_starts_at_zero_and_the_cosine_ends_there() {
        let rate = LearningRate { peak: 2.0, warmup: 4, total: 12 };
        assert_eq!([0, 1, 4].map(|t| rate.at(t)), [0.0, 0.5, 2.0]);
        assert!((rate.at(8) - 1.0).abs() < 1e-12);
        assert_eq!(rate.at(12), 0.0);
        assert_eq!(LearningRate { warmup: 0, ..rate }.at(0), 2.0);
    }

    #[test]
    fn resets_become_rare() {
        let reset = StateReset { floor: 0.25, warmup: 10 };
        assert_eq!(reset.probability(0), 1.0);
        assert!((reset.probability(5) - 0.625).abs() < 1e-12);
        assert_eq!(reset.probability(10), 0.25);
        assert!(reset.happens(3, 0));
        let often = (10..4010).filter(|&t| reset.happens(3, t)).count();
        assert!((900..1100).contains(&often), "{often}");
    }
}
