//! What is varied: lists and ranges of values, lists in step, drawn values.

use super::tables::Tables;
use crate::config::ConfigError;
use crate::config::document::{Entries, Entry, Value};
use crate::config::keys;
use crate::config::place::Place;
use serde_spanned::Spanned;
use sha2::{Digest, Sha256};
use toml::de::{DeTable, DeValue};

/// More runs than anybody waits for; a slip of the pen makes them.
pub(super) const MOST: usize = 100_000;

/// Alternatives, one of which each run takes.
pub struct Axis {
    /// Settings that go together.
    pub choices: Vec<Entries>,
}

impl Axis {
    /// The keys that it varies, with their places.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &Place)> {
        self.choices.first().into_iter().flatten().map(|(key, entry)| (key.as_str(), &entry.key_place))
    }

    /// One value of one key for each alternative.
    fn of(key: &str, values: Vec<Entry>) -> Self {
        Axis { choices: values.into_iter().map(|entry| Entries::from([(key.to_string(), entry)])).collect() }
    }
}

/// `[grid]`: an axis for each key.
pub(super) fn grid(tables: &Tables<'_>, table: &DeTable<'_>) -> Result<Vec<Axis>, ConfigError> {
    let Some((grid, place)) = tables.table(table, "grid")? else { return Ok(Vec::new()) };
    let leaves = tables.leaves(grid, is_range);
    if leaves.is_empty() {
        return Err(ConfigError::at(&place, "an empty grid: name settings with the values they take"));
    }
    leaves
        .into_iter()
        .map(|(key, place, value)| Ok(Axis::of(&key, values(tables, &key, &place, value)?)))
        .collect()
}

/// `[[zip]]`: an axis for each, whose lists are taken in step.
pub(super) fn zips(tables: &Tables<'_>, table: &DeTable<'_>) -> Result<Vec<Axis>, ConfigError> {
    let mut axes = Vec::new();
    for (zip, place) in tables.list_of_tables(table, "zip")? {
        let mut choices: Vec<Entries> = Vec::new();
        for (key, place, value) in tables.leaves(zip, is_range) {
            let values = values(tables, &key, &place, value)?;
            if choices.is_empty() {
                choices.resize_with(values.len(), Entries::new);
            }
            if choices.len() != values.len() {
                let message = format!(
                    "`{key}` has {} values and `{}` {}; lists that are taken in step have as many",
                    values.len(),
                    choices[0].keys().next().map_or("", String::as_str),
                    choices.len()
                );
                return Err(ConfigError::at(&place, message));
            }
            choices.iter_mut().zip(values).for_each(|(choice, value)| {
                choice.insert(key.clone(), value);
            });
        }
        if choices.is_empty() {
            return Err(ConfigError::at(&place, "an empty zip: name settings with lists of equal length"));
        }
        axes.push(Axis { choices });
    }
    Ok(axes)
}

/// `[random]`: an axis of draws, each a function of the seed, its number and
/// the key, so that further draws leave the first ones as they are.
pub(super) fn random(
    tables: &Tables<'_>,
    table: &DeTable<'_>,
    prefix: &str,
) -> Result<Option<Axis>, ConfigError> {
    let Some((random, place)) = tables.table(table, "random")? else { return Ok(None) };
    let number = |key: &str| -> Result<Option<usize>, ConfigError> {
        let Some(entry) = tables.entry(random, key)? else { return Ok(None) };
        let number = match entry.value {
            Value::Integer(number) => usize::try_from(number).ok(),
            _ => None,
        };
        let message = format!("{prefix}random.{key} takes an integer of at least 0");
        number.map(Some).ok_or_else(|| ConfigError::at(&entry.value_place, message))
    };
    let draws = number("draws")?.ok_or_else(|| ConfigError::at(&place, "missing: draws = 20, how many"))?;
    if draws == 0 || draws > MOST {
        return Err(ConfigError::at(&place, format!("draws takes an integer from 1 to {MOST}")));
    }
    let seed = number("seed")?.unwrap_or(0);
    let mut choices = vec![Entries::new(); draws];
    for (key, place, value) in tables.leaves(random, is_range) {
        if ["draws", "seed"].contains(&key.as_str()) {
            continue;
        }
        let range = Range::read(tables, &place, value)?;
        let listed = if range.is_none() { tables.items(&key, &place, value)? } else { Vec::new() };
        for (i, choice) in choices.iter_mut().enumerate() {
            let share = drawn(seed, i, &key);
            let entry = match &range {
                Some(range) => Entry {
                    value: range.at(share, is_whole(&key)),
                    key_place: place.clone(),
                    value_place: tables.place(value.span()),
                },
                None => listed[((share * listed.len() as f64) as usize).min(listed.len() - 1)].clone(),
            };
            choice.insert(key.clone(), entry);
        }
    }
    if choices[0].is_empty() {
        return Err(ConfigError::at(&place, "nothing to draw: name settings with their ranges"));
    }
    Ok(Some(Axis { choices }))
}

