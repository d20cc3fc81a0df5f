//! Strings: any, names, paths, and what is read from them.

use super::{Problem, Takes};
use crate::config::document::Value;
use crate::config::names::Named;
use crate::config::paths;
use crate::config::resolved::value_text;
use std::marker::PhantomData;
use std::path::Path;

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
