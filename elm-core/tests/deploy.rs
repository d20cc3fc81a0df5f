//! A network in one file runs as it did before, and a file that is not what it
//! should be is an error with a name in it.

use elm_core::Error;
use elm_core::deploy::{
    DeployedNetwork, InputForm, InputKind, LiveFile, Names, OutputForm, OutputKind, Scaling, Symbols,
};
use elm_core::kernel::{LiveInput, Simd};
use elm_core::model::logits::logits_of_all_steps;
use elm_core::model::{
    Embedding, Head, HostInput, LayerOptions, LiveNetwork, Model, ModelKind, Network, NetworkOptions,
    NeuronOptions, Pass, Sequences, StoredTensors,
};
use elm_core::reference::Reference;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const STEPS: usize = 25;
const KEY: &str = "elm_live";

fn file(options: &NetworkOptions, input: InputForm, output: OutputForm) -> LiveFile {
    let network = options.resolve().unwrap();
    let weights = network.initial_weights(5);
    LiveFile { network, weights, input, output, written_by: "a test".into(), step: 7 }
}

/// Spikes and classes, two layers and a head.
fn digits() -> LiveFile {
    let neuron = NeuronOptions::default().num_memory(3).num_branch(4).num_synapse_per_branch(3);
    let options = NetworkOptions::new(20, 5).num_hidden(8).head(Head::Linear).neuron(neuron);
    let input = InputForm { step_ms: Some(2.0), counts: Some(true), ..InputForm::new(InputKind::Events) };
    let names = Some((0..5).map(|class| format!("class {class}")).collect());
    file(&options, input, OutputForm { kind: OutputKind::Class, names })
}

/// Symbols through a learned table, and the next symbol.
fn text() -> LiveFile {
    let neuron = NeuronOptions::default().num_memory(3).num_branch(4).num_synapse_per_branch(3);
    let mut options = NetworkOptions::new(6, 6).num_hidden(7).head(Head::Linear).neuron(neuron);
    options.embedding = Some(Embedding::Learned { symbols: 6, width: 4, scale: 2.0 });
    let symbols = Some(Symbols { first: 0, names: Names::Bytes(b" \n\0\xffab".to_vec()) });
    let input = InputForm { symbols, ..InputForm::new(InputKind::Tokens) };
    file(&options, input, OutputForm::new(OutputKind::NextSymbol))
}

/// A single neuron of the first paper that reads its own output.
fn neuron(kind: ModelKind) -> LiveFile {
    let neuron = NeuronOptions::default().num_memory(6).num_branch(4).num_synapse_per_branch(3);
    let options = NetworkOptions {
        kind,
        num_input: 12,
        num_output: 3,
        feed_output_back: Some(true),
        layer: LayerOptions { neuron, ..LayerOptions::default() },
        ..NetworkOptions::default()
    };
    file(&options, InputForm::new(InputKind::Values), OutputForm::new(OutputKind::ValuesEveryStep))
}

/// A number from -1 to 1 for a place.
fn value(step: usize, channel: usize) -> f32 {
    ((step * 31 + channel * 17) % 41) as f32 / 20.0 - 1.0
}

/// What the network answers over a whole sequence, on the f64 backend: `[T][O]`.
fn whole(file: &LiveFile) -> Vec<Vec<f32>> {
    let (backend, inputs) = (Reference, file.network.inputs());
    let input = match file.input.kind {
        InputKind::Tokens => HostInput::Tokens((0..STEPS).map(|t| (t * 5 % inputs) as u32).collect()),
        _ => HostInput::Dense((0..STEPS).flat_map(|t| (0..inputs).map(move |c| value(t, c))).collect()),
    };
    let network = Network::from_stored(&backend, &file.network, &file.weights).unwrap();
    let state = Model::start_state(&network, &backend, 1).unwrap();
    let sequences = Sequences { rows: 1, steps: STEPS, input: &input, lengths: None };
    let answers = network.forward(&backend, &sequences, &Pass::plain(&state)).unwrap();
    let logits = logits_of_all_steps(&backend, &network, &answers.last().unwrap().activity).unwrap();
    let by_output = elm_core::Backend::values(&backend, &logits).unwrap();
    let of_step = |t| by_output.iter().skip(t).step_by(STEPS).copied().collect();
    (0..STEPS).map(of_step).collect()
}

