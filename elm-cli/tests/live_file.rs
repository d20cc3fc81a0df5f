//! `elm export --to live`: a run in one file that needs nothing else.

mod common;

use common::{Place, SMALL};
use elm_backend_candle::CandleBackend;
use elm_cli::TrainedRun;
use elm_core::Backend;
use elm_core::deploy::{DeployedNetwork, InputKind, LiveFile, OutputKind, Scaling};
use elm_core::device::BackendOptions;
use elm_core::kernel::{LiveInput, Simd};
use elm_core::model::logits::logits_of_all_steps;
use elm_core::model::{HostInput, LiveNetwork, ModelSpec, Pass, Sequences};
use std::path::{Path, PathBuf};

const STEPS: usize = 30;

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

/// Exports a run and reads the file.
fn exported(place: &Place, run: &Path) -> LiveFile {
    let out = ["--live", "--out", "live.safetensors"];
    place.run(&[&["export", run.to_str().unwrap()], &out[..]].concat()).expect(0, &["layers.0.connectome"]);
    LiveFile::from_bytes("live", &std::fs::read(place.path("live.safetensors")).unwrap()).unwrap()
}

/// What the run's network answers over a whole sequence on its backend, and
/// what the file answers step by step.
fn compared(run: &Path, file: &LiveFile) {
    let run = TrainedRun::open(run).unwrap();
    assert_eq!((&run.network, &run.weights, run.step), (&file.network, &file.weights, file.step));
    let backend = CandleBackend::new(BackendOptions::default()).unwrap();
    let model = run.network.build(&backend, &run.weights).unwrap();
    let tokens: Vec<u32> = (0..STEPS).map(|step| (step * 7 % run.network.inputs()) as u32).collect();
    let state = model.start_state(&backend, 1).unwrap();
    let input = HostInput::Tokens(tokens.clone().into());
    let sequences = Sequences { rows: 1, steps: STEPS, input: &input, lengths: None };
    let answers = model.forward(&backend, &sequences, &Pass::plain(&state)).unwrap();
    let logits = logits_of_all_steps(&backend, &*model, &answers.last().unwrap().activity).unwrap();
    let wanted = backend.values(&logits).unwrap(); // [O, T]
    let mut deployed = DeployedNetwork::new(file, Simd::Auto, 1).unwrap();
    let mut live = LiveNetwork::new(&run.network, &run.weights, Simd::Auto, 1).unwrap();
    for (step, &token) in tokens.iter().enumerate() {
        let got = deployed.step(LiveInput::Token(token)).unwrap();
        // The same kernel: the same bits.
        assert_eq!(got, live.step(LiveInput::Token(token)).unwrap());
        for (output, got) in got.iter().enumerate() {
            let wanted = wanted[output * STEPS + step];
            assert!(
                (got - wanted).abs() <= 1e-4 * wanted.abs().max(1.0),
                "step {step}: {got}, wanted {wanted}"
            );
        }
    }
}

#[test]
fn a_network_of_spikes_goes_on_alone() {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", "run", "--max-steps", "6"]).expect(0, &[]);
    let file = exported(&place, &place.path("run"));
    assert_eq!((file.input.kind, file.input.step_ms), (InputKind::Events, Some(50.0)));
    assert_eq!((file.input.counts, file.input.group), (Some(false), 1));
    assert_eq!((file.output.kind, &file.output.names), (OutputKind::Class, &None));
    assert!(file.written_by.starts_with("elm "));
    compared(&place.path("run"), &file);
    // Runs of earlier versions have not recorded what their input is.
    let old = exported(&place, &kept("run-0.1-digits"));
    assert_eq!(old.input.kind, InputKind::Events);
    compared(&kept("run-0.1-digits"), &old);
}

#[test]
fn a_neuron_that_reads_its_own_output_goes_on_alone() {
    let place = Place::new();
    for kind in ["branch_elm", "elm"] {
        let kind_is = format!("model.kind={kind}");
        let mut words = vec!["train", "small.toml", "--out", kind, "--max-steps", "4", "--set", &kind_is];
        for setting in [
            "model.num_hidden=none",
            "model.head=none",
            "model.wiring.routing=random",
            "model.feed_output_back=true",
            "model.dropout.recurrent=0.0",
        ] {
            words.extend(["--set", setting]);
        }
        place.run(&words).expect(0, &[]);
        compared(&place.path(kind), &exported(&place, &place.path(kind)));
    }
}

