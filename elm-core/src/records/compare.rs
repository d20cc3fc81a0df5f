//! How far answers lie from what is expected.

use super::answer::{Answers, Arrays};
use crate::error::{Error, Result};
use crate::model::StoredValues;
use serde::Serialize;

/// What a deviation is a deviation of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// What the model answers.
    Outputs,
    /// Every intermediate of every layer.
    Records,
    /// The training objective.
    Loss,
    /// Its gradients.
    Gradients,
    /// Losses, learning rates and weights over some updates.
    Trajectory,
}

/// Largest deviations that count as agreement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// `|difference| / (1 + |expected|)` of outputs, intermediates and loss.
    pub values: f64,
    /// Relative norm of the difference, each gradient tensor.
    pub gradients: f64,
    /// Absolute difference of the losses over the updates.
    pub losses: f64,
    /// Absolute difference of learning rates.
    pub learning_rates: f64,
    /// Norm of the difference over the norm of the whole change of weights.
    pub trained: f64,
}

impl Tolerance {
    /// What 32-bit arithmetic reaches on the reference records.
    pub const F32: Tolerance =
        Tolerance { values: 1e-5, gradients: 1e-4, losses: 1e-4, learning_rates: 1e-7, trained: 1e-2 };
    /// For the authors' large pretrained neurons.
    pub const PRETRAINED: Tolerance = Tolerance { values: 3e-5, ..Tolerance::F32 };
    /// For networks of users, whose weights make sums of any size, in which
    /// 32 bits cancel.
    pub const OF_RUNS: Tolerance = Tolerance { values: 1e-4, ..Tolerance::F32 };
}

/// The deviation of one array.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Deviation {
    /// What kind of number it is.
    pub group: Group,
    /// The array's name.
    pub name: String,
    /// How far it is off, in the measure of its group.
    pub deviation: f64,
    /// How far it may be off.
    pub tolerance: f64,
}

impl Deviation {
    /// Is it within its tolerance? (Not a number never is.)
    pub fn is_ok(&self) -> bool {
        self.deviation <= self.tolerance
    }
}

/// All deviations of `got` from `expected`.
///
/// # Errors
/// [`Error::Stored`] when an expected array is missing or has another length.
pub fn compare(
    expected: &Answers,
    got: &Answers,
    start: &crate::model::StoredTensors,
    tolerance: &Tolerance,
) -> Result<Vec<Deviation>> {
    let mut all = Vec::new();
    let mut push = |group, name: &str, deviation: f64, tolerance: f64| {
        all.push(Deviation { group, name: name.into(), deviation, tolerance });
    };
    for (group, expected, got) in
        [(Group::Outputs, &expected.outputs, &got.outputs), (Group::Records, &expected.records, &got.records)]
    {
        for (name, expected, got) in pairs(expected, got)? {
            push(group, name, worst_value(expected, got), tolerance.values);
        }
    }
    if let Some(loss) = expected.loss {
        let off = got.loss.map_or(f64::NAN, |got| (got - loss).abs() / (1.0 + loss.abs()));
        push(Group::Loss, "loss", off, tolerance.values);
    }
    for (name, expected, got) in pairs(&expected.gradients, &got.gradients)? {
        push(Group::Gradients, name, relative_norm(expected, got), tolerance.gradients);
    }
    if !expected.losses.is_empty() {
        let worst = |a: &[f64], b: &[f64]| {
            if a.len() == b.len() {
                a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, nan_max)
            } else {
                f64::NAN
            }
        };
        push(Group::Trajectory, "losses", worst(&expected.losses, &got.losses), tolerance.losses);
        let rates = worst(&expected.learning_rates, &got.learning_rates);
        push(Group::Trajectory, "learning_rates", rates, tolerance.learning_rates);
        push(Group::Trajectory, "trained", change_deviation(expected, got, start)?, tolerance.trained);
    }
    Ok(all)
}

fn pairs<'a>(
    expected: &'a Arrays,
    got: &'a Arrays,
) -> Result<impl Iterator<Item = (&'a str, &'a [f32], &'a [f32])>> {
    let mut pairs = Vec::with_capacity(expected.len());
    for (name, expected) in expected {
        let got = got.get(name).ok_or_else(|| Error::stored(name, "the backend gave no such array"))?;
        if got.len() != expected.len() {
            let reason = format!("the backend gave {} values, {} are expected", got.len(), expected.len());
            return Err(Error::stored(name, reason));
        }
        pairs.push((name.as_str(), expected.as_slice(), got.as_slice()));
    }
    Ok(pairs.into_iter())
}

/// `max`, except that not-a-number wins.
fn nan_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

fn worst_value(expected: &[f32], got: &[f32]) -> f64 {
    let off = |(&e, &g): (&f32, &f32)| {
        let (e, g) = (f64::from(e), f64::from(g));
        if e == g { 0.0 } else { (g - e).abs() / (1.0 + e.abs()) }
    };
    expected.iter().zip(got).map(off).fold(0.0, nan_max)
}

fn relative_norm(expected: &[f32], got: &[f32]) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let whole = norm(&mut expected.iter().map(|&e| f64::from(e)));
    let off = norm(&mut expected.iter().zip(got).map(|(&e, &g)| f64::from(g) - f64::from(e)));
    if off == 0.0 { 0.0 } else { off / whole.max(1e-12) }
}

/// Norm of the difference over norm of the whole change, all weights together.
fn change_deviation(expected: &Answers, got: &Answers, start: &crate::model::StoredTensors) -> Result<f64> {
    let (mut off, mut change) = (0.0, 0.0);
    for (name, expected, got) in pairs(&expected.trained, &got.trained)? {
        let StoredValues::F32(start) = &start.get(name)?.values else { continue };
        for ((&e, &g), &s) in expected.iter().zip(got).zip(start) {
            if e == g && e == s {
                continue; // also an infinite timescale that stays
            }
            off += (f64::from(g) - f64::from(e)).powi(2);
            change += (f64::from(e) - f64::from(s)).powi(2);
        }
    }
    Ok(if off == 0.0 { 0.0 } else { (off / change).sqrt() })
}