/// Calls `step` with the same input, step by step.
fn fed(file: &LiveFile, mut step: impl FnMut(LiveInput<'_>) -> Vec<f32>) -> Vec<Vec<f32>> {
    let inputs = file.network.inputs();
    let one = |t| match file.input.kind {
        InputKind::Tokens => step(LiveInput::Token((t * 5 % inputs) as u32)),
        InputKind::Events => {
            let events: Vec<_> = (0..inputs).map(|c| (c as u32, value(t, c))).collect();
            step(LiveInput::Events(&events))
        }
        InputKind::Values => step(LiveInput::Dense(&(0..inputs).map(|c| value(t, c)).collect::<Vec<_>>())),
    };
    (0..STEPS).map(one).collect()
}

#[test]
fn a_deployed_network_answers_what_it_answered_before() {
    for file in [digits(), text(), neuron(ModelKind::BranchElm), neuron(ModelKind::Elm)] {
        let bytes = file.to_bytes().unwrap();
        assert_eq!(bytes, file.to_bytes().unwrap());
        let read = LiveFile::from_bytes("x", &bytes).unwrap();
        assert_eq!(read, file);
        let mut deployed = DeployedNetwork::new(&read, Simd::Auto, 1).unwrap();
        let first = fed(&file, |input| deployed.step(input).unwrap().to_vec());
        deployed.reset();
        assert_eq!(first, fed(&file, |input| deployed.step(input).unwrap().to_vec()));
        let mut live = LiveNetwork::new(&file.network, &file.weights, Simd::Auto, 1).unwrap();
        assert_eq!(first, fed(&file, |input| live.step(input).unwrap().to_vec()));
        for (step, (got, wanted)) in first.iter().zip(whole(&file)).enumerate() {
            for (got, wanted) in got.iter().zip(wanted) {
                let kind = file.network.kind;
                assert!(
                    (got - wanted).abs() <= 2e-4 * wanted.abs().max(1.0),
                    "{kind:?} {step}: {got} {wanted}"
                );
            }
        }
    }
}

#[test]
fn any_reader_of_safetensors_opens_it_and_the_digest_is_as_documented() {
    let bytes = digits().to_bytes().unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let text = header.metadata().as_ref().unwrap()[KEY].clone();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["input"], json!({"kind": "events", "step_ms": 2.0, "counts": true}));
    assert_eq!(document["output"]["names"][4], "class 4");
    assert_eq!(document["network"]["layers"][0]["neuron"]["delta_t"], 1.0);
    let weights = StoredTensors::from_bytes("x", &bytes).unwrap();
    assert_eq!(weights, digits().weights);
    assert_eq!(sealed(&document, &weights), bytes);
}

/// The bytes of a file with this document, made as the documentation of the
/// format has it.
fn sealed(document: &Value, weights: &StoredTensors) -> Vec<u8> {
    // In the order that the struct has; `Value` sorts keys.
    let mut text = String::from("{");
    let order = ["version", "network", "input", "output", "written_by", "step"];
    let network = serde_json::from_value::<elm_core::model::NetworkSpec>(document["network"].clone());
    for key in order.into_iter().filter(|key| document.get(key).is_some()) {
        let value = match (key, &network) {
            ("network", Ok(network)) => serde_json::to_string(network).unwrap(),
            ("input", _) => match serde_json::from_value::<InputForm>(document[key].clone()) {
                Ok(form) => serde_json::to_string(&form).unwrap(),
                Err(_) => document[key].to_string(),
            },
            _ => document[key].to_string(),
        };
        text += &format!("{}\"{key}\":{value}", if text.len() > 1 { "," } else { "" });
    }
    text += "}";
    let rest = &text[1..];
    let mut all = Vec::new();
    let number = |all: &mut Vec<u8>, count: usize| all.extend((count as u64).to_le_bytes());
    number(&mut all, rest.len());
    all.extend(rest.as_bytes());
    for (name, tensor) in &weights.tensors {
        number(&mut all, name.len());
        all.extend(name.as_bytes());
        let float = weights.floats(name, &tensor.shape);
        all.extend(if float.is_ok() { b"f32" } else { b"u32" });
        number(&mut all, tensor.shape.len());
        tensor.shape.iter().for_each(|&size| number(&mut all, size));
        match float {
            Ok(values) => values.iter().for_each(|value| all.extend(value.to_le_bytes())),
            Err(_) => {
                let values = weights.integers(name, &tensor.shape).unwrap();
                values.iter().for_each(|value| all.extend(value.to_le_bytes()));
            }
        }
    }
    let digest: String = Sha256::digest(&all).iter().map(|byte| format!("{byte:02x}")).collect();
    weights.to_bytes_about(KEY, &format!("{{\"sha256\":\"{digest}\",{rest}")).unwrap()
}

