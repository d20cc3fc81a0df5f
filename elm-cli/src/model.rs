//! The model that a program is made for.

use crate::config::{Demand, RunConfig};
use anyhow::Result;
use elm_core::Backend;
use elm_core::baseline::BaselineSpec;
use elm_core::device::BackendOptions;
use elm_core::kernel::Simd;
use elm_core::model::count::NetworkCount;
use elm_core::model::{LiveNetwork, Model, ModelSpec, NetworkSpec, StoredTensors};
use elm_core::spec::ParameterLayout;
use serde::{Deserialize, Serialize};

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

/// Any model that `model.kind` names.
///
/// Written down, it looks like what it holds, so that runs of versions that
/// had networks only are still read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AnyModel {
    /// An ELM network or neuron.
    Elm(NetworkSpec),
    /// What they are compared with.
    Baseline(BaselineSpec),
}

impl ConfiguredModel for AnyModel {
    fn configured(config: &RunConfig, demand: Demand) -> Result<Self> {
        Ok(match config.baseline(demand)? {
            Some(baseline) => AnyModel::Baseline(baseline),
            None => AnyModel::Elm(config.network(demand)?),
        })
    }

    fn settings(&self, config: &RunConfig) -> Option<Vec<(String, Option<String>)>> {
        Some(match self {
            AnyModel::Elm(network) => config.model_settings(network),
            AnyModel::Baseline(_) => config.baseline_settings(),
        })
    }
}

/// The same expression for whichever model it is.
macro_rules! of_any {
    ($model:expr, $spec:ident => $then:expr) => {
        match $model {
            AnyModel::Elm($spec) => $then,
            AnyModel::Baseline($spec) => $then,
        }
    };
}

impl ModelSpec for AnyModel {
    fn inputs(&self) -> usize {
        of_any!(self, spec => spec.inputs())
    }

    fn logits(&self) -> usize {
        of_any!(self, spec => spec.logits())
    }

    fn layouts(&self) -> Vec<(String, ParameterLayout)> {
        of_any!(self, spec => spec.layouts())
    }

    fn count(&self) -> NetworkCount {
        of_any!(self, spec => spec.count())
    }

    fn layer_flops(&self) -> u64 {
        of_any!(self, spec => spec.layer_flops())
    }

    fn training_memory_bytes(&self, samples: usize, steps: usize, options: &BackendOptions) -> u64 {
        // By the trait's name: that of networks counts sequences, not samples.
        of_any!(self, spec => ModelSpec::training_memory_bytes(spec, samples, steps, options))
    }

    fn inference_memory_bytes(&self, samples: usize, steps: usize) -> u64 {
        of_any!(self, spec => ModelSpec::inference_memory_bytes(spec, samples, steps))
    }

    fn initial_weights(&self, seed: u64) -> StoredTensors {
        of_any!(self, spec => spec.initial_weights(seed))
    }

    fn build<B: Backend + 'static>(
        &self,
        backend: &B,
        weights: &StoredTensors,
    ) -> elm_core::Result<Box<dyn Model<B>>> {
        of_any!(self, spec => spec.build(backend, weights))
    }

    fn live(
        &self,
        weights: &StoredTensors,
        simd: Simd,
        threads: usize,
    ) -> elm_core::Result<Option<LiveNetwork>> {
        of_any!(self, spec => spec.live(weights, simd, threads))
    }
}
