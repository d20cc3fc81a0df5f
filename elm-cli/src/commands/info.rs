//! `elm info`: how large a configured model is and what it costs.

use crate::config::RunConfig;
use crate::machine::{checkpoint_bytes, size};
use crate::model::ConfiguredModel;
use anyhow::Result;
use elm_core::model::count::NetworkCount;
use serde::Serialize;

/// The document that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// Sizes and costs.
    #[serde(flatten)]
    pub count: NetworkCount,
    /// Estimate of the memory of a training step.
    pub training_memory_bytes: u64,
    /// Estimate of what the checkpoints of a run take on disk.
    pub checkpoint_bytes: u64,
    /// Was the number of symbols assumed because only the data knows it?
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub assumed_vocabulary: bool,
}

/// Counts without reading any data.
///
/// # Errors
/// When the model cannot be built from the settings.
pub fn run<S: ConfiguredModel>(config: &RunConfig) -> Result<Info> {
    let demand = config.demand_without_data();
    let spec = S::configured(config, demand.unwrap_or(config.assumed_demand()))?;
    Ok(Info {
        count: spec.count(),
        training_memory_bytes: spec.training_memory_bytes(
            config.training.batch_size,
            config.time_steps(),
            &config.backend_options,
        ),
        checkpoint_bytes: checkpoint_bytes(config, &spec, config.checkpoint.keep as u64),
        assumed_vocabulary: demand.is_none(),
    })
}

impl std::fmt::Display for Info {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = &self.count;
        writeln!(f, "trainable parameters  {:>12}", count.trainable_parameters)?;
        writeln!(f, "all parameters        {:>12}", count.total_parameters)?;
        for (l, layer) in count.layers.iter().enumerate() {
            writeln!(
                f,
                "layer {l}: {} neurons, each {} synapses (k_c) on {} branches, {} memory units, {} further parameters (k_e)",
                layer.neurons,
                layer.synapses_per_neuron,
                layer.branches,
                layer.memory_units,
                layer.complexity_per_neuron
            )?;
        }
        writeln!(
            f,
            "one time step forward {:>12.3} MFLOP per sample",
            count.flops_per_step_forward as f64 / 1e6
        )?;
        writeln!(f, "carried state         {:>12} floats per sample", count.state_floats)?;
        writeln!(f, "a training step needs {:>12} (estimate)", size(self.training_memory_bytes))?;
        write!(f, "checkpoints take      {:>12} (estimate)", size(self.checkpoint_bytes))?;
        if self.assumed_vocabulary {
            write!(f, "\nonly the data knows the number of inputs and outputs; 256 were assumed")?;
        }
        Ok(())
    }
}
