//! Training needs no more memory at its end than at its beginning, and takes no
//! pages anew.
#![cfg(target_os = "linux")]

mod common;

use elm_backend_candle::CandleBackend;
use elm_core::Backend;
use elm_core::device::BackendOptions;
use elm_core::model::{LayerOptions, ModelKind, Network, NetworkOptions, NeuronOptions};
use elm_core::train::{Batch, HostInput, LearningRate, Target, Trainer, TrainingSpec};

/// Bytes by which memory may grow over the steps: pages that the allocator
/// touches for the first time.
const SLACK: usize = 4 << 20;
const SETTLED: usize = 200;
const STEPS: usize = 2000;

/// Bytes of the process in memory.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn batch(step: usize) -> Batch {
    let (rows, steps) = (4, 12);
    let tokens: Vec<u32> = (0..rows * steps).map(|i| ((i * 7 + step) % 11) as u32).collect();
    Batch {
        rows,
        steps,
        input: HostInput::Tokens(tokens[..].into()),
        target: Target::EveryStep { labels: tokens, lengths: None },
    }
}

fn grows_by<B: Backend>(backend: &B) -> usize {
    let neuron = NeuronOptions { num_memory: Some(4), num_branch: Some(5), ..NeuronOptions::default() };
    let options = NetworkOptions {
        kind: ModelKind::ElmNetwork,
        num_input: 11,
        num_output: 11,
        num_hidden: Some(16),
        num_layers: None,
        embedding: None,
        head: None,
        feed_output_back: None,
        layer: LayerOptions { neuron, ..LayerOptions::default() },
        first_layer: None,
        last_layer: None,
    };
    let network = Network::from_seed(backend, &options.resolve().unwrap(), 3).unwrap();
    let spec = TrainingSpec {
        learning_rate: LearningRate::cosine(1e-3, 10, STEPS as u64),
        label_smoothing: 0.01,
        seed: 1,
        ..TrainingSpec::new(STEPS as u64)
    };
    let mut trainer = Trainer::new(backend, network, spec).unwrap();
    let mut settled = 0;
    for step in 0..STEPS {
        trainer.step(&batch(step)).unwrap();
        if step == SETTLED {
            settled = resident();
        }
    }
    resident().saturating_sub(settled)
}

// The only test that computes in this process, so that nothing else grows meanwhile.
#[test]
fn two_thousand_steps_leave_memory_flat() {
    let grown = grows_by(&CandleBackend::new(BackendOptions::default()).unwrap());
    assert!(grown <= SLACK, "candle: {grown} bytes more");
    #[cfg(feature = "tch")]
    {
        let grown = grows_by(&elm_backend_tch::TchBackend::new(BackendOptions::default()).unwrap());
        assert!(grown <= SLACK, "tch: {grown} bytes more");
    }
}

/// The program keeps the memory of tensors: the system need not hand out pages
/// again in every step.
#[test]
fn fifty_training_steps_take_hardly_a_new_page() {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/quickstart.toml");
    let backends = if cfg!(feature = "tch") { &["candle", "tch"][..] } else { &["candle"] };
    for backend in backends {
        let arguments = ["bench", config, "--steps", "50", "--backend", backend, "--json"];
        let ran = common::Place::new().run(&arguments);
        let report: serde_json::Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
        let faults = report["page_faults_per_step"].as_f64().expect("Linux counts them");
        assert!(faults <= 100.0, "{backend}: {faults} page faults per training step");
    }
}
