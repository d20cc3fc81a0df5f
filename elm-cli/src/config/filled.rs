//! The settings of a network with every default filled in, read back from the
//! layers that came out.

use super::model::{EmbeddingName, HeadName, Model, ModelConfig};
use super::section::Section;
use elm_core::model::options::{
    DEFAULT_TAU_RANGE_SCALE, DropoutOptions, LayerOptions, NeuronOptions, RoutingName, WiringOptions,
};
use elm_core::model::{Embedding, Head, LayerSpec, ModelKind, NetworkSpec, Routing, Trace};

/// A key with its value as TOML has it; `None` where nothing is set.
type Values = Vec<(String, Option<String>)>;

/// What the readout layer does not take from the settings of every layer.
const OF_READOUT: [&str; 3] = [".neuron.high_pass_tau", ".neuron.activation", ".wiring.recurrent_connect"];

/// Is it one of those?
pub(super) fn is_of_readout(key: &str) -> bool {
    OF_READOUT.iter().any(|name| key.ends_with(name))
}

impl Model {
    /// All settings from which `network` comes out again.
    pub(super) fn filled(&self, network: &NetworkSpec) -> Values {
        let mut values = self.whole_filled(network).values("model");
        let Some((readout, hidden)) = network.layers.split_last() else { return values };
        if network.kind != ModelKind::ElmNetwork {
            values.extend(options_of(self.layer, readout, network.kind).values("model"));
            return values;
        }
        let filled = |own: Option<LayerOptions>, layer| {
            options_of(own.unwrap_or_default().or(&self.layer), layer, network.kind)
        };
        let of_readout = LayerOptions {
            neuron: NeuronOptions { high_pass_tau: None, activation: None, ..self.layer.neuron },
            ..self.layer
        };
        let first = hidden.first().map(|layer| filled(self.first_layer, layer));
        let last = options_of(self.last_layer.unwrap_or_default().or(&of_readout), readout, network.kind);
        let all = hidden.get(1).map(|layer| filled(None, layer)).or(first).unwrap_or(last);
        let all = all.values("model");
        if let Some(first) = first {
            values.extend(others(&all, first.values("model"), "model.first_layer", given(self.first_layer)));
        }
        let own = given(self.last_layer);
        let always = |key: &str| is_of_readout(key) || own(key);
        values.extend(others(&all, last.values("model"), "model.last_layer", always));
        values.extend(all);
        values
    }

    fn whole_filled(&self, network: &NetworkSpec) -> ModelConfig {
        let embedding = match network.embedding {
            Embedding::None => EmbeddingName::None,
            Embedding::Scaled(_) => EmbeddingName::Scaled,
            Embedding::OneHot(_) => EmbeddingName::OneHot,
            Embedding::Learned { .. } => EmbeddingName::Learned,
        };
        let head = match network.head {
            Head::None => HeadName::None,
            Head::Linear | Head::Pair { .. } => HeadName::Linear,
        };
        let layers = (network.kind == ModelKind::ElmNetwork).then_some(network.layers.len());
        ModelConfig { num_layers: layers, embedding: Some(embedding), head: Some(head), ..self.whole.clone() }
    }
}

/// Was a setting given to this layer itself? Then it stays its own where all
/// layers happen to have the same, and where those are set to something else.
fn given(own: Option<LayerOptions>) -> impl Fn(&str) -> bool {
    let values = own.unwrap_or_default().values("model");
    move |key| values.iter().any(|(given, value)| given == key && value.is_some())
}

/// The settings of a layer that are not those of all, and those that are `always` given.
fn others(all: &Values, own: Values, table: &str, always: impl Fn(&str) -> bool) -> Values {
    let differs =
        |(key, value): &(String, Option<String>)| always(key) || !all.contains(&(key.clone(), value.clone()));
    let moved = |(key, value): (String, Option<String>)| (key.replacen("model", table, 1), value);
    own.into_iter().filter(differs).map(moved).collect()
}

/// The settings of a layer: as given, else as they came out.
fn options_of(given: LayerOptions, layer: &LayerSpec, kind: ModelKind) -> LayerOptions {
    let neuron = &layer.neuron;
    let first_paper = matches!(kind, ModelKind::Elm | ModelKind::BranchElm);
    let trace = match neuron.trace {
        Trace::None => None,
        Trace::Branch(tau) | Trace::Synapse(tau) => Some(tau),
    };
    let (recurrent_connect, routing) = match layer.routing {
        Routing::Random { recurrent_connect } if kind == ModelKind::ElmNetwork => {
            (Some(recurrent_connect), None)
        }
        Routing::Random { .. } => (None, Some(RoutingName::Random)),
        Routing::Direct => (None, Some(RoutingName::Direct)),
        Routing::NeuronIo => (None, Some(RoutingName::Neuronio)),
    };
    let found = LayerOptions {
        neuron: NeuronOptions {
            num_memory: Some(neuron.memory),
            num_branch: Some(neuron.branches),
            num_synapse_per_branch: Some(neuron.synapses_per_branch),
            mlp_hidden_layers: Some(neuron.hidden_layers),
            mlp_hidden_units: Some(neuron.hidden_units),
            mlp_activation: Some(neuron.mlp_activation),
            lambda: Some(neuron.lambda),
            lambda_mode: Some(neuron.lambda_mode),
            memory_tau_min: Some(neuron.tau_min),
            memory_tau_max: Some(neuron.tau_max),
            memory_tau_spacing: Some(neuron.tau_spacing),
            memory_tau_bounds: None,
            memory_tau_range_scale: (!first_paper && given.neuron.memory_tau_bounds.is_none())
                .then_some(DEFAULT_TAU_RANGE_SCALE),
            memory_tau_learnable: Some(neuron.tau_learnable),
            high_pass_tau: Some(neuron.high_pass_tau),
            activation: Some(neuron.activation),
            input_scale: Some(neuron.input_scale),
            branch_tau: Some(trace),
            delta_t: Some(neuron.delta_t),
            synapse_init: neuron.synapse_init.filter(|_| first_paper),
            spike_bias: Some(neuron.spike_bias),
        },
        wiring: WiringOptions { recurrent_connect, routing },
        dropout: DropoutOptions {
            input: Some(layer.dropout.input),
            recurrent: Some(layer.dropout.recurrent),
            memory: Some(layer.dropout.memory),
            input_mode: Some(layer.dropout.input_mode),
        },
    };
    LayerOptions { wiring: found.wiring, ..given.or(&found) }
}
