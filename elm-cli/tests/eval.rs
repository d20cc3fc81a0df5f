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
