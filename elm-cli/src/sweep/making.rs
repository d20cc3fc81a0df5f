//! From a combination of values to runs: what follows from them, the checked
//! configuration, the size of its model.

use super::demand::Demands;
use super::expand::Combination;
use super::file::SweepFile;
use super::point::{Point, Size, digest, named};
use super::recipe::Recipe;
use super::solve::Solve;
use crate::config::document::{self, Entries, Entry, Value};
use crate::config::place::Place;
use crate::config::resolved::value_text;
use crate::config::{ConfigError, RunConfig};
use crate::model::ConfiguredModel;
use anyhow::{Context, Result};
use elm_core::device::{Device, most_threads};
use std::collections::BTreeMap;
use std::path::PathBuf;

impl Combination<'_> {
    /// The keys of columns: those that vary, and those that follow.
    pub(super) fn columns(&self) -> Vec<String> {
        let recipes = self.recipes.iter().map(|recipe| recipe.key.clone());
        self.varied.iter().cloned().chain(recipes).collect()
    }
}

/// What runs are made with.
pub(super) struct Making<'f, 'n> {
    file: &'f SweepFile,
    /// Settings of the configurations that runs start from.
    bases: BTreeMap<PathBuf, Entries>,
    demands: Demands,
    notice: &'n mut dyn FnMut(&str),
}

impl<'f, 'n> Making<'f, 'n> {
    pub(super) fn new(file: &'f SweepFile, strict: bool, notice: &'n mut dyn FnMut(&str)) -> Self {
        Making { file, bases: BTreeMap::new(), demands: Demands::new(strict), notice }
    }

    /// The runs of a combination, one for each seed, and where their data is.
    pub(super) fn points<S: ConfiguredModel>(
        &mut self,
        combination: &Combination<'_>,
    ) -> Result<Vec<(Point, Option<String>)>> {
        if !self.bases.contains_key(combination.config) {
            let base = document::read_file(combination.config)?;
            self.bases.insert(combination.config.to_path_buf(), base);
        }
        let settings = self.settings::<S>(combination)?;
        let seeds: Vec<Option<&Entry>> = match &self.file.seeds {
            Some(seeds) => seeds.iter().map(Some).collect(),
            None => vec![None],
        };
        let mut points = Vec::new();
        for seed in seeds {
            let mut settings = settings.clone();
            settings.extend(seed.map(|seed| ("training.seed".to_string(), seed.clone())));
            let config = self.config(combination, &settings)?;
            points.push((self.point::<S>(combination, &settings, &config)?, config.data.path.clone()));
        }
        Ok(points)
    }

    /// What is set, with all that follows from it.
    fn settings<S: ConfiguredModel>(&mut self, combination: &Combination<'_>) -> Result<Entries> {
        let mut settings = combination.settings.clone();
        if let Some(threads) = &self.file.threads {
            settings.entry("backend.threads".into()).or_insert_with(|| threads.clone());
        } else if !self.bases[combination.config].contains_key("backend.threads") {
            settings.entry("backend.threads".into()).or_insert_with(|| one_thread(self.file));
        }
        let Some((solve, budget)) = combination.solve else {
            return Ok(self.with_recipes(combination, settings)?);
        };
        // What the data asks does not depend on the setting that is solved for.
        let first = self.solved(combination, &settings, solve, 1)?;
        let config = self.config(combination, &first)?;
        let told = || format!("the run with {}", in_words(combination));
        let demand = self.demands.of(&config, self.notice).with_context(told)?.demand;
        let count = |value: u64| -> Result<u64> {
            let settings = self.solved(combination, &settings, solve, value)?;
            let config = self.config(combination, &settings)?;
            let model = S::configured(&config, demand).map_err(|error| self.located(error))?;
            Ok(model.trainable_parameters() as u64)
        };
        let value = solve.value(budget, count)?;
        Ok(self.solved(combination, &settings, solve, value)?)
    }

    /// The settings with this value of the one that is solved for.
    fn solved(
        &self,
        combination: &Combination<'_>,
        settings: &Entries,
        solve: &Solve,
        value: u64,
    ) -> Result<Entries, ConfigError> {
        let value = Value::Integer(value.into());
        let entry = Entry { value, key_place: solve.place.clone(), value_place: solve.place.clone() };
        let mut settings = settings.clone();
        settings.insert(solve.key.clone(), entry);
        self.with_recipes(combination, settings)
    }

