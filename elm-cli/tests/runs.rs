//! `elm runs`: what is listed of which runs, and two of them side by side.

mod common;

use common::Place;
use elm_cli::run::RunFolder;
use serde_json::Value;

fn listed(place: &Place, more: &[&str]) -> Value {
    let ran = place.run(&[&["runs", "--json"], more].concat());
    serde_json::from_str(&ran.expect(0, &[]).out).unwrap()
}

/// The names of the listed runs without the folder they were looked for in.
fn names(report: &Value) -> Vec<&str> {
    let name = |row: &'_ Value| -> usize { row["run"].as_str().unwrap().find('/').unwrap() + 1 };
    report["runs"].as_array().unwrap().iter().map(|row| &row["run"].as_str().unwrap()[name(row)..]).collect()
}

/// Runs in every state: finished, stopped, and failed in a sweep.
fn prepared() -> Place {
    let place = Place::new();
    let train = |name: &str, more: &[&str]| {
        let out = format!("runs/{name}");
        place.run(&[&["train", "small.toml", "--out", &out], more].concat()).expect(0, &[]);
    };
    train("a", &[]);
    train("b", &["--set", "training.learning_rate=1e-4", "--seed", "1"]);
    train("deep/in/c", &["--max-steps", "10", "--set", "training.learning_rate=0.01"]);
    place.write("sweep.toml", "config = \"small.toml\"\n[grid]\ntraining.learning_rate = [1e30]\n");
    place.run(&["sweep", "sweep.toml", "--out", "runs/s"]).expect(1, &[]);
    std::fs::create_dir(place.path("runs/empty")).unwrap();
    place.write("runs/notes.txt", "no run");
    place
}

#[test]
fn runs_are_listed_with_their_states_and_what_differs() {
    let place = prepared();
    let report = listed(&place, &[]);
    let failed = names(&report)[3].to_string();
    assert_eq!(names(&report), ["a", "b", "deep/in/c", failed.as_str()]);
    assert!(failed.starts_with("s/"), "{failed}");
    let states: Vec<&str> =
        report["runs"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["finished", "finished", "interrupted", "failed"]);
    assert_eq!(report["settings"], serde_json::json!(["training.learning_rate", "training.seed"]));
    let a = &report["runs"][0];
    assert_eq!(
        (&a["step"], &a["updates"], &a["settings"]["training.seed"]),
        (&24.into(), &24.into(), &"0".into())
    );
    assert!(a["valid"]["accuracy"].is_number() && a["test"]["loss"].is_number(), "{a:#}");
    assert!(a["seconds"].as_f64().unwrap() > 0.0 && a["steps_per_second"].as_f64().unwrap() > 0.0);
    // The test of a run that was stopped is that of where it stands.
    let stopped = std::fs::read(place.path("runs/deep/in/c/summary.json")).unwrap();
    let stopped: Value = serde_json::from_slice(&stopped).unwrap();
    assert_eq!(report["runs"][2]["test"]["loss"], stopped["test"]["loss"]);
    assert!(stopped["test"]["loss"].is_number());
    assert!(report["runs"][3]["error"].as_str().unwrap().contains("not finite"));

    let text = place.run(&["runs"]).expect(0, &["4 runs: 2 finished, 1 interrupted, 1 failed"]).out.clone();
    let head: Vec<&str> = text.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(head[..3], ["run", "state", "step"]);
    assert_eq!(head[head.len() - 2..], ["learning_rate", "seed"]);

    // A run that failed by itself is failed until it is continued.
    let diverging = ["train", "small.toml", "--set", "training.learning_rate=1e30", "--out", "alone/run"];
    place.run(&diverging).expect(1, &["diverged ("]);
    let failed = listed(&place, &["alone"]);
    assert_eq!(failed["runs"][0]["state"], "failed");
    assert!(failed["runs"][0]["error"].as_str().unwrap().starts_with("diverged ("), "{failed:#}");
    place.run(&["train", "alone/run", "--resume", "--set", "training.learning_rate=3"]).expect(2, &[]);
    assert_eq!(listed(&place, &["alone"])["runs"][0]["state"], "failed", "nothing was tried");
    let lower = ["--set", "training.learning_rate=1e-3", "--allow-change", "training.learning_rate"];
    let again = [&["train", "alone/run", "--resume", "--max-steps", "7"], &lower[..]].concat();
    place.run(&again).expect(0, &[]);
    assert_eq!(listed(&place, &["alone"])["runs"][0]["state"], "interrupted");

    // One whose metrics reach further than its newest checkpoint, as after a kill.
    let metrics = place.path("alone/run/metrics.jsonl");
    let mut text = std::fs::read_to_string(&metrics).unwrap();
    text += "{\"step\":9,\"epoch\":1.1,\"split\":\"train\",\"loss\":2.0,\"seconds\":1.0}\n";
    std::fs::write(&metrics, text).unwrap();
    let killed = listed(&place, &["alone"]);
    assert_eq!((&killed["runs"][0]["step"], &killed["runs"][0]["kept"]), (&9.into(), &7.into()));
    place.run(&["runs", "alone"]).expect(0, &["9/24, 7 kept"]);

    // A run that a process trains.
    let lock = RunFolder::for_training(&place.path("runs/deep/in/c"), true).unwrap();
    let running = listed(&place, &["--state", "running"]);
    assert_eq!((names(&running), &running["found"]), (vec!["deep/in/c"], &4.into()));
    assert!(running["runs"][0]["seconds_left"].as_f64().unwrap() > 0.0);
    drop(lock);
}

