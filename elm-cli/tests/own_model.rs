//! A model that the program does not know, brought along by another `main`:
//! it trains, is interrupted, continues, is evaluated and counted like any.

mod common;

use common::{Place, Ran, metrics};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const HIDDEN: usize = 8;

/// The quickstart, made small.
const SMALL: [&str; 9] = [
    "data.channels=20",
    "data.bin_ms=50",
    "data.train_samples=64",
    "data.valid_samples=32",
    "data.test_samples=32",
    "model.num_hidden=8",
    "training.batch_size=8",
    "checkpoint.every_steps=3",
    "logging.every_steps=2",
];

fn command(place: &Place, command: &str, more: &[&str]) -> Command {
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/quickstart.toml");
    let mut program = Command::new(common::example("own_model"));
    program.arg(command).current_dir(place.path(""));
    if command != "eval" {
        program.arg(quickstart);
        program.args(SMALL.iter().flat_map(|setting| ["--set", setting]));
    }
    program.args(more);
    program
}

fn run(place: &Place, name: &str, more: &[&str]) -> Ran {
    Ran::of(command(place, name, more).output().unwrap())
}

fn weights(place: &Place, run: &str) -> Vec<Vec<u8>> {
    let read = |which| std::fs::read(place.path(run).join("checkpoints").join(which)).unwrap();
    ["last/model.safetensors", "last/training.safetensors", "best/model.safetensors"].map(read).to_vec()
}

#[test]
fn a_model_from_outside_trains_and_continues_bit_for_bit() {
    let place = Place::new();
    let straight = run(&place, "train", &["--out", "straight", "--json"]);
    let straight: Value = serde_json::from_str(&straight.expect(0, &["composed"]).out).unwrap();
    assert_eq!(straight["steps"], 32);

    for stop in ["1", "4", "8", "13"] {
        run(&place, "train", &["--out", "pieces", "--resume", "--max-steps", stop]).expect(0, &[]);
    }
    run(&place, "train", &["--out", "pieces", "--resume"]).expect(0, &[]);
    assert_eq!(metrics(&place.path("straight")), metrics(&place.path("pieces")));
    assert_eq!(weights(&place, "straight"), weights(&place, "pieces"));

    let evaluated = run(&place, "eval", &["straight", "--json"]);
    let evaluated: Value = serde_json::from_str(&evaluated.expect(0, &[]).out).unwrap();
    assert_eq!(evaluated["test"], straight["test"]);
    assert_eq!(evaluated["scan"], "composed");
    assert!(evaluated["test"]["accuracy"].is_f64());
}

#[test]
fn killed_or_interrupted_it_loses_nothing() {
    let place = Place::new();
    let longer = ["--set", "training.num_epochs=30", "--resume", "--out"];
    let arguments = |out: &'static str| [&longer[..], &[out]].concat();
    run(&place, "train", &arguments("straight")).expect(0, &[]);
    for wait in [60, 90, 140, 200] {
        let mut child = command(&place, "train", &arguments("killed"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    run(&place, "train", &arguments("killed")).expect(0, &[]);
    assert_eq!(metrics(&place.path("straight")), metrics(&place.path("killed")));
    assert_eq!(weights(&place, "straight"), weights(&place, "killed"));
}

#[test]
fn an_interrupt_saves_it() {
    let place = Place::new();
    let arguments = ["--set", "training.num_epochs=4000", "--out", "run"];
    let child =
        command(&place, "train", &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Wait until training is under way, however long that takes.
    let log = place.path("run").join("metrics.jsonl");
    while std::fs::metadata(&log).map_or(0, |file| file.len()) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    Ran::of(child.wait_with_output().unwrap()).expect(130, &["saved in run", "--resume"]);
}

#[test]
fn it_is_counted_checked_and_timed() {
    let place = Place::new();
    let info: Value = serde_json::from_str(&run(&place, "info", &["--json"]).expect(0, &[]).out).unwrap();
    let parameters = 3 * HIDDEN * (20 + HIDDEN + 1) + 20 * (HIDDEN + 1);
    assert_eq!(info["trainable_parameters"], parameters);
    assert_eq!(info["state_floats"], HIDDEN);
    run(&place, "check", &[]).expect(0, &[&format!("{parameters} parameters")]);
    let bench = run(&place, "bench", &["--steps", "1", "--json"]);
    let bench: Value = serde_json::from_str(&bench.expect(0, &[]).out).unwrap();
    assert!(bench["stream"].is_null() && bench["train"]["ms_per_step"].is_f64());
}
