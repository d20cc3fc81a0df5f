//! What `null` means, key by key.

use super::{network_options, single_neuron_options};
use crate::error::Result;
use crate::model::{Embedding, Head, NetworkSpec, Trace};
use serde_json::{Value, json};

/// What `null` does to a key.
#[derive(Clone, Copy, PartialEq)]
enum Null {
    /// As if it were absent.
    Derives,
    /// An error that names it.
    Fails,
    /// Other than absent: see [`null_switches_off`].
    SwitchesOff,
}
use Null::{Derives, Fails, SwitchesOff};

const OF_NEURON: [(&str, Null); 32] = [
    ("num_input", Derives),
    ("num_output", Derives),
    ("num_memory", Fails),
    ("num_branch", Derives),
    ("num_synapse_per_branch", Derives),
    ("mlp_num_hidden_layer", Fails),
    ("mlp_num_layers", Fails),
    ("mlp_num_hidden_units", Derives),
    ("mlp_hidden_size", Derives),
    ("mlp_hidden_act", Fails),
    ("mlp_activation", Fails),
    ("memory_tau_learnable", Fails),
    ("learn_memory_tau", Fails),
    ("memory_tau_min", Fails),
    ("memory_tau_max", Fails),
    ("memory_tau_range_scale", Fails),
    ("lambda_value", Fails),
    ("lambda_as_timescale_ratio", Fails),
    ("high_pass_tau", SwitchesOff),
    ("branch_tau", SwitchesOff),
    ("tau_b_value", SwitchesOff),
    ("tau_s_value", SwitchesOff),
    ("neuron_activation", Fails),
    ("input_scale", Fails),
    ("delta_t", Fails),
    ("input_to_synapse_routing", Derives),
    ("neuronio_synapse_init", Derives),
    ("w_s_value", Derives),
    ("neuronio_spike_bias", Derives),
    ("input_dropout", Fails),
    ("memory_dropout", Fails),
    ("dtype", Derives),
];

const OF_NETWORK: [(&str, Null); 10] = [
    ("input_embedding", Derives),
    ("input_embedding_args", Derives),
    ("output_embedding", Derives),
    ("layer_config", Derives),
    ("first_layer_override", Derives),
    ("last_layer_override", Derives),
    ("num_hidden", Derives),
    ("num_input", Fails),
    ("num_output", Fails),
    ("num_layers", Fails),
];

fn network(config: Value) -> Result<NetworkSpec> {
    network_options("config", config)?.resolve()
}

/// A network of one layer with these settings of its neurons.
fn network_of(neuron: Value) -> Result<NetworkSpec> {
    network(json!({
        "num_input": 4, "num_output": 3, "num_hidden": 5, "layer_config": { "neuron_config": neuron },
    }))
}

fn single(kind: &str, change: impl FnOnce(&mut Value)) -> Result<NetworkSpec> {
    let mut config = json!({ "num_input": 4, "num_output": 2 });
    change(&mut config);
    single_neuron_options("config", kind, config)?.resolve()
}

/// Every key that the reader knows stands in the table.
fn assert_complete(read: Result<NetworkSpec>, table: &[(&str, Null)]) {
    let message = read.unwrap_err().to_string();
    let (_, known) = message.split_once("expected one of").unwrap();
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    assert!(known.len() >= 10, "{message}");
    for key in known {
        assert!(table.iter().any(|(name, _)| *name == key), "{key} is not in the table");
    }
}

#[test]
fn every_key_of_a_neuron() {
    assert_complete(network_of(json!({ "unknown": 1 })), &OF_NEURON);
    let absent = network_of(json!({})).unwrap();
    for (key, meaning) in OF_NEURON {
        let read = network_of(json!({ key: null }));
        match meaning {
            Derives => assert_eq!(read.unwrap(), absent, "{key}"),
            Fails => assert!(read.unwrap_err().to_string().contains(key), "{key}"),
            SwitchesOff => {
                read.unwrap();
            }
        }
    }
}

