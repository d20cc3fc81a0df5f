//! `elm plot`: learning curves of one and of several runs, and what has none.

mod common;

use common::Place;
use serde_json::Value;

/// A place with the runs `a` and `b`, which differ in their seed; `b` was
/// stopped and continued.
fn two_runs() -> Place {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", "a"]).expect(0, &[]);
    let b = ["train", "small.toml", "--seed", "1", "--out", "b"];
    place.run(&[&b[..], &["--max-steps", "10"]].concat()).expect(0, &[]);
    place.run(&["train", "b", "--resume"]).expect(0, &[]);
    place
}

#[test]
fn curves_of_one_run_and_of_several_are_drawn() {
    let place = two_runs();
    let ran = place.run(&["plot", "a"]);
    assert_eq!(ran.expect(0, &[]).out, "a/plots/curves.svg\na/plots/curves.png\n");
    let words = place.words_in("a/plots/curves.svg");
    for word in ["a: loss", "training", "validation", "updates", "loss (nats)"] {
        assert!(words.iter().any(|own| own == word), "{word} is not in {words:?}");
    }
    assert!(std::fs::read(place.path("a/plots/curves.png")).unwrap().starts_with(b"\x89PNG"));

    let ran = place.run(&["plot", "a", "b", "--smooth", "8", "--against", "tokens", "--log-x", "--json"]);
    let report: Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
    assert_eq!(report["files"][0], "./curves.svg");
    for (at, name) in ["seed 0", "seed 1"].into_iter().enumerate() {
        let run = &report["runs"][at];
        assert_eq!(
            (&run["name"], &run["train_points"], &run["valid_points"]),
            (&name.into(), &6.into(), &3.into())
        );
    }
    let words = place.words_in("curves.svg");
    let title = "loss: training (average over 8 updates), validation dashed";
    for word in [title, "tokens (time steps × batch)", "seed 0", "seed 1"] {
        assert!(words.iter().any(|own| own == word), "{word} is not in {words:?}");
    }

    // However often and under whatever names a run is given, it is drawn once.
    let ran = place.run(&["plot", "a", "./a", "b/../a", "b", "--json"]);
    let report: Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
    assert_eq!(report["runs"].as_array().unwrap().len(), 2);

    // A folder of runs stands for them, and seconds go on where they were.
    let all = ["plot", ".", "--against", "seconds", "--metric", "accuracy", "--log-y", "--out", "deep/in"];
    place.run(&all).expect(0, &["deep/in/curves-accuracy.png"]);
    assert!(place.words_in("deep/in/curves-accuracy.svg").contains(&"accuracy (%)".to_string()));
    let metrics = std::fs::read_to_string(place.path("b/metrics.jsonl")).unwrap();
    let seconds: Vec<f64> = metrics
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["seconds"].as_f64().unwrap())
        .collect();
    assert!(seconds.windows(2).all(|pair| pair[0] <= pair[1]), "{seconds:?}");
}

#[test]
fn what_has_no_curve_is_named() {
    let place = Place::new();
    place.run(&["train", "small.toml", "--max-steps", "8", "--out", "run"]).expect(0, &[]);
    let metrics = std::fs::read_to_string(place.path("run/metrics.jsonl")).unwrap();
    place.write("run/metrics.jsonl", format!("damaged\n{metrics}{{\"step\": 9, \"spl"));
    place.run(&["plot", "run"]).expect(0, &["note: run: 1 lines of metrics.jsonl are damaged"]);
    place
        .run(&["plot", "run", "--metric", "bpc"])
        .expect(2, &["run has not measured it", "it has loss, objective"]);
    place.run(&["plot", "run", "--metric", "los"]).expect(2, &["los", "loss"]);
    place.run(&["plot", "run", "--smooth", "0"]).expect(2, &["a number of updates above 0"]);
    place.run(&["plot", "run", "--out", "small.toml"]).expect(1, &["small.toml"]);
    place.run(&["plot"]).expect(2, &["<RUN>"]);
    place.run(&["plot", "nowhere"]).expect(1, &["nowhere: this is not the folder of a run"]);
    std::fs::create_dir(place.path("none")).unwrap();
    place.run(&["plot", "none"]).expect(1, &["none: there is no run in this folder"]);

    std::fs::create_dir_all(place.path("new/checkpoints")).unwrap();
    std::fs::copy(place.path("run/config.toml"), place.path("new/config.toml")).unwrap();
    place.run(&["plot", "new"]).expect(1, &["new: there is nothing to draw"]);
    place.run(&["plot", "run", "new"]).expect(0, &["note: left out: new: there is nothing to draw"]);
    // Of another task, and of a version that kept less.
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/run-0.1-text");
    place.run(&["plot", "run", old]).expect(0, &["note: runs of different data (\"digits\", \"text\")"]);
    place
        .run(&["plot", "run", old, "--metric", "bpc"])
        .expect(0, &["note: left out: --metric bpc: run has not"]);
}
