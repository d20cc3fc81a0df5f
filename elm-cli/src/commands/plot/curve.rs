//! From the metrics of a run to the points of its curves.

use super::quantity::Quantity;
use crate::config::names::names;
use crate::run::{History, MetricsLine};

/// Points of a line on a chart: more than it has pixels.
const MOST_POINTS: usize = 1500;

names! {
    /// What the horizontal axis counts.
    pub enum Against {
        /// Updates.
        Steps = "steps",
        /// Time steps times batch that were learned from.
        Tokens = "tokens",
        /// Seconds of training.
        Seconds = "seconds",
    }
}

impl Against {
    /// Its words on an axis.
    pub fn label(self) -> &'static str {
        match self {
            Against::Steps => "updates",
            Against::Tokens => "tokens (time steps × batch)",
            Against::Seconds => "training time (s)",
        }
    }
}

/// A point of a curve: updates, place on the horizontal axis, value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    step: u64,
    pub(super) x: f64,
    pub(super) y: f64,
}

/// The curves of one run.
#[derive(Debug, Clone, Default)]
pub(super) struct Curves {
    pub(super) train: Vec<Point>,
    pub(super) valid: Vec<Point>,
}

impl Curves {
    /// Those of a history; `None` where it does not tell what the horizontal
    /// axis counts.
    pub(super) fn of(history: &History, quantity: Quantity, against: Against) -> Option<Curves> {
        let tokens = match against {
            Against::Tokens => history.tokens()?,
            _ => Vec::new(),
        };
        let mut curves = Curves::default();
        for (at, line) in history.lines.iter().enumerate() {
            let curve = match line.split.as_str() {
                "train" => &mut curves.train,
                "valid" => &mut curves.valid,
                _ => continue,
            };
            let x = match against {
                Against::Steps => line.step as f64,
                Against::Tokens => tokens.get(at).copied().unwrap_or_default(),
                Against::Seconds => line.seconds,
            };
            curve.extend(point(line, x, quantity));
        }
        Some(curves)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.train.is_empty() && self.valid.is_empty()
    }

    /// Leaves out what has no place on logarithmic axes; how many points.
    pub(super) fn drop_without_place(&mut self, log_x: bool, log_y: bool) -> usize {
        let count = |curves: &Curves| curves.train.len() + curves.valid.len();
        let before = count(self);
        let placed = |point: &Point| !(log_x && point.x <= 0.0 || log_y && point.y <= 0.0);
        self.train.retain(placed);
        self.valid.retain(placed);
        before - count(self)
    }
}

fn point(line: &MetricsLine, x: f64, quantity: Quantity) -> Option<Point> {
    let y = quantity.of(line)?;
    x.is_finite().then_some(Point { step: line.step, x, y })
}

/// The exponential average over so many updates: a value that many updates ago
/// counts 1/e of the newest. Weights sum to 1 from the first point on, and
/// gaps between lines count by their updates.
pub(super) fn smoothed(points: &[Point], updates: f64) -> Vec<Point> {
    let (mut sum, mut weight, mut before) = (0.0, 0.0, points.first().map_or(0, |point| point.step));
    let average = |point: &Point| {
        let keep = (-(point.step.saturating_sub(before) as f64) / updates).exp();
        (sum, weight) = (keep * sum + point.y, keep * weight + 1.0);
        before = point.step;
        Point { y: sum / weight, ..*point }
    };
    points.iter().map(average).collect()
}

/// At most [`MOST_POINTS`]: of more, the lowest and the highest of each group
/// of neighbours, so that no peak is lost.
pub(super) fn places(points: &[Point]) -> Vec<(f64, f64)> {
    let place = |point: &Point| (point.x, point.y);
    if points.len() <= MOST_POINTS {
        return points.iter().map(place).collect();
    }
    let mut kept = Vec::with_capacity(MOST_POINTS);
    for group in points.chunks(points.len().div_ceil(MOST_POINTS / 2)) {
        let order = |a: &&Point, b: &&Point| a.y.total_cmp(&b.y);
        let (low, high) = (group.iter().min_by(order), group.iter().max_by(order));
        let mut pair: Vec<&Point> = low.into_iter().chain(high).collect();
        pair.sort_by(|a, b| a.x.total_cmp(&b.x));
        pair.dedup();
        kept.extend(pair.into_iter().map(place));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: &[(u64, f64)]) -> Vec<Point> {
        values.iter().map(|&(step, y)| Point { step, x: step as f64, y }).collect()
    }

    #[test]
    fn an_average_of_equal_values_is_that_value_and_old_ones_fade_by_updates() {
        let flat = smoothed(&points(&[(1, 2.0), (2, 2.0), (50, 2.0)]), 10.0);
        assert!(flat.iter().all(|point| (point.y - 2.0).abs() < 1e-12), "{flat:?}");
        let step = smoothed(&points(&[(0, 1.0), (10, 0.0)]), 10.0);
        let old = (-1f64).exp();
        assert!((step[1].y - old / (old + 1.0)).abs() < 1e-12, "{step:?}");
    }

    #[test]
    fn a_long_curve_keeps_its_peaks() {
        let mut long: Vec<(u64, f64)> = (0..100_000).map(|step| (step, 1.0)).collect();
        (long[54_321].1, long[77_777].1) = (9.0, -3.0);
        let kept = places(&points(&long));
        assert!(kept.len() <= MOST_POINTS, "{}", kept.len());
        assert!(kept.contains(&(54_321.0, 9.0)) && kept.contains(&(77_777.0, -3.0)));
        assert!(kept.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }
}
