//! What a run that continues takes, refuses and records.

mod common;

use common::{Place, metrics};
use serde_json::Value;
use std::fs;

const WORDS: &str = "one neuron remembers what another neuron forgets\n";

/// A text of so many lines.
fn text(lines: usize) -> String {
    WORDS.repeat(lines)
}

const TEXT: &str = r#"
[data]
kind = "text"
path = "text"
tokens = "eos"
[model]
num_hidden = 4
head = "linear"
[model.neuron]
num_memory = 2
num_branch = 2
num_synapse_per_branch = 3
memory_tau_max = 20.0
[training]
batch_size = 4
seq_length = 8
steps_per_turn = 8
num_turns = 3
valid_batches = 3
test_batches = 3
learning_rate = 1e-2
warmup_steps = 4
[logging]
every_steps = 4
"#;

/// A run stopped after ten updates.
fn stopped() -> Place {
    let place = Place::new();
    place.write("text", text(80));
    place.write("text.toml", TEXT);
    place.run(&["train", "text.toml", "--out", "run", "--max-steps", "10"]).expect(0, &[]);
    place
}

fn resume(place: &Place, more: &[&str]) -> common::Ran {
    place.run(&[&["train", "text.toml", "--out", "run", "--resume"], more].concat())
}

fn document(place: &Place, name: &str) -> Value {
    serde_json::from_slice(&fs::read(place.path("run").join(name)).unwrap()).unwrap()
}

fn config(place: &Place) -> String {
    fs::read_to_string(place.path("run/config.toml")).unwrap()
}

#[test]
fn a_setting_that_numbers_depend_on_is_refused_with_both_values_and_the_run_is_as_before() {
    let place = stopped();
    let files =
        || ["config.toml", "metrics.jsonl", "run.json"].map(|name| fs::read(place.path("run").join(name)));
    let before = files().map(Result::unwrap);
    for (setting, said) in [
        ("training.learning_rate=1e-4", "training.learning_rate: 0.01 in the run, 0.0001 now"),
        ("training.clip_norm=2.0", "training.clip_norm: 1.0 in the run, 2.0 now"),
        ("training.clip_norm=none", "training.clip_norm: 1.0 in the run, \"none\" now"),
        ("training.seq_length=9", "training.seq_length: 8 in the run, 9 now"),
        ("training.num_turns=4", "training.num_turns: 3 in the run, 4 now"),
        ("training.batch_size=2", "training.batch_size: 4 in the run, 2 now"),
        ("training.optimizer=adamax", "training.optimizer: \"adam\" in the run, \"adamax\" now"),
        ("training.seed=3", "training.seed: 0 in the run, 3 now"),
        ("training.state_dropout=0.5", "training.state_dropout: 0.01 in the run, 0.5 now"),
        ("data.fractions=[0.8,0.1,0.1]", "data.fractions: [0.9, 0.05, 0.05] in the run, [0.8, 0.1, 0.1] now"),
        (
            "regularizer.mlp_magnitude.strength=0.5",
            "regularizer.mlp_magnitude.strength: not set in the run, 0.5 now",
        ),
        ("model.dropout.input=0.5", "model.dropout.input: 0.0 in the run, 0.5 now"),
        ("model.neuron.num_memory=3", "model.neuron.num_memory: 2 in the run, 3 now"),
        (
            "model.last_layer.neuron.high_pass_tau=4.0",
            "model.last_layer.neuron.high_pass_tau: \"none\" in the run, 4.0 now",
        ),
    ] {
        resume(&place, &["--set", setting]).expect(2, &[said]);
    }
    // More than one: all are named, with what takes them.
    resume(&place, &["--set", "training.learning_rate=1e-4", "--set", "training.clip_norm=2.0"]).expect(
        2,
        &["learning_rate", "--allow-change training.clip_norm --allow-change training.learning_rate"],
    );
    assert_eq!(files().map(Result::unwrap), before);
}

#[test]
fn an_edited_config_of_the_run_is_told_from_what_it_was_trained_with() {
    let place = stopped();
    let edited = config(&place).replace("learning_rate = 0.01", "learning_rate = 0.02");
    place.write("run/config.toml", edited);
    place.run(&["train", "run", "--resume"]).expect(2, &["run/config.toml:", "0.01 in the run, 0.02 now"]);
    let allow = ["train", "run", "--resume", "--allow-change", "training.learning_rate"];
    place.run(&allow).expect(0, &["changed at step 10: training.learning_rate: 0.01 in the run, 0.02 now"]);
}

