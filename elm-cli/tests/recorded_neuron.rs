//! NeuronIO: made, looked at, learned from and judged by.

mod common;

use common::{Place, Ran};
use serde_json::Value;
use std::path::Path;

const METRICS: [&str; 6] =
    ["auc", "rmse", "mae", "explained_variance", "tpr_at_fpr_0.0025", "tpr_at_fpr_0.01"];

/// A small neuron on short windows.
const SMALL: &str = r#"
[data]
kind = "neuronio"
path = "made"
window_ms = 100
burn_in_ms = 20
evaluation_burn_in_ms = 30
file_fraction = 0.1
[model]
kind = "branch_elm"
[model.neuron]
num_memory = 3
num_branch = 45
num_synapse_per_branch = 40
[model.wiring]
routing = "neuronio"
[training]
batch_size = 2
batches_per_epoch = 3
num_epochs = 2
learning_rate = 5e-3
warmup_steps = 0
[logging]
every_steps = 1
tensorboard = false
"#;

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out))
}

/// A place with made data of so many ms, and the small configuration.
fn prepared(milliseconds: &str) -> Place {
    let place = Place::new();
    place.write("neuron.toml", SMALL);
    let make = ["data", "make", "neuronio", "--out", "made", "--files", "2,1,1", "--simulations", "4"];
    let made = place.run(&[&make[..], &["--milliseconds", milliseconds]].concat());
    made.expect(0, &["neuronio, files: 4 in made"]);
    place
}

#[test]
fn made_data_is_told_by_its_names_and_intact() {
    let place = prepared("900");
    let report = json(place.run(&["data", "check", "made", "--json"]).expect(0, &[]));
    assert_eq!((report["kind"].as_str(), report["usable"].as_bool()), (Some("neuronio"), Some(true)));
    assert_eq!(report["splits"]["train"]["samples"], 8);
    assert_eq!(report["splits"]["test"]["longest"], 900.0);
    let info = place.run(&["data", "info", "made"]);
    assert!(info.expect(0, &[]).out.contains("900 time steps"), "{}", info.out);
    let test = std::fs::read_dir(place.path("made/Data_test")).unwrap().flatten();
    let file = test.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|end| end == "p"));
    let file = file.unwrap();
    let of_file = json(place.run(&["data", "info", file.to_str().unwrap(), "--json"]).expect(0, &[]));
    assert_eq!((of_file["channels"].as_u64(), of_file["splits"][0][1].as_u64()), (Some(1278), Some(4)));
    // Cut off, it is damaged; the file is named.
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let report = json(place.run(&["data", "check", "made", "--json"]).expect(1, &[]));
    let error = report["errors"][0].as_str().unwrap();
    assert!(error.contains("Data_test/sim__") && error.contains("byte "), "{error}");
}

#[test]
fn training_measures_what_was_published_and_continues_with_equal_numbers() {
    let place = prepared("1500");
    place.run(&["train", "neuron.toml", "--out", "straight"]).expect(0, &[]);
    place.run(&["train", "neuron.toml", "--out", "halves", "--max-steps", "2"]).expect(0, &[]);
    place.run(&["train", "halves", "--resume"]).expect(0, &[]);
    let summary = |run: &str| -> Value {
        serde_json::from_slice(&std::fs::read(place.path(run).join("summary.json")).unwrap()).unwrap()
    };
    let (straight, halves) = (summary("straight"), summary("halves"));
    for split in ["valid", "test"] {
        assert_eq!(straight[split], halves[split]);
        for metric in METRICS {
            let value = straight[split][metric].as_f64();
            assert!(value.is_some_and(f64::is_finite), "{split} {metric}: {}", straight[split]);
        }
    }
    let lines = std::fs::read_to_string(place.path("straight/metrics.jsonl")).unwrap();
    let valid: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let valid: Vec<&Value> = valid.iter().filter(|line| line["split"] == "valid").collect();
    assert_eq!(valid.len(), 2);
    // The best weights are those of the least error of the voltage.
    let best =
        valid.iter().min_by(|a, b| a["rmse"].as_f64().unwrap().total_cmp(&b["rmse"].as_f64().unwrap()));
    assert_eq!(best.unwrap()["step"], straight["best_step"]);
    // Windows of evaluation may be of any number of rows.
    let set = ["--set", "training.test_batch_size=3"];
    let eval = json(place.run(&[&["eval", "straight", "--json"], &set[..]].concat()).expect(0, &[]));
    for metric in METRICS {
        let [one, other] = [&eval["test"][metric], &straight["test"][metric]].map(|v| v.as_f64().unwrap());
        assert!((one - other).abs() < 1e-5 * other.abs().max(1.0), "{metric}: {one} and {other}");
    }
    place.run(&["eval", "straight", "--split", "train"]).expect(0, &[]);
}

