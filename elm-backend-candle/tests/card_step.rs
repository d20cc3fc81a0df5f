//! What a training step sends to a card and reads from it: every reading waits
//! for all work before it, and every upload for room to copy from.

mod counted;

use counted::{Counted, Traffic};
use elm_core::Error;
use elm_core::kernel::cuda::emulated::Emulated;
use elm_core::model::{
    DropoutOptions, Embedding, Head, LayerOptions, LayerSpec, ModelKind, ModelSpec, NetworkOptions,
    NetworkSpec,
};
use elm_core::scan::ScanPath;
use elm_core::spec::{Event, Events};
use elm_core::train::{Batch, HostInput, Penalty, Regularizer, Target, Trainer, TrainingSpec};
use std::io::Write;

const ROWS: usize = 4;
const STEPS: usize = 3;
const INPUTS: usize = 6;
const CLASSES: usize = 3;

/// A card of few multiprocessors; `None`, said aloud, where nothing compiles
/// its kernels.
fn backend() -> Option<Counted> {
    let card = Emulated::new(4, 227 << 10).unwrap();
    if card.is_none() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no C++ compiler; kernels of cards are not emulated");
    }
    card.map(Counted::new)
}

fn network(embedding: Option<Embedding>, head: Head, recurrent: f64) -> NetworkSpec {
    let dropout = DropoutOptions { recurrent: Some(recurrent), ..DropoutOptions::default() };
    let options = NetworkOptions {
        kind: ModelKind::ElmNetwork,
        num_input: INPUTS,
        num_output: CLASSES,
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

fn batch(input: HostInput) -> Batch {
    let labels = (0..STEPS * ROWS).map(|i| (i % CLASSES) as u32).collect();
    Batch { rows: ROWS, steps: STEPS, input, target: Target::EveryStep { labels, lengths: None } }
}

fn tokens() -> Batch {
    batch(HostInput::Tokens((0..STEPS * ROWS).map(|i| (i % INPUTS) as u32).collect()))
}

/// One spike in a step.
fn events() -> Batch {
    let entries = (0..STEPS as u32).map(|channel| Event { row: 1, channel, count: 1.0 }).collect();
    let starts = (0..=STEPS as u32).collect();
    batch(HostInput::Events(Events { starts, entries }.into()))
}

fn spec(accumulate: usize) -> TrainingSpec {
    let penalty = |penalty| Regularizer { penalty, layers: vec![0], strength: 0.1, proportional: false };
    let regularizers = vec![penalty(Penalty::NeuronMlpMagnitude), penalty(Penalty::PopulationActivity)];
    TrainingSpec { accumulate, regularizers, label_smoothing: 0.1, ..TrainingSpec::new(10) }
}

/// What the second step and each after it send and read: in the first one
/// kernels are tried and gradients looked at.
fn traffic(backend: &Counted, network: &NetworkSpec, batch: &Batch, accumulate: usize) -> Traffic {
    let model = network.build(backend, &network.initial_weights(7)).unwrap();
    let mut trainer = Trainer::new(backend, model, spec(accumulate)).unwrap();
    trainer.step(batch).unwrap();
    backend.traffic();
    let steps = [(), ()].map(|()| {
        let report = trainer.step(batch).unwrap();
        assert!(report.layers.iter().all(|layer| layer.path == ScanPath::Fused));
        backend.traffic()
    });
    assert_eq!(steps[0], steps[1]);
    let [traffic, _] = steps;
    traffic
}

fn fixed_timescales(layer: &LayerSpec) -> usize {
    if layer.neuron.tau_learnable { 0 } else { layer.neurons * layer.neuron.memory }
}

#[test]
fn a_step_is_read_once_and_sends_its_batch_and_nothing_else() {
    let Some(backend) = backend() else { return };
    let (one_hot, variables) = (Some(Embedding::OneHot(1.0)), 2);
    let labels = [STEPS * ROWS, CLASSES];
    let symbols = network(one_hot, Head::None, 0.0);
    let fixed: Vec<usize> = symbols.layers.iter().map(fixed_timescales).collect();
    let of_tokens = traffic(&backend, &symbols, &tokens(), 1);
    // Loss, objective and a square for each variable.
    assert_eq!(of_tokens.read, [2 + variables]);
    assert_eq!(of_tokens.uploaded, labels);
    // Fixed timescales, and step, place and value of every token.
    assert_eq!(of_tokens.by_kernels, [fixed[0] + 3 * STEPS * ROWS, fixed[1]]);
    // Events go as lists; with a head there is a variable more, with dropout a mask.
    let spikes = network(None, Head::Linear, 0.5);
    let of_events = traffic(&backend, &spikes, &events(), 1);
    assert_eq!(of_events.read, [2 + variables + 1]);
    assert_eq!(of_events.uploaded, labels);
    assert_eq!(of_events.by_kernels[0], fixed[0] + 3 * STEPS + 5 * ROWS);
}

#[test]
fn parts_of_a_batch_are_read_once_each_and_their_sum_once() {
    let Some(backend) = backend() else { return };
    let network = network(Some(Embedding::OneHot(1.0)), Head::None, 0.0);
    assert_eq!(traffic(&backend, &network, &tokens(), 2).read, [2, 2, 2]);
}

/// Though all is read at once.
#[test]
fn what_is_not_finite_still_ends_a_run_before_anything_changes() {
    let Some(backend) = backend() else { return };
    let network = network(None, Head::None, 0.0);
    let model = network.build(&backend, &network.initial_weights(7)).unwrap();
    let mut trainer = Trainer::new(&backend, model, spec(1)).unwrap();
    let batch = |input: f32, value: f32| Batch {
        target: Target::ValuesLastStep { values: vec![value; CLASSES * ROWS], lengths: None },
        ..batch(HostInput::Dense(vec![input; STEPS * INPUTS * ROWS]))
    };
    trainer.step(&batch(0.5, 0.5)).unwrap();
    let before = trainer.snapshot().unwrap();
    // A square is too large; what is infinite is bounded on its way to the
    // objective, but not back.
    for (bad, told) in [
        (batch(0.5, 1e30), "the training objective"),
        (batch(f32::INFINITY, 0.5), "the gradient of layers.0.synapse.weight"),
    ] {
        match trainer.step(&bad) {
            Err(Error::NonFinite { what, step: 1, .. }) => assert_eq!(what, told),
            other => panic!("{told}: {other:?}"),
        }
        assert_eq!(trainer.snapshot().unwrap(), before);
    }
}
