//! A backend that the program does not know, brought along by another `main`.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The built example; tests lie beside the folder of examples. Cargo builds
/// it before the tests of a package, but not before a single test.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(Path::parent).unwrap().join("examples/own_backend");
    if !built.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--example", "own_backend"]);
        if built.components().any(|part| part.as_os_str() == "release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success());
    }
    built
}

#[test]
fn a_backend_from_outside_trains_the_quickstart_by_the_fused_recurrence() {
    let place = common::Place::new();
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/quickstart.toml");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(example());
        command.arg("train").arg(&quickstart).args(["--set", "backend.kind=mine"]).args(arguments);
        command.current_dir(place.path("")).output().unwrap()
    };
    let small = ["data.train_samples=32", "data.valid_samples=16", "data.test_samples=16", "data.bin_ms=50"];
    let mut arguments: Vec<&str> = small.iter().flat_map(|setting| ["--set", setting]).collect();
    arguments.extend(["--max-steps", "3", "--out", "run", "--json"]);
    let output = run(&arguments);
    let (answer, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["scan"], "fused", "{answer}");
    assert!(place.path("run/summary.json").exists());

    let output = run(&["--set", "backend.device=cuda:0", "--out", "other"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("computes on the processor only"));
}
