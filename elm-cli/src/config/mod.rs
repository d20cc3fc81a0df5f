//! Configuration files: TOML in, a checked [`RunConfig`] out.
//!
//! A setting stands in one place: its key, meaning, range, default and the
//! field it ends up in are declared together in the file of its section, see
//! [`section`]. Read in this order: [`place`] (errors that point),
//! [`document`] (files, `extends`, `--set`), [`names`] and [`ranges`] (what
//! values there are), [`section`], `conditions` and [`settings`] (declared and
//! checked), the sections themselves, [`keys`] (all of them, for people), [`effective`] (all
//! that hold, given or not).

mod aliases;
mod conditions;
pub mod document;
pub mod effective;
mod filled;
pub mod names;
pub(crate) mod paths;
pub mod place;
pub mod ranges;
pub mod resolved;
pub mod section;
pub mod settings;

pub mod backend;
pub mod baseline;
pub mod checkpoint;
pub mod data;
pub mod kind;
pub mod layer;
pub mod logging;
pub mod model;
pub mod properties;
pub mod regularizer;
pub mod schedule;
pub mod training;

pub mod keys;

pub use checkpoint::CheckpointConfig;
pub use data::{DataConfig, PixelForm, Tokenization, Tokens};
pub use kind::DataKind;
pub use logging::LoggingConfig;
pub use model::Demand;
pub use names::Named;
pub use place::ConfigError;
pub use properties::{Predicts, Properties, TrainingDefaults};
pub use schedule::LearningRateConfig;
pub use training::TrainingConfig;

use backend::BackendName;
use baseline::{BaselineConfig, Kind};
use data::DataChoice;
use document::Entries;
use elm_core::baseline::BaselineSpec;
use elm_core::device::{BackendOptions, ScanChoice};
use elm_core::model::NetworkSpec;
use elm_core::model::options::LayerOptions;
use model::{Model, ModelConfig};
use regularizer::Regularizers;
use section::{Section, sections};
use settings::Settings;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use training::{Carrying, FromOthers, Length};

sections! {
    /// All sections with the tables they stand in.
    #[allow(dead_code)] // some only serve those below them
    struct Sections from settings {
        backend: BackendName, in "backend";
        backend_options: BackendOptions, in "backend";
        choice: DataChoice, in "data";
        data: DataConfig, in "data", given choice.required(settings)?;
        model: ModelConfig, in "model";
        layer: LayerOptions, in "model";
        first_layer: LayerOptions, in "model.first_layer";
        last_layer: LayerOptions, in "model.last_layer";
        baselines: BaselineConfig, in "model";
        length: Length, in "training";
        carrying: Carrying, in "training", given data.kind;
        rate: LearningRateConfig, in "training";
        regularizers: Regularizers, in "regularizer";
        training: TrainingConfig, in "training", given FromOthers {
            kind: data.kind,
            length: length.turns(data.kind, settings)?,
            state_reuse: carrying.reset(data.kind, settings)?,
            rate: rate.clone(),
            regularizers: regularizers.0.clone(),
        };
        checkpoint: CheckpointConfig, in "checkpoint";
        logging: LoggingConfig, in "logging";
    }
}

/// Settings that decide how much a training needs.
const SIZES: &[&str] = &[
    "model.num_layers",
    "model.neuron.num_branch",
    "model.neuron.num_synapse_per_branch",
    "model.neuron.mlp_hidden_units",
    "model.neuron.num_memory",
    "training.seq_length",
    "training.batch_size",
    "model.num_hidden",
    "model.lstm.hidden_size",
    "model.gru.hidden_size",
    "model.lif.hidden_size",
    "model.transformer.width",
];

/// An experiment with every choice made but those that the data makes.
#[derive(Debug, Clone, PartialEq)]
pub struct RunConfig {
    /// The file's name without its ending.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// Name of the backend.
    pub backend: String,
    /// What the backend is asked to be.
    pub backend_options: BackendOptions,
    /// What is learned.
    pub data: DataConfig,
    /// How.
    pub training: TrainingConfig,
    /// When to save.
    pub checkpoint: CheckpointConfig,
    /// What to write down.
    pub logging: LoggingConfig,
    model: Model,
    settings: Settings,
    /// What people should know of the settings.
    pub notes: Vec<String>,
    /// Keys that cannot have an effect, as the others are.
    without_effect: BTreeSet<String>,
    /// Every key that counts with the value that holds, as far as no data is needed.
    values: Vec<(String, Option<String>)>,
}

