//! Runs that version 0.1.0 left behind: they are evaluated to the same
//! numbers, continue, and generate.

mod common;

use common::{Place, metrics};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() { copy(&from, &to) } else { fs::copy(&from, &to).map(|_| ()).unwrap() }
    }
}

/// Settings that lead to the data of a copied run.
fn settings(name: &str) -> Vec<String> {
    match name {
        "run-0.1-text" => {
            vec!["--set".into(), format!("data.path={}", kept(name).join("text.txt").display())]
        }
        _ => Vec::new(),
    }
}

fn run(place: &Place, name: &str, arguments: &[&str]) -> common::Ran {
    let settings = settings(name);
    let arguments: Vec<&str> = arguments.iter().copied().chain(settings.iter().map(String::as_str)).collect();
    place.run(&arguments)
}

fn state(place: &Place) -> Value {
    serde_json::from_slice(&fs::read(place.path("run/checkpoints/last/state.json")).unwrap()).unwrap()
}

#[test]
fn a_run_of_version_0_1_is_evaluated_and_continues() {
    for name in ["run-0.1-text", "run-0.1-digits"] {
        let place = Place::new();
        copy(&kept(name), &place.path("run"));
        assert!(state(&place)["format"].is_null());
        for split in ["valid", "test"] {
            let ran = run(&place, name, &["eval", "run", "--json", "--split", split]);
            let got: Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
            let file = fs::read(place.path("run").join(format!("eval-{split}.json"))).unwrap();
            let wanted: Value = serde_json::from_slice(&file).unwrap();
            assert!(wanted[split]["loss"].is_f64());
            assert_close(&got[split], &wanted[split]);
        }
        let before = metrics(&place.path("run")).len();
        run(&place, name, &["train", "run/config.toml", "--out", "run", "--resume"])
            .expect(0, &["updates 3 to 4", "run folder"]);
        assert!(metrics(&place.path("run")).len() > before);
        assert_eq!(state(&place)["format"], 2);
        assert_eq!(state(&place)["position"]["step"], 4);
    }
}

/// The same keys with the same numbers, but for the last bits: they differ
/// between processors.
fn assert_close(got: &Value, wanted: &Value) {
    let (got, wanted) = (got.as_object().unwrap(), wanted.as_object().unwrap());
    assert!(got.keys().eq(wanted.keys()), "{got:?} is not {wanted:?}");
    for (key, value) in wanted {
        let (got, wanted) = (got[key].as_f64().unwrap(), value.as_f64().unwrap());
        assert!((got - wanted).abs() <= 1e-5 * wanted.abs(), "{key}: {got} is not {wanted}");
    }
}

#[test]
fn a_text_run_of_version_0_1_generates() {
    let place = Place::new();
    copy(&kept("run-0.1-text"), &place.path("run"));
    let arguments = ["generate", "run", "--prompt", "A neuron", "--length", "20", "--seed", "3"];
    let made = place.run(&arguments).expect(0, &["A neuron"]).out.clone();
    assert_eq!(made, fs::read_to_string(place.path("run/generated.txt")).unwrap());
}
