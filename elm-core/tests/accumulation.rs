//! An update computed part by part is that of the whole batch.

use elm_core::model::{
    DropoutOptions, Embedding, Head, LayerOptions, ModelKind, Network, NetworkOptions, NetworkSpec,
};
use elm_core::reference::Reference;
use elm_core::spec::{Event, Events};
use elm_core::train::{
    Batch, HostInput, Penalty, Regularizer, Snapshot, StateReset, Target, Trainer, TrainingSpec,
};

const ROWS: usize = 6;
const STEPS: usize = 5;
const UPDATES: u64 = 4;

fn network(embedding: Option<Embedding>, head: Head, dropped: f64) -> NetworkSpec {
    let dropout =
        DropoutOptions { input: Some(dropped), recurrent: Some(dropped), ..DropoutOptions::default() };
    let options = NetworkOptions {
        kind: ModelKind::ElmNetwork,
        num_input: 6,
        num_output: 3,
        num_hidden: Some(5),
        num_layers: None,
        embedding,
        head: Some(head),
        feed_output_back: None,
        layer: LayerOptions { dropout, ..LayerOptions::default() },
        first_layer: None,
        last_layer: None,
    };
    options.resolve().unwrap()
}

fn spec(accumulate: usize, state_reuse: Option<StateReset>) -> TrainingSpec {
    let penalty = |penalty| Regularizer { penalty, layers: vec![0], strength: 0.1, proportional: false };
    let regularizers = vec![penalty(Penalty::NeuronMlpMagnitude), penalty(Penalty::PopulationActivity)];
    TrainingSpec {
        accumulate,
        state_reuse,
        label_smoothing: 0.1,
        regularizers,
        seed: 3,
        ..TrainingSpec::new(UPDATES)
    }
}

/// Snapshot and losses after some updates.
fn trained(
    network: &NetworkSpec,
    spec: TrainingSpec,
    batch: impl Fn(u64) -> Batch,
) -> (Snapshot, Vec<[f64; 3]>) {
    let model = Network::from_seed(&Reference, network, 7).unwrap();
    let mut trainer = Trainer::new(&Reference, model, spec).unwrap();
    let reports = (0..UPDATES).map(|step| trainer.step(&batch(step)).unwrap());
    let losses = reports.map(|report| [report.loss, report.objective, report.gradient_norm]).collect();
    (trainer.snapshot().unwrap(), losses)
}

fn assert_same(network: &NetworkSpec, state_reuse: Option<StateReset>, batch: impl Fn(u64) -> Batch) {
    let (whole, losses) = trained(network, spec(1, state_reuse), &batch);
    for accumulate in [2, 3] {
        let (parts, own) = trained(network, spec(accumulate, state_reuse), &batch);
        assert_eq!(whole.position, parts.position);
        for (got, wanted) in own.iter().flatten().zip(losses.iter().flatten()) {
            assert!((got - wanted).abs() < 1e-5 * wanted.abs(), "{got} is not {wanted}");
        }
        for (a, b) in [(&whole.weights, &parts.weights), (&whole.state, &parts.state)] {
            assert!(a.tensors.keys().eq(b.tensors.keys()));
            for (name, tensor) in &a.tensors {
                let Ok(wanted) = a.floats(name, &tensor.shape) else { continue };
                let got = b.floats(name, &tensor.shape).unwrap();
                for (got, wanted) in got.iter().zip(wanted) {
                    let near = (got - wanted).abs() <= 1e-6 * wanted.abs().max(0.1) || got == wanted;
                    assert!(near, "{name} in {accumulate} parts: {got} is not {wanted}");
                }
            }
        }
    }
}

fn number(place: u64) -> u32 {
    (place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 40) as u32
}

fn labels(step: u64, count: usize) -> Vec<u32> {
    (0..count as u64).map(|i| number(1000 * step + i) % 3).collect()
}

