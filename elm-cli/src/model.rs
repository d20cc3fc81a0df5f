//! The model that a program is made for.

use crate::config::{Demand, RunConfig};
use anyhow::Result;
use elm_core::model::{ModelSpec, NetworkSpec};

/// A model that a configuration describes.
///
/// A program with a model of its own implements this and runs
/// [`main_with`](crate::main_with) over a
/// [`Registry::standard_for`](crate::Registry::standard_for) it.
pub trait ConfiguredModel: ModelSpec {
    /// The model of a configuration, fitted to what the data demands.
    ///
    /// # Errors
    /// When a setting is impossible, naming it.
    fn configured(config: &RunConfig, demand: Demand) -> Result<Self>;

    /// Settings by key, as TOML has them, from which this model comes out
    /// again, every default filled in (`None`: nothing is set); `None` where
    /// the configuration is kept as it was given.
    fn settings(&self, _config: &RunConfig) -> Option<Vec<(String, Option<String>)>> {
        None
    }
}

impl ConfiguredModel for NetworkSpec {
    fn configured(config: &RunConfig, demand: Demand) -> Result<Self> {
        Ok(config.network(demand)?)
    }

    fn settings(&self, config: &RunConfig) -> Option<Vec<(String, Option<String>)>> {
        Some(config.model_settings(self))
    }
}
