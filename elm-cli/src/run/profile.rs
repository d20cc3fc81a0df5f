//! Where the time of a training goes: `elm train --profile`.

use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// What time is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Before the first update: data is read or made, the model built.
    Start,
    /// Waiting for batches.
    Data,
    /// From a batch to the objective.
    Forward,
    /// Gradients.
    Backward,
    /// Clipping and update.
    Optimizer,
    /// Validations.
    Validation,
    /// The test, and the simple models it is compared with.
    Test,
    /// Saving weights and state, until they would survive a crash.
    Checkpoints,
    /// Metrics, events, log and progress.
    Logging,
    /// Everything else.
    Other,
}

const PARTS: [(Part, &str); 10] = [
    (Part::Start, "start"),
    (Part::Data, "data"),
    (Part::Forward, "forward"),
    (Part::Backward, "backward"),
    (Part::Optimizer, "optimizer"),
    (Part::Validation, "validation"),
    (Part::Test, "test"),
    (Part::Checkpoints, "checkpoints"),
    (Part::Logging, "logging"),
    (Part::Other, "other"),
];

/// Adds up the time of each part; switched off, it does nothing.
pub(crate) struct Stopwatch {
    /// When it was started; `None`: switched off.
    began: Option<Instant>,
    spent: [Cell<Duration>; PARTS.len()],
}

/// Where the time of a process went that trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Wall-clock seconds, the start included.
    pub seconds: f64,
    /// Updates of this process.
    pub steps: u64,
    /// Each part; together they are all of it.
    pub parts: BTreeMap<Part, PartTime>,
}

/// The time of a part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PartTime {
    /// Seconds.
    pub seconds: f64,
    /// Share of all, from 0 to 1.
    pub share: f64,
    /// Milliseconds for each update; `None` without any.
    pub ms_per_step: Option<f64>,
}

impl Stopwatch {
    /// Starts, if it is wanted.
    pub(crate) fn new(wanted: bool) -> Self {
        Stopwatch { began: wanted.then(Instant::now), spent: Default::default() }
    }

    /// Does `work`, whose time is that of `part`. Timed work is not nested.
    pub(crate) fn timed<R>(&self, part: Part, work: impl FnOnce() -> R) -> R {
        if self.began.is_none() {
            return work();
        }
        let began = Instant::now();
        let result = work();
        self.add(part, began.elapsed());
        result
    }

    /// Adds time that was measured elsewhere.
    pub(crate) fn add_seconds(&self, part: Part, seconds: f64) {
        if self.began.is_some() {
            self.add(part, Duration::try_from_secs_f64(seconds).unwrap_or_default());
        }
    }

    /// What no part has had so far was that of `part`.
    pub(crate) fn add_rest(&self, part: Part) {
        if let Some(began) = self.began {
            self.add(part, began.elapsed().saturating_sub(self.sum()));
        }
    }

    /// Where the time went, with so many updates; `None` when switched off.
    pub(crate) fn profile(&self, steps: u64) -> Option<Profile> {
        let all = self.began?.elapsed();
        let rest = all.saturating_sub(self.sum());
        let time = |(part, _): (Part, &str)| {
            let own = if part == Part::Other { rest } else { self.spent[part as usize].get() };
            let seconds = own.as_secs_f64();
            let share = seconds / all.as_secs_f64().max(f64::MIN_POSITIVE);
            let ms_per_step = (steps > 0).then(|| 1000.0 * seconds / steps as f64);
            (part, PartTime { seconds, share, ms_per_step })
        };
        Some(Profile { seconds: all.as_secs_f64(), steps, parts: PARTS.map(time).into() })
    }

    fn add(&self, part: Part, time: Duration) {
        let spent = &self.spent[part as usize];
        spent.set(spent.get() + time);
    }

    fn sum(&self) -> Duration {
        self.spent.iter().map(Cell::get).sum()
    }
}

impl Profile {
    /// The table for people.
    pub fn table(&self) -> String {
        let mut text = format!("where {:.1} s and {} updates went:\n", self.seconds, self.steps);
        let _ = writeln!(text, "{:<12}{:>10}{:>10}{:>16}", "", "seconds", "share", "ms per update");
        for (part, name) in PARTS {
            let Some(time) = self.parts.get(&part) else { continue };
            let each = time.ms_per_step.map_or(String::new(), |ms| format!("{ms:.3}"));
            let share = 100.0 * time.share;
            let _ = writeln!(text, "{name:<12}{:>10.3}{share:>8.2} %{each:>16}", time.seconds);
        }
        text.truncate(text.trim_end().len());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_listed_in_their_order_and_are_all_of_the_time() {
        PARTS.iter().enumerate().for_each(|(place, (part, _))| assert_eq!(*part as usize, place));
        let watch = Stopwatch::new(true);
        watch.add_rest(Part::Start);
        assert_eq!(watch.timed(Part::Data, || 7), 7);
        watch.add_seconds(Part::Forward, 1e-6);
        watch.add_seconds(Part::Backward, f64::NAN);
        let profile = watch.profile(4).unwrap();
        let sum: f64 = profile.parts.values().map(|time| time.seconds).sum();
        assert!((sum - profile.seconds).abs() <= 2e-6, "{sum} of {}", profile.seconds);
        assert_eq!(profile.parts[&Part::Forward].ms_per_step, Some(0.00025));
        assert_eq!(profile.table().lines().count(), 2 + PARTS.len());
        assert!(profile.table().contains("forward          0.000"), "{}", profile.table());
        let text = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), profile);
    }

    #[test]
    fn switched_off_it_tells_nothing() {
        let watch = Stopwatch::new(false);
        assert_eq!(watch.timed(Part::Data, || 7), 7);
        watch.add_seconds(Part::Forward, 1.0);
        watch.add_rest(Part::Start);
        assert!(watch.profile(4).is_none() && watch.sum().is_zero());
    }
}