#[test]
fn predictions_are_written_step_by_step_and_are_those_that_were_judged() {
    let place = prepared("900");
    place.run(&["train", "neuron.toml", "--out", "run", "--max-steps", "2"]).expect(0, &[]);
    let report = json(place.run(&["eval", "run", "--predictions", "p.csv", "--json"]).expect(0, &[]));
    let mut reader = csv::Reader::from_path(place.path("p.csv")).unwrap();
    let header: Vec<&str> = reader.headers().unwrap().iter().map(|name| name as &str).collect();
    let names = ["file", "simulation", "step", "spike", "spike_probability", "soma", "soma_prediction"];
    assert_eq!(header, names);
    let rows = reader.records().map(|row| row.unwrap().iter().map(|cell| cell.parse().unwrap()).collect());
    let rows: Vec<Vec<f64>> = rows.collect();
    let places: std::collections::BTreeSet<[u64; 3]> =
        rows.iter().map(|row| [row[0] as u64, row[1] as u64, row[2] as u64]).collect();
    assert_eq!((rows.len(), places.len(), places.last()), (4 * 900, 4 * 900, Some(&[0, 3, 899])));
    assert!(rows.iter().all(|row| (row[3] == 0.0 || row[3] == 1.0) && (0.0..=1.0).contains(&row[4])));
    // The published figure: rescaled to the file's mean and spread, the first
    // 500 ms and simulations with more than 24 spikes left out.
    let spread = |column: usize| {
        let mean = rows.iter().map(|row| row[column]).sum::<f64>() / rows.len() as f64;
        let squares = rows.iter().map(|row| (row[column] - mean).powi(2)).sum::<f64>();
        (mean, (squares / rows.len() as f64).sqrt())
    };
    let ((truth, of_truth), (answer, of_answer)) = (spread(5), spread(6));
    let spikes = |one: f64| rows.iter().filter(|row| row[1] == one && row[3] == 1.0).count();
    let counted = rows.iter().filter(|row| row[2] >= 500.0 && spikes(row[1]) <= 24);
    let errors: Vec<f64> =
        counted.map(|row| ((row[6] - answer) / of_answer * of_truth + truth - row[5]).powi(2)).collect();
    let error = (errors.iter().sum::<f64>() / errors.len() as f64).sqrt();
    let told = report["test"]["rmse"].as_f64().unwrap();
    assert!((error - told).abs() < 1e-3 * told, "{error} and {told}");
}

#[test]
fn what_the_neurons_are_compared_with_learns_the_same() {
    let place = prepared("900");
    let (before, after) = (SMALL.split("[model]").next().unwrap(), SMALL.split("[training]").nth(1).unwrap());
    for (kind, more) in [("lstm", ""), ("gru", ""), ("lif", "recurrent = false\n")] {
        let model = format!("[model]\nkind = \"{kind}\"\n[model.{kind}]\nhidden_size = 3\n{more}");
        place.write("other.toml", format!("{before}{model}[training]{after}"));
        let train = ["train", "other.toml", "--out", kind, "--max-steps", "2", "--json"];
        let trained = json(place.run(&train).expect(0, &[]));
        assert!(trained["test"]["rmse"].is_number(), "{kind}: {trained}");
    }
}

#[test]
fn silent_targets_leave_figures_of_spikes_out_with_a_word() {
    let place = prepared("520");
    let set = ["--set", "data.window_ms=15", "--set", "data.burn_in_ms=0", "--set"];
    let set = [&set[..], &["data.evaluation_burn_in_ms=5"]].concat();
    let trained = place.run(&[&["train", "neuron.toml", "--out", "run", "--json"], &set[..]].concat());
    trained.expect(0, &["test: auc is not defined here; it needs steps with a spike and steps without"]);
    assert_eq!(trained.err.matches("valid: auc is not defined").count(), 1, "{}", trained.err);
    let summary = json(&trained);
    assert!(summary["test"].get("auc").is_none() && summary["test"]["rmse"].as_f64().is_some(), "{summary}");
}

#[test]
fn windows_that_do_not_fit_are_told_at_their_setting() {
    let place = prepared("900");
    let long = place.run(&["train", "neuron.toml", "--out", "run", "--set", "data.window_ms=400"]);
    long.expect(2, &["--set #1", "windows of 400 steps, after the first 501, do not fit simulations of 900"]);
    let late = place.run(&["train", "neuron.toml", "--out", "other", "--set", "data.burn_in_ms=100"]);
    late.expect(2, &["data.burn_in_ms", "100 steps of windows of 100 are not predicted"]);
    let many = place.run(&["train", "neuron.toml", "--out", "more", "--set", "training.batch_size=5"]);
    many.expect(2, &["training.batch_size", "a batch of 5 does not fit a file of 4 simulations"]);
    let none = place.run(&["train", "neuron.toml", "--out", "none", "--set", "data.path=nowhere"]);
    none.expect(1, &["nowhere: there is no such folder"]);
}

/// Every row of the first paper's release.
#[test]
fn the_published_neurons_have_the_published_size() {
    let place = Place::new();
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/neuronio.toml");
    let table = include_str!("tradeoff/neuronio.csv");
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let set = format!("model.neuron.num_memory={}", fields[0]);
        let info =
            json(place.run(&["info", config.to_str().unwrap(), "--json", "--set", &set]).expect(0, &[]));
        assert_eq!(info["trainable_parameters"].to_string(), fields[1], "{line}");
        rows += 1;
    }
    assert_eq!(rows, 12);
}
