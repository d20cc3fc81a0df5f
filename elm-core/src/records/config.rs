//! Model settings under the names of the authors' programs.

use crate::error::{Error, Result};
use crate::model::options::{LayerOptions, NetworkOptions, NeuronOptions, RoutingName, WiringOptions};
use crate::model::{Activation, Embedding, Head, LambdaMode, MlpActivation, ModelKind};
use serde::Deserialize;

/// A neuron's settings; absent ones have the defaults of the model's kind.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NeuronConfig {
    num_input: Option<usize>,
    num_output: Option<usize>,
    num_memory: Option<usize>,
    num_branch: Option<usize>,
    num_synapse_per_branch: Option<usize>,
    #[serde(alias = "mlp_num_layers")]
    mlp_num_hidden_layer: Option<usize>,
    #[serde(alias = "mlp_hidden_size")]
    mlp_num_hidden_units: Option<usize>,
    #[serde(alias = "mlp_activation")]
    mlp_hidden_act: Option<MlpActivation>,
    #[serde(alias = "learn_memory_tau")]
    memory_tau_learnable: Option<bool>,
    memory_tau_min: Option<f64>,
    memory_tau_max: Option<f64>,
    lambda_value: Option<f64>,
    lambda_as_timescale_ratio: Option<bool>,
    high_pass_tau: Option<f64>,
    #[serde(alias = "tau_b_value", alias = "tau_s_value")]
    branch_tau: Option<f64>,
    neuron_activation: Option<Activation>,
    input_scale: Option<f64>,
    delta_t: Option<f64>,
    input_to_synapse_routing: Option<String>,
    #[serde(alias = "w_s_value")]
    neuronio_synapse_init: Option<f64>,
    neuronio_spike_bias: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WiringConfig {
    recurrent_connect: Option<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerConfig {
    #[serde(default)]
    input_wiring_args: WiringConfig,
    #[serde(default)]
    neuron_config: NeuronConfig,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmbeddingArgs {
    scale: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkConfig {
    input_embedding: Option<String>,
    #[serde(default)]
    input_embedding_args: EmbeddingArgs,
    output_embedding: Option<String>,
    #[serde(default)]
    layer_config: LayerConfig,
    first_layer_override: Option<LayerConfig>,
    last_layer_override: Option<LayerConfig>,
    num_hidden: Option<usize>,
    num_input: usize,
    num_output: usize,
    num_layers: Option<usize>,
}

/// Settings of a network from its JSON configuration.
pub(super) fn network_options(what: &str, config: serde_json::Value) -> Result<NetworkOptions> {
    let config: NetworkConfig =
        serde_json::from_value(config).map_err(|e| Error::stored(what, e.to_string()))?;
    let scale = config.input_embedding_args.scale.unwrap_or(1.0);
    let embedding = match config.input_embedding.as_deref() {
        None => Embedding::None,
        Some("one_hot") => Embedding::OneHot(scale),
        Some("scaled") => Embedding::Scaled(scale),
        Some(other) => return Err(Error::stored(what, format!("unknown input_embedding \"{other}\""))),
    };
    let head = match config.output_embedding.as_deref() {
        None => Head::None,
        Some("linear_layer") => Head::Linear,
        Some(other) => return Err(Error::stored(what, format!("unknown output_embedding \"{other}\""))),
    };
    Ok(NetworkOptions {
        kind: ModelKind::ElmNetwork,
        num_input: config.num_input,
        num_output: config.num_output,
        num_hidden: config.num_hidden,
        num_layers: config.num_layers,
        embedding: Some(embedding),
        head: Some(head),
        layer: layer_options(&config.layer_config),
        first_layer: config.first_layer_override.as_ref().map(layer_options),
        last_layer: config.last_layer_override.as_ref().map(layer_options),
    })
}

fn layer_options(config: &LayerConfig) -> LayerOptions {
    LayerOptions {
        neuron: neuron_options(&config.neuron_config),
        wiring: WiringOptions {
            recurrent_connect: config.input_wiring_args.recurrent_connect,
            routing: None,
        },
        ..LayerOptions::default()
    }
}

fn neuron_options(config: &NeuronConfig) -> NeuronOptions {
    let mode = |ratio| if ratio { LambdaMode::TimescaleRatio } else { LambdaMode::Scale };
    NeuronOptions {
        num_memory: config.num_memory,
        num_branch: config.num_branch,
        num_synapse_per_branch: config.num_synapse_per_branch,
        mlp_hidden_layers: config.mlp_num_hidden_layer,
        mlp_hidden_units: config.mlp_num_hidden_units,
        mlp_activation: config.mlp_hidden_act,
        lambda: config.lambda_value,
        lambda_mode: config.lambda_as_timescale_ratio.map(mode),
        memory_tau_min: config.memory_tau_min,
        memory_tau_max: config.memory_tau_max,
        memory_tau_range_scale: None,
        memory_tau_learnable: config.memory_tau_learnable,
        high_pass_tau: config.high_pass_tau.map(Some),
        activation: config.neuron_activation,
        input_scale: config.input_scale,
        branch_tau: config.branch_tau.map(Some),
        delta_t: config.delta_t,
        synapse_init: config.neuronio_synapse_init,
        spike_bias: config.neuronio_spike_bias,
    }
}

/// Settings of a single neuron from its JSON configuration, `kind` being one
/// of `elm`, `branch_elm`, `neuron`.
///
/// # Errors
/// [`Error::Stored`] naming the setting that is unknown or missing.
pub fn single_neuron_options(what: &str, kind: &str, config: serde_json::Value) -> Result<NetworkOptions> {
    let kind = match kind {
        "elm" => ModelKind::Elm,
        "branch_elm" => ModelKind::BranchElm,
        "neuron" => ModelKind::ElmNeuron,
        other => return Err(Error::stored(what, format!("unknown kind \"{other}\""))),
    };
    let config: NeuronConfig =
        serde_json::from_value(config).map_err(|e| Error::stored(what, e.to_string()))?;
    let missing = |key| Error::stored(what, format!("the configuration lacks {key}"));
    let routing = match config.input_to_synapse_routing.as_deref() {
        None => RoutingName::Direct,
        Some("random_routing") => RoutingName::Random,
        Some("neuronio_routing") => RoutingName::Neuronio,
        Some(other) => return Err(Error::stored(what, format!("unknown routing \"{other}\""))),
    };
    Ok(NetworkOptions {
        kind,
        num_input: config.num_input.ok_or_else(|| missing("num_input"))?,
        num_output: config.num_output.ok_or_else(|| missing("num_output"))?,
        num_hidden: None,
        num_layers: None,
        embedding: None,
        head: None,
        layer: LayerOptions {
            neuron: neuron_options(&config),
            wiring: WiringOptions { recurrent_connect: None, routing: Some(routing) },
            ..LayerOptions::default()
        },
        first_layer: None,
        last_layer: None,
    })
}
