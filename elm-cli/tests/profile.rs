//! `elm train --profile`: where the time went.

mod common;

use common::{Place, metrics};
use serde_json::Value;

#[test]
fn every_part_of_a_training_is_told_and_nothing_else_changes() {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", "plain"]).expect(0, &[]);
    let ran = place.run(&["train", "small.toml", "--out", "run", "--profile", "--json"]);
    ran.expect(0, &["and 24 updates went", "ms per update"]);
    let summary: Value = serde_json::from_str(&ran.out).unwrap();
    let profile = &summary["profile"];
    let parts = profile["parts"].as_object().unwrap();
    assert_eq!(profile["steps"], 24);
    for part in
        ["start", "data", "forward", "backward", "optimizer", "validation", "test", "checkpoints", "logging"]
    {
        assert!(parts[part]["seconds"].as_f64().unwrap() > 0.0, "{part}: {profile}");
        assert!(ran.err.contains(part), "{part} is not in {}", ran.err);
    }
    let sum = |key: &str| parts.values().map(|part| part[key].as_f64().unwrap()).sum::<f64>();
    assert!((sum("share") - 1.0).abs() < 1e-3, "{profile}");
    assert!((sum("seconds") - profile["seconds"].as_f64().unwrap()).abs() < 1e-3, "{profile}");
    assert_eq!(metrics(&place.path("plain")), metrics(&place.path("run")));
    let plain = std::fs::read_to_string(place.path("plain/summary.json")).unwrap();
    assert!(!plain.contains("profile"), "{plain}");
}

#[test]
fn a_continued_run_tells_of_its_own_updates() {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", "run", "--max-steps", "5"]).expect(0, &[]);
    let ran = place.run(&["train", "run", "--resume", "--max-steps", "9", "--profile"]);
    ran.expect(0, &["and 4 updates went"]);
    assert!(!ran.out.contains("ms per update"), "{}", ran.out);
}
