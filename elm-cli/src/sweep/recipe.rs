//! Settings that follow from others: arithmetic over keys.

use crate::config::ConfigError;
use crate::config::document::{Entry, Value};
use crate::config::keys;
use crate::config::keys::nearest;
use crate::config::place::Place;
use exmex::{Express, FlatEx};

/// Longer expressions are no recipes.
const LONGEST: usize = 1000;

/// `"model.neuron.mlp_hidden_units" = "2 * model.neuron.num_memory"`.
pub struct Recipe {
    /// The setting that follows.
    pub key: String,
    /// The expression, with its place.
    pub entry: Entry,
    expression: FlatEx<f64>,
}

impl Recipe {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it is none, or has a name that no setting has.
    pub(super) fn read(key: String, entry: Entry) -> Result<Self, ConfigError> {
        let at = |message: String| ConfigError::at(&entry.value_place, message);
        let help = "for example \"round(3 * sqrt(model.num_hidden))\"";
        let Value::Text(text) = &entry.value else {
            let message = format!("a recipe is an expression in quotation marks, not {}", entry.value.kind());
            return Err(at(message).help(help));
        };
        if text.len() > LONGEST || !text.is_ascii() {
            return Err(at(format!("an expression has at most {LONGEST} characters, all of them ASCII")));
        }
        let expression: FlatEx<f64> = exmex::parse(&braced(text))
            .map_err(|error| at(format!("`{key}`: not an expression: {error}")).help(help))?;
        let keys = keys::all();
        let known: Vec<&str> = keys.iter().map(|key| key.path.as_str()).collect();
        for name in expression.var_names() {
            if !known.contains(&name.as_str()) {
                let place = place_of(name, &entry.value_place);
                let error = ConfigError::at(&place, format!("`{key}`: there is no setting `{name}`"));
                return Err(error.help(match nearest(name, &known) {
                    said if said.starts_with("did") => said,
                    _ => "settings go by their full keys; `elm check --keys` lists all".into(),
                }));
            }
        }
        Ok(Recipe { key, expression, entry })
    }

    /// The keys that it needs.
    pub(super) fn needs(&self) -> &[String] {
        self.expression.var_names()
    }

    /// The setting, from the values of the keys that it needs.
    ///
    /// # Errors
    /// When a value is no number, or the result is not finite.
    pub(super) fn apply(&self, value: impl Fn(&str) -> Option<f64>) -> Result<Entry, ConfigError> {
        let mut values = Vec::new();
        for name in self.needs() {
            values.push(value(name).ok_or_else(|| {
                let place = place_of(name, &self.entry.value_place);
                ConfigError::at(&place, format!("`{}`: `{name}` has no number here", self.key))
            })?);
        }
        let at = |message: String| ConfigError::at(&self.entry.value_place, message);
        let result = self.expression.eval(&values).map_err(|error| at(format!("`{}`: {error}", self.key)))?;
        let value = if !result.is_finite() {
            let given: Vec<String> =
                self.needs().iter().zip(&values).map(|(name, value)| format!("{name} = {value}")).collect();
            return Err(at(format!("`{}` is {result} with {}", self.key, given.join(", "))));
        } else if result.fract() == 0.0 && result.abs() < 1e15 {
            Value::Integer(result as i128)
        } else {
            Value::Number(result)
        };
        Ok(Entry { value, ..self.entry.clone() })
    }
}

/// Dotted names in the braces in which the parser takes any name.
fn braced(text: &str) -> String {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let mut braced = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '{' => rest.find('}').map_or(rest.len(), |end| end + 1),
            _ if is_of_name(first) => rest.find(|c| !is_of_name(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (word, behind) = rest.split_at(end);
        let dotted = word.contains('.') && first.is_ascii_alphabetic();
        braced += &if dotted { format!("{{{word}}}") } else { word.to_string() };
        rest = behind;
    }
    braced
}

/// Where a name stands in an expression.
fn place_of(name: &str, expression: &Place) -> Place {
    let text = expression.source.text.get(expression.span.clone()).unwrap_or_default();
    let Some(at) = text.find(name) else { return expression.clone() };
    let start = expression.span.start + at;
    Place { source: expression.source.clone(), span: start..start + name.len() }
}
