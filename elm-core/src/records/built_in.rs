//! Cases made from a seed, to check a backend where no record is at hand.

use super::case::{Case, Training};
use crate::error::Result;
use crate::model::options::{LayerOptions, NetworkOptions, NeuronOptions, RoutingName, WiringOptions};
use crate::model::{
    Activation, Embedding, Head, LambdaMode, MlpActivation, ModelKind, Network, NetworkSpec, StoredTensors,
};
use crate::random::{Draws, Purpose};
use crate::reference::Reference;
use crate::train::{
    Batch, HostInput, LearningRate, OptimizerKind, Penalty, Regularizer, Target, TrainingSpec,
};

const STEPS: usize = 12;
const ROWS: usize = 3;

/// Small models that together use every option of a neuron; the expected
/// answers are those of the [`Reference`] backend.
///
/// # Errors
/// Never in a right build; the signature is that of the model's construction.
pub fn built_in() -> Result<Vec<Case>> {
    let names = [
        "text",
        "spikes",
        "spiking_units",
        "deep",
        "neuron",
        "elm",
        "branch_elm",
        "neuron_feedback",
        "elm_feedback",
        "branch_elm_feedback",
        "learned_text",
    ];
    names.iter().enumerate().map(|(i, name)| case(name, options(name), i as u64)).collect()
}

/// Inputs of a drawn case that have a value at a time, where there are many.
const BUSY: f64 = 10.0;

/// A case for any network with its weights: two batches drawn from a seed,
/// without training.
pub fn drawn(name: &str, network: &NetworkSpec, weights: &StoredTensors, seed: u64) -> Case {
    let mut draws = Draws::new(seed, Purpose::MadeUp, [0, 0]);
    let channels = network.inputs();
    let mut batch = || {
        let input = if matches!(network.embedding, Embedding::OneHot(_) | Embedding::Learned { .. }) {
            let ids = (0..STEPS * ROWS).map(|_| draws.below(channels as u32));
            HostInput::Tokens(ids.collect::<Vec<_>>().into())
        } else {
            dense(&mut draws, channels, (BUSY / channels as f64).min(0.3))
        };
        let outputs = network.outputs();
        let values = vec![0.0; outputs * STEPS * ROWS];
        let target = Target::ValuesEveryStep { values, outputs, lengths: None };
        Batch { rows: ROWS, steps: STEPS, input, target }
    };
    Case {
        name: name.into(),
        network: network.clone(),
        weights: weights.clone(),
        batches: vec![batch(), batch()],
        training: None,
        neuronio_output: false,
    }
}

/// Values of which only a share is not zero.
fn dense(draws: &mut Draws, channels: usize, share: f64) -> HostInput {
    let value = |_| if draws.chance(share) { draws.unit() as f32 } else { 0.0 };
    HostInput::Dense((0..STEPS * channels * ROWS).map(value).collect())
}