impl RunConfig {
    /// Reads a file with its overrides (`key=value`, in order). A run folder
    /// stands for its configuration.
    ///
    /// # Errors
    /// [`ConfigError`] with the place and the remedy.
    pub fn load(file: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        let of_run = file.join("config.toml");
        let file = if of_run.is_file() { of_run.as_path() } else { file };
        let mut entries = document::read_file(file)?;
        for (i, argument) in overrides.iter().enumerate() {
            document::merge(&mut entries, document::parse_set(argument, i + 1)?);
        }
        Self::of(file, entries)
    }

    /// The experiment of a file whose settings were read, and perhaps changed,
    /// before.
    ///
    /// # Errors
    /// [`ConfigError`] with the place and the remedy.
    pub(crate) fn of(file: &Path, entries: Entries) -> Result<Self, ConfigError> {
        let keys = keys::all();
        let settings = Settings::check(&file.display().to_string(), entries, &keys)?;
        let sections = Sections::read(&settings, "", ())?;
        let mut values = sections.values("");
        let notes = conditions::check(settings.entries(), &keys, &values)?;
        let without_effect: BTreeSet<String> = keys
            .into_iter()
            .filter(|key| conditions::unmet(key, &values).is_some())
            .map(|key| key.path)
            .collect();
        values.retain(|(key, _)| {
            !baseline::is_of_others(sections.model.kind, key) && !without_effect.contains(key)
        });
        let overrides = |table, layer| settings.has_table(table).then_some(layer);
        let config = RunConfig {
            name: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            file: file.to_path_buf(),
            backend: sections.backend.kind,
            backend_options: sections.backend_options,
            data: sections.data,
            training: sections.training,
            checkpoint: sections.checkpoint,
            logging: sections.logging,
            model: Model {
                whole: sections.model,
                layer: sections.layer,
                first_layer: overrides("model.first_layer", sections.first_layer),
                last_layer: overrides("model.last_layer", sections.last_layer),
                baselines: sections.baselines,
            },
            settings,
            notes,
            without_effect,
            values,
        };
        config.training.check(&config.settings)?;
        config.check_model()?;
        Ok(config)
    }

    /// The network, fitted to what the data demands.
    ///
    /// # Errors
    /// [`ConfigError`] at the setting that is impossible.
    pub fn network(&self, demand: Demand) -> Result<NetworkSpec, ConfigError> {
        let spec = self.model.network(&self.settings, self.data.kind.properties().predicts, demand)?;
        regularizer::check_layers(&self.settings, spec.layers.len())?;
        Ok(spec)
    }

    /// The baseline, fitted to what the data demands; `None` where the model
    /// is one of ELM neurons.
    ///
    /// # Errors
    /// [`ConfigError`] at the setting that is impossible.
    pub fn baseline(&self, demand: Demand) -> Result<Option<BaselineSpec>, ConfigError> {
        let Kind::Baseline(kind) = self.model.whole.kind else { return Ok(None) };
        if self.backend_options.scan == ScanChoice::Fused {
            let message = "only ELM neurons have a fused recurrence with every backend; with \"auto\" a baseline is fused where its backend can";
            return Err(self.error("backend.scan", message));
        }
        regularizer::check_layers(&self.settings, 1)?;
        if self.training.regularizers.iter().any(|penalty| !penalty.magnitudes().is_empty()) {
            return Err(self.error("regularizer.mlp_magnitude", "only ELM neurons have an MLP"));
        }
        let predicts = self.data.kind.properties().predicts;
        self.model.baseline(kind, &self.settings, predicts, demand).map(Some)
    }

