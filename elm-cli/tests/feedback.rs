//! Runs of single neurons that read their own output.

mod common;

use common::{Place, SMALL};
use serde_json::Value;

const NEURON: [&str; 6] = [
    "model.num_hidden=none",
    "model.head=none",
    "model.wiring.routing=random",
    "model.feed_output_back=true",
    "model.dropout.recurrent=0.0",
    "model.dropout.memory=0.1",
];

/// Trains on `SMALL` for five updates.
fn train(place: &Place, kind: &str, run: &str, more: &[&str]) -> Value {
    let kind = format!("model.kind={kind}");
    let mut words = vec!["train", "small.toml", "--json", "--out", run, "--set", &kind];
    NEURON.iter().for_each(|setting| words.extend(["--set", setting]));
    words.extend(more);
    serde_json::from_str(&place.run(&words).expect(0, &[]).out).unwrap()
}

#[test]
fn a_run_in_two_parts_is_the_run_in_one() {
    assert!(SMALL.contains("recurrent = 0.1"), "what NEURON undoes");
    for kind in ["elm", "branch_elm", "elm_neuron"] {
        let place = Place::new();
        let straight = train(&place, kind, "straight", &["--max-steps", "5"]);
        train(&place, kind, "halves", &["--max-steps", "2"]);
        let halves = train(&place, kind, "halves", &["--max-steps", "5", "--resume"]);
        let composed =
            train(&place, kind, "composed", &["--max-steps", "5", "--set", "backend.scan=composed"]);
        for key in ["/test/loss", "/valid/loss"] {
            assert_eq!(straight.pointer(key), halves.pointer(key), "{kind}: {key}");
            let loss = |report: &Value| report.pointer(key).and_then(Value::as_f64).unwrap();
            let (fused, composed) = (loss(&straight), loss(&composed));
            assert!((fused - composed).abs() < 1e-4, "{kind}: {key} {fused}, composed {composed}");
        }
        let other =
            train(&place, kind, "other", &["--max-steps", "5", "--set", "model.feed_output_back=false"]);
        assert_ne!(straight.pointer("/test/loss"), other.pointer("/test/loss"), "{kind}");
        place.run(&["eval", "straight", "--json"]).expect(0, &[]);
    }
}
