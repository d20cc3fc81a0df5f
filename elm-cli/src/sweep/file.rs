//! A sweep as its file says it, every part with its place.

use super::axis::{self, Axis};
use super::recipe::Recipe;
use super::slurm;
use super::solve::Solve;
use super::tables::Tables;
use super::{figure, pivot};
use crate::config::ConfigError;
use crate::config::document::{self, Entries, Entry, Value};
use crate::config::place::{Place, Source};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::de::DeTable;

/// What the file says.
pub struct SweepFile {
    /// The file.
    pub source: Arc<Source>,
    /// Seeds of the runs; `None`: that of their configuration.
    pub seeds: Option<Vec<Entry>>,
    /// Threads of a run; `None`: as configured, else one.
    pub threads: Option<Entry>,
    /// What runs ask of a cluster.
    pub slurm: slurm::Options,
    /// What holds for all variants.
    pub whole: Block,
    /// Alternatives; none: there is only the whole.
    pub variants: Vec<Variant>,
    /// What the summary shows besides.
    pub(super) table: Option<pivot::Wanted>,
    /// What is drawn.
    pub(super) figure: Option<figure::Wanted>,
}

/// An alternative with a name.
pub struct Variant {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What is said of it, instead of or besides what holds for all.
    pub block: Block,
}

/// Settings and how they vary.
#[derive(Default)]
pub struct Block {
    /// The configuration to start from.
    pub config: Option<(PathBuf, Place)>,
    /// Settings of every run.
    pub set: Entries,
    /// What is varied, each axis against all others.
    pub axes: Vec<Axis>,
    /// Settings that follow from others.
    pub recipes: Vec<Recipe>,
    /// The setting that fills a budget.
    pub solve: Option<Solve>,
}

const TOP: [&str; 13] = [
    "config", "seeds", "threads", "set", "grid", "zip", "random", "recipe", "solve", "variant", "table",
    "figure", "slurm",
];
const OF_VARIANT: [&str; 8] = ["name", "config", "set", "grid", "zip", "random", "recipe", "solve"];

impl SweepFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`] at the place of what is wrong.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let source = document::read_source(path, document::SET_BESIDE)?;
        let document = DeTable::parse(&source.text).map_err(|error| document::toml_error(&source, &error))?;
        let tables = Tables::new(&source);
        let top = document.get_ref();
        tables.check_keys(top, "", &TOP)?;
        let mut variants: Vec<Variant> = Vec::new();
        for (table, place) in tables.list_of_tables(top, "variant")? {
            tables.check_keys(table, "variant.", &OF_VARIANT)?;
            let name = tables.entry(table, "name")?;
            let Some(Entry { value: Value::Text(name), value_place, .. }) = name else {
                return Err(ConfigError::at(&place, "a variant needs a name = \"…\""));
            };
            if variants.iter().any(|other| other.name == name) {
                return Err(ConfigError::at(&value_place, format!("there is a variant \"{name}\" already")));
            }
            variants.push(Variant { name, place, block: Block::read(&tables, table, "variant.")? });
        }
        let sweep = SweepFile {
            seeds: tables.list(top, "seeds")?,
            threads: tables.entry(top, "threads")?,
            slurm: slurm::Options::read(&tables, top)?,
            whole: Block::read(&tables, top, "")?,
            variants,
            table: pivot::Wanted::read(&tables, top)?,
            figure: figure::Wanted::read(&tables, top)?,
            source: source.clone(),
        };
        sweep.check()?;
        Ok(sweep)
    }

    /// Every run needs a configuration.
    fn check(&self) -> Result<(), ConfigError> {
        if self.whole.config.is_some() {
            return Ok(());
        }
        let message = "missing: config = \"FILE\", the configuration that every run starts from";
        match self.variants.iter().find(|variant| variant.block.config.is_none()) {
            Some(variant) => Err(ConfigError::at(&variant.place, message)),
            None if self.variants.is_empty() => Err(ConfigError::of(&self.source.name, message)),
            None => Ok(()),
        }
    }
}

impl Block {
    fn read(tables: &Tables<'_>, table: &DeTable<'_>, prefix: &str) -> Result<Self, ConfigError> {
        let config = match tables.entry(table, "config")? {
            None => None,
            Some(Entry { value: Value::Text(name), value_place, .. }) => {
                let file = document::file_named(&value_place.source, &name, "the configuration");
                let file = file.map_err(|message| ConfigError::at(&value_place, message))?;
                Some((file, value_place))
            }
            Some(other) => {
                let message = format!("config takes a file name, not {}", other.value.kind());
                return Err(ConfigError::at(&other.value_place, message));
            }
        };
        let set = tables.settings(table, "set")?;
        let mut axes = axis::grid(tables, table)?;
        axes.extend(axis::zips(tables, table)?);
        axes.extend(axis::random(tables, table, prefix)?);
        let recipes = tables.settings(table, "recipe")?;
        let recipes = recipes.into_iter().map(|(key, entry)| Recipe::read(key, entry));
        let block = Block {
            config,
            set,
            axes,
            recipes: recipes.collect::<Result<_, _>>()?,
            solve: Solve::read(tables, table, prefix)?,
        };
        block.check()?;
        Ok(block)
    }

    /// Every key that the block says something of, with its place.
    pub fn keys(&self) -> Vec<(&str, &Place)> {
        let set = self.set.iter().map(|(key, entry)| (key.as_str(), &entry.key_place));
        let axes = self.axes.iter().flat_map(Axis::keys);
        let recipes = self.recipes.iter().map(|recipe| (recipe.key.as_str(), &recipe.entry.key_place));
        let solve = self.solve.iter().map(|solve| (solve.key.as_str(), &solve.place));
        set.chain(axes).chain(recipes).chain(solve).collect()
    }

    /// A key has one value.
    fn check(&self) -> Result<(), ConfigError> {
        let mut keys = self.keys();
        keys.sort_by_key(|(_, place)| place.span.start);
        for (i, (key, place)) in keys.iter().enumerate() {
            if *key == "training.seed" && !self.set.contains_key(*key) {
                let message = "the seeds of a sweep stand at its top: seeds = [0, 1, 2]";
                return Err(ConfigError::at(place, message));
            }
            if let Some((_, first)) = keys[..i].iter().find(|(other, _)| other == key) {
                let (line, _) = first.line_and_column();
                let message = format!("`{key}` gets a value in line {line} already");
                return Err(ConfigError::at(place, message));
            }
        }
        Ok(())
    }
}
