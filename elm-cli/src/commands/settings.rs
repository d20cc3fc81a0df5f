//! The settings of runs, and what tells several runs apart.

use super::eval::config_of;
use crate::config::RunConfig;
use crate::config::effective::{Effective, EffectiveSettings, Found};
use crate::model::ConfiguredModel;
use crate::run::changes::MAY_CHANGE;
use crate::run::origins::Origins;
use anyhow::Result;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::Path;

/// What a run folder or a configuration file says.
pub struct RunSettings {
    /// The configuration.
    pub config: RunConfig,
    /// Every setting, defaults filled in, and where each value comes from.
    pub settings: EffectiveSettings,
    /// Trainable parameters of its model, where that is known without data.
    pub parameters: Option<usize>,
}

impl RunSettings {
    /// Those of a run folder or a configuration file.
    ///
    /// # Errors
    /// When the folder is not one of a run, or a setting is wrong.
    pub fn of<S: ConfiguredModel>(path: &Path, overrides: &[String]) -> Result<Self> {
        let of_run = path.is_dir();
        let config = match of_run {
            true => config_of(path, overrides)?,
            false => RunConfig::load(path, overrides)?,
        };
        let demand = config.demand_without_data();
        let model = demand.map(|demand| S::configured(&config, demand)).transpose()?;
        let parameters = model.as_ref().map(S::trainable_parameters);
        let model = model.and_then(|model| model.settings(&config));
        let mut settings = config.effective(&Found { demand, turn: None, model });
        if of_run {
            Origins::read(path)?.restore(&mut settings);
        }
        Ok(RunSettings { config, settings, parameters })
    }
}

/// The keys in which runs differ, those with the most values first, the seed
/// last. What only follows from another setting by default is left out, and so
/// is how often something is saved or logged; where it is computed counts only
/// if nothing else differs.
pub fn differing(runs: &[&EffectiveSettings]) -> Vec<String> {
    let keys: BTreeSet<&String> = runs.iter().flat_map(|settings| settings.keys()).collect();
    let values = |key: &String| {
        let own = runs.iter().map(|settings| settings.get(key));
        let told = own.clone().flatten().any(|own| !own.is_default());
        let values: BTreeSet<Option<&str>> = own.map(|own| own.and_then(value)).collect();
        if told { values.len() } else { 1 }
    };
    let counted = keys.into_iter().map(|key| (key, values(key))).filter(|(_, values)| *values > 1);
    let of_place =
        |(key, _): &(&String, usize)| MAY_CHANGE.iter().any(|table| key.starts_with(&format!("{table}.")));
    let (place, mut chosen): (Vec<_>, Vec<_>) = counted.partition(of_place);
    if chosen.is_empty() {
        chosen = place.into_iter().filter(|(key, _)| key.starts_with("backend.")).collect();
    }
    chosen.sort_by_key(|(key, values)| (*key == "training.seed", Reverse(*values)));
    chosen.into_iter().map(|(key, _)| key.clone()).collect()
}

fn value(setting: &Effective) -> Option<&str> {
    setting.value.as_deref()
}

/// A value of a setting for people: without quotation marks, of a path its end.
pub fn told(value: Option<&str>) -> String {
    let value = value.unwrap_or("-");
    let text = value.trim_matches('"');
    if value.starts_with('"') && text.contains('/') {
        return text.rsplit('/').find(|part| !part.is_empty()).unwrap_or(text).to_string();
    }
    text.to_string()
}
