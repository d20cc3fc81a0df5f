//! From the numbers of an axis to places on the drawing.

use super::Axis;
use super::ticks::Ticks;

/// An axis with its ends, numbers at `low` and `high` drawn at `start`, `end`.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    pub(super) log: bool,
    /// Is it labelled at whole numbers only?
    pub(super) whole: bool,
    /// Places that are labelled, with their names, instead of round numbers.
    named: Option<Vec<(f64, String)>>,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) start: f64,
    pub(super) end: f64,
}

impl Scale {
    /// The scale of an axis over these numbers, with a little room around them
    /// unless `tight`; where it is drawn comes later.
    pub(super) fn over(axis: &Axis, values: impl Iterator<Item = f64>, tight: bool) -> Scale {
        let [low, high] = axis.range.unwrap_or_else(|| {
            let ends = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
                [low.min(value), high.max(value)]
            });
            if tight && ends[0] < ends[1] { ends } else { widened(ends, axis.log) }
        });
        let named = axis.named.clone();
        Scale { log: axis.log, whole: axis.whole, named, low, high, start: 0.0, end: 1.0 }
    }

    /// Drawn from here to there.
    pub(super) fn drawn(self, start: f64, end: f64) -> Scale {
        Scale { start, end, ..self }
    }

    /// Where a number is drawn.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = match self.log {
            true => (value / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        };
        self.start + share * (self.end - self.start)
    }

    /// Labelled places, as many as can be read.
    pub(super) fn ticks(&self) -> Ticks {
        if let Some(major) = &self.named {
            return Ticks { major: major.clone(), minor: Vec::new() };
        }
        if self.log {
            return Ticks::log(self.low, self.high);
        }
        // Labels are wider than they are high; downward is upward in numbers.
        let wanted = if self.end > self.start { 7 } else { 5 };
        match self.whole {
            true => Ticks::linear(self.low, self.high, wanted.min((self.high - self.low) as usize)),
            false => Ticks::linear(self.low, self.high, wanted),
        }
    }
}

fn widened([low, high]: [f64; 2], log: bool) -> [f64; 2] {
    if log {
        let margin = (high / low).powf(0.05).max(1.03);
        return [low / margin, high * margin];
    }
    let span = high - low;
    let margin = if span > 1e-12 * high.abs() { 0.05 * span } else { 0.5 * high.abs().max(1.0) };
    [low - margin, high + margin]
}
