//! Networks that compare two sequences.

use elm_core::model::{Head, LiveNetwork, ModelKind, Network, NetworkOptions, NetworkSpec, RunArgs};
use elm_core::reference::Reference;
use elm_core::spec::{NO_TOKEN, Want};
use elm_core::train::dropout::no_masks;
use elm_core::train::loss::batch_loss;
use elm_core::train::{Batch, HostInput, Target};
use elm_core::{Backend, ops};

const STEPS: usize = 5;

fn spec(head: Head) -> NetworkSpec {
    let options = NetworkOptions {
        kind: ModelKind::ElmNetwork,
        num_input: 6,
        num_output: 3,
        num_hidden: Some(5),
        num_layers: None,
        embedding: Some(elm_core::model::Embedding::OneHot(2.0)),
        head: Some(head),
        feed_output_back: None,
        layer: Default::default(),
        first_layer: None,
        last_layer: None,
    };
    options.resolve().unwrap()
}

/// Two pairs; the first sequence of the second pair ends after three steps.
fn batch(padding: u32) -> Batch {
    let rows = [[0, 1, 2, 3, 4], [5, 4, 3, padding, padding], [1, 1, 2, 2, 3], [0, 5, 0, 5, 0]];
    let ids = (0..STEPS).flat_map(|t| rows.map(|row| row[t])).collect();
    Batch {
        rows: 4,
        steps: STEPS,
        input: HostInput::Tokens(ids),
        target: Target::Pairs { labels: vec![1, 0], lengths: Some(vec![5, 3, 5, 5]) },
    }
}

fn activity(network: &Network<Reference>, batch: &Batch) -> <Reference as Backend>::Tensor {
    let backend = &Reference;
    let masks = no_masks(&network.spec);
    let want = vec![Want { gradient: true, ..Want::default() }; network.layers.len()];
    let state = network.zero_state(backend, batch.rows).unwrap();
    let args = RunArgs { state: &state, masks: &masks, want: &want, rows: batch.rows, steps: batch.steps };
    let input = batch.on(backend, network.spec.inputs()).unwrap();
    network.run(backend, input, &args).unwrap().pop().unwrap().activity
}

#[test]
fn the_head_compares_what_two_sequences_leave() {
    let (backend, spec) = (&Reference, spec(Head::Pair { classes: 2 }));
    assert_eq!((spec.outputs(), spec.logits(), spec.head_layout().len()), (3, 2, 2 * 12 + 2));
    let network = Network::from_seed(backend, &spec, 3).unwrap();
    let batch = batch(NO_TOKEN);
    let activity = activity(&network, &batch);
    let lengths = [5, 3, 5, 5];
    let logits = network.logits_of_pairs(backend, &activity, Some(&lengths)).unwrap();
    let got = backend.values(&logits).unwrap(); // [2, 2]
    let values = backend.values(&activity).unwrap(); // [5, 3, 4]
    let head = backend.values(network.head.as_ref().unwrap()).unwrap();
    let last = |row: usize, o: usize| values[((lengths[row] as usize - 1) * 3 + o) * 4 + row];
    for (pair, (x, y)) in [(0, 2), (1, 3)].into_iter().enumerate() {
        let both: Vec<[f32; 2]> = (0..3).map(|o| [last(x, o), last(y, o)]).collect();
        let read: [fn(&[f32; 2]) -> f32; 4] = [|p| p[0], |p| p[1], |p| p[0] - p[1], |p| p[0] * p[1]];
        let read: Vec<f32> = read.iter().flat_map(|f| both.iter().map(f)).collect();
        for class in 0..2 {
            let weights = &head[class * 12..(class + 1) * 12];
            let wanted: f32 = weights.iter().zip(&read).map(|(w, r)| w * r).sum::<f32>() + head[24 + class];
            assert!((got[class * 2 + pair] - wanted).abs() < 1e-6, "pair {pair}, class {class}");
        }
    }
}

#[test]
fn what_follows_the_end_of_a_sequence_does_not_count() {
    let spec = spec(Head::Pair { classes: 2 });
    let network = Network::from_seed(&Reference, &spec, 3).unwrap();
    let loss = |padding| {
        let batch = batch(padding);
        let loss = batch_loss(&Reference, &network, &activity(&network, &batch), &batch, 0.0).unwrap();
        assert_eq!(loss.predictions, 2);
        ops::scalar(&Reference, &loss.task).unwrap()
    };
    assert_eq!(loss(NO_TOKEN), loss(2));
}

#[test]
fn gradients_are_those_of_central_differences() {
    let (backend, spec) = (&Reference, spec(Head::Pair { classes: 2 }));
    let batch = batch(NO_TOKEN);
    let stored = Network::from_seed(backend, &spec, 3).unwrap().to_stored(backend).unwrap();
    let network = Network::from_stored(backend, &spec, &stored).unwrap();
    // A head this strong, since losses are told in f32.
    let head = network.head.as_ref().unwrap();
    backend.assign(head, &backend.detach(&backend.affine(head, 30.0, 0.0).unwrap())).unwrap();
    let loss_of = |network: &Network<Reference>| {
        batch_loss(backend, network, &activity(network, &batch), &batch, 0.1).unwrap().smoothed
    };
    let gradients = backend.backward(&loss_of(&network)).unwrap();
    for variable in network.variables() {
        let gradient = backend.values(&backend.gradient(&gradients, &variable).unwrap()).unwrap();
        let values = backend.values(&variable).unwrap();
        let shifted = |by: f32| {
            let moved: Vec<f32> = values.iter().zip(&gradient).map(|(v, g)| v + by * g).collect();
            backend.assign(&variable, &backend.tensor(&moved, &[moved.len()]).unwrap()).unwrap();
            ops::scalar(backend, &loss_of(&network)).unwrap()
        };
        let length: f64 = gradient.iter().map(|&g| f64::from(g).powi(2)).sum();
        let step = 3e-4 / length.sqrt(); // activations have kinks
        let slope = (shifted(step as f32) - shifted(-step as f32)) / (2.0 * step);
        shifted(0.0);
        assert!((slope - length).abs() < 0.02 * length, "{slope} is not {length}");
    }
}

#[test]
fn other_heads_and_odd_rows_are_refused() {
    let backend = &Reference;
    let batch = batch(NO_TOKEN);
    let plain = Network::from_seed(backend, &spec(Head::Linear), 3).unwrap();
    let refused = batch_loss(backend, &plain, &activity(&plain, &batch), &batch, 0.0).err().unwrap();
    assert!(refused.to_string().contains("model.head"), "{refused}");
    let pairs = Network::from_seed(backend, &spec(Head::Pair { classes: 2 }), 3).unwrap();
    let three = backend.narrow(&activity(&pairs, &batch), 2, 0, 3).unwrap();
    assert!(pairs.logits_of_pairs(backend, &three, None).is_err());
    assert!(pairs.logits_of_last_step(backend, &three, None).is_err());
    let stored = pairs.to_stored(backend).unwrap();
    assert!(LiveNetwork::new(&pairs.spec, &stored, elm_core::kernel::Simd::Auto, 1).is_err());
}
