//! The setting that fills a budget of parameters.

use super::tables::Tables;
use crate::config::ConfigError;
use crate::config::document::{Entry, Value};
use crate::config::keys;
use crate::config::keys::nearest;
use crate::config::place::Place;
use toml::de::{DeTable, DeValue};

/// `key` takes the largest value with which the model stays within the budget.
pub struct Solve {
    /// The setting.
    pub key: String,
    /// Where it is named.
    pub place: Place,
    /// Budgets of trainable parameters, each with its place.
    pub budgets: Vec<(u64, Entry)>,
}

impl Solve {
    /// The table `[solve]`, if there is one.
    pub(super) fn read(
        tables: &Tables<'_>,
        table: &DeTable<'_>,
        prefix: &str,
    ) -> Result<Option<Self>, ConfigError> {
        let Some((solve, place)) = tables.table(table, "solve")? else { return Ok(None) };
        tables.check_keys(solve, &format!("{prefix}solve."), &["key", "trainable_parameters"])?;
        let Some(Entry { value: Value::Text(key), value_place, .. }) = tables.entry(solve, "key")? else {
            let message = "missing: key = \"model.num_hidden\", the setting that fills the budget";
            return Err(ConfigError::at(&place, message));
        };
        if !keys::all().iter().any(|known| known.path == key && known.is_whole()) {
            let message = format!("`{key}` is no setting that takes whole numbers");
            let known: Vec<String> =
                keys::all().into_iter().filter(|known| known.is_whole()).map(|known| known.path).collect();
            let help = nearest(&key, &known.iter().map(String::as_str).collect::<Vec<_>>());
            return Err(ConfigError::at(&value_place, message).help(help));
        }
        let name = "trainable_parameters";
        let budgets = match solve.get(name).map(|value| value.get_ref()) {
            None => {
                let message = "missing: trainable_parameters = 77000, the budget, or a list of budgets";
                return Err(ConfigError::at(&place, message));
            }
            Some(DeValue::Array(_)) => tables.list(solve, name)?.unwrap_or_default(),
            Some(_) => tables.entry(solve, name)?.into_iter().collect(),
        };
        let number = |entry: Entry| match entry.value {
            Value::Integer(number) if (1..=1 << 40).contains(&number) => Ok((number as u64, entry)),
            _ => {
                Err(ConfigError::at(&entry.value_place, "a budget is a number of parameters, from 1 to 2^40"))
            }
        };
        let budgets = budgets.into_iter().map(number).collect::<Result<_, _>>()?;
        Ok(Some(Solve { key, place: value_place, budgets }))
    }

    /// The largest value that `count` does not find above the budget.
    ///
    /// # Errors
    /// When even 1 is too large, or no value is too large.
    pub(super) fn value(
        &self,
        (budget, entry): &(u64, Entry),
        count: impl Fn(u64) -> anyhow::Result<u64>,
    ) -> anyhow::Result<u64> {
        let at = |message: String| ConfigError::at(&entry.value_place, message);
        let least = count(1)?;
        if least > *budget {
            let message = format!("{} = 1 needs {least} parameters already", self.key);
            return Err(at(message).help(format!("take a budget of at least {least}")).into());
        }
        let (mut fits, mut exceeds) = (1, 2);
        loop {
            let counted = count(exceeds)?;
            if counted > *budget {
                break;
            }
            // A setting that counts adds a parameter at least.
            if exceeds > *budget {
                let message = format!(
                    "no value of {} comes to {budget} parameters: 1 to {exceeds} have {least} to {counted}",
                    self.key
                );
                return Err(at(message).into());
            }
            (fits, exceeds) = (exceeds, exceeds * 2);
        }
        while exceeds - fits > 1 {
            let middle = fits + (exceeds - fits) / 2;
            match count(middle)? > *budget {
                true => exceeds = middle,
                false => fits = middle,
            }
        }
        Ok(fits)
    }
}
