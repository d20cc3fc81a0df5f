//! Configuration files: TOML in, a checked [`RunConfig`] out.
//!
//! Read in this order: [`place`] (errors that point), [`document`] (files,
//! `extends`, `--set`), [`keys`] (what there is), [`settings`] (checked
//! against that), and the sections [`data`], [`model`], [`training`].

pub mod data;
pub mod document;
pub mod keys;
pub mod model;
pub mod place;
pub mod resolved;
pub mod settings;
pub mod training;

pub use data::{DataConfig, DataKind, Tokens};
pub use model::Demand;
pub use place::ConfigError;
pub use training::{CheckpointConfig, LoggingConfig, TrainingConfig};

use elm_core::device::{BackendOptions, Device, ScanChoice};
use elm_core::model::NetworkSpec;
use settings::Settings;
use std::path::{Path, PathBuf};

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
    settings: Settings,
}

impl RunConfig {
    /// Reads a file with its overrides (`key=value`, in order).
    ///
    /// # Errors
    /// [`ConfigError`] with the place and the remedy.
    pub fn load(file: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        let mut entries = document::read_file(file)?;
        for (i, argument) in overrides.iter().enumerate() {
            document::merge(&mut entries, document::parse_set(argument, i + 1)?);
        }
        let settings = Settings::check(&file.display().to_string(), entries)?;
        let data = data::data(&settings)?;
        let training = training::training(&settings, data.kind.is_text())?;
        let config = RunConfig {
            name: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            file: file.to_path_buf(),
            backend: settings.text("backend.kind").unwrap_or("candle").to_string(),
            backend_options: backend_options(&settings)?,
            checkpoint: training::checkpoint(&settings),
            logging: training::logging(&settings),
            data,
            training,
            settings,
        };
        config.check_model()?;
        Ok(config)
    }

    /// The network, fitted to what the data demands.
    ///
    /// # Errors
    /// [`ConfigError`] at the setting that is impossible.
    pub fn network(&self, demand: Demand) -> Result<NetworkSpec, ConfigError> {
        let spec = model::network(&self.settings, demand)?;
        for regularizer in &self.training.regularizers {
            if let Some(missing) = regularizer.layers.iter().find(|&&layer| layer >= spec.layers.len()) {
                let key = match regularizer.penalty {
                    elm_core::train::Penalty::NeuronMlpMagnitude => "regularizer.mlp_magnitude.layers",
                    elm_core::train::Penalty::PopulationActivity => "regularizer.population_activity.layers",
                };
                let message = format!("there is no layer {missing}: the network has {}", spec.layers.len());
                return Err(self.settings.error(key, message));
            }
        }
        Ok(spec)
    }

    /// What the data demands as far as the configuration alone tells; `None`
    /// where only the data knows.
    pub fn demand_without_data(&self) -> Option<Demand> {
        let given = |key| self.settings.size(key);
        let (inputs, outputs) = (given("model.num_input"), given("model.num_output"));
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
        let known = self.demand_without_data();
        match known.or(self.data.kind.is_text().then(|| self.assumed_demand())) {
            Some(demand) => self.network(demand).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Time steps of a training sequence, as far as the configuration tells.
    pub fn time_steps(&self) -> usize {
        if self.data.kind.is_text() { self.training.seq_length } else { self.data.longest() }
    }

    /// Where the data is.
    ///
    /// # Errors
    /// [`ConfigError`] when it is not given, or through a variable that is not set.
    pub fn data_path(&self) -> Result<PathBuf, ConfigError> {
        self.settings.existing_path("data.path")
    }

    /// The kind of the data, as in the configuration.
    pub fn task_name(&self) -> String {
        self.settings.text("data.kind").unwrap_or_default().to_string()
    }

    /// The settings as they are written into the run folder.
    pub fn to_toml(&self) -> String {
        resolved::to_toml(self.settings.entries())
    }

    /// The settings as text by dotted key, for comparing runs.
    pub fn values(&self) -> std::collections::BTreeMap<String, String> {
        let text =
            |(key, entry): (&String, &document::Entry)| (key.clone(), resolved::value_text(&entry.value));
        self.settings.entries().iter().map(text).collect()
    }

    /// An error at the place of a key.
    pub fn error(&self, key: &str, message: impl Into<String>) -> ConfigError {
        self.settings.error(key, message)
    }
}

fn backend_options(settings: &Settings) -> Result<BackendOptions, ConfigError> {
    let device: Device = settings
        .text("backend.device")
        .unwrap_or("cpu")
        .parse()
        .map_err(|_| settings.error("backend.device", "takes \"cpu\" or \"cuda:N\""))?;
    Ok(BackendOptions {
        device,
        threads: settings.size("backend.threads"),
        scan: settings.choice("backend.scan").unwrap_or(ScanChoice::Auto),
        memory_budget: settings.integer("backend.memory_budget"),
        ..BackendOptions::default()
    })
}
