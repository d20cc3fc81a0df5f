//! Lists of numbers.

use super::{Problem, Takes, not_negative, positive, size};
use crate::config::document::Value;

/// A list of layers, by number.
pub struct Layers;

impl Takes for Layers {
    type Value = Vec<usize>;

    fn words(&self) -> String {
        "a list of integers of at least 0".into()
    }

    fn read(&self, value: &Value) -> Result<Vec<usize>, Problem> {
        let Value::List(items) = value else { return Err(Problem::Type) };
        let layer = |item: &Value| size(0).read(item).ok();
        items.iter().map(layer).collect::<Option<_>>().ok_or_else(|| Problem::Range("this one".into(), None))
    }

    fn show(&self, value: &Vec<usize>) -> String {
        format!("{value:?}")
    }
}

/// Two numbers, the lower one first.
pub struct Interval;

impl Takes for Interval {
    type Value = [f64; 2];

    fn words(&self) -> String {
        "a list of two numbers of at least 0, the lower one first".into()
    }

    fn read(&self, value: &Value) -> Result<[f64; 2], Problem> {
        let Value::List(items) = value else { return Err(Problem::Type) };
        let numbers: Option<Vec<f64>> = items.iter().map(|item| not_negative().read(item).ok()).collect();
        match numbers.as_deref() {
            Some(&[low, high]) if low < high => Ok([low, high]),
            _ => Err(Problem::Range("this one".into(), None)),
        }
    }

    fn show(&self, value: &[f64; 2]) -> String {
        format!("{value:?}")
    }
}

/// Three shares of a whole: train, valid, test.
pub struct Shares;

impl Takes for Shares {
    type Value = [f64; 3];

    fn words(&self) -> String {
        "a list of numbers above 0".into()
    }

    fn read(&self, value: &Value) -> Result<[f64; 3], Problem> {
        let Value::List(items) = value else { return Err(Problem::Type) };
        let share = |item: &Value| positive().read(item).ok();
        let shares: Option<Vec<f64>> = items.iter().map(share).collect();
        let shares = shares.ok_or_else(|| Problem::Range("this one".into(), None))?;
        let other = |message: &str| Err(Problem::Other(message.into()));
        match <[f64; 3]>::try_from(shares) {
            Err(_) => other("takes three numbers: train, valid, test"),
            Ok(shares) if shares.iter().sum::<f64>() > 1.0 + 1e-9 => {
                other("the three shares add up to more than 1")
            }
            Ok(shares) => Ok(shares),
        }
    }

    fn show(&self, value: &[f64; 3]) -> String {
        format!("{value:?}")
    }
}