fn options(name: &str) -> NetworkOptions {
    let plain = name.trim_end_matches("_feedback");
    let feed_output_back = (plain != name).then_some(true);
    let kind = match plain {
        "neuron" => ModelKind::ElmNeuron,
        "elm" => ModelKind::Elm,
        "branch_elm" => ModelKind::BranchElm,
        _ => ModelKind::ElmNetwork,
    };
    let network = kind == ModelKind::ElmNetwork;
    let mut neuron = NeuronOptions {
        num_memory: Some(4),
        num_branch: Some(5),
        num_synapse_per_branch: Some(3),
        memory_tau_max: Some(50.0),
        input_scale: network.then_some(10.0),
        ..NeuronOptions::default()
    };
    match plain {
        "spiking_units" => {
            neuron.activation = Some(Activation::Spike);
            neuron.lambda_mode = Some(LambdaMode::Scale);
            neuron.mlp_activation = Some(MlpActivation::Relu);
        }
        "deep" => {
            neuron.mlp_hidden_layers = Some(2);
            neuron.mlp_activation = Some(MlpActivation::Silu);
            neuron.memory_tau_learnable = Some(true);
            neuron.branch_tau = Some(Some(4.0));
            neuron.delta_t = Some(2.0);
        }
        "elm" | "branch_elm" => neuron.memory_tau_learnable = Some(true),
        _ => {}
    }
    let recurrent_connect = network.then_some(if name == "text" { 0.8 } else { 0.25 });
    let routing = (!network).then_some(RoutingName::Random);
    let last = NeuronOptions { num_memory: Some(3), mlp_hidden_layers: Some(0), ..NeuronOptions::default() };
    NetworkOptions {
        kind,
        num_input: 10,
        num_output: if network { 6 } else { 2 },
        num_hidden: network.then_some(7),
        num_layers: (name == "deep").then_some(3),
        embedding: match name {
            "text" => Some(Embedding::OneHot(3.0)),
            "learned_text" => Some(Embedding::Learned { symbols: 10, width: 4, scale: 0.5 }),
            _ => None,
        },
        head: network.then_some(Head::Linear),
        feed_output_back,
        layer: LayerOptions {
            neuron,
            wiring: WiringOptions { recurrent_connect, routing },
            ..LayerOptions::default()
        },
        first_layer: None,
        last_layer: network.then_some(LayerOptions { neuron: last, ..LayerOptions::default() }),
    }
}

fn case(name: &str, options: NetworkOptions, seed: u64) -> Result<Case> {
    let spec = options.resolve()?;
    let backend = Reference;
    let weights = Network::from_seed(&backend, &spec, seed)?.to_stored(&backend)?;
    let mut draws = Draws::new(seed, Purpose::MadeUp, [0, 0]);
    let batches = (0..2).map(|_| batch(name, &spec, &mut draws)).collect();
    let penalty = |penalty, strength| Regularizer { penalty, layers: vec![0], strength, proportional: false };
    let regularizers = if options.kind == ModelKind::ElmNetwork {
        vec![penalty(Penalty::NeuronMlpMagnitude, 0.01), penalty(Penalty::PopulationActivity, 1.0)]
    } else {
        Vec::new()
    };
    let training = Training {
        spec: TrainingSpec {
            optimizer: if name == "spikes" { OptimizerKind::Adamax } else { OptimizerKind::Adam },
            learning_rate: LearningRate::cosine(1e-3, 2, 20),
            label_smoothing: 0.01,
            regularizers,
            seed,
            ..TrainingSpec::new(20)
        },
        updates: 4,
    };
    Ok(Case {
        name: name.into(),
        network: spec,
        weights,
        batches,
        training: Some(training),
        neuronio_output: false,
    })
}

fn batch(name: &str, spec: &NetworkSpec, draws: &mut Draws) -> Batch {
    let (channels, outputs) = (spec.inputs() as u32, spec.outputs() as u32);
    let mut ids = |count: usize, end: u32| -> Vec<u32> { (0..count).map(|_| draws.below(end)).collect() };
    if matches!(name, "text" | "spiking_units" | "learned_text") {
        let (tokens, target) = (ids(STEPS * ROWS, channels), ids(STEPS * ROWS, outputs));
        return Batch {
            rows: ROWS,
            steps: STEPS,
            input: HostInput::Tokens(tokens.into()),
            target: Target::EveryStep { labels: target, lengths: None },
        };
    }
    let labels = ids(ROWS, outputs);
    let input = dense(draws, channels as usize, 0.3);
    let target = if spec.kind == ModelKind::ElmNetwork {
        Target::LastStep { labels, lengths: None }
    } else {
        let outputs = outputs as usize;
        let values = (0..outputs * STEPS * ROWS).map(|_| draws.symmetric(1.0)).collect();
        Target::ValuesEveryStep { values, outputs, lengths: None }
    };
    Batch { rows: ROWS, steps: STEPS, input, target }
}
