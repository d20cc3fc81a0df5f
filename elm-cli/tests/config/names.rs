//! Every name of every choice reaches its variant.

use crate::{DIGITS, TEXT, load};
use elm_cli::config::model::{EmbeddingName, HeadName};
use elm_cli::config::{DataKind, Demand, Named, PixelForm, RunConfig, Tokenization, Tokens, keys};
use elm_core::device::ScanChoice;
use elm_core::kernel::Simd;
use elm_core::model::options::RoutingName;
use elm_core::model::{
    Activation, Embedding, Head, InputDropoutMode, LambdaMode, MlpActivation, ModelKind, Routing,
};
use elm_core::train::{OptimizerKind, Penalty};
use std::collections::BTreeSet;

/// Every name of a choice is listed, read, and reaches its own variant.
fn each<T: Named + std::fmt::Debug>(path: &str, lines: &str, reached: impl Fn(&RunConfig) -> T) {
    let key = keys::all().into_iter().find(|key| key.path == path).unwrap();
    let names: BTreeSet<&str> = T::ALL.iter().map(|member| member.name()).collect();
    assert_eq!(names.len(), T::ALL.len(), "{path}: two variants have the same name");
    for &member in T::ALL {
        let name = member.name();
        assert!(key.takes.contains(&format!("\"{name}\"")), "{path}: {}", key.takes);
        let config = load(lines, &[&format!("{path}={name}")]).unwrap();
        assert_eq!(reached(&config), member, "{path} = {name}");
    }
    let error = load(lines, &[&format!("{path}=lstm")]).unwrap_err();
    assert!(error.contains(&key.takes), "{error}");
}

#[test]
fn every_name_of_the_choices_reaches_its_variant() {
    each::<ScanChoice>("backend.scan", DIGITS, |config| config.backend_options.scan);
    each::<Simd>("backend.simd", DIGITS, |config| config.backend_options.simd);
    each::<DataKind>("data.kind", "[model]\nnum_hidden = 5\n", |config| config.data.kind);
    each::<Tokens>("data.tokens", TEXT, |config| config.data.tokens);
    let pictures = "[data]\nkind = \"pathfinder\"\n[model]\nnum_hidden = 5\n";
    each::<Tokenization>("data.tokenization", pictures, |config| config.data.tokenization);
    each::<PixelForm>("data.pixels", pictures, |config| config.data.pixels);
    each::<OptimizerKind>("training.optimizer", DIGITS, |config| config.training.optimizer);
    let names: Vec<&str> = Penalty::ALL.iter().map(|penalty| penalty.name()).collect();
    for (i, name) in names.iter().enumerate() {
        let config = load(DIGITS, &[&format!("regularizer.{name}.strength=0.5")]).unwrap();
        let penalties: Vec<Penalty> = config.training.regularizers.iter().map(|own| own.penalty).collect();
        assert_eq!(penalties, [Penalty::ALL[i]]);
    }
}

#[test]
fn every_name_of_the_model_reaches_its_variant() {
    let demand = Demand { inputs: 700, outputs: 20, tokens: false };
    let spec = |config: &RunConfig| config.network(demand).unwrap();
    let neuron = |config: &RunConfig| spec(config).layers[0].neuron.clone();
    let single = "[data]\nkind = \"digits\"\n[model]\nkind = \"elm_neuron\"\n[model.neuron]\nnum_synapse_per_branch = 1\n";
    let one_layer = "[data]\nkind = \"digits\"\n[model]\nnum_hidden = 5\n[model.neuron]\nnum_branch = 3\n";
    each::<MlpActivation>("model.neuron.mlp_activation", one_layer, |c| neuron(c).mlp_activation);
    each::<Activation>("model.neuron.activation", one_layer, |c| neuron(c).activation);
    each::<LambdaMode>("model.neuron.lambda_mode", one_layer, |c| neuron(c).lambda_mode);
    each::<InputDropoutMode>("model.dropout.input_mode", one_layer, |c| spec(c).layers[0].dropout.input_mode);
    each::<RoutingName>("model.wiring.routing", single, |c| match spec(c).layers[0].routing {
        Routing::Direct => RoutingName::Direct,
        Routing::Random { .. } => RoutingName::Random,
        Routing::NeuronIo => RoutingName::Neuronio,
    });
    for &kind in ModelKind::ALL {
        // A network needs hidden neurons, and a single neuron has none.
        let hidden = if kind == ModelKind::ElmNetwork { "5" } else { "none" };
        let [hidden, named] = [format!("model.num_hidden={hidden}"), format!("model.kind={}", kind.name())];
        assert_eq!(spec(&load(DIGITS, &[&hidden, &named]).unwrap()).kind, kind);
    }
    let error = load(DIGITS, &["model.kind=rnn"]).unwrap_err();
    assert!(error.contains("\"elm_network\", \"elm_neuron\", \"elm\", \"branch_elm\""), "{error}");
}

/// Embedding and head depend on the data, so each name has its own.
#[test]
fn every_embedding_and_head_reaches_its_variant() {
    for &name in EmbeddingName::ALL {
        let tokens = matches!(name, EmbeddingName::OneHot | EmbeddingName::Learned);
        let (lines, wanted) = match name {
            EmbeddingName::None => (DIGITS, Embedding::None),
            EmbeddingName::Scaled => (DIGITS, Embedding::Scaled(2.0)),
            EmbeddingName::OneHot => (TEXT, Embedding::OneHot(2.0)),
            EmbeddingName::Learned => (TEXT, Embedding::Learned { symbols: 256, width: 7, scale: 2.0 }),
        };
        let set = format!("model.embedding={}", name.name());
        let width = if name == EmbeddingName::Learned { "7" } else { "none" };
        let width = format!("model.embedding_width={width}");
        // Without an embedding there is nothing to scale.
        let scale = if name == EmbeddingName::None { "none" } else { "2" };
        let scale = format!("model.embedding_scale={scale}");
        let config = load(lines, &[&set, &scale, &width]).unwrap();
        let demand = config.demand_without_data().unwrap_or(config.assumed_demand());
        assert_eq!(demand.tokens, tokens);
        assert_eq!(config.network(demand).unwrap().embedding, wanted);
    }
    for &name in HeadName::ALL {
        let wanted = match name {
            HeadName::None => Head::None,
            HeadName::Linear => Head::Linear,
        };
        let config = load(DIGITS, &[&format!("model.head={}", name.name())]).unwrap();
        assert_eq!(config.network(config.demand_without_data().unwrap()).unwrap().head, wanted);
    }
}
