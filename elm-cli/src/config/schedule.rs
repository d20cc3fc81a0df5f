//! The learning rate, in `[training]`.

use super::conditions::where_is;
use super::names::names;
use super::place::ConfigError;
use super::ranges::{count, one_of, positive, share};
use super::section::settings;
use super::settings::Settings;
use elm_core::train::{LearningRate, Schedule};

names! {
    /// What becomes of the learning rate after the warm-up.
    #[allow(missing_docs)] // as of `Schedule`
    pub enum ScheduleName {
        Cosine = "cosine",
        Constant = "constant",
        Step = "step",
        OneCycle = "one_cycle",
    }
}

settings! {
    /// The learning rate of every update.
    #[derive(Debug, Clone, PartialEq)]
    pub struct LearningRateConfig {
        /// highest learning rate
        learning_rate: f64 = positive(), 5e-4;
        /// what follows the warm-up: a half cosine to 0, nothing, repeated steps down; or one rise from a 25th and a fall to a 250000th of the highest, without warm-up
        schedule: ScheduleName = one_of::<ScheduleName>(), ScheduleName::Cosine;
        /// updates of linear warm-up
        warmup_steps: u64 = count(0), if schedule == ScheduleName::OneCycle { 0 } else { 100 },
            "100; 0 for one_cycle";
        /// updates between two steps of schedule = "step"
        step_every: Option<u64> = count(1), None, "none" => [where_is("training.schedule", &[ScheduleName::Step])];
        /// factor of the learning rate at every such step
        step_factor: f64 = positive(), 0.1 => [where_is("training.schedule", &[ScheduleName::Step])];
        /// share of all updates in which schedule = "one_cycle" rises
        cycle_rise: f64 = share(), 0.3 => [where_is("training.schedule", &[ScheduleName::OneCycle])];
    }
}

impl LearningRateConfig {
    /// Refuses settings that contradict each other.
    ///
    /// # Errors
    /// [`ConfigError`] at one of them.
    pub(super) fn check(&self, settings: &Settings) -> Result<(), ConfigError> {
        if self.schedule == ScheduleName::Step && self.step_every.is_none() {
            let message = "\"step\" needs training.step_every, the updates after which the learning rate \
                           is multiplied by training.step_factor";
            return Err(settings.error("training.schedule", message));
        }
        if self.schedule == ScheduleName::OneCycle && self.warmup_steps > 0 {
            let message = "training.schedule = \"one_cycle\" rises by itself (training.cycle_rise); take 0";
            return Err(settings.error("training.warmup_steps", message));
        }
        Ok(())
    }

    /// The learning rate of every one of `total` updates.
    pub fn of(&self, total: u64) -> LearningRate {
        let schedule = match self.schedule {
            ScheduleName::Cosine => Schedule::Cosine,
            ScheduleName::Constant => Schedule::Constant,
            ScheduleName::Step => {
                // Checked: there is one.
                Schedule::Step { every: self.step_every.unwrap_or(total), factor: self.step_factor }
            }
            ScheduleName::OneCycle => Schedule::OneCycle { rise: self.cycle_rise },
        };
        LearningRate { peak: self.learning_rate, warmup: self.warmup_steps, total, schedule }
    }

    /// What is odd about these settings in a run of `total` updates, for people.
    pub fn warning(&self, total: u64) -> Option<String> {
        let odd = self.warmup_steps >= total && self.warmup_steps > 0;
        odd.then(|| {
            format!(
                "training.warmup_steps = {} is not shorter than the run of {total} updates: the learning rate \
                 never reaches training.learning_rate = {}",
                self.warmup_steps, self.learning_rate
            )
        })
    }
}