#[test]
fn every_key_of_a_network() {
    let base = || json!({ "num_input": 4, "num_output": 3, "num_hidden": 5, "num_layers": 1 });
    assert_complete(network(json!({ "unknown": 1 })), &OF_NETWORK);
    let absent = network(base()).unwrap();
    assert_eq!((absent.embedding, absent.head), (Embedding::None, Head::None));
    for (key, meaning) in OF_NETWORK {
        let mut config = base();
        config[key] = Value::Null;
        match meaning {
            Fails => assert!(network(config).unwrap_err().to_string().contains(key), "{key}"),
            _ => assert_eq!(network(config).unwrap(), absent, "{key}"),
        }
    }
    let nested = [("/layer_config", "neuron_config"), ("/layer_config", "input_wiring_args")];
    for (at, key) in nested {
        let mut config = base();
        config[&at[1..]] = json!({ key: null });
        assert_eq!(network(config).unwrap(), absent, "{key}");
    }
    let mut config = base();
    config["layer_config"] = json!({ "input_wiring_args": { "recurrent_connect": null } });
    assert_eq!(network(config).unwrap(), absent);
    let mut config = base();
    config["input_embedding_args"] = json!({ "scale": null });
    assert!(network(config).unwrap_err().to_string().contains("scale"));
}

#[test]
fn null_switches_off() {
    let neuron = |spec: NetworkSpec| spec.layers[0].neuron.clone();
    assert_eq!(neuron(network_of(json!({})).unwrap()).high_pass_tau, Some(5.0));
    assert_eq!(neuron(network_of(json!({ "high_pass_tau": null })).unwrap()).high_pass_tau, None);
    for kind in ["elm", "branch_elm"] {
        assert_ne!(neuron(single(kind, |_| {}).unwrap()).trace, Trace::None);
        for key in ["branch_tau", "tau_b_value", "tau_s_value"] {
            let off = single(kind, |config| config[key] = Value::Null).unwrap();
            assert_eq!(neuron(off).trace, Trace::None, "{key}");
        }
    }
}

/// The first paper's neurons have sizes of input and output and an initial
/// synapse weight.
#[test]
fn what_a_single_neuron_cannot_be_without() {
    for key in ["num_input", "num_output"] {
        let error = single("neuron", |config| config[key] = Value::Null).unwrap_err();
        assert!(error.to_string().contains(key), "{error}");
    }
    for key in ["w_s_value", "neuronio_synapse_init"] {
        let error = single("elm", |config| config[key] = Value::Null).unwrap_err();
        assert!(error.to_string().contains(key), "{error}");
        let drawn = single("neuron", |config| config[key] = Value::Null).unwrap();
        assert_eq!(drawn, single("neuron", |_| {}).unwrap());
    }
}

/// An override may switch off; to derive anew it has to say the number.
#[test]
fn null_in_an_override() {
    let with = |layer: Value, over: Value| {
        network(json!({
            "num_input": 4, "num_output": 3, "num_hidden": 5, "layer_config": layer,
            "first_layer_override": over,
        }))
    };
    let of = |key: &str, value: Value| json!({ "neuron_config": { key: value } });
    let off = with(of("high_pass_tau", json!(2.0)), of("high_pass_tau", Value::Null)).unwrap();
    assert_eq!(off.layers[0].neuron.high_pass_tau, None);
    let off = with(of("neuronio_spike_bias", json!(2.0)), of("neuronio_spike_bias", Value::Null)).unwrap();
    assert_eq!(off.layers[0].neuron.spike_bias, 0.0);
    for key in ["num_branch", "num_synapse_per_branch", "mlp_hidden_size", "neuronio_synapse_init"] {
        assert!(with(json!({}), of(key, Value::Null)).is_ok(), "{key}");
        let error = with(of(key, json!(3)), of(key, Value::Null)).unwrap_err();
        assert!(error.to_string().contains(key), "{error}");
    }
    let wiring = |value: Value| json!({ "input_wiring_args": { "recurrent_connect": value } });
    let error = with(wiring(json!(0.5)), wiring(Value::Null)).unwrap_err();
    assert!(error.to_string().contains("recurrent_connect"), "{error}");
}
