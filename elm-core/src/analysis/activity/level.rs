//! How much a unit does: from never anything to always something.

use super::recording::Recording;

/// Share of steps from which on an active unit is called saturated.
pub const SATURATED: f64 = 0.99;

/// How much a unit does over some recordings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Mean value.
    pub mean: f64,
    /// Standard deviation of the value over time.
    pub standard_deviation: f64,
    /// Share of steps with a value above 0.
    pub share_active: f64,
}

impl Level {
    /// That of a unit; `None` without a step.
    pub fn of(recordings: &[Recording], unit: usize) -> Option<Self> {
        let values = || recordings.iter().flat_map(move |recording| recording.unit(unit));
        let (steps, sum, active) = values().fold((0usize, 0.0, 0usize), |(steps, sum, active), value| {
            (steps + 1, sum + value, active + usize::from(value > 0.0))
        });
        if steps == 0 {
            return None;
        }
        let mean = sum / steps as f64;
        let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / steps as f64;
        let share_active = active as f64 / steps as f64;
        Some(Level { mean, standard_deviation: variance.sqrt(), share_active })
    }

    /// Never above 0: it tells the others nothing.
    pub fn is_silent(&self) -> bool {
        self.share_active == 0.0
    }

    /// Above 0 in practically every step ([`SATURATED`]): it never rests, so
    /// its threshold does nothing.
    pub fn is_saturated(&self) -> bool {
        self.share_active >= SATURATED
    }
}
