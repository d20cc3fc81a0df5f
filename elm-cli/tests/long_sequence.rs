//! Sequences of 16 384 steps: the graph of a training step must not be deep,
//! neither in backward nor when it is dropped.

use elm_backend_candle::CandleBackend;
use elm_core::Backend;
use elm_core::baseline::{LinearHead, Lstm, Recurrent};
use elm_core::device::BackendOptions;
use elm_core::model::{
    DropoutSpec, InputDropoutMode, LayerOptions, ModelKind, ModelSpec, Network, NetworkOptions, NeuronOptions,
};
use elm_core::spec::{Event, Events};
use elm_core::train::{Batch, HostInput, LearningRate, Target, Trainer, TrainingSpec};

const STEPS: usize = 16_384;
const ROWS: usize = 2;

/// A spike of one channel in every third step.
fn batch() -> Batch {
    let mut events = Events { starts: vec![0], entries: Vec::new() };
    for step in 0..STEPS {
        let row = (step % ROWS) as u32;
        if step % 3 == 0 {
            events.entries.push(Event { row, channel: 0, count: 1.0 });
        }
        events.starts.push(events.entries.len() as u32);
    }
    let target = Target::LastStep { labels: vec![0, 1], lengths: None };
    Batch { rows: ROWS, steps: STEPS, input: HostInput::Events(events.into()), target }
}

/// The gradient's norm and the scan's path of one update.
fn update<B: Backend>(backend: &B) -> (f64, String) {
    let neuron = NeuronOptions {
        num_memory: Some(3),
        num_branch: Some(2),
        memory_tau_max: Some(1e4),
        ..NeuronOptions::default()
    };
    let options = NetworkOptions {
        kind: ModelKind::ElmNetwork,
        num_input: 1,
        num_output: 2,
        num_hidden: Some(6),
        num_layers: None,
        embedding: None,
        head: None,
        feed_output_back: None,
        layer: LayerOptions { neuron, ..LayerOptions::default() },
        first_layer: None,
        last_layer: None,
    };
    let network = Network::from_seed(backend, &options.resolve().unwrap(), 3).unwrap();
    let spec =
        TrainingSpec { learning_rate: LearningRate::cosine(1e-3, 0, 10), seed: 1, ..TrainingSpec::new(10) };
    let mut trainer = Trainer::new(backend, network, spec).unwrap();
    let report = trainer.step(&batch()).unwrap();
    (report.gradient_norm, report.path.to_string())
}

/// Runs on a thread with the stack that Rust gives threads by default.
fn on_a_small_stack(run: fn() -> (f64, String)) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap();
    let (norm, path) = thread.join().unwrap();
    assert!(norm.is_finite() && norm > 0.0, "{norm}");
    assert_eq!(path, "fused");
}

#[test]
fn candle_takes_long_sequences() {
    on_a_small_stack(|| update(&CandleBackend::new(BackendOptions::default()).unwrap()));
}

#[test]
fn candle_takes_long_sequences_in_segments() {
    let options = BackendOptions { memory_budget: Some(1 << 20), ..BackendOptions::default() };
    let (norm, _) = update(&CandleBackend::new(BackendOptions::default()).unwrap());
    let (again, _) = update(&CandleBackend::new(options).unwrap());
    assert_eq!(norm.to_bits(), again.to_bits());
}

#[cfg(feature = "tch")]
#[test]
fn tch_takes_long_sequences() {
    on_a_small_stack(|| update(&elm_backend_tch::TchBackend::new(BackendOptions::default()).unwrap()));
}

/// The gradient's norm of one update of an LSTM, whose recurrence is composed
/// step by step as those of all baselines.
fn update_of_lstm<B: Backend + 'static>(backend: &B) -> f64 {
    let cell = Lstm { inputs: 1, hidden: 6, layers: 1, chrono: Some(1e4) };
    let head = LinearHead { features: 6, logits: 2, pairs: false };
    let input_mode = InputDropoutMode::Variational;
    let dropout = DropoutSpec { input: 0.0, recurrent: 0.0, memory: 0.0, input_mode };
    let spec = Recurrent { cell, input_scale: 2.0, dropout, head };
    let model = spec.build(backend, &spec.initial_weights(3)).unwrap();
    let report = Trainer::new(backend, model, TrainingSpec::new(10)).unwrap().step(&batch()).unwrap();
    report.gradient_norm
}

/// With all of the history and with little memory, on a thread's usual stack.
fn baselines_agree<B: Backend + 'static>(open: fn(BackendOptions) -> elm_core::Result<B>) {
    let run = move || {
        let little = BackendOptions { memory_budget: Some(1 << 20), ..BackendOptions::default() };
        let [all, segments] =
            [BackendOptions::default(), little].map(|options| update_of_lstm(&open(options).unwrap()));
        assert!(all > 0.0 && ((all - segments) / all).abs() < 1e-3, "{all} {segments}");
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn baselines_take_long_sequences_on_candle() {
    baselines_agree(CandleBackend::new);
}

#[cfg(feature = "tch")]
#[test]
fn baselines_take_long_sequences_on_tch() {
    baselines_agree(elm_backend_tch::TchBackend::new);
}
