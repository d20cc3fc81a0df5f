//! A run folder taken up by another program in one call.

mod common;

use common::Place;
use elm_cli::TrainedRun;
use elm_cli::run::Which;
use elm_core::kernel::{LiveInput, Simd};
use elm_core::model::LiveNetwork;
use std::path::{Path, PathBuf};

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

#[test]
fn a_text_goes_on_as_elm_generate_writes_it() {
    let run = TrainedRun::open(kept("run-0.1-text")).unwrap();
    let vocabulary = run.vocabulary().unwrap();
    let mut network = LiveNetwork::new(&run.network, &run.weights, Simd::Auto, 1).unwrap();
    let mut next = |token: u8| {
        let logits = network.step(LiveInput::Token(u32::from(token))).unwrap();
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        logits.iter().position(|&logit| logit == largest).unwrap() as u8
    };
    let mut written = vocabulary.encode(b"A neuron").unwrap();
    let mut token = written.iter().map(|&token| next(token)).last().unwrap();
    for _ in 0..20 {
        written.push(token);
        token = next(token);
    }
    let folder = kept("run-0.1-text").display().to_string();
    let arguments = ["generate", &folder, "--prompt", "A neuron", "--length", "20", "--temperature", "0"];
    let made = Place::new().run(&arguments).expect(0, &[]).out.clone();
    assert_eq!(format!("{}\n", String::from_utf8_lossy(&vocabulary.decode(&written))), made);
}

#[test]
fn it_has_the_settings_network_and_weights_of_the_checkpoint() {
    let run = TrainedRun::open(kept("run-0.1-digits")).unwrap();
    assert_eq!(run.config.task_name(), "digits");
    assert_eq!(run.network.logits(), 20);
    assert!(run.symbols.is_none() && run.warnings.is_empty());
    let last = TrainedRun::<elm_core::model::NetworkSpec>::open_weights(kept("run-0.1-digits"), Which::Last);
    let last = last.unwrap();
    assert_eq!((last.step, &last.network), (3, &run.network));
    let error = run.vocabulary().unwrap_err().to_string();
    assert!(error.contains("this is not a run on text"), "{error}");
}

#[test]
fn a_folder_that_is_no_run_or_has_no_weights_is_named() {
    let place = Place::new();
    let error = |folder: &str| TrainedRun::open(place.path(folder)).unwrap_err().to_string();
    assert!(error("absent").contains("not the folder of a run"));
    std::fs::create_dir(place.path("empty")).unwrap();
    assert!(error("empty").contains("not the folder of a run"));
    std::fs::copy(place.path("small.toml"), place.path("empty/config.toml")).unwrap();
    let said = error("empty");
    assert!(said.contains("`best` checkpoint") && said.contains("train it first"), "{said}");
}

#[test]
fn a_vocabulary_of_another_network_is_refused() {
    let place = Place::new();
    let run = place.path("run");
    std::fs::create_dir_all(run.join("checkpoints/best")).unwrap();
    for name in ["manifest.json", "model.safetensors", "state.json"] {
        let file = Path::new("checkpoints/best").join(name);
        std::fs::copy(kept("run-0.1-text").join(&file), run.join(&file)).unwrap();
    }
    std::fs::copy(kept("run-0.1-text").join("config.toml"), run.join("config.toml")).unwrap();
    std::fs::write(run.join("vocabulary.json"), "[97, 98, 99]").unwrap();
    let error = TrainedRun::open(&run).unwrap().vocabulary().unwrap_err().to_string();
    assert!(error.contains("the vocabulary has 3 symbols, the network"), "{error}");
}
