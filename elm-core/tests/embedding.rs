//! Networks whose tokens have a learned embedding.

use elm_core::kernel::{LiveInput, Simd};
use elm_core::model::{
    Embedding, Head, LiveNetwork, Network, NetworkOptions, NetworkSpec, Pass, StoredTensors,
};
use elm_core::model::{Model, NeuronOptions, Sequences};
use elm_core::reference::Reference;
use elm_core::spec::NO_TOKEN;
use elm_core::train::loss::batch_loss;
use elm_core::train::{Batch, HostInput, Target};
use elm_core::{Backend, Error};

const SYMBOLS: usize = 6;
const STEPS: usize = 5;
const ROWS: usize = 2;

fn options(embedding: Embedding) -> NetworkOptions {
    NetworkOptions::new(SYMBOLS, 3)
        .num_hidden(5)
        .embedding(embedding)
        .head(Head::Linear)
        .neuron(NeuronOptions::default().num_memory(3))
}

fn learned(width: usize) -> NetworkSpec {
    options(Embedding::Learned { symbols: SYMBOLS, width, scale: 3.0 }).resolve().unwrap()
}

fn tokens() -> HostInput {
    HostInput::Tokens([0, 1, 2, 3, NO_TOKEN, 5, 4, 4, 1, 0].into())
}

fn activity(spec: &NetworkSpec, weights: &StoredTensors, input: &HostInput) -> elm_core::Result<Vec<f32>> {
    let network = Network::from_stored(&Reference, spec, weights)?;
    let state = network.zero_state(&Reference, ROWS)?;
    let sequences = Sequences { rows: ROWS, steps: STEPS, input, lengths: None };
    let answers = network.forward(&Reference, &sequences, &Pass::plain(&state))?;
    Reference.values(&answers.last().unwrap().activity)
}

#[test]
fn a_table_of_unit_vectors_is_the_one_hot_embedding() {
    let one_hot = options(Embedding::OneHot(3.0)).resolve().unwrap();
    let spec = learned(SYMBOLS);
    let mut weights = one_hot.initial_weights(4);
    let wanted = activity(&one_hot, &weights, &tokens()).unwrap();
    let unit = |i: usize| f32::from(u8::from(i.is_multiple_of(SYMBOLS + 1)));
    let table = (0..SYMBOLS * SYMBOLS).map(unit).collect();
    weights.insert("embedding.weight", &[SYMBOLS, SYMBOLS], table);
    assert_eq!(activity(&spec, &weights, &tokens()).unwrap(), wanted);
    assert_eq!(spec.trainable_parameters(), one_hot.trainable_parameters() + SYMBOLS * SYMBOLS);
}

#[test]
fn the_table_is_counted_stored_and_drawn_from_the_seed() {
    let spec = learned(4);
    assert_eq!((spec.inputs(), spec.layers[0].inputs), (SYMBOLS, 4));
    let weights = spec.initial_weights(4);
    let table = weights.floats("embedding.weight", &[SYMBOLS, 4]).unwrap();
    assert!(
        table.iter().all(|value| value.abs() < 3f32.sqrt()) && table.iter().any(|value| value.abs() > 1.0)
    );
    assert_ne!(table, spec.initial_weights(5).floats("embedding.weight", &[SYMBOLS, 4]).unwrap());
    let network = Network::from_stored(&Reference, &spec, &weights).unwrap();
    assert_eq!(network.to_stored(&Reference).unwrap(), weights);
    let names: Vec<String> = spec.layouts().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["layers.0", "layers.1", "head", "embedding"]);
    let text = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<NetworkSpec>(&text).unwrap(), spec);
}