    /// What the data demands as far as the configuration alone tells; `None`
    /// where only the data knows.
    pub fn demand_without_data(&self) -> Option<Demand> {
        let (inputs, outputs) = (self.model.whole.num_input, self.model.whole.num_output);
        let tokens = self.data.has_tokens();
        let known = match self.data.kind {
            DataKind::Text => {
                let symbols = self.data.vocabulary.or(inputs).or(outputs);
                symbols.map(|symbols| (symbols, symbols))
            }
            _ => self.data.channels_and_classes().or(inputs.zip(outputs)),
        };
        known.map(|(inputs, outputs)| Demand { inputs, outputs, tokens })
    }

    /// A demand to reckon with while only the data knows the real one.
    pub fn assumed_demand(&self) -> Demand {
        Demand { inputs: 256, outputs: 256, tokens: self.data.has_tokens() }
    }

    /// Checks what can be checked of the model before any data is read.
    fn check_model(&self) -> Result<(), ConfigError> {
        self.model.check_kind(&self.settings)?;
        let assumed = || self.data.kind.properties().may_assume_symbols.then(|| self.assumed_demand());
        match self.demand_without_data().or_else(assumed) {
            Some(demand) => match self.baseline(demand)? {
                Some(_) => Ok(()),
                None => self.network(demand).map(|_| ()),
            },
            None => Ok(()),
        }
    }

    /// Time steps of a training sequence, as far as the configuration tells.
    pub fn time_steps(&self) -> usize {
        if self.data.kind.properties().segmented { self.training.seq_length } else { self.data.longest() }
    }

    /// Where the data is.
    ///
    /// # Errors
    /// [`ConfigError`] when it is not given, or through a variable that is not set.
    pub fn data_path(&self) -> Result<PathBuf, ConfigError> {
        let Some(text) = &self.data.path else {
            return Err(self.error("data.path", "missing: this kind of data is read from a file or folder"));
        };
        // Variables that are set were replaced when the file was read.
        let unset = paths::expand(text, paths::variable).ok().and_then(|expanded| expanded.unset);
        match unset.filter(|_| !Path::new(text).exists()) {
            None => Ok(PathBuf::from(text)),
            Some(name) => Err(self
                .error("data.path", format!("the environment variable {name} is not set"))
                .help(format!("run {name}=/folder/of/data elm …, or give the place with --set data.path=…"))),
        }
    }

    /// The kind of the data, as in the configuration.
    pub fn task_name(&self) -> String {
        self.data.kind.name().to_string()
    }

    /// The settings of the model with every default filled in, by key, from
    /// which `network` comes out again; `None` where nothing is set.
    pub fn model_settings(&self, network: &NetworkSpec) -> Vec<(String, Option<String>)> {
        self.model.filled(network)
    }

    /// The same for a baseline.
    pub fn baseline_settings(&self) -> Vec<(String, Option<String>)> {
        match self.model.whole.kind {
            Kind::Elm(_) => Vec::new(),
            Kind::Baseline(kind) => self.model.baseline_filled(kind, self.data.has_tokens()),
        }
    }

    /// What a backend says of its options, at the place of the setting where
    /// it was the configuration that set it.
    pub fn placed(&self, error: elm_core::Error) -> anyhow::Error {
        let own = self.settings.get(backend::THREADS, &ranges::size(1)).ok().flatten();
        match error {
            elm_core::Error::Config { key, reason }
                if key == backend::THREADS && own.is_some() && own == self.backend_options.threads =>
            {
                self.error(&key, reason).into()
            }
            other => other.into(),
        }
    }

    /// An error at the largest of the sizes that are given, which decides how
    /// much is computed with.
    pub(crate) fn error_of_size(&self, message: impl Into<String>) -> ConfigError {
        let size = |key: &&&str| self.settings.get(key, &ranges::size(1)).ok().flatten().unwrap_or(0);
        let given = SIZES.iter().filter(|key| size(key) > 0);
        self.settings.error(given.max_by_key(size).unwrap_or(&"model"), message)
    }

    /// The settings that are given, checked; paths are absolute.
    pub(crate) fn given(&self) -> &Entries {
        self.settings.entries()
    }

    /// Can a setting have an effect, as the others are?
    pub fn counts(&self, key: &str) -> bool {
        !self.without_effect.contains(key)
    }

    /// An error at the place of a key.
    pub fn error(&self, key: &str, message: impl Into<String>) -> ConfigError {
        self.settings.error(key, message)
    }
}
