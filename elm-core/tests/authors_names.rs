//! Weights between our names and those of the authors' programs, on records.

use elm_core::model::{ModelKind, StoredTensor, StoredTensors, StoredValues};
use elm_core::records::{
    Case, parse, single_neuron_state_dict, single_neuron_weights, weights_in_tree_order,
};
use std::path::Path;

/// A record's case, and its parameters as they are filed.
fn record(name: &str) -> (Case, StoredTensors) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records").join(name);
    let [json, numbers] =
        ["json", "safetensors"].map(|ending| std::fs::read(path.with_extension(ending)).unwrap());
    let (case, ..) = parse(name, &json, &numbers).unwrap();
    let mut parameters = StoredTensors::default();
    for (key, tensor) in StoredTensors::from_bytes(name, &numbers).unwrap().tensors {
        if let Some(key) = key.strip_prefix("param.") {
            parameters.tensors.insert(key.into(), tensor);
        }
    }
    (case, parameters)
}

#[test]
fn neurons_of_the_first_paper_get_their_state_dict_back() {
    for name in ["neuron_v1_small", "neuron_v2_small"] {
        let (case, parameters) = record(name);
        let state = single_neuron_state_dict(&case.network, &case.weights).unwrap();
        assert_eq!(state, parameters, "{name}");
        let layer = &case.network.layers[0];
        assert_eq!(single_neuron_weights(layer, &state).unwrap(), case.weights, "{name}");
    }
}

#[test]
fn a_state_dict_that_does_not_fit_is_refused_by_tensor() {
    let (case, parameters) = record("neuron_v2_small");
    let layer = &case.network.layers[0];
    let refused = |change: &dyn Fn(&mut StoredTensors), said: &[&str]| {
        let mut changed = parameters.clone();
        change(&mut changed);
        let error = single_neuron_weights(layer, &changed).unwrap_err().to_string();
        said.iter().for_each(|part| assert!(error.contains(part), "{part}: {error}"));
    };
    let turned = |state: &mut StoredTensors| {
        state.tensors.get_mut("mlp.network.0.weight").unwrap().shape.reverse();
    };
    refused(&turned, &["mlp.network.0.weight", "[9, 10]", "[10, 9]"]);
    refused(&|state| drop(state.tensors.remove("w_y.bias")), &["readout.bias", "missing"]);
    refused(&|state| state.insert("conv.weight", &[1], vec![0.0]), &["conv.weight", "is no tensor"]);
    refused(&|state| state.insert("tau_b", &[4], vec![5.0, 5.0, 6.0, 5.0]), &["tau_b", "holds 6"]);
    refused(&|state| state.insert("tau_s", &[24], vec![5.0; 24]), &["tau_s", "another trace"]);
    refused(&|state| drop(state.tensors.remove("input_to_synapse_indices")), &["input_to_synapse_indices"]);
    let beyond = |state: &mut StoredTensors| {
        state.insert_integers("input_to_synapse_indices", &[24], vec![12; 24]);
    };
    refused(&beyond, &["input_to_synapse_indices", "synapse 0", "channel 12"]);
}

/// Parameters in the order of the authors' tree.
fn in_order(parameters: &StoredTensors, names: &[String]) -> Vec<StoredTensor> {
    names.iter().map(|name| parameters.tensors[name].clone()).collect()
}

#[test]
fn a_routed_neuron_is_taken_in_the_order_of_its_tree() {
    let (case, mut parameters) = record("neuron_routed");
    // The record has its mask as floats, the tree as whole numbers.
    let mask = &mut parameters.tensors.get_mut("routing.mask").unwrap().values;
    if let StoredValues::F32(values) = mask {
        *mask = StoredValues::U32(values.iter().map(|&value| value as u32).collect());
    }
    let names = [
        "synapse.weight",
        "mlp.0.weight",
        "mlp.0.bias",
        "mlp.1.weight",
        "mlp.1.bias",
        "readout.weight",
        "readout.bias",
        "memory.tau_raw",
        "routing.index",
        "routing.mask",
    ];
    let arrays = in_order(&parameters, &names.map(String::from));
    assert_eq!(weights_in_tree_order(&case.network, arrays.clone()).unwrap(), case.weights);
    let error = weights_in_tree_order(&case.network, arrays[..8].to_vec()).unwrap_err().to_string();
    assert!(error.contains("routing.index comes next"), "{error}");
}

#[test]
fn networks_are_taken_in_the_order_of_their_tree() {
    for name in ["network_spikes", "network_spiking_units", "network_text", "network_three_layers"] {
        let (case, parameters) = record(name);
        let mut names = Vec::new();
        for (l, layer) in case.network.layers.iter().enumerate() {
            names.push(format!("layers.{l}.synapse.weight"));
            for j in 0..=layer.neuron.hidden_layers {
                names.extend(["weight", "bias"].map(|part| format!("layers.{l}.mlp.{j}.{part}")));
            }
            let rest = ["readout.weight", "readout.bias", "memory.tau_raw", "connectome"];
            names.extend(rest.map(|part| format!("layers.{l}.{part}")));
        }
        if parameters.tensors.contains_key("head.weight") {
            names.extend(["head.weight", "head.bias"].map(String::from));
        }
        let arrays = in_order(&parameters, &names);
        assert_eq!(weights_in_tree_order(&case.network, arrays.clone()).unwrap(), case.weights, "{name}");
        let mut swapped = arrays;
        swapped.swap(0, 1);
        let error = weights_in_tree_order(&case.network, swapped).unwrap_err().to_string();
        assert!(error.contains("array 0") && error.contains("synapse.weight"), "{error}");
    }
}

#[test]
fn only_models_of_the_second_paper_are_filed_as_trees() {
    let (case, _) = record("neuron_v1_small");
    assert_eq!(case.network.kind, ModelKind::Elm);
    assert!(weights_in_tree_order(&case.network, Vec::new()).is_err());
}