#[test]
fn a_classification_of_sequences_of_different_lengths_is_learned_as_from_one_batch() {
    let batch = |step: u64| {
        let mut events = Events { starts: vec![0], entries: Vec::new() };
        for t in 0..STEPS as u64 {
            for row in 0..ROWS as u32 {
                let channel = number(7 * step + 31 * t + u64::from(row)) % 6;
                events.entries.push(Event { row, channel, count: 1.0 });
            }
            events.starts.push(events.entries.len() as u32);
        }
        let target = Target::LastStep { labels: labels(step, ROWS), lengths: Some(vec![5, 3, 4, 5, 2, 1]) };
        Batch { rows: ROWS, steps: STEPS, input: HostInput::Events(events.into()), target }
    };
    assert_same(&network(None, Head::Linear, 0.2), None, batch);
}

#[test]
fn a_text_with_carried_state_is_learned_as_from_one_batch() {
    let batch = |step: u64| {
        // The last segment of a pass is shorter.
        let steps = if step == 2 { 3 } else { STEPS };
        let ids: Vec<u32> = (0..(steps * ROWS) as u64).map(|i| number(50 * step + i) % 6).collect();
        let target = Target::EveryStep { labels: labels(step, steps * ROWS), lengths: None };
        Batch { rows: ROWS, steps, input: HostInput::Tokens(ids.into()), target }
    };
    let network = network(Some(Embedding::OneHot(2.0)), Head::Linear, 0.2);
    for floor in [0.0, 0.5] {
        assert_same(&network, Some(StateReset { floor, warmup: 2 }), batch);
    }
}

#[test]
fn rows_that_cannot_be_divided_change_nothing() {
    let network = network(None, Head::Linear, 0.2);
    let model = Network::from_seed(&Reference, &network, 7).unwrap();
    let mut trainer = Trainer::new(&Reference, model, spec(4, None)).unwrap();
    let before = trainer.snapshot().unwrap();
    let target = Target::LastStep { labels: labels(0, ROWS), lengths: None };
    let input = HostInput::Dense(vec![1.0; STEPS * 6 * ROWS]);
    let error = trainer.step(&Batch { rows: ROWS, steps: STEPS, input, target }).unwrap_err();
    assert!(error.to_string().contains("multiple of 4"), "{error}");
    assert_eq!(trainer.snapshot().unwrap(), before);
}

/// Which masks a pair gets depends on the part that it is in.
#[test]
fn pairs_are_learned_as_from_one_batch_without_dropout() {
    let network = network(Some(Embedding::OneHot(2.0)), Head::Pair { classes: 2 }, 0.0);
    let batch = |step: u64| {
        let rows = 2 * ROWS;
        let ids: Vec<u32> = (0..(STEPS * rows) as u64).map(|i| number(90 * step + i) % 6).collect();
        let labels = labels(step, ROWS).into_iter().map(|label| label % 2).collect();
        let target = Target::Pairs { labels, lengths: None };
        Batch { rows, steps: STEPS, input: HostInput::Tokens(ids.into()), target }
    };
    assert_same(&network, None, batch);
}

#[test]
fn weights_decay_and_biases_and_timescales_do_not() {
    let network = network(None, Head::Linear, 0.2);
    let input = HostInput::Dense(vec![0.5; STEPS * 6 * ROWS]);
    let target = Target::LastStep { labels: labels(0, ROWS), lengths: None };
    let batch = |_| Batch { rows: ROWS, steps: STEPS, input: input.clone(), target: target.clone() };
    let with = |weight_decay| {
        let spec = TrainingSpec {
            optimizer: elm_core::train::OptimizerKind::AdamW,
            weight_decay,
            ..TrainingSpec::new(UPDATES)
        };
        trained(&network, spec, batch).0.weights
    };
    // Other weights have other gradients, so biases differ a little.
    let (plain, decayed) = (with(0.0), with(500.0));
    let norm = |stored: &elm_core::model::StoredTensors, name: &str| -> f32 {
        let shape = stored.tensors[name].shape.clone();
        stored.floats(name, &shape).unwrap().iter().map(|x| x * x).sum()
    };
    for name in ["layers.0.synapse.weight", "layers.0.mlp.0.weight", "head.weight"] {
        assert!(norm(&decayed, name) < 0.8 * norm(&plain, name), "{name}");
    }
    for name in ["layers.0.mlp.0.bias", "head.bias", "layers.0.memory.tau_raw"] {
        let (plain, decayed) = (norm(&plain, name), norm(&decayed, name));
        assert!((plain - decayed).abs() < 0.1 * plain || plain == decayed, "{name}: {plain} {decayed}");
    }
}