#[test]
fn runs_are_sorted_and_filtered() {
    let place = prepared();
    let sorted = |more: &[&str]| -> Vec<String> {
        names(&listed(&place, more)).iter().map(|name| name[..1].to_string()).collect()
    };
    assert_eq!(sorted(&["--sort", "training.learning_rate"]), ["b", "a", "d", "s"]);
    assert_eq!(sorted(&["--sort", "learning_rate", "--reverse"]), ["s", "d", "a", "b"]);
    // Those without a test come last, whichever way round.
    assert_eq!(sorted(&["--sort", "test", "--reverse"])[3..], ["s"]);
    let by_time = listed(&place, &["--sort", "time"]);
    let seconds = by_time["runs"].as_array().unwrap().iter().filter_map(|row| row["seconds"].as_f64());
    assert!(seconds.collect::<Vec<_>>().is_sorted());
    let best = listed(&place, &["--sort", "best", "--state", "finished"]);
    let accuracy = |at: usize| best["runs"][at]["valid"]["accuracy"].as_f64().unwrap();
    assert!(accuracy(0) >= accuracy(1));
    assert_eq!(sorted(&["--filter", "training.learning_rate=0.0001"]), ["b"]);
    assert_eq!(sorted(&["--filter", "training.seed=0", "--filter", "learning_rate=1e-2"]), ["d"]);
    assert_eq!(sorted(&["--filter", "data.kind=text"]), Vec::<String>::new());
    place.run(&["runs", "--filter", "data.kind=text"]).expect(0, &["0 of 4 runs"]);

    place
        .run(&["runs", "--sort", "sped"])
        .expect(2, &["--sort: there is no `sped`", "did you mean `speed`?"]);
    place.run(&["runs", "--filter", "training.sed=1"]).expect(2, &["did you mean `training.seed`?"]);
    place.run(&["runs", "--filter", "seed"]).expect(2, &["--filter seed: this is no KEY=VALUE"]);
    place.run(&["runs", "--state", "done"]).expect(2, &["done", "finished"]);
    place.run(&["runs", "nowhere"]).expect(1, &["nowhere: this is no folder"]);
    place.run(&["runs", "runs/empty"]).expect(1, &["runs/empty: there is no run in this folder"]);
}

#[test]
fn two_runs_are_compared_side_by_side() {
    let place = prepared();
    let ran = place.run(&["runs", "diff", "runs/a", "runs/b"]);
    let text = ran
        .expect(0, &["training.learning_rate", "0.0001 (--set training.learning_rate=0.0001)"])
        .out
        .clone();
    assert!(text.contains("0.005 (small.toml:"), "{text}");
    for name in ["state", "test_accuracy", "valid_loss", "best_step"] {
        assert!(text.contains(name), "{name} is not in {text}");
    }
    let ran = place.run(&["runs", "diff", "runs/a", "runs/b", "--json"]);
    let report: Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
    let keys: Vec<&str> =
        report["settings"].as_array().unwrap().iter().map(|own| own["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["training.learning_rate", "training.seed"]);
    assert_eq!((&report["settings"][1]["a"], &report["settings"][1]["b"]), (&"0".into(), &"1".into()));
    place.run(&["runs", "diff", "runs/a", "runs/a"]).expect(0, &["settings: no difference"]);
    place
        .run(&["runs", "diff", "runs/a", "runs/empty"])
        .expect(1, &["runs/empty: this is not the folder of a run"]);

    // What is damaged is said of that run alone.
    place.write("runs/b/summary.json", "{");
    place.write("runs/a/config.toml", "[training]\nbatch = 3\n");
    let report = listed(&place, &[]);
    assert_eq!(
        (&report["runs"][1]["state"], &report["runs"][2]["state"]),
        (&"failed".into(), &"interrupted".into())
    );
    assert!(report["runs"][0]["error"].as_str().unwrap().contains("unknown key"));
    assert!(report["runs"][1]["error"].as_str().unwrap().contains("summary.json is damaged"));
}
