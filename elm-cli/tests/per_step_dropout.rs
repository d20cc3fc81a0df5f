//! Input dropout that changes with every time step, from end to end.

mod common;

use common::{Place, metrics};
use serde_json::Value;

/// Trains with further settings and answers the lines of metrics.
fn trained(place: &Place, out: &str, settings: &[&str]) -> Vec<Value> {
    let mut arguments = vec!["train", "small.toml", "--out", out, "--set", "training.num_epochs=1"];
    settings.iter().for_each(|setting| arguments.extend(["--set", setting]));
    place.run(&arguments).expect(0, &[]);
    metrics(&place.path(out))
}

#[test]
fn it_acts_on_every_layer_and_in_evaluation() {
    let place = Place::new();
    let off = ["model.dropout.input=0", "model.dropout.recurrent=0"];
    let with = |more: &[&'static str]| [&off[..], more].concat();
    let mode = "model.dropout.input_mode=per_step";
    let none = trained(&place, "none", &with(&[mode]));
    let first = trained(&place, "first", &with(&[mode, "model.first_layer.dropout.input=0.5"]));
    let last = trained(&place, "last", &with(&[mode, "model.last_layer.dropout.input=0.5"]));
    let both = trained(&place, "both", &[mode, "model.dropout.input=0.5", "model.dropout.recurrent=0"]);
    let runs = [&none, &first, &last, &both];
    for (i, run) in runs.iter().enumerate() {
        assert!(runs[..i].iter().all(|other| other != run), "run {i} equals one before");
    }

    // The same again, also in pieces.
    let again = ["train", "small.toml", "--out", "again", "--resume", "--set", "training.num_epochs=1"];
    let settings = [mode, "model.dropout.input=0.5", "model.dropout.recurrent=0"];
    let settings: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    for more in [&["--max-steps", "5"][..], &[]] {
        place.run(&[&again[..], &settings, more].concat()).expect(0, &[]);
    }
    assert_eq!(both, metrics(&place.path("again")));

    // Evaluation draws the same masks every time.
    let evaluated = || -> Value {
        serde_json::from_str(&place.run(&["eval", "both", "--json"]).expect(0, &[]).out).unwrap()
    };
    let summary: Value =
        serde_json::from_slice(&std::fs::read(place.path("both/summary.json")).unwrap()).unwrap();
    assert_eq!(evaluated()["test"], summary["test"]);
    // And they act: without them the same weights do otherwise.
    let plain = place.run(&["eval", "both", "--json", "--set", "model.dropout.input=0"]);
    plain.expect(1, &["another model"]);
}