#[test]
fn what_no_number_depends_on_may_change_and_is_recorded() {
    let place = stopped();
    place.run(&["train", "text.toml", "--out", "straight"]).expect(0, &[]);
    fs::create_dir(place.path("moved")).unwrap();
    fs::rename(place.path("text"), place.path("moved/text")).unwrap();
    let settings =
        ["--set", "logging.every_steps=2", "--set", "checkpoint.keep=3", "--set", "data.path=moved/text"];
    resume(&place, &settings).expect(0, &["changed at step 10: logging.every_steps: 4 in the run, 2 now"]);
    assert!(config(&place).contains("every_steps = 2"), "{}", config(&place));
    assert!(place.path("run/source/step-10/overrides.txt").is_file());
    let starts = document(&place, "run.json")["starts"].clone();
    assert_eq!(starts.as_array().unwrap().len(), 2);
    assert_eq!(starts[1]["step"], 10);
    let changed: Vec<&str> = starts[1]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["key"].as_str().unwrap())
        .collect();
    assert_eq!(changed, ["checkpoint.keep", "data.path", "logging.every_steps"]);
    let lines = metrics(&place.path("run"));
    let line = lines.iter().find(|line| line["split"] == "changes").unwrap();
    assert_eq!((&line["step"], line["changes"].as_array().unwrap().len()), (&10.into(), 3));
    let straight = metrics(&place.path("straight"));
    assert_eq!(lines.last(), straight.last(), "the numbers are those of the uninterrupted run");
}

#[test]
fn other_data_is_refused_whatever_its_path() {
    let place = stopped();
    place.write("text", text(80).replacen("forgets", "regrets", 1));
    resume(&place, &[]).expect(2, &["data.path: train data with digest", "--allow-change data takes"]);
    place.write("text", text(120));
    resume(&place, &[]).expect(2, &["train data with digest", "test data with digest"]);
    resume(&place, &["--allow-change", "data"]).expect(0, &["changed at step 10: data"]);
    place.run(&["train", "run", "--resume"]).expect(0, &["run folder"]);
}

#[test]
fn a_change_that_is_asked_for_by_its_key_is_taken_and_written_down() {
    let place = stopped();
    resume(&place, &["--set", "training.batch_size=2", "--allow-change", "training.batch_size"])
        .expect(0, &["changed at step 10: training.batch_size: 4 in the run, 2 now"]);
    assert!(config(&place).contains("\nbatch_size = 2"));
    place.run(&["train", "run", "--resume"]).expect(0, &["run folder"]);
    let optimizer = ["--set", "training.optimizer=adamax", "--allow-change", "training.optimizer"];
    resume(&stopped(), &optimizer).expect(2, &["averages of one optimizer mean nothing to another"]);
    resume(&place, &["--allow-change", "training.rate"]).expect(2, &["there is no setting `training.rate`"]);
    place.run(&["train", "text.toml", "--allow-change", "data"]).expect(2, &["--resume"]);
}

#[test]
fn a_longer_training_is_taken_before_the_learning_rate_has_fallen() {
    let place = Place::new();
    place.write("text", text(80));
    place.write("text.toml", TEXT);
    place.run(&["train", "text.toml", "--out", "run", "--max-steps", "4"]).expect(0, &[]);
    place.run(&["train", "text.toml", "--out", "straight", "--set", "training.num_turns=5"]).expect(0, &[]);
    resume(&place, &["--set", "training.num_turns=5"])
        .expect(0, &["training.num_turns: 3 in the run, 5 now"]);
    let mut lines = metrics(&place.path("run"));
    lines.retain(|line| line["split"] != "changes");
    // The stop wrote a validation and a test of its own, which went with it.
    assert_eq!(lines, metrics(&place.path("straight")));
}

#[test]
fn the_folder_alone_continues_a_run() {
    let place = stopped();
    place
        .run(&["train", "text.toml", "--out", "straight", "--set", "training.learning_rate=1e-2"])
        .expect(0, &[]);
    fs::remove_file(place.path("text.toml")).unwrap();
    place.run(&["train", "run"]).expect(2, &["a run is continued with --resume"]);
    place.run(&["train", "run", "--resume"]).expect(0, &["run folder: run"]);
    assert_eq!(metrics(&place.path("run")), metrics(&place.path("straight")));
}

