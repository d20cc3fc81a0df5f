//! What changes over the course of training: the learning rate and how often
//! carried state is reset. Both are pure functions of the update's index.

use crate::random::{Draws, Purpose};

/// What becomes of the learning rate after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Schedule {
    /// Half a cosine from the peak down to zero, as published.
    Cosine,
    /// It stays at the peak.
    Constant,
    /// It is multiplied by a factor again and again.
    Step {
        /// Updates between two such changes, counted from the end of the warm-up.
        every: u64,
        /// The factor.
        factor: f64,
    },
    /// One rise and one fall over the whole training, both half cosines
    /// (Smith & Topin 2019, in PyTorch's form). It rises by itself, without a
    /// warm-up before it.
    OneCycle {
        /// Share of all updates in which it rises.
        rise: f64,
    },
}

/// The learning rate of every update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningRate {
    /// Highest learning rate.
    pub peak: f64,
    /// Number of warm-up updates `W`, linear; the first one uses 0.
    pub warmup: u64,
    /// Total number of updates `D`.
    pub total: u64,
    /// What follows the warm-up.
    pub schedule: Schedule,
}

impl LearningRate {
    /// A one-cycle learning rate begins at this part of its peak.
    pub const CYCLE_BEGIN: f64 = 1.0 / 25.0;
    /// It ends at this part of where it began.
    pub const CYCLE_END: f64 = 1e-4;

    /// Linear warm-up, then half a cosine down to zero: the published schedule.
    pub fn cosine(peak: f64, warmup: u64, total: u64) -> Self {
        LearningRate { peak, warmup, total, schedule: Schedule::Cosine }
    }

    /// The learning rate of update `t`, counted from 0.
    ///
    /// # Equation
    /// ```text
    /// t < W:    peak * t / W
    /// cosine:   peak * (1 + cos(pi * (t - W) / (D - W))) / 2, from D on 0
    /// constant: peak
    /// step:     peak * factor^floor((t - W) / every)
    /// ```
    /// One cycle, with `E = rise * D - 1` and `h(x) = (1 + cos(pi x)) / 2`:
    /// ```text
    /// t <= E: peak + (begin - peak) * h(t / E),               begin = peak / 25
    /// else:   end + (peak - end) * h((t - E) / (D - 1 - E)),  end = begin / 10^4
    /// ```
    pub fn at(&self, t: u64) -> f64 {
        if let Schedule::OneCycle { rise } = self.schedule {
            return self.in_cycle(t, rise);
        }
        if t < self.warmup {
            return self.peak * t as f64 / self.warmup as f64;
        }
        let since = t - self.warmup;
        match self.schedule {
            Schedule::Cosine if t < self.total => {
                self.peak * half_cosine(since as f64 / (self.total - self.warmup) as f64)
            }
            Schedule::Cosine => 0.0,
            Schedule::Step { every, factor } => self.peak * factor.powf((since / every.max(1)) as f64),
            Schedule::Constant | Schedule::OneCycle { .. } => self.peak,
        }
    }

    fn in_cycle(&self, t: u64, rise: f64) -> f64 {
        let begin = self.peak * Self::CYCLE_BEGIN;
        let end = begin * Self::CYCLE_END;
        let last = self.total.saturating_sub(1) as f64;
        let (t, top) = ((t as f64).min(last), (rise * self.total as f64 - 1.0).max(0.0));
        // A phase without any length is at its end.
        let progress = |from: f64, to: f64| if to > from { (t - from) / (to - from) } else { 1.0 };
        if t <= top {
            self.peak + (begin - self.peak) * half_cosine(progress(0.0, top))
        } else {
            end + (self.peak - end) * half_cosine(progress(top, last))
        }
    }

    /// Number of updates from the first on whose learning rate does not depend
    /// on how long the training is.
    pub fn regardless_of_total(&self) -> u64 {
        match self.schedule {
            Schedule::Cosine => self.warmup,
            Schedule::Constant | Schedule::Step { .. } => u64::MAX,
            Schedule::OneCycle { .. } => 0,
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
        let rate = LearningRate::cosine(2.0, 4, 12);
        assert_eq!([0, 1, 4].map(|t| rate.at(t)), [0.0, 0.5, 2.0]);
        assert!((rate.at(8) - 1.0).abs() < 1e-12);
        assert_eq!(rate.at(12), 0.0);
        assert_eq!(LearningRate { warmup: 0, ..rate }.at(0), 2.0);
    }

    #[test]
    fn a_constant_rate_stays_at_its_peak_after_the_warm_up() {
        let rate = LearningRate { schedule: Schedule::Constant, ..LearningRate::cosine(2.0, 4, 12) };
        assert_eq!([0, 1, 4, 11, 12, 1000].map(|t| rate.at(t)), [0.0, 0.5, 2.0, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn steps_are_counted_from_the_end_of_the_warm_up() {
        let schedule = Schedule::Step { every: 3, factor: 0.5 };
        let rate = LearningRate { schedule, ..LearningRate::cosine(2.0, 2, 12) };
        let wanted = [0.0, 1.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 0.5];
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8].map(|t| rate.at(t)), wanted);
    }

    #[test]
    fn a_cycle_rises_to_its_peak_and_falls_below_its_beginning() {
        let cycle = |rise, total| LearningRate {
            schedule: Schedule::OneCycle { rise },
            ..LearningRate::cosine(2.0, 0, total)
        };
        let near = |got: f64, wanted: f64| assert!((got - wanted).abs() < 1e-12, "{got} is not {wanted}");
        let rate = cycle(0.3, 10); // the peak at 2, the end at 9
        near(rate.at(0), 2.0 / 25.0);
        near(rate.at(1), (2.0 + 2.0 / 25.0) / 2.0);
        near(rate.at(2), 2.0);
        near(rate.at(9), 2.0 / 25.0 * 1e-4);
        assert_eq!(rate.at(10), rate.at(9));
        assert!((2..9).all(|t| rate.at(t) > rate.at(t + 1)));
        // Phases without length, and trainings without updates.
        near(cycle(0.0, 10).at(0), 2.0);
        near(cycle(1.0, 10).at(9), 2.0);
        near(cycle(0.3, 1).at(0), 2.0);
        assert!(cycle(0.3, 0).at(0).is_finite());
    }

    /// What comes after the updates done may be changed without changing them.
    #[test]
    fn updates_regardless_of_the_total_have_the_same_rate_with_another_one() {
        let schedules = [
            Schedule::Cosine,
            Schedule::Constant,
            Schedule::Step { every: 5, factor: 0.1 },
            Schedule::OneCycle { rise: 0.3 },
        ];
        for schedule in schedules {
            let rate = |total| LearningRate { schedule, ..LearningRate::cosine(1.0, 10, total) };
            for t in 0..rate(100).regardless_of_total().min(200) {
                assert_eq!(rate(100).at(t), rate(150).at(t), "{schedule:?} {t}");
            }
        }
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
