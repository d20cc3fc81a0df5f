//! Single neurons that read their own previous output.

use elm_core::Error;
use elm_core::model::{
    ModelKind, NetworkOptions, NetworkSpec, NeuronOptions, RoutingName, StoredTensors, Trace, WiringOptions,
};

const KINDS: [ModelKind; 3] = [ModelKind::Elm, ModelKind::BranchElm, ModelKind::ElmNeuron];

fn options(kind: ModelKind) -> NetworkOptions {
    NetworkOptions::new(12, 3)
        .kind(kind)
        .neuron(NeuronOptions::default().num_memory(4).num_branch(5).num_synapse_per_branch(3))
        .wiring(WiringOptions::default().routing(RoutingName::Random))
}

fn names(weights: &StoredTensors) -> Vec<&str> {
    weights.tensors.keys().filter_map(|name| name.strip_prefix("layers.0.")).collect()
}

#[test]
fn each_output_is_a_branch_with_one_synapse_more() {
    for kind in KINDS {
        let [plain, fed] = [false, true].map(|on| options(kind).feed_output_back(on).resolve().unwrap());
        let [before, after] = [&plain, &fed].map(|spec| spec.count());
        let more_inputs = 3 * 8; // of the MLP's first map
        let synapses = if kind == ModelKind::Elm { 0 } else { 15 + 3 };
        assert_eq!(after.trainable_parameters, before.trainable_parameters - 15 + synapses + more_inputs);
        assert_eq!(after.total_parameters, before.total_parameters + 3 + more_inputs, "{kind:?}");
        let (before, after) = (before.layers[0], after.layers[0]);
        assert_eq!((after.branches, before.branches), (8, 5));
        assert_eq!((after.synapses_per_neuron, before.synapses_per_neuron), (18, 15));
        assert_eq!(after.complexity_per_neuron, before.complexity_per_neuron + more_inputs);
        let traces = match fed.layers[0].neuron.trace {
            Trace::None => 0,
            Trace::Branch(_) | Trace::Synapse(_) => 3,
        };
        assert_eq!(fed.count().state_floats, plain.count().state_floats + traces);
    }
}

#[test]
fn weights_of_the_feedback_are_stored_unless_they_are_fixed() {
    for kind in KINDS {
        let spec = options(kind).feed_output_back(true).resolve().unwrap();
        let weights = spec.initial_weights(1);
        let stored = names(&weights);
        let fixed = kind == ModelKind::Elm;
        assert_eq!(stored.contains(&"feedback.weight"), !fixed, "{kind:?}: {stored:?}");
        assert_eq!(stored.contains(&"synapse.weight"), !fixed, "{kind:?}: {stored:?}");
        assert_eq!(spec.layers[0].neuron.fixed_synapse_weight, fixed.then_some(0.5));
        if kind == ModelKind::BranchElm {
            assert_eq!(weights.floats("layers.0.feedback.weight", &[1, 3]).unwrap(), [0.5; 3]);
        }
    }
}

#[test]
fn without_feedback_a_specification_is_written_as_before() {
    for kind in KINDS {
        let spec = options(kind).resolve().unwrap();
        let text = serde_json::to_string(&spec).unwrap();
        assert!(!text.contains("feedback") && !text.contains("fixed_synapse_weight"), "{text}");
        assert_eq!(serde_json::from_str::<NetworkSpec>(&text).unwrap(), spec);
        let fed = options(kind).feed_output_back(true).resolve().unwrap();
        let text = serde_json::to_string(&fed).unwrap();
        assert_eq!(serde_json::from_str::<NetworkSpec>(&text).unwrap(), fed);
    }
}

#[test]
fn a_network_is_refused() {
    let options = NetworkOptions::new(5, 4).num_hidden(6);
    assert!(options.clone().feed_output_back(false).resolve().is_ok());
    let Err(Error::Config { key, reason }) = options.feed_output_back(true).resolve() else {
        panic!("a network with feedback was taken");
    };
    assert_eq!(key, "model.feed_output_back");
    assert!(reason.contains("\"branch_elm\""), "{reason}");
}
