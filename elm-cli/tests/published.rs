//! Tasks on small folders in the published layouts: trained for some updates,
//! continued, evaluated.

mod common;

use common::Place;
use elm_data::pathfinder::{self, Difficulty, PathfinderSettings};
use elm_data::spikes::{Binning, DigitsSettings, Split, spiking_digits, write_shd};
use serde_json::Value;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

/// Networks and batches small enough for a test.
const SMALL: [&str; 9] = [
    "model.num_hidden=6",
    "model.neuron.num_memory=3",
    "model.neuron.num_branch=4",
    "model.neuron.num_synapse_per_branch=3",
    "training.batch_size=2",
    "training.valid_batch_size=2",
    "training.test_batch_size=2",
    "training.valid_batches=2",
    "training.test_batches=2",
];

/// Trains four updates in one go and in two, which must come to the same, and
/// evaluates the run.
fn trains(place: &Place, config: &str, data: &Path, settings: &[&str]) {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs").join(config);
    let data = format!("data.path={}", data.display());
    let train = |run: &str, steps: &str, more: &[&str]| -> Value {
        let mut words = vec!["train", config.to_str().unwrap(), "--json", "--out", run, "--max-steps", steps];
        for setting in SMALL.iter().chain(settings).chain([&data.as_str()]) {
            words.extend(["--set", setting]);
        }
        words.extend(more);
        serde_json::from_str(&place.run(&words).expect(0, &[]).out).unwrap()
    };
    let straight = train("straight", "4", &[]);
    train("halves", "2", &[]);
    let halves = train("halves", "4", &["--resume"]);
    for key in ["/test/loss", "/test/accuracy", "/valid/loss"] {
        assert!(straight.pointer(key).unwrap().is_f64(), "{key} in {straight}");
        assert_eq!(straight.pointer(key), halves.pointer(key), "{key}");
    }
    let evaluated: Value =
        serde_json::from_str(&place.run(&["eval", "straight", "--json"]).expect(0, &[]).out).unwrap();
    assert_eq!(evaluated.pointer("/test/loss"), straight.pointer("/test/loss"));
}

#[test]
fn spiking_heidelberg_digits() {
    let place = Place::new();
    let settings = DigitsSettings { seed: 1, channels: 700, binning: Binning::new(2.0, false).unwrap() };
    for (name, split) in [("shd_train.h5", Split::Train), ("shd_test.h5", Split::Test)] {
        write_shd(&place.path(name), &spiking_digits(&settings, split, 24).unwrap().recordings, &[], "")
            .unwrap();
    }
    trains(&place, "shd_adding.toml", place.folder.path(), &["data.bin_ms=20.0"]);
    assert!(place.path("shd_train.spikes").exists());
    // What is damaged is named.
    let whole = fs::read(place.path("shd_train.h5")).unwrap();
    place.write("shd_train.h5", &whole[..whole.len() / 2]);
    let path = format!("data.path={}", place.folder.path().display());
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/shd_adding.toml");
    let words = ["train", config.to_str().unwrap(), "--set", &path, "--out", "damaged"];
    place.run(&words).expect(1, &["shd_train.h5"]);
}

#[test]
fn speech_commands() {
    let place = Place::new();
    let settings = DigitsSettings { seed: 1, channels: 700, binning: Binning::new(2.0, false).unwrap() };
    for (name, split) in
        [("ssc_train.h5", Split::Train), ("ssc_valid.h5", Split::Valid), ("ssc_test.h5", Split::Test)]
    {
        write_shd(&place.path(name), &spiking_digits(&settings, split, 6).unwrap().recordings, &[], "")
            .unwrap();
    }
    let settings = ["data.kind=ssc", "data.bin_ms=20.0"];
    trains(&place, "shd_adding.toml", place.folder.path(), &settings);
}

