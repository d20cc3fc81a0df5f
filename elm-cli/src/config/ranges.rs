//! What values a setting takes, and how they are read.

use super::document::Value;
use super::names::Named;
use super::paths;
use super::resolved::value_text;
use std::marker::PhantomData;
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

/// Any string.
pub struct Text;

impl Takes for Text {
    type Value = String;

    fn words(&self) -> String {
        "a string".into()
    }

    fn read(&self, value: &Value) -> Result<String, Problem> {
        if let Value::Text(text) = value { Ok(text.clone()) } else { Err(Problem::Type) }
    }

    fn show(&self, value: &String) -> String {
        value_text(&Value::Text(value.clone()))
    }

    fn takes_none(&self) -> bool {
        true
    }
}

/// Names of the data, with commas between them.
pub struct Columns;

impl Takes for Columns {
    type Value = String;

    fn words(&self) -> String {
        "a name or number, or several with commas".into()
    }

    fn read(&self, value: &Value) -> Result<String, Problem> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            Value::Integer(number) => Ok(number.to_string()),
            _ => Err(Problem::Type),
        }
    }

    fn show(&self, value: &String) -> String {
        Text.show(value)
    }
}

/// A name of a closed set.
pub struct OneOf<T>(PhantomData<T>);

/// A name of the closed set `T`.
pub fn one_of<T: Named>() -> OneOf<T> {
    OneOf(PhantomData)
}

impl<T: Named> Takes for OneOf<T> {
    type Value = T;

    fn words(&self) -> String {
        let quoted: Vec<String> = T::ALL.iter().map(|member| self.show(member)).collect();
        format!("one of {}", quoted.join(", "))
    }

    fn read(&self, value: &Value) -> Result<T, Problem> {
        let Value::Text(given) = value else { return Err(Problem::Type) };
        T::named(given).ok_or_else(|| {
            let likeness = |member: &T| strsim::jaro(member.name(), given);
            let nearest = T::ALL.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            let nearest = nearest.filter(|member| likeness(member) > 0.7);
            let help = nearest.map(|member| format!("did you mean {}?", self.show(member)));
            Problem::Range(format!("\"{given}\""), help)
        })
    }

    fn show(&self, value: &T) -> String {
        format!("\"{}\"", value.name())
    }

    fn takes_none(&self) -> bool {
        T::named("none").is_some()
    }
}

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

/// Anything that is read from and shown as a string, described by these words.
pub struct Parsed<T> {
    words: &'static str,
    text: PhantomData<T>,
}

/// A string that `T` is read from.
pub fn parsed<T>(words: &'static str) -> Parsed<T> {
    Parsed { words, text: PhantomData }
}

impl<T: std::str::FromStr + std::fmt::Display> Takes for Parsed<T> {
    type Value = T;

    fn words(&self) -> String {
        self.words.into()
    }

    fn read(&self, value: &Value) -> Result<T, Problem> {
        let Value::Text(text) = value else { return Err(Problem::Type) };
        text.parse().map_err(|_| Problem::Range(format!("\"{text}\""), None))
    }

    fn show(&self, value: &T) -> String {
        format!("\"{value}\"")
    }
}

/// A file or folder; relative to the file that names it; `~`, `$NAME` and
/// `${NAME}` expand.
pub struct FileOrFolder;

impl Takes for FileOrFolder {
    type Value = String;

    fn words(&self) -> String {
        "a path".into()
    }

    fn read(&self, value: &Value) -> Result<String, Problem> {
        if let Value::Text(text) = value { Ok(text.clone()) } else { Err(Problem::Type) }
    }

    fn show(&self, value: &String) -> String {
        Text.show(value)
    }

    /// Takes off quotation marks, expands variables and makes the path absolute. With a variable that is
    /// not set it stays as it is: whoever needs the path complains, and `elm
    /// info` needs none.
    fn complete(&self, value: &Value, folder: &Path) -> Result<Value, Problem> {
        let text = self.read(value)?;
        let expanded = paths::expand(paths::unquoted(&text, folder), paths::variable)?;
        if expanded.unset.is_some() {
            return Ok(value.clone());
        }
        let text = paths::absolute(folder, &expanded.text).into_os_string().into_string();
        text.map(Value::Text).map_err(|_| Problem::Other("the path is not UTF-8; use another folder".into()))
    }
}
