//! Sets of runs: what they leave behind, and that they survive whatever comes.

mod common;

use common::{Place, Ran, metrics};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

const TWO_BY_TWO: &str = r#"config = "small.toml"
seeds = [0, 1]
[grid]
model.neuron.num_memory = [2, 3]
[table]
rows = "seed"
columns = "model.neuron.num_memory"
metric = "test_loss"
[figure]
x = "complexity_per_neuron"
y = "test_loss"
lines = "variant"
"#;

/// A place with a sweep in it.
fn place(sweep: &str) -> Place {
    let place = Place::new();
    place.write("sweep.toml", sweep);
    place
}

/// `results.csv` as a map for each run.
fn results(place: &Place, sweep: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(place.path(sweep).join("results.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn every_run_has_a_line_in_the_results_and_what_is_done_stays() {
    let place = place(TWO_BY_TWO);
    let ran = place.run(&["sweep", "sweep.toml", "--out", "out", "--json"]);
    let document: Value = serde_json::from_str(&ran.expect(0, &["4 runs in out", "[4/4]"]).out).unwrap();
    assert_eq!((&document["finished"], &document["failed"]), (&4.into(), &0.into()));
    let table = results(&place, "out");
    assert_eq!(table.len(), 4);
    for (row, run) in table.iter().zip(document["runs"].as_array().unwrap()) {
        assert_eq!((row["state"].as_str(), row["run"].as_str()), ("finished", run["name"].as_str().unwrap()));
        for key in [
            "model.neuron.num_memory",
            "seed",
            "trainable_parameters",
            "num_neurons",
            "synapses_per_neuron",
            "complexity_per_neuron",
            "flops_per_step_forward",
            "valid_loss",
            "valid_accuracy",
            "test_loss",
            "test_accuracy",
            "seconds",
        ] {
            assert!(row[key].parse::<f64>().is_ok(), "{key}: {row:?}");
        }
        let summary = std::fs::read(place.path("out").join(&row["run"]).join("summary.json")).unwrap();
        let summary: Value = serde_json::from_slice(&summary).unwrap();
        assert_eq!(summary["test"]["loss"].to_string(), row["test_loss"]);
    }
    let summary = std::fs::read_to_string(place.path("out/summary.md")).unwrap();
    assert!(summary.contains(" ± ") && summary.contains("seed by num_memory"), "{summary}");
    assert!(std::fs::read_to_string(place.path("out/figure.svg")).unwrap().contains("complexity per neuron"));
    let times = || -> Vec<_> {
        let files = table.iter().map(|row| place.path("out").join(&row["run"]).join("metrics.jsonl"));
        files.map(|file| std::fs::metadata(file).unwrap().modified().unwrap()).collect()
    };
    let before = times();
    place.run(&["sweep", "sweep.toml", "--out", "out"]).expect(1, &["--resume"]);
    // A run that is added, one that is gone; the others are as they were.
    place.write("sweep.toml", TWO_BY_TWO.replace("[2, 3]", "[2, 4]"));
    let ran = place.run(&["sweep", "sweep.toml", "--out", "out", "--resume"]);
    ran.expect(0, &["2 runs are new, 2 are no longer part of it"]);
    place.run(&["sweep", "out", "--status"]).expect(0, &["4 finished"]);
    assert_eq!(times(), before);
    std::fs::remove_file(place.path("out/results.csv")).unwrap();
    place.run(&["sweep", "out", "--collect"]).expect(0, &["results: out/results.csv"]);
    assert_eq!(results(&place, "out").len(), 4);
}

#[test]
fn a_summary_that_was_cut_off_is_made_anew() {
    let place = place("config = \"small.toml\"\nseeds = [0]\n");
    place.run(&["sweep", "sweep.toml", "--out", "out"]).expect(0, &[]);
    let before = results(&place, "out");
    let summary = format!("out/{}/summary.json", before[0]["run"]);
    place.write(&summary, "{\"task\": ");
    place.run(&["sweep", "out", "--status"]).expect(0, &["1 failed"]);
    place.run(&["sweep", "out", "--resume"]).expect(0, &[]);
    let after = results(&place, "out");
    assert_eq!((&after[0]["state"], &after[0]["test_loss"]), (&"finished".into(), &before[0]["test_loss"]));
}

#[test]
fn a_run_that_fails_does_not_stop_the_others() {
    let place =
        place("config = \"small.toml\"\nseeds = [0]\n[grid]\ntraining.learning_rate = [1e-2, 1e30, 2e-2]\n");
    let ran = place.run(&["sweep", "sweep.toml", "--out", "out", "--jobs", "1"]);
    ran.expect(1, &["1 of 3 runs are not done", ": failed: diverged ("]);
    let table = results(&place, "out");
    let states: Vec<&str> = table.iter().map(|row| row["state"].as_str()).collect();
    assert_eq!(states, ["finished", "failed", "finished"]);
    let error = &table[1]["error"];
    assert!(error.starts_with("diverged (loss not finite at step 2): "), "{error}");
    place.run(&["sweep", "out", "--status"]).expect(0, &["2 finished, 1 failed"]);
    place.write("sweep.toml", "config = \"small.toml\"\n[grid]\ntraining.learning_rate = [1e30, 1e-2]\n");
    place.run(&["sweep", "sweep.toml", "--out", "fast", "--jobs", "1", "--fail-fast"]).expect(1, &[]);
    place.run(&["sweep", "fast", "--status"]).expect(0, &["1 failed, 1 waiting"]);
}

#[test]
fn the_listed_commands_are_those_of_the_sweep() {
    let place = place("config = \"small.toml\"\nseeds = [0, 1]\n");
    let list = place.run(&["sweep", "sweep.toml", "--out", "out", "--list"]).expect(0, &[]).out.clone();
    assert!(!place.path("out").exists());
    let commands: Vec<&str> = list.lines().collect();
    assert_eq!(commands.len(), 2);
    let mut shell = std::process::Command::new("sh");
    let ran = shell.args(["-c", commands[1]]).current_dir(place.path("")).output().unwrap();
    Ran::of(ran).expect(0, &[]);
    place.run(&["sweep", "sweep.toml", "--out", "out", "--status"]).expect(0, &["1 waiting, 1 finished"]);
    place.run(&["sweep", "sweep.toml", "--out", "out", "--collect"]).expect(0, &[]);
    assert_eq!(results(&place, "out").iter().filter(|row| row["state"] == "finished").count(), 1);
}

#[cfg(target_os = "linux")]
mod interrupted {
    use super::*;
    use std::process::{Child, Stdio};
    use std::time::Duration;

    /// Long enough to be interrupted.
    const LONG: &str = "config = \"small.toml\"\nseeds = [0, 1, 2]\n[set]\ntraining.num_epochs = 40\n";

    fn start(place: &Place, out: &str) -> Child {
        let mut command = place.command(&["sweep", "sweep.toml", "--out", out, "--jobs", "2", "--resume"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).env("ELM_MAX_THREADS", "2").spawn().unwrap()
    }

    fn signal(id: u32, signal: i32) {
        // SAFETY: no memory is involved; the processes are ours.
        unsafe { libc::kill(i32::try_from(id).unwrap(), signal) };
    }

    fn runs(place: &Place, out: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(place.path(out)).into_iter().flatten();
        let mut runs: Vec<PathBuf> =
            entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
        runs.sort();
        runs
    }

    /// Waits until a run has measured something and is not done.
    fn wait_for_progress(place: &Place, out: &str) {
        let measured = |run: &PathBuf| {
            let length = std::fs::metadata(run.join("metrics.jsonl")).map_or(0, |file| file.len());
            length > 500 && !run.join("summary.json").exists()
        };
        while !runs(place, out).iter().any(measured) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until nobody trains in the folder.
    fn wait_for_silence(place: &Place, out: &str) {
        let locked = |run: &PathBuf| elm_cli::run::RunFolder::is_locked(run);
        while runs(place, out).iter().any(locked) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn children(id: u32) -> Vec<u32> {
        let text = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        text.split_whitespace().map(|id| id.parse().unwrap()).collect()
    }

    /// Goes on with a sweep; all runs are those of an uninterrupted one.
    fn goes_on_exactly(place: &Place, out: &str) {
        place.command(&["sweep", "sweep.toml", "--out", "straight"]).output().unwrap();
        let ran = place.run(&["sweep", out, "--resume"]);
        ran.expect(0, &[]);
        let straight = runs(place, "straight");
        assert_eq!(straight.len(), 3);
        for (run, other) in straight.iter().zip(runs(place, out)) {
            assert_eq!(run.file_name(), other.file_name());
            assert_eq!(metrics(run), metrics(&other), "{}", run.display());
        }
    }

    #[test]
    fn a_sweep_that_is_killed_goes_on_exactly_where_it_was() {
        let place = place(LONG);
        let mut parent = start(&place, "out");
        wait_for_progress(&place, "out");
        signal(parent.id(), libc::SIGKILL);
        parent.wait().unwrap();
        wait_for_silence(&place, "out");
        place.run(&["sweep", "out", "--status"]).expect(0, &["interrupted"]);
        goes_on_exactly(&place, "out");
    }

    #[test]
    fn a_run_that_is_killed_fails_and_is_continued_exactly() {
        let place = place(LONG);
        let mut parent = start(&place, "out");
        wait_for_progress(&place, "out");
        signal(children(parent.id())[0], libc::SIGKILL);
        assert_eq!(parent.wait().unwrap().code(), Some(1));
        let table = results(&place, "out");
        let failed: Vec<_> = table.iter().filter(|row| row["state"] == "failed").collect();
        assert_eq!((failed.len(), table.len()), (1, 3));
        assert!(failed[0]["error"].contains("signal 9"), "{failed:?}");
        goes_on_exactly(&place, "out");
    }

    #[test]
    fn ctrl_c_lets_the_runs_save_and_a_second_sweep_is_refused_meanwhile() {
        let place = place(LONG);
        let mut parent = start(&place, "out");
        wait_for_progress(&place, "out");
        let second = place.run(&["sweep", "sweep.toml", "--out", "out", "--resume"]);
        second.expect(1, &["out: another process"]);
        signal(parent.id(), libc::SIGINT);
        assert_eq!(parent.wait().unwrap().code(), Some(130));
        let stopped = place.run(&["sweep", "out", "--status"]).expect(0, &["interrupted"]).out.clone();
        assert!(!stopped.contains("failed"), "{stopped}");
        goes_on_exactly(&place, "out");
    }
}