#[test]
fn a_text_goes_on_as_elm_generate_writes_it() {
    let (place, run) = (Place::new(), kept("run-0.1-text"));
    let file = exported(&place, &run);
    assert_eq!((file.input.kind, file.output.kind), (InputKind::Tokens, OutputKind::NextSymbol));
    compared(&run, &file);
    let mut network = DeployedNetwork::new(&file, Simd::Auto, 1).unwrap();
    let (mut text, mut likeliest) = (b"A neuron".to_vec(), 0);
    for place in 0..text.len() + 20 {
        if place == text.len() {
            text.extend(network.output_name(likeliest).unwrap());
        }
        let token = network.input().place(&text[place..=place]).unwrap();
        let logits = network.step(LiveInput::Token(token as u32)).unwrap();
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        likeliest = logits.iter().position(|&logit| logit == largest).unwrap();
    }
    let folder = run.display().to_string();
    let written =
        place.run(&["generate", &folder, "--prompt", "A neuron", "--length", "20", "--temperature", "0"]);
    assert_eq!(String::from_utf8_lossy(&text) + "\n", written.expect(0, &[]).out);
}

#[test]
fn what_the_data_calls_its_classes_and_how_it_scales_go_along() {
    let place = Place::new();
    std::fs::create_dir(place.path("tables")).unwrap();
    place.write("tables/x.csv", "0.5,-0.5,0.25\n".repeat(60));
    place.write("tables/y.csv", "up\ndown\n".repeat(30));
    let rest = SMALL.split("[model]").nth(1).unwrap();
    place.write("own.toml", format!("[data]\nkind = \"arrays\"\npath = \"tables\"\n[model]{rest}"));
    place.run(&["train", "own.toml", "--out", "run", "--max-steps", "2"]).expect(0, &[]);
    let file = exported(&place, &place.path("run"));
    assert_eq!((file.input.kind, file.input.step_ms, &file.input.symbols), (InputKind::Values, None, &None));
    assert_eq!(file.output.names, Some(["down", "up"].map(String::from).to_vec()));

    place.run(&["data", "make", "pathfinder", "--out", "pictures", "--pictures", "20"]).expect(0, &[]);
    place.write(
        "pixels.toml",
        format!("[data]\nkind = \"pathfinder\"\npath = \"pictures\"\ngroup = 8\n[model]{rest}"),
    );
    let short = ["--max-steps", "1", "--set", "training.batch_size=2"];
    place.run(&[&["train", "pixels.toml", "--out", "pixels"], &short[..]].concat()).expect(0, &[]);
    let file = exported(&place, &place.path("pixels"));
    assert_eq!((file.input.kind, file.input.group), (InputKind::Values, 8));
    assert_eq!(file.input.scaling, Some(Scaling { unit: 255.0, mean: 0.0, deviation: 1.0 }));
}

#[test]
fn what_cannot_run_step_by_step_is_refused_by_name() {
    let place = Place::new();
    let data = SMALL.split("[model]").next().unwrap();
    let model =
        "kind = \"lstm\"\n[model.lstm]\nhidden_size = 4\n[training]\nbatch_size = 8\nnum_epochs = 1\n";
    place.write("lstm.toml", format!("{data}[model]\n{model}"));
    place.run(&["train", "lstm.toml", "--out", "run", "--max-steps", "1"]).expect(0, &[]);
    let ran = place.run(&["export", "run", "--to", "live", "--out", "x.safetensors"]);
    ran.expect(1, &["run: model.kind = \"lstm\" cannot run step by step"]);
    assert!(!place.path("x.safetensors").exists());
    place.run(&["export", "run", "--live", "--to", "live", "--out", "x"]).expect(2, &["cannot be used with"]);
    place.run(&["export", "run", "--out", "x"]).expect(2, &["--to"]);
}

#[test]
fn masks_that_act_in_evaluation_are_told_of() {
    let place = Place::new();
    let per_step = ["--set", "model.dropout.input_mode=per_step"];
    place
        .run(&[&["train", "small.toml", "--out", "run", "--max-steps", "1"], &per_step[..]].concat())
        .expect(0, &[]);
    let ran = place.run(&["export", "run", "--to", "live", "--out", "x.safetensors"]);
    ran.expect(0, &["note: masks of model.dropout.input_mode"]);
}