    /// The settings with those that follow from them.
    fn with_recipes(
        &self,
        combination: &Combination<'_>,
        mut settings: Entries,
    ) -> Result<Entries, ConfigError> {
        let mut left: Vec<&Recipe> = combination.recipes.clone();
        while !left.is_empty() {
            let keys: Vec<&str> = left.iter().map(|recipe| recipe.key.as_str()).collect();
            let waits = |recipe: &&Recipe| recipe.needs().iter().any(|name| keys.contains(&name.as_str()));
            let (waiting, ready): (Vec<&Recipe>, Vec<&Recipe>) =
                left.iter().partition(|recipe| waits(recipe));
            if ready.is_empty() {
                let message = format!("these recipes wait for each other: {}", keys.join(", "));
                return Err(ConfigError::at(&waiting[0].entry.key_place, message));
            }
            let mut found = Vec::new();
            for recipe in ready {
                let number = |key: &str| self.number(combination, &settings, key);
                found.push((recipe.key.clone(), recipe.apply(number)?));
            }
            settings.extend(found);
            left = waiting;
        }
        Ok(settings)
    }

    /// The number that a setting has: given, else by default.
    fn number(&self, combination: &Combination<'_>, settings: &Entries, key: &str) -> Option<f64> {
        match settings.get(key).or_else(|| self.bases[combination.config].get(key)) {
            Some(Entry { value: Value::Integer(number), .. }) => Some(*number as f64),
            Some(Entry { value: Value::Number(number), .. }) => Some(*number),
            Some(_) => None,
            None => self.config(combination, settings).ok()?.value(key)?.parse().ok(),
        }
    }

    /// The configuration with these settings.
    fn config(&self, combination: &Combination<'_>, settings: &Entries) -> Result<RunConfig, ConfigError> {
        let mut entries = self.bases[combination.config].clone();
        document::merge(&mut entries, settings.clone());
        RunConfig::of(combination.config, entries).map_err(|error| match error.help {
            Some(_) => error,
            None => error.help(format!("in the run with {}", in_words(combination))),
        })
    }

    /// An error without a place, with the name of the file.
    fn located(&self, error: anyhow::Error) -> anyhow::Error {
        match crate::is_usage_error(&error) {
            true => error,
            false => error.context(self.file.source.name.clone()),
        }
    }

    fn point<S: ConfiguredModel>(
        &mut self,
        combination: &Combination<'_>,
        settings: &Entries,
        config: &RunConfig,
    ) -> Result<Point> {
        let told = || format!("the run with {}", in_words(combination));
        let asked = self.demands.of(config, self.notice).with_context(told)?;
        let model = S::configured(config, asked.demand).map_err(|error| self.located(error))?;
        let threads = config.backend_options.threads.unwrap_or(1);
        let most = most_threads()?;
        if threads > most {
            let message = format!("{threads} threads a run are more than the {most} that are allowed here");
            return Err(config.error("backend.threads", message).into());
        }
        let given = config.given();
        let text = |key: &str| given.get(key).map(|entry| value_text(&entry.value));
        let columns = combination.columns();
        let shown: Vec<(String, String)> =
            combination.varied.iter().filter_map(|key| Some((key.clone(), text(key)?))).collect();
        let variant = combination.variant.map(|variant| variant.name.clone());
        let budget = combination.solve.map(|(_, (budget, _))| *budget);
        let of_many = combination.solve.filter(|(solve, _)| solve.budgets.len() > 1).and(budget);
        let digest = digest(config, &combination.varied);
        let training = &config.training;
        Ok(Point {
            name: named(variant.as_deref(), &shown, of_many, config.training.seed, &digest),
            digest,
            variant,
            config: std::path::absolute(combination.config).context("the folder that one is in")?,
            settings: settings.keys().filter_map(|key| Some((key.clone(), text(key)?))).collect(),
            varied: columns.into_iter().filter_map(|key| text(&key).map(|value| (key, value))).collect(),
            seed: training.seed,
            budget,
            threads,
            on_cpu: config.backend_options.device == Device::Cpu,
            updates: asked.updates(config),
            steps_per_update: (training.update_size() as u64).saturating_mul(config.time_steps() as u64),
            size: Size::of(&model.count()),
        })
    }
}

/// What is varied, for messages.
fn in_words(combination: &Combination<'_>) -> String {
    let variant = combination.variant.map(|variant| format!("variant \"{}\"", variant.name));
    let varied = combination.varied.iter().filter_map(|key| {
        let value = value_text(&combination.settings.get(key)?.value);
        Some(format!("{key} = {value}"))
    });
    let words: Vec<String> = variant.into_iter().chain(varied).collect();
    if words.is_empty() { "no setting varied".into() } else { words.join(", ") }
}

/// Small models learn fastest with one thread each, and the numbers of a run
/// depend on it: so it does not follow from how many runs there are at a time.
fn one_thread(file: &SweepFile) -> Entry {
    let place = Place { source: file.source.clone(), span: 0..0 };
    Entry { value: Value::Integer(1), key_place: place.clone(), value_place: place }
}
