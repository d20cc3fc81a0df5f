//! `[model]`: settings of the network as `elm-core` resolves them.

use super::place::ConfigError;
use super::settings::Settings;
use elm_core::model::options::{DropoutOptions, LayerOptions, NetworkOptions, NeuronOptions, WiringOptions};
use elm_core::model::{Embedding, Head, ModelKind, NetworkSpec};

/// Outputs of the last layer by which two sequences are compared.
const PAIR_FEATURES: usize = 32;

/// What the data asks of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Input channels or symbols.
    pub inputs: usize,
    /// Classes or symbols.
    pub outputs: usize,
    /// Does the data consist of tokens?
    pub tokens: bool,
}

/// The network that the settings describe, fitted to the data.
///
/// # Errors
/// When a setting is impossible or contradicts the data, at its place.
pub fn network(settings: &Settings, demand: Demand) -> Result<NetworkSpec, ConfigError> {
    for (key, wanted) in [("model.num_input", demand.inputs), ("model.num_output", demand.outputs)] {
        if let Some(given) = settings.size(key)
            && given != wanted
        {
            return Err(settings.error(key, format!("{given} contradicts the data, which needs {wanted}")));
        }
    }
    let scale = settings.number("model.embedding_scale").unwrap_or(1.0);
    let default = if demand.tokens { "one_hot" } else { "none" };
    let embedding = match settings.text("model.embedding").unwrap_or(default) {
        "one_hot" => Embedding::OneHot(scale),
        "scaled" => Embedding::Scaled(scale),
        _ => Embedding::None,
    };
    if demand.tokens && !matches!(embedding, Embedding::OneHot(_)) {
        return Err(settings.error("model.embedding", "tokens need the embedding \"one_hot\""));
    }
    if !demand.tokens && matches!(embedding, Embedding::OneHot(_)) {
        return Err(settings.error("model.embedding", "\"one_hot\" needs data that consists of tokens"));
    }
    let overrides = |table: &str| {
        let prefix = format!("{table}.");
        settings.entries().keys().any(|key| key.starts_with(&prefix)).then(|| layer_options(settings, table))
    };
    // Pairs are compared by what each sequence leaves in the last layer.
    let pairs = settings.text("data.kind") == Some("lra_retrieval");
    let features = settings.size("model.pair_features").unwrap_or(PAIR_FEATURES);
    let head = match settings.text("model.head") {
        Some("none") if pairs => return Err(settings.error("model.head", "pairs of sequences need a head")),
        _ if pairs => Head::Pair { classes: demand.outputs },
        Some("linear") => Head::Linear,
        _ => Head::None,
    };
    let options = NetworkOptions {
        kind: settings.choice("model.kind").unwrap_or(ModelKind::ElmNetwork),
        num_input: demand.inputs,
        num_output: if pairs { features } else { demand.outputs },
        num_hidden: settings.size("model.num_hidden"),
        num_layers: settings.size("model.num_layers"),
        embedding: Some(embedding),
        head: Some(head),
        layer: layer_options(settings, "model"),
        first_layer: overrides("model.first_layer"),
        last_layer: overrides("model.last_layer"),
    };
    options.resolve().map_err(|error| match error {
        elm_core::Error::Config { key, reason } => settings.error(&key, reason),
        other => settings.error("model", other.to_string()),
    })
}

fn layer_options(settings: &Settings, table: &str) -> LayerOptions {
    let key = |name: &str| format!("{table}.{name}");
    let size = |name: &str| settings.size(&key(name));
    let number = |name: &str| settings.number(&key(name));
    let or_none = |name: &str| settings.number_or_none(&key(name));
    LayerOptions {
        neuron: NeuronOptions {
            num_memory: size("neuron.num_memory"),
            num_branch: size("neuron.num_branch"),
            num_synapse_per_branch: size("neuron.num_synapse_per_branch"),
            mlp_hidden_layers: size("neuron.mlp_hidden_layers"),
            mlp_hidden_units: size("neuron.mlp_hidden_units"),
            mlp_activation: settings.choice(&key("neuron.mlp_activation")),
            lambda: number("neuron.lambda"),
            lambda_mode: settings.choice(&key("neuron.lambda_mode")),
            memory_tau_min: number("neuron.memory_tau_min"),
            memory_tau_max: number("neuron.memory_tau_max"),
            memory_tau_range_scale: number("neuron.memory_tau_range_scale"),
            memory_tau_learnable: settings.flag(&key("neuron.memory_tau_learnable")),
            high_pass_tau: or_none("neuron.high_pass_tau"),
            activation: settings.choice(&key("neuron.activation")),
            input_scale: number("neuron.input_scale"),
            branch_tau: or_none("neuron.branch_tau"),
            delta_t: number("neuron.delta_t"),
            synapse_init: number("neuron.synapse_init"),
            spike_bias: number("neuron.spike_bias"),
        },
        wiring: WiringOptions {
            recurrent_connect: number("wiring.recurrent_connect"),
            routing: settings.choice(&key("wiring.routing")),
        },
        dropout: DropoutOptions {
            input: number("dropout.input"),
            recurrent: number("dropout.recurrent"),
            memory: number("dropout.memory"),
            input_mode: settings.choice(&key("dropout.input_mode")),
        },
    }
}