#[test]
fn a_new_run_starts_from_the_weights_and_symbols_of_another() {
    let place = stopped();
    // The same symbols in another order of frequency.
    place.write("other", text(80).replace("what ", "tttttttttttttt "));
    let new = [
        "train",
        "text.toml",
        "--from",
        "run",
        "--out",
        "new",
        "--set",
        "data.path=other",
        "--set",
        "training.optimizer=adamax",
        "--set",
        "model.dropout.memory=0.1",
        "--max-steps",
        "1",
    ];
    place.run(&new).expect(0, &["note: the model is not that of", "dropout.memory: 0.0 in the run, 0.1 now"]);
    let vocabulary = |run: &str| fs::read(place.path(run).join("vocabulary.json")).unwrap();
    assert_eq!(vocabulary("new"), vocabulary("run"));
    let record: Value = serde_json::from_slice(&fs::read(place.path("new/run.json")).unwrap()).unwrap();
    assert_eq!(record["from"]["checkpoint"], "best");
    assert!(record["from"]["run"].as_str().unwrap().ends_with("run"));
    // The first loss is that of trained weights.
    let first = |run: &str| metrics(&place.path(run))[0]["loss"].as_f64().unwrap();
    place.run(&["train", "text.toml", "--out", "fresh", "--max-steps", "1"]).expect(0, &[]);
    assert!(first("new") < first("fresh"), "{} {}", first("new"), first("fresh"));
    place
        .run(&["train", "text.toml", "--from", "run", "--out", "wide", "--set", "model.num_hidden=5"])
        .expect(1, &["the weights of", "do not fit"]);
    assert!(!place.path("wide").exists(), "a start that failed leaves nothing in the way");
}

#[test]
fn every_default_is_written_out_and_its_origin_told() {
    let place = stopped();
    let kept = config(&place);
    for line in [
        "learning_rate = 0.01",
        "optimizer = \"adam\"",
        "clip_norm = 1.0",
        "num_turns = 3",
        "keep = 2",
        "num_memory = 2",
        "mlp_hidden_units = 4",
        "mlp_activation = \"relu_squared\"",
        "vocabulary = ",
        "# threads: all cores",
    ] {
        assert!(kept.contains(line), "{line} is not in\n{kept}");
    }
    let shown = place.run(&["config", "run", "--origin"]);
    let line = |start: &str| {
        shown
            .out
            .lines()
            .find(|line| line.starts_with(start))
            .unwrap_or_else(|| panic!("{start}: {}", shown.out))
            .to_string()
    };
    assert!(line("learning_rate =").ends_with("# text.toml:21"), "{}", line("learning_rate"));
    assert!(line("clip_norm =").ends_with("# default"));
    assert!(line("vocabulary =").ends_with("# the data"));
    // What is written trains the same.
    place.run(&["train", "run/config.toml", "--out", "again", "--max-steps", "10"]).expect(0, &[]);
    assert_eq!(metrics(&place.path("run")), metrics(&place.path("again")));
    let json = place.run(&["config", "text.toml", "--set", "training.seed=4", "--json", "--origin"]);
    let json: Value = serde_json::from_str(&json.expect(0, &[]).out).unwrap();
    assert_eq!(json["training.seed"], serde_json::json!({"value": 4, "origin": "--set training.seed=4"}));
    assert_eq!(json["training.clip_norm"]["origin"], "default");
}

#[test]
fn a_run_says_what_made_it() {
    let place = stopped();
    let start = document(&place, "run.json")["starts"][0].clone();
    for key in ["elm", "date", "host", "backend", "library", "device", "instructions", "folder"] {
        assert!(start[key].as_str().is_some_and(|text| !text.is_empty()), "{key}: {start}");
    }
    assert!(start["command"].as_array().unwrap().iter().any(|word| word == "--max-steps"));
    assert!(start["threads"].as_u64().unwrap() > 0);
    let summary = document(&place, "summary.json");
    assert_eq!(summary["provenance"]["date"], start["date"]);
    assert_eq!(summary["data"], document(&place, "run.json")["data"]);
    let manifest = document(&place, "checkpoints/last/manifest.json");
    assert_eq!(manifest["written_by"]["host"], start["host"]);
}

/// The best validation of other data is no measure.
#[test]
fn after_the_validation_data_changed_the_best_weights_are_chosen_anew() {
    let place = Place::new();
    let train =
        |more: &[&str]| place.run(&[&["train", "small.toml", "--out", "run", "--resume"], more].concat());
    train(&["--max-steps", "8"]).expect(0, &[]);
    let other = ["--set", "data.valid_samples=3", "--allow-change", "data.valid_samples"];
    train(&[&other[..], &["--max-steps", "16"]].concat()).expect(0, &[]);
    let summary = document(&place, "summary.json");
    assert_eq!(summary["best_step"], 16);
    let ran = place.run(&["eval", "run", "--split", "valid", "--json"]);
    let evaluated: Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
    assert_eq!(summary["valid"], evaluated["valid"]);
}

#[test]
fn a_penalty_is_taken_by_the_one_key_that_was_set() {
    let place = stopped();
    let penalty = ["--set", "regularizer.mlp_magnitude.strength=0.5"];
    resume(&place, &penalty).expect(2, &["regularizer.mlp_magnitude.strength: not set in the run, 0.5 now"]);
    let allowed = ["--allow-change", "regularizer.mlp_magnitude.strength"];
    resume(&place, &[&penalty[..], &allowed].concat()).expect(0, &["changed at step 10"]);
}
