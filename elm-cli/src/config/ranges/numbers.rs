//! Numbers.

use super::{Problem, Takes};
use crate::config::document::Value;
use crate::config::resolved::value_text;
use std::marker::PhantomData;

/// Whole numbers from a least one on.
pub struct Whole<T> {
    least: i64,
    most: Option<i64>,
    why: Option<&'static str>,
    number: PhantomData<T>,
}

/// A size of at least so much.
pub fn size(least: i64) -> Whole<usize> {
    Whole::from(least)
}

/// A count of at least so much.
pub fn count(least: i64) -> Whole<u64> {
    Whole::from(least)
}

impl<T> Whole<T> {
    /// Numbers from a least one on.
    pub fn from(least: i64) -> Self {
        Whole { least, most: None, why: None, number: PhantomData }
    }

    /// Up to a largest one.
    pub fn at_most(self, most: i64) -> Self {
        Whole { most: Some(most), ..self }
    }

    /// Why there is that bound.
    pub fn because(self, why: &'static str) -> Self {
        Whole { why: Some(why), ..self }
    }
}

impl<T: TryFrom<i128> + std::fmt::Display> Takes for Whole<T> {
    type Value = T;

    fn words(&self) -> String {
        match self.most {
            Some(most) => format!("an integer from {} to {most}", self.least),
            None => format!("an integer of at least {}", self.least),
        }
    }

    fn read(&self, value: &Value) -> Result<T, Problem> {
        let Value::Integer(value) = value else { return Err(Problem::Type) };
        if *value < i128::from(self.least) || self.most.is_some_and(|most| *value > i128::from(most)) {
            return Err(Problem::Range(value.to_string(), self.why.map(String::from)));
        }
        T::try_from(*value).map_err(|_| Problem::Other(format!("{value} does not fit into 64 bits")))
    }

    fn show(&self, value: &T) -> String {
        value.to_string()
    }
}

/// Finite numbers of some range.
pub struct Real {
    words: &'static str,
    holds: fn(f64) -> bool,
}

/// A finite number.
pub fn number() -> Real {
    Real { words: "a finite number", holds: |_| true }
}

/// A number above 0.
pub fn positive() -> Real {
    Real { words: "a number above 0", holds: |value| value > 0.0 }
}

/// A number of at least 0.
pub fn not_negative() -> Real {
    Real { words: "a number of at least 0", holds: |value| value >= 0.0 }
}

/// A number of at least 1.
pub fn at_least_one() -> Real {
    Real { words: "a number of at least 1", holds: |value| value >= 1.0 }
}

/// A number from 0 to 1.
pub fn share() -> Real {
    Real { words: "a number from 0 to 1", holds: |value| (0.0..=1.0).contains(&value) }
}

impl Takes for Real {
    type Value = f64;

    fn words(&self) -> String {
        self.words.into()
    }

    fn read(&self, value: &Value) -> Result<f64, Problem> {
        let value = as_number(value).ok_or(Problem::Type)?;
        let right = value.is_finite() && (self.holds)(value);
        if right { Ok(value) } else { Err(Problem::Range(value.to_string(), None)) }
    }

    fn show(&self, value: &f64) -> String {
        value_text(&Value::Number(*value))
    }
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Number(value) => Some(*value),
        _ => None,
    }
}

/// A probability that is never 1, as of dropout.
pub struct Probability;

impl Takes for Probability {
    type Value = f64;

    fn words(&self) -> String {
        "a number from 0 to 1 (1 excluded)".into()
    }

    fn read(&self, value: &Value) -> Result<f64, Problem> {
        let value = as_number(value).ok_or(Problem::Type)?;
        if (0.0..1.0).contains(&value) {
            return Ok(value);
        }
        Err(Problem::Other(format!("{value} must be a probability in 0..1 (1 excluded)")))
    }

    fn show(&self, value: &f64) -> String {
        number().show(value)
    }
}