/// What reading and starting a file says, where it says something.
fn refused(bytes: &[u8]) -> Option<String> {
    let file = LiveFile::from_bytes("a file", bytes);
    let started = file.and_then(|file| DeployedNetwork::new(&file, Simd::Auto, 1));
    started.err().map(|error| error.to_string())
}

/// The file of the digits with another document.
fn with(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let file = digits();
    let mut document = serde_json::from_str(&file.document().unwrap()).unwrap();
    change(&mut document);
    sealed(&document, &file.weights)
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    assert_eq!(refused(&with(|_| {})), None);
    let layer = |document: &mut Value, key: &str, value: Value| document["network"]["layers"][1][key] = value;
    for (bytes, said) in [
        (with(|d| d["version"] = json!(2)), "written by a newer elm (version 2, this one reads up to 1)"),
        (
            with(|d| d["network"]["layers"][1]["neuron"]["memory"] = json!("x")),
            "network.layers[1].neuron.memory",
        ),
        (with(|d| d["input"]["kind"] = json!("smells")), "unknown variant `smells`"),
        (with(|d| drop(d.as_object_mut().unwrap().remove("output"))), "missing field `output`"),
        (with(|d| layer(d, "inputs", json!(9))), "layers[1] reads 9 numbers, the one before has 8"),
        (with(|d| layer(d, "neurons", json!(0))), "at least one of neurons"),
        (with(|d| layer(d, "neurons", json!(1u64 << 60))), "layers[1]"),
        (with(|d| d["network"]["layers"] = json!([])), "no layer"),
        (with(|d| d["network"]["layers"][0]["inputs"] = json!(1 << 25)), "33554432 inputs are more than"),
        (with(|d| d["network"]["head"] = json!("none")), ""),
        (with(|d| d["network"]["head"] = json!({"pair": {"classes": 5}})), "head"),
        (with(|d| d["network"]["layers"][0]["neuron"]["memory"] = json!(4)), "it belongs to another model"),
        (with(|d| d["input"]["group"] = json!(3)), "input.group: 3 does not divide the 20 inputs"),
        (with(|d| d["input"]["step_ms"] = json!(0.0)), "input.step_ms"),
        (
            with(|d| d["input"]["scaling"] = json!({"unit": 1.0, "mean": 0.0, "deviation": 0.0})),
            "input.scaling",
        ),
        (with(|d| d["input"]["symbols"] = json!({"first": 1, "names": ["a"]})), "the network reads 20"),
        (with(|d| d["output"]["names"] = json!(["a"])), "1 names for 5 outputs"),
        (digits().weights.to_bytes().unwrap(), "its metadata lacks elm_live"),
        (digits().weights.to_bytes_about(KEY, "{}").unwrap(), "version"),
        (digits().weights.to_bytes_about(KEY, "{\"version\": 1}").unwrap(), "does not begin with its digest"),
        (b"PK\x03\x04".to_vec(), "a file: not an intact safetensors document"),
        (Vec::new(), "not an intact safetensors document"),
    ] {
        let got = refused(&bytes).unwrap_or_default();
        assert!(got.contains(said), "{got:?} lacks {said:?}");
    }
    let mut lacking = digits();
    lacking.weights.tensors.remove("layers.0.connectome");
    assert!(
        refused(&lacking.to_bytes().unwrap()).unwrap().contains("layers.0.connectome: the tensor is missing")
    );
    let mut astray = digits();
    let connectome = astray.weights.tensors["layers.0.connectome"].clone();
    astray.weights.insert_integers(
        "layers.0.connectome",
        &connectome.shape,
        vec![99; connectome.values.len()],
    );
    assert!(refused(&astray.to_bytes().unwrap()).unwrap().contains("connectome: index 99"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, rng_seed: RngSeed::Fixed(8), ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_an_error(at in any::<prop::sample::Index>(), bit in 0..8u8, cut in any::<bool>()) {
        let mut bytes = digits().to_bytes().unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        prop_assert!(LiveFile::from_bytes("x", &bytes).is_err(), "byte {at}");
    }

    /// What whoever makes a file says about a network is taken as it is or
    /// refused; nothing overflows, panics or asks for the moon.
    #[test]
    fn no_number_in_a_document_brings_a_program_down(
        place in 0..200usize,
        number in prop::sample::select(vec![
            json!(0), json!(1), json!(2), json!(3), json!(17), json!(-1), json!(4_000_000), json!(1u64 << 31),
            json!(1u64 << 33), json!(1u64 << 62), json!(u64::MAX), json!(0.0), json!(-0.5), json!(1e-300), json!(1e300),
        ]),
        of_neuron in any::<bool>(),
    ) {
        let file = if of_neuron { neuron(ModelKind::BranchElm) } else { text() };
        let mut document: Value = serde_json::from_str(&file.document().unwrap()).unwrap();
        let mut numbers = Vec::new();
        gather(&mut document, &mut numbers);
        let count = numbers.len();
        *numbers[place % count] = number;
        let bytes = sealed(&document, &file.weights);
        if let Ok(file) = LiveFile::from_bytes("x", &bytes)
            && let Ok(mut network) = DeployedNetwork::new(&file, Simd::Auto, 1)
        {
            for _ in 0..2 {
                let _ = network.step(LiveInput::Token(1));
                let _ = network.step(LiveInput::Dense(&vec![0.5; network.inputs()]));
            }
            let (inputs, outputs) = (network.inputs().min(50), network.outputs());
            (0..inputs).for_each(|input| _ = network.input().name(input));
            (0..outputs).for_each(|output| _ = network.output_name(output));
        }
    }
}

/// Every number of a document.
fn gather<'v>(value: &'v mut Value, into: &mut Vec<&'v mut Value>) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| gather(value, into)),
        Value::Array(list) => list.iter_mut().for_each(|value| gather(value, into)),
        Value::Number(_) => into.push(value),
        _ => {}
    }
}

