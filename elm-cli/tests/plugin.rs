//! A backend that the program does not know, brought along by another `main`.

mod common;

use std::path::Path;
use std::process::Command;

#[test]
fn a_backend_from_outside_trains_the_quickstart_by_the_fused_recurrence() {
    let place = common::Place::new();
    let quickstart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/quickstart.toml");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(common::example("own_backend"));
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