#[test]
fn gradients_are_those_of_central_differences() {
    let (backend, spec) = (&Reference, learned(4));
    let labels = vec![1, 2];
    let target = Target::LastStep { labels, lengths: None };
    let batch = Batch { rows: ROWS, steps: STEPS, input: tokens(), target };
    let network = Network::from_seed(backend, &spec, 3).unwrap();
    let loss = || {
        let state = network.zero_state(backend, ROWS).unwrap();
        let sequences = Sequences { rows: ROWS, steps: STEPS, input: &batch.input, lengths: None };
        let pass = Pass { gradient: true, ..Pass::plain(&state) };
        let answers = network.forward(backend, &sequences, &pass).unwrap();
        batch_loss(backend, &network, &answers.last().unwrap().activity, &batch, 0.1).unwrap().smoothed
    };
    let gradients = backend.backward(&loss()).unwrap();
    let variable = network.embedding.as_ref().unwrap();
    let gradient = backend.values64(&backend.gradient(&gradients, variable).unwrap());
    let values = backend.values64(variable);
    // Symbols that do not occur have none; symbol 4 and the others do.
    assert!(gradient.iter().filter(|&&slope| slope != 0.0).count() > 15, "{gradient:?}");
    let at = |moved: &[f64]| {
        backend.assign(variable, &backend.tensor64(moved, &[moved.len()]).unwrap()).unwrap();
        backend.values64(&loss())[0]
    };
    for place in 0..values.len() {
        let (mut up, mut down, step) = (values.clone(), values.clone(), 1e-5);
        up[place] += step;
        down[place] -= step;
        let slope = (at(&up) - at(&down)) / (2.0 * step);
        assert!((slope - gradient[place]).abs() < 1e-3 * (1.0 + slope.abs()), "{place}: {slope}");
    }
}

#[test]
fn a_live_network_reads_the_same_rows() {
    let spec = learned(4);
    let weights = spec.initial_weights(4);
    let network = Network::from_stored(&Reference, &spec, &weights).unwrap();
    let mut state = network.zero_state(&Reference, 1).unwrap();
    let mut live = LiveNetwork::new(&spec, &weights, Simd::Auto, 1).unwrap();
    for token in [0, 3, NO_TOKEN, 5, 2, 2] {
        let input = HostInput::Tokens([token].into());
        let sequences = Sequences { rows: 1, steps: 1, input: &input, lengths: None };
        let answers = network.forward(&Reference, &sequences, &Pass::plain(&state)).unwrap();
        let logits = network.logits_of_all_steps(&Reference, &answers.last().unwrap().activity).unwrap();
        let heard = if token == NO_TOKEN { LiveInput::Silence } else { LiveInput::Token(token) };
        let got = live.step(heard).unwrap();
        for (got, wanted) in got.iter().zip(Reference.values(&logits).unwrap()) {
            assert!((got - wanted).abs() < 1e-5, "token {token}: {got}, {wanted}");
        }
        state = answers.into_iter().map(|answer| answer.state).collect();
    }
    assert!(live.step(LiveInput::Token(6)).is_err());
    assert!(live.step(LiveInput::Token(u32::MAX)).is_err());
    assert!(live.step(LiveInput::Events(&[(0, 1.0)])).is_err());
}

#[test]
fn what_has_no_row_is_refused() {
    let spec = learned(4);
    let weights = spec.initial_weights(4);
    let refused =
        activity(&spec, &weights, &HostInput::Dense(vec![0.0; SYMBOLS * ROWS * STEPS])).unwrap_err();
    assert!(refused.to_string().contains("model.embedding"), "{refused}");
    let beyond = HostInput::Tokens([6; ROWS * STEPS].into());
    assert!(matches!(activity(&spec, &weights, &beyond), Err(Error::Index { index: 6, .. })));
    // A table of another model.
    let other = learned(3).initial_weights(4);
    assert!(activity(&spec, &other, &tokens()).is_err());
    let key = |embedding| match options(embedding).resolve() {
        Err(Error::Config { key, .. }) => key,
        other => panic!("{other:?}"),
    };
    let table = |symbols, width| Embedding::Learned { symbols, width, scale: 1.0 };
    assert_eq!(key(table(SYMBOLS, 0)), "model.embedding_width");
    assert_eq!(key(table(SYMBOLS, 1 << 42)), "model.embedding_width");
    assert_eq!(key(table(SYMBOLS + 1, 4)), "model.num_input");
    assert_eq!(
        key(Embedding::Learned { symbols: SYMBOLS, width: 4, scale: f64::NAN }),
        "model.embedding_scale"
    );
}