/// A number of `[0, 1)`.
fn drawn(seed: usize, draw: usize, key: &str) -> f64 {
    let digest = Sha256::digest(format!("{seed}/{draw}/{key}"));
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    (u64::from_le_bytes(bytes) >> 11) as f64 / (1u64 << 53) as f64
}

/// The values of a list or range.
fn values(
    tables: &Tables<'_>,
    key: &str,
    place: &Place,
    value: &Spanned<DeValue<'_>>,
) -> Result<Vec<Entry>, ConfigError> {
    let Some(range) = Range::read(tables, place, value)? else {
        let other = !matches!(value.get_ref(), DeValue::Array(_));
        return tables.items(key, place, value).map_err(|error| match other {
            true => error.help("a value that all runs share belongs into [set]"),
            false => error,
        });
    };
    let value_place = tables.place(value.span());
    let Some(points) = range.points else {
        return Err(ConfigError::at(&value_place, "missing: points = 5, how many values of the range"));
    };
    let share = |i: usize| i as f64 / (points.max(2) - 1) as f64;
    let mut values: Vec<Value> = (0..points).map(|i| range.at(share(i), is_whole(key))).collect();
    values.dedup();
    let entry = |value| Entry { value, key_place: place.clone(), value_place: value_place.clone() };
    Ok(values.into_iter().map(entry).collect())
}

/// Does the setting of that name take whole numbers only?
fn is_whole(key: &str) -> bool {
    keys::all().iter().any(|known| known.path == key && known.is_whole())
}

/// Numbers between two, evenly spaced themselves or in their logarithm.
struct Range {
    ends: [f64; 2],
    logarithmic: bool,
    points: Option<usize>,
}

fn is_range(table: &DeTable<'_>) -> bool {
    table.contains_key("log") || table.contains_key("linear")
}

impl Range {
    /// The range that a value is, if it is one.
    fn read(
        tables: &Tables<'_>,
        place: &Place,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Option<Self>, ConfigError> {
        let DeValue::Table(table) = value.get_ref() else { return Ok(None) };
        tables.check_keys(table, "", &["log", "linear", "points"])?;
        let logarithmic = table.contains_key("log");
        if logarithmic && table.contains_key("linear") {
            return Err(ConfigError::at(place, "a range is either log or linear"));
        }
        let ends = tables.list(table, if logarithmic { "log" } else { "linear" })?.unwrap_or_default();
        let number = |entry: &Entry| match entry.value {
            Value::Integer(number) => Some(number as f64),
            Value::Number(number) => Some(number).filter(|number| number.is_finite()),
            _ => None,
        };
        let at = tables.place(value.span());
        let ends: Option<Vec<f64>> = ends.iter().map(number).collect();
        let ends = ends.and_then(|ends| <[f64; 2]>::try_from(ends).ok());
        let ends = ends.filter(|[low, high]| low < high && (*low > 0.0 || !logarithmic));
        let message = "a range is two numbers, the smaller one first, above 0 where it is log";
        let ends =
            ends.ok_or_else(|| ConfigError::at(&at, message).help("{ log = [1e-4, 1e-2], points = 3 }"))?;
        let points = match tables.entry(table, "points")? {
            None => None,
            Some(Entry { value: Value::Integer(points), .. }) if (1..=1000).contains(&points) => {
                Some(points as usize)
            }
            Some(entry) => {
                return Err(ConfigError::at(&entry.value_place, "points takes an integer from 1 to 1000"));
            }
        };
        Ok(Some(Range { ends, logarithmic, points }))
    }

    /// The value after a share of the way, rounded: to a whole number, or to
    /// four digits, so that names and tables can be read.
    fn at(&self, share: f64, whole: bool) -> Value {
        let [low, high] = self.ends;
        let value = match self.logarithmic {
            true => (low.ln() + share * (high.ln() - low.ln())).exp(),
            false => low + share * (high - low),
        };
        if whole {
            return Value::Integer(value.round() as i128);
        }
        Value::Number(format!("{value:.3e}").parse().unwrap_or(value))
    }
}