#[test]
fn listops() {
    let place = Place::new();
    let rows = "( ( ( [MAX 2 ) 9 ) ] )\t9\r\n( ( ( [MIN 4 ) 3 ) ] )\t3\r\n( ( [MED 1 ) ] )\t1\r\n";
    for name in ["basic_train.tsv", "basic_val.tsv", "basic_test.tsv"] {
        place.write(name, format!("Source\tTarget\r\n{}", rows.repeat(2)));
    }
    trains(&place, "lra/network_listops.toml", place.folder.path(), &[]);
    trains_grouped(&place);
    trains_learned(&place);
}

/// Tokens with a learned embedding, and dropout of its numbers.
fn trains_learned(place: &Place) {
    for run in ["straight", "halves"] {
        fs::remove_dir_all(place.path(run)).unwrap();
    }
    let dropout = ["model.dropout.input=0.2", "model.dropout.input_mode=per_step"];
    let table = ["model.embedding=learned", "model.embedding_width=5"];
    trains(place, "lra/network_listops.toml", place.folder.path(), &[dropout, table].concat());
}

/// Two tokens in a time step.
fn trains_grouped(place: &Place) {
    for run in ["straight", "halves"] {
        fs::remove_dir_all(place.path(run)).unwrap();
    }
    trains(place, "lra/network_listops.toml", place.folder.path(), &["data.group=2"]);
}

#[test]
fn reviews() {
    let place = Place::new();
    for (folder, text) in [("neg", "A bore.<br />"), ("pos", "A delight, and long enough to be cut.")] {
        for split in ["train", "test"] {
            let folder = place.path(&format!("aclImdb/{split}/{folder}"));
            fs::create_dir_all(&folder).unwrap();
            (0..3).for_each(|i| fs::write(folder.join(format!("{i}_7.txt")), text).unwrap());
        }
    }
    trains(&place, "lra/network_text.toml", &place.path("aclImdb"), &["data.max_length=24"]);
}

#[test]
fn pairs_of_papers() {
    let place = Place::new();
    let rows =
        "1.0\t1\t2\tb'On spikes'\tb'On spiking neurons, a review'\n0.0\t3\t4\tb'On stars'\tb'On soil'\n";
    for name in ["train", "eval", "test"] {
        place.write(&format!("new_aan_pairs.{name}.tsv"), rows.repeat(3));
    }
    trains(&place, "lra/network_retrieval.toml", place.folder.path(), &["model.pair_features=5"]);
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/lra/network_retrieval.toml");
    let bench = ["bench", config.to_str().unwrap(), "--steps", "1", "--json"];
    let mut words = bench.to_vec();
    SMALL.iter().chain(&["data.max_length=20"]).for_each(|setting| words.extend(["--set", setting]));
    let report: Value = serde_json::from_str(&place.run(&words).expect(0, &[]).out).unwrap();
    assert!(report["train"]["ms_per_step"].as_f64().unwrap() > 0.0 && report["stream"].is_null());
}

#[test]
fn grey_pictures() {
    let place = Place::new();
    let names =
        ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"];
    for name in names {
        let record = |label: u8| [vec![label], (0..3072).map(|i| (i % 251) as u8 ^ label).collect()].concat();
        place.write(&format!("{name}.bin"), (0..4).flat_map(record).collect::<Vec<u8>>());
    }
    trains(&place, "lra/network_image.toml", place.folder.path(), &["data.group=16"]);
    for run in ["straight", "halves"] {
        fs::remove_dir_all(place.path(run)).unwrap();
    }
    trains(&place, "lra/network_image.toml", place.folder.path(), &["data.pixels=one_hot"]);
}

#[test]
fn curves() {
    let place = Place::new();
    let settings = PathfinderSettings { seed: 1, pictures: 40, side: 32, difficulty: Difficulty::Hard };
    let folder = place.path("pathfinder32");
    pathfinder::make(&folder, &settings, 2, &mut |_, _| ControlFlow::Continue(())).unwrap();
    trains(&place, "lra/network_pathfinder.toml", &folder, &["data.group=8"]);
}