#[test]
fn values_are_scaled_as_the_data_was() {
    let mut file = neuron(ModelKind::BranchElm);
    let scaling = Scaling { unit: 255.0, mean: 122.6 / 255.0, deviation: 61.0 / 255.0 };
    file.input.scaling = Some(scaling);
    let file = LiveFile::from_bytes("x", &file.to_bytes().unwrap()).unwrap();
    assert_eq!(file.input.scaling, Some(scaling));
    let mut deployed = DeployedNetwork::new(&file, Simd::Auto, 1).unwrap();
    let mut plain = LiveNetwork::new(&file.network, &file.weights, Simd::Auto, 1).unwrap();
    for step in 0..STEPS {
        let levels: Vec<f32> = (0..12).map(|channel| ((step * 31 + channel * 53) % 256) as f32).collect();
        let scaled: Vec<f32> =
            levels.iter().map(|level| (level / 255.0 - scaling.mean) / scaling.deviation).collect();
        let wanted = plain.step(LiveInput::Dense(&scaled)).unwrap();
        assert_eq!(deployed.step(LiveInput::Dense(&levels)).unwrap(), wanted);
    }
    let error = deployed.step(LiveInput::Dense(&[0.0; 11])).unwrap_err();
    assert!(matches!(error, Error::Shape { .. }), "{error}");
}

#[test]
fn symbols_have_names_and_names_are_symbols() {
    let deployed = DeployedNetwork::new(&text(), Simd::Auto, 1).unwrap();
    assert_eq!(deployed.input().name(3), Some(&b"\xff"[..]));
    assert_eq!(deployed.output_name(5), Some(&b"b"[..]));
    assert_eq!((deployed.input().place(b"\0"), deployed.input().place(b"ab")), (Some(2), None));
    let words = Names::Words(["MAX", "("].map(String::from).to_vec());
    let form =
        InputForm { symbols: Some(Symbols { first: 3, names: words }), ..InputForm::new(InputKind::Tokens) };
    assert_eq!((form.place(b"MAX"), form.name(4), form.name(2)), (Some(3), Some(&b"("[..]), None));
}
