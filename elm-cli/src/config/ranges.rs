//! What values a setting takes, and how they are read: this file says what
//! that means, `numbers`, `texts` and `lists` have the ranges.

mod lists;
mod numbers;
mod texts;

pub use lists::{Interval, Layers, Shares};
pub use numbers::{
    Probability, Real, Whole, at_least_one, count, not_negative, number, positive, share, size,
};
pub use texts::{Columns, FileOrFolder, OneOf, Parsed, Text, one_of, parsed};

use super::document::Value;
use std::path::Path;

/// What is wrong with a value.
#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is of another type.
    Type,
    /// It is out of range: the value as shown, and what to do about it.
    Range(String, Option<String>),
    /// In own words.
    Other(String),
}

/// A type and range of values.
pub trait Takes {
    /// What a value is read as.
    type Value;

    /// The range in words, as in "takes …".
    fn words(&self) -> String;

    /// Reads a value.
    ///
    /// # Errors
    /// When it is of another type or out of range.
    fn read(&self, value: &Value) -> Result<Self::Value, Problem>;

    /// A value as TOML has it.
    fn show(&self, value: &Self::Value) -> String;

    /// Is "none" a value (else it unsets the key)?
    fn takes_none(&self) -> bool {
        false
    }

    /// A value completed: relative paths start from `folder`.
    ///
    /// # Errors
    /// When it cannot be.
    fn complete(&self, value: &Value, _folder: &Path) -> Result<Value, Problem> {
        Ok(value.clone())
    }
}

/// Values of a range, or "none", which is a value of its own.
pub struct OrNone<R>(pub R);

impl<R: Takes> Takes for OrNone<R> {
    type Value = Option<R::Value>;

    fn words(&self) -> String {
        format!("{} or \"none\"", self.0.words())
    }

    fn read(&self, value: &Value) -> Result<Self::Value, Problem> {
        if is_none(value) { Ok(None) } else { self.0.read(value).map(Some) }
    }

    fn show(&self, value: &Self::Value) -> String {
        value.as_ref().map_or("\"none\"".into(), |value| self.0.show(value))
    }

    fn takes_none(&self) -> bool {
        true
    }
}

/// Is it the word "none"?
pub(super) fn is_none(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text == "none")
}

/// True or false.
pub struct Flag;

impl Takes for Flag {
    type Value = bool;

    fn words(&self) -> String {
        "true or false".into()
    }

    fn read(&self, value: &Value) -> Result<bool, Problem> {
        if let Value::Bool(value) = value { Ok(*value) } else { Err(Problem::Type) }
    }

    fn show(&self, value: &bool) -> String {
        value.to_string()
    }
}
