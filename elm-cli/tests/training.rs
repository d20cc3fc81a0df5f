//! Training from end to end: the same numbers again. What interrupts it is in
//! `faults.rs` and `soak`.

mod common;

use common::{Place, SMALL_TEXT, metrics, small_text};

fn place() -> Place {
    let place = Place::new();
    place.write("text", small_text(20_000));
    place.write("text.toml", SMALL_TEXT);
    place
}

#[test]
fn two_runs_with_one_seed_give_the_same_metrics_and_another_seed_others() {
    let place = place();
    for config in ["small.toml", "text.toml"] {
        for (out, seed) in [("a", "1"), ("b", "1"), ("c", "2")] {
            let out = format!("{config}-{out}");
            place.run(&["train", config, "--out", &out, "--seed", seed]).expect(0, &["run folder"]);
        }
        let of = |out: &str| metrics(&place.path(&format!("{config}-{out}")));
        assert_eq!(of("a"), of("b"));
        assert_ne!(of("a"), of("c"));
    }
}

#[test]
fn stopping_early_and_resuming_equals_the_straight_run() {
    let place = place();
    for config in ["small.toml", "text.toml"] {
        let straight = format!("{config}-straight");
        let pieces = format!("{config}-pieces");
        place.run(&["train", config, "--out", &straight]).expect(0, &[]);
        for stop in ["1", "4", "7", "12", "13"] {
            place.run(&["train", config, "--out", &pieces, "--resume", "--max-steps", stop]).expect(0, &[]);
        }
        place.run(&["train", config, "--out", &pieces, "--resume"]).expect(0, &[]);
        assert_eq!(metrics(&place.path(&straight)), metrics(&place.path(&pieces)), "{config}");
        let before = std::fs::read(place.path(&pieces).join("metrics.jsonl")).unwrap();
        place.run(&["train", config, "--out", &pieces, "--resume"]).expect(0, &["run folder"]);
        assert_eq!(before, std::fs::read(place.path(&pieces).join("metrics.jsonl")).unwrap());
    }
}

#[test]
fn a_trained_text_network_is_evaluated_and_generates() {
    let place = place();
    place.run(&["train", "text.toml", "--out", "run", "--json"]).expect(0, &["\"unigram_bpc\"", "\"bpc\""]);
    let trained: serde_json::Value =
        serde_json::from_slice(&std::fs::read(place.path("run/summary.json")).unwrap()).unwrap();
    let ran = place.run(&["eval", "run", "--json"]);
    let evaluated: serde_json::Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
    assert_eq!(trained["test"], evaluated["test"]);
    let made = |seed: &str| {
        place
            .run(&["generate", "run", "--prompt", "leaks", "--length", "20", "--seed", seed])
            .expect(0, &["leaks"])
            .out
            .clone()
    };
    assert_eq!(made("1"), made("1"));
    assert_ne!(made("1"), made("2"));
    place.run(&["generate", "run", "--prompt", "ß"]).expect(2, &["does not occur in the text"]);
}

#[test]
fn a_resolved_configuration_trains_the_same_again() {
    let place = place();
    place.run(&["train", "small.toml", "--out", "first", "--set", "training.num_epochs=1"]).expect(0, &[]);
    place.run(&["train", "first/config.toml", "--out", "second"]).expect(0, &[]);
    assert_eq!(metrics(&place.path("first")), metrics(&place.path("second")));
}
