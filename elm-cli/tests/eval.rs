//! `elm eval` tells of the evaluation, not of the training before it.

mod common;

use common::Place;
use serde_json::Value;

/// A run of ten updates, validated after eight.
fn trained() -> Place {
    let place = Place::new();
    let train = ["train", "small.toml", "--set", "backend.scan=fused", "--max-steps", "10", "--out", "run"];
    place.run(&train).expect(0, &["step 8: valid"]);
    place
}

#[test]
fn the_scan_is_the_one_that_evaluated() {
    let place = trained();
    for scan in ["fused", "composed"] {
        let ran = place.run(&["eval", "run", "--set", &format!("backend.scan={scan}"), "--json"]);
        let summary: Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
        assert_eq!(summary["scan"], scan);
    }
}

#[test]
fn the_step_is_that_of_the_weights() {
    let place = trained();
    for (checkpoint, step) in [("best", 8), ("last", 10)] {
        let arguments = ["eval", "run", "--checkpoint", checkpoint];
        let ran = place.run(&arguments);
        ran.expect(0, &[&format!("(weights of step {step})")]);
        let ran = place.run(&[&arguments[..], &["--json"]].concat());
        let summary: Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
        assert_eq!((&summary["steps"], &summary["best_step"]), (&step.into(), &8.into()));
    }
}

/// The document of `elm eval run --json` with further arguments.
fn evaluated(place: &Place, more: &[&str]) -> Value {
    let ran = place.run(&[&["eval", "run", "--json"], more].concat());
    serde_json::from_str(&ran.expect(0, &[]).out).unwrap()
}

/// A run on a text whose training and validation files are the same.
fn trained_on_text() -> Place {
    let place = Place::new();
    std::fs::create_dir(place.path("text")).unwrap();
    let text = "a neuron that remembers, ".repeat(30);
    place.write("text/train.txt.raw", &text);
    place.write("text/valid.txt.raw", &text);
    place.write("text/test.txt.raw", "another neuron remembers that");
    place.write(
        "text.toml",
        "[data]\nkind = \"text\"\npath = \"text\"\n[model]\nnum_hidden = 4\nembedding = \"one_hot\"\n\
         [model.neuron]\nnum_memory = 2\n[training]\nbatch_size = 3\nseq_length = 16\nnum_turns = 1\n\
         steps_per_turn = 6\n",
    );
    place.run(&["train", "text.toml", "--out", "run"]).expect(0, &[]);
    place
}

#[test]
fn the_training_data_is_evaluated_in_order_as_a_validation_is() {
    let place = trained_on_text();
    let train = evaluated(&place, &["--split", "train"]);
    assert!(train["train"]["bpc"].is_f64());
    assert!(train["valid"].is_null() && train["test"].is_null());
    assert_eq!(train["train"], evaluated(&place, &["--split", "valid"])["valid"]);
    assert_eq!(train, {
        let mut again = evaluated(&place, &["--split", "train"]);
        again["seconds"] = train["seconds"].clone();
        again["provenance"] = train["provenance"].clone();
        again
    });
    place.run(&["eval", "run", "--split", "train"]).expect(0, &["train loss", "(weights of step 6)"]);
}

#[test]
fn every_training_sample_is_evaluated_once() {
    let place = trained();
    let report = evaluated(&place, &["--split", "train", "--set", "training.valid_batch_size=7"]);
    let samples =
        report["classes"].as_array().unwrap().iter().map(|class| class["samples"].as_u64().unwrap());
    assert_eq!(samples.sum::<u64>(), 64);
    assert!(report["train"]["accuracy"].is_f64());
}

#[test]
fn added_digits_of_the_training_data_are_drawn_as_for_a_validation() {
    let place = Place::new();
    let settings = ["data.kind=digits_adding", "training.batches_per_epoch=2", "training.num_epochs=1"];
    let settings = settings.iter().chain(&["training.valid_batches=3", "training.test_batches=2"]);
    let settings: Vec<&str> = settings.flat_map(|setting| ["--set", setting]).collect();
    place.run(&[&["train", "small.toml", "--out", "run"], &settings[..]].concat()).expect(0, &[]);
    let report = evaluated(&place, &["--split", "train"]);
    assert_eq!(report["train"], evaluated(&place, &["--split", "train"])["train"]);
    assert_ne!(report["train"], evaluated(&place, &["--split", "valid"])["valid"]);
    let classes = report["classes"].as_array().unwrap();
    assert_eq!(classes.len(), 19);
    assert_eq!(classes.iter().map(|class| class["samples"].as_u64().unwrap()).sum::<u64>(), 3 * 8);
}

#[test]
fn a_classification_is_answered_class_by_class() {
    let place = trained();
    let report = evaluated(&place, &["--split", "train"]);
    let (classes, rows) = (report["classes"].as_array().unwrap(), report["confusion"].as_array().unwrap());
    assert_eq!((classes.len(), rows.len()), (20, 20));
    let (mut right, mut all) = (0, 0);
    for (number, (class, row)) in classes.iter().zip(rows).enumerate() {
        let row: Vec<u64> = row.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).collect();
        let samples: u64 = row.iter().sum();
        assert_eq!(row.len(), 20);
        assert_eq!(class["name"], number.to_string());
        assert_eq!(class["samples"], samples);
        match samples {
            0 => assert!(class["accuracy"].is_null()),
            _ => assert_eq!(class["accuracy"], row[number] as f64 / samples as f64),
        }
        right += row[number];
        all += samples;
    }
    assert_eq!(report["train"]["accuracy"], right as f64 / all as f64);
    let ran = place.run(&["eval", "run"]);
    ran.expect(0, &["class  samples  accuracy", "confusion: a row for each class", "test  loss"]);
}

#[test]
fn a_text_has_no_classes() {
    let place = trained_on_text();
    let report = evaluated(&place, &[]);
    assert!(report.get("classes").is_none() && report.get("confusion").is_none());
    assert!(!place.run(&["eval", "run"]).expect(0, &["bpc"]).out.contains("confusion"));
}

#[test]
fn a_summary_of_a_training_has_the_keys_that_it_had() {
    let place = trained();
    let summary = std::fs::read(place.path("run/summary.json")).unwrap();
    let summary: Value = serde_json::from_slice(&summary).unwrap();
    let report = evaluated(&place, &[]);
    for key in
        ["task", "backend", "device", "scan", "steps", "best_step", "test", "trainable_parameters", "run"]
    {
        assert!(!summary[key].is_null() && !report[key].is_null(), "{key}");
    }
    assert!(summary.get("train").is_none() && summary.get("classes").is_none());
}
