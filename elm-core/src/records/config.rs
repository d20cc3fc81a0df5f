//! Model settings under the names of the authors' programs.
//!
//! `null` means of a high-pass or trace that there is none, of a number that
//! follows from others that it does, and of all others nothing: an error.

use super::given::Given;
use crate::error::{Error, Result};
use crate::model::options::{
    DropoutOptions, LayerOptions, NetworkOptions, NeuronOptions, RoutingName, WiringOptions,
};
use crate::model::{Activation, Embedding, Head, LambdaMode, MlpActivation, ModelKind};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A neuron's settings; absent ones have the defaults of the model's kind.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NeuronConfig {
    // In a network it is the network that says these two.
    num_input: Option<usize>,
    num_output: Option<usize>,
    num_memory: Given<usize>,
    num_branch: Given<usize>,
    num_synapse_per_branch: Given<usize>,
    #[serde(alias = "mlp_num_layers")]
    mlp_num_hidden_layer: Given<usize>,
    #[serde(alias = "mlp_hidden_size")]
    mlp_num_hidden_units: Given<usize>,
    #[serde(alias = "mlp_activation")]
    mlp_hidden_act: Given<MlpActivation>,
    #[serde(alias = "learn_memory_tau")]
    memory_tau_learnable: Given<bool>,
    memory_tau_min: Given<f64>,
    memory_tau_max: Given<f64>,
    memory_tau_range_scale: Given<f64>,
    lambda_value: Given<f64>,
    lambda_as_timescale_ratio: Given<bool>,
    high_pass_tau: Given<f64>,
    #[serde(alias = "tau_b_value", alias = "tau_s_value")]
    branch_tau: Given<f64>,
    neuron_activation: Given<Activation>,
    input_scale: Given<f64>,
    delta_t: Given<f64>,
    input_to_synapse_routing: Option<String>,
    #[serde(alias = "w_s_value")]
    neuronio_synapse_init: Given<f64>,
    neuronio_spike_bias: Given<f64>,
    input_dropout: Given<f64>,
    memory_dropout: Given<f64>,
    // Every number is of this type here.
    dtype: Option<Float32>,
}

/// The one type of numbers that there is.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Float32 {
    #[serde(rename = "float32")]
    Float32,
}

/// The one wiring that there is.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wiring {
    Random,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WiringConfig {
    recurrent_connect: Given<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LayerConfig {
    input_wiring: Option<Wiring>,
    input_wiring_args: Option<WiringConfig>,
    input_dropout: Given<f64>,
    recurrent_dropout: Given<f64>,
    neuron_config: Option<NeuronConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct EmbeddingArgs {
    scale: Given<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct NetworkConfig {
    input_embedding: Option<String>,
    input_embedding_args: Option<EmbeddingArgs>,
    output_embedding: Option<String>,
    layer_config: Option<LayerConfig>,
    first_layer_override: Option<LayerConfig>,
    last_layer_override: Option<LayerConfig>,
    num_hidden: Option<usize>, // a single layer has no hidden neurons
    num_input: Given<usize>,
    num_output: Given<usize>,
    num_layers: Given<usize>,
}

/// Settings of a network from its JSON configuration; `what` is its name in
/// messages.
///
/// # Errors
/// [`Error::Stored`] naming the setting that is unknown or missing.
pub fn network_options(what: &str, config: serde_json::Value) -> Result<NetworkOptions> {
    let config: NetworkConfig = read(what, config)?;
    let scale = config.input_embedding_args.unwrap_or_default().scale.or_default(what, "scale")?;
    let scale = scale.unwrap_or(1.0);
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
    let number = |given: Given<usize>, key| given.or_default(what, key)?.ok_or_else(|| missing(what, key));
    let layer = config.layer_config.unwrap_or_default();
    // An override of the readout layer also inherits what it is by default.
    let mut of_readout = layer.clone();
    of_readout.input_wiring_args = Some(WiringConfig { recurrent_connect: Given::Value(0.0) });
    let over = |given: &Option<LayerConfig>, base| {
        given.as_ref().map(|layer| layer_options(what, layer, base)).transpose()
    };
    Ok(NetworkOptions {
        kind: ModelKind::ElmNetwork,
        num_input: number(config.num_input, "num_input")?,
        num_output: number(config.num_output, "num_output")?,
        num_hidden: config.num_hidden,
        num_layers: config.num_layers.or_default(what, "num_layers")?,
        embedding: Some(embedding),
        head: Some(head),
        feed_output_back: None,
        layer: layer_options(what, &layer, &LayerConfig::default())?,
        first_layer: over(&config.first_layer_override, &layer)?,
        last_layer: over(&config.last_layer_override, &of_readout)?,
    })
}

/// Settings of that form; what does not fit is named by its place in the
/// document, `layer_config.neuron_config.num_memory`.
fn read<C: DeserializeOwned>(what: &str, config: serde_json::Value) -> Result<C> {
    serde_path_to_error::deserialize(config).map_err(|error| Error::stored(what, error.to_string()))
}

fn missing(what: &str, key: &str) -> Error {
    Error::stored(what, format!("the configuration lacks {key}"))
}

/// A layer's settings, or those that override a `base`.
fn layer_options(what: &str, config: &LayerConfig, base: &LayerConfig) -> Result<LayerOptions> {
    let neuron = |layer: &LayerConfig| layer.neuron_config.clone().unwrap_or_default();
    let connect =
        |layer: &LayerConfig| layer.input_wiring_args.as_ref().map_or(Given::Absent, |w| w.recurrent_connect);
    let recurrent_connect =
        connect(config).or_derived(what, "recurrent_connect", connect(base).is_value())?;
    let own = neuron(config);
    let dropout = DropoutOptions {
        input: config.input_dropout.or_default(what, "input_dropout")?,
        recurrent: config.recurrent_dropout.or_default(what, "recurrent_dropout")?,
        memory: own.memory_dropout.or_default(what, "memory_dropout")?,
        input_mode: None,
    };
    Ok(LayerOptions {
        neuron: neuron_options(what, &own, &neuron(base))?,
        wiring: WiringOptions { recurrent_connect, routing: None },
        dropout,
    })
}

/// A neuron's settings, or those that override a `base`.
fn neuron_options(what: &str, config: &NeuronConfig, base: &NeuronConfig) -> Result<NeuronOptions> {
    macro_rules! number {
        ($key:ident $(($alias:literal))?) => {
            config.$key.or_default(what, concat!(stringify!($key) $(, " (", $alias, ")")?))?
        };
    }
    macro_rules! derived {
        ($key:ident $(($alias:literal))?) => {{
            let key = concat!(stringify!($key) $(, " (", $alias, ")")?);
            config.$key.or_derived(what, key, base.$key.is_value())?
        }};
    }
    if !matches!(config.input_dropout, Given::Absent | Given::Value(0.0)) {
        let reason = "input_dropout of a neuron hides single synapses, which is not to be had here";
        return Err(Error::stored(what, reason));
    }
    let mode = |ratio| if ratio { LambdaMode::TimescaleRatio } else { LambdaMode::Scale };
    Ok(NeuronOptions {
        num_memory: number!(num_memory),
        num_branch: derived!(num_branch),
        num_synapse_per_branch: derived!(num_synapse_per_branch),
        mlp_hidden_layers: number!(mlp_num_hidden_layer("mlp_num_layers")),
        mlp_hidden_units: derived!(mlp_num_hidden_units("mlp_hidden_size")),
        mlp_activation: number!(mlp_hidden_act("mlp_activation")),
        lambda: number!(lambda_value),
        lambda_mode: number!(lambda_as_timescale_ratio).map(mode),
        memory_tau_min: number!(memory_tau_min),
        memory_tau_max: number!(memory_tau_max),
        memory_tau_spacing: None,
        memory_tau_bounds: None,
        memory_tau_range_scale: number!(memory_tau_range_scale),
        memory_tau_learnable: number!(memory_tau_learnable("learn_memory_tau")),
        high_pass_tau: config.high_pass_tau.or_off(),
        activation: number!(neuron_activation),
        input_scale: number!(input_scale),
        branch_tau: config.branch_tau.or_off(),
        delta_t: number!(delta_t),
        synapse_init: derived!(neuronio_synapse_init("w_s_value")), // none: drawn
        spike_bias: config.neuronio_spike_bias.or_off().map(|bias| bias.unwrap_or(0.0)),
    })
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
    let config: NeuronConfig = read(what, config)?;
    if kind != ModelKind::ElmNeuron {
        // Their synapses all start with this value.
        config.neuronio_synapse_init.or_default(what, "w_s_value (neuronio_synapse_init)")?;
    }
    let routing = match config.input_to_synapse_routing.as_deref() {
        None => RoutingName::Direct,
        Some("random_routing") => RoutingName::Random,
        Some("neuronio_routing") => RoutingName::Neuronio,
        Some(other) => return Err(Error::stored(what, format!("unknown routing \"{other}\""))),
    };
    Ok(NetworkOptions {
        kind,
        num_input: config.num_input.ok_or_else(|| missing(what, "num_input"))?,
        num_output: config.num_output.ok_or_else(|| missing(what, "num_output"))?,
        num_hidden: None,
        num_layers: None,
        embedding: None,
        head: None,
        feed_output_back: None,
        layer: LayerOptions {
            neuron: neuron_options(what, &config, &NeuronConfig::default())?,
            wiring: WiringOptions { recurrent_connect: None, routing: Some(routing) },
            dropout: DropoutOptions {
                memory: config.memory_dropout.or_default(what, "memory_dropout")?,
                ..DropoutOptions::default()
            },
        },
        first_layer: None,
        last_layer: None,
    })
}

#[cfg(test)]
mod tests;
