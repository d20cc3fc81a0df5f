//! Sets of runs: what a sweep file says, and that they survive whatever comes.

mod common;

use common::{Place, Ran, metrics};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

const TWO_BY_TWO: &str =
    "config = \"small.toml\"\nseeds = [0, 1]\n[grid]\nmodel.neuron.num_memory = [2, 3]\n";

/// A place with a sweep in it.
fn place(sweep: &str) -> Place {
    let place = Place::new();
    place.write("sweep.toml", sweep);
    place
}

/// The runs of a sweep as they would be started.
fn listed(place: &Place) -> Vec<Value> {
    let ran = place.run(&["sweep", "sweep.toml", "--dry-run", "--json"]);
    serde_json::from_str(&ran.expect(0, &[]).out).unwrap()
}

/// A value of each run, in order.
fn values(runs: &[Value], path: &str) -> Vec<String> {
    runs.iter().map(|run| run.pointer(path).map(Value::to_string).unwrap_or_default()).collect()
}

/// `results.csv` as a map for each run.
fn results(place: &Place, sweep: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(place.path(sweep).join("results.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

#[test]
fn grids_zips_and_seeds_are_combined_and_counted() {
    let place = place(
        "config = \"small.toml\"\nseeds = [5, 7]\n[set]\ntraining.batch_size = 4\n[grid]\n\
         training.learning_rate = { log = [1e-4, 1e-2], points = 3 }\n[[zip]]\n\
         model.num_hidden = [4, 8]\nmodel.neuron.num_memory = [3, 2]\n",
    );
    let runs = listed(&place);
    assert_eq!(runs.len(), 12);
    assert_eq!(values(&runs[..3], "/seed"), ["5", "7", "5"]);
    assert_eq!(
        values(&runs, "/varied/training.learning_rate")[..6],
        ["\"0.0001\"", "\"0.0001\"", "\"0.0001\"", "\"0.0001\"", "\"0.001\"", "\"0.001\""]
    );
    let pair = |run: &Value| {
        ["model.num_hidden", "model.neuron.num_memory"].map(|key| run["varied"][key].to_string())
    };
    assert_eq!(runs.iter().take(4).map(pair).collect::<Vec<_>>(), {
        let [a, b] = [["\"4\"", "\"3\""], ["\"8\"", "\"2\""]].map(|pair| pair.map(String::from));
        vec![a.clone(), a, b.clone(), b]
    });
    for run in &runs {
        let arguments: Vec<&str> =
            run["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        let sets: Vec<&str> = arguments.iter().filter(|word| word.contains('=')).copied().collect();
        let mut words = vec!["info", "small.toml", "--json"];
        sets.iter().for_each(|set| words.extend(["--set", set]));
        let info: Value = serde_json::from_str(&place.run(&words).expect(0, &[]).out).unwrap();
        assert_eq!(info["trainable_parameters"], run["size"]["trainable_parameters"]);
    }
    let names: std::collections::BTreeSet<String> = values(&runs, "/name").into_iter().collect();
    assert_eq!(names.len(), 12);
}

#[test]
fn drawn_values_stay_when_more_are_drawn_and_lists_are_chosen_from() {
    let sweep = |draws: usize, seed: usize| {
        let place = place(&format!(
            "config = \"small.toml\"\n[random]\ndraws = {draws}\nseed = {seed}\n\
             training.learning_rate = {{ log = [1e-4, 1e-2] }}\nmodel.num_hidden = {{ linear = [4, 9] }}\n\
             training.optimizer = [\"adam\", \"adamax\"]\n"
        ));
        let runs = listed(&place);
        let rates = values(&runs, "/varied/training.learning_rate");
        (rates, values(&runs, "/varied/model.num_hidden"), values(&runs, "/varied/training.optimizer"))
    };
    let (five, ten, other) = (sweep(5, 1), sweep(10, 1), sweep(5, 2));
    assert_eq!((&five.0[..], &five.1[..]), (&ten.0[..5], &ten.1[..5]));
    assert_ne!(five.0, other.0);
    for text in &ten.0 {
        let rate: f64 = text.trim_matches('"').parse().unwrap();
        assert!((1e-4..1e-2).contains(&rate), "{rate}");
    }
    assert!(ten.1.iter().all(|text| (4..=9).contains(&text.trim_matches('"').parse::<usize>().unwrap())));
    assert!(ten.2.iter().any(|name| name.contains("adamax")) && ten.2.iter().any(|n| !n.contains("adamax")));
}

#[test]
fn variants_have_their_own_configuration_and_settings() {
    let place = place(
        "config = \"small.toml\"\nseeds = [0]\n[grid]\nmodel.num_hidden = [4, 6]\n\
         [[variant]]\nname = \"elm\"\n[[variant]]\nname = \"wide\"\n[variant.set]\nmodel.num_hidden = 9\n\
         [[variant]]\nname = \"lstm\"\nconfig = \"lstm.toml\"\n[variant.grid]\nmodel.lstm.hidden_size = [3]\n\
         [variant.set]\nmodel.num_hidden = \"none\"\n",
    );
    place.write(
        "lstm.toml",
        common::SMALL.split("[model]").next().unwrap().to_string() + "[model]\nkind = \"lstm\"\n",
    );
    let runs = listed(&place);
    assert_eq!(values(&runs, "/variant"), ["\"elm\"", "\"elm\"", "\"wide\"", "\"lstm\""]);
    assert_eq!(values(&runs[..3], "/size/num_neurons"), ["4", "6", "9"]);
    assert!(runs[3]["name"].as_str().unwrap().starts_with("lstm-hidden_size3-seed0-"), "{}", runs[3]["name"]);
}

#[test]
fn a_budget_is_met_from_below_whatever_follows_from_the_setting() {
    let place = place(
        "config = \"small.toml\"\n[grid]\nmodel.neuron.num_memory = [2, 4]\n[recipe]\n\
         model.neuron.mlp_hidden_units = \"2 * model.neuron.num_memory\"\n\
         model.neuron.num_branch = \"round(sqrt(model.num_hidden)) + model.neuron.mlp_hidden_units\"\n\
         [solve]\nkey = \"model.num_hidden\"\ntrainable_parameters = [5000, 9000]\n",
    );
    let runs = listed(&place);
    assert_eq!(values(&runs, "/budget"), ["5000", "9000", "5000", "9000"]);
    for run in &runs {
        let number = |key: &str| -> f64 {
            run["varied"][key].as_str().unwrap_or_else(|| panic!("{run}")).parse().unwrap()
        };
        let (memory, hidden) = (number("model.neuron.num_memory"), number("model.num_hidden"));
        assert_eq!(number("model.neuron.mlp_hidden_units"), 2.0 * memory);
        assert_eq!(number("model.neuron.num_branch"), hidden.sqrt().round() + 2.0 * memory);
        let (budget, count) = (run["budget"].as_u64().unwrap(), |hidden: f64| {
            let sets = [
                format!("model.num_hidden={hidden}"),
                format!("model.neuron.num_memory={memory}"),
                format!("model.neuron.mlp_hidden_units={}", 2.0 * memory),
                format!("model.neuron.num_branch={}", hidden.sqrt().round() + 2.0 * memory),
            ];
            let mut words = vec!["info", "small.toml", "--json"];
            sets.iter().for_each(|set| words.extend(["--set", set]));
            let info: Value = serde_json::from_str(&place.run(&words).expect(0, &[]).out).unwrap();
            info["trainable_parameters"].as_u64().unwrap()
        });
        assert_eq!(run["size"]["trainable_parameters"], count(hidden));
        assert!(count(hidden) <= budget && count(hidden + 1.0) > budget, "{run}");
    }
}

#[test]
fn mistakes_in_a_sweep_are_shown_in_their_place() {
    let base = "config = \"small.toml\"\n";
    for (sweep, said) in [
        ("config = \"absent.toml\"\n", vec!["sweep.toml:1:10:", "the configuration is not there"]),
        ("seeds = [0]\n", vec!["missing: config"]),
        ("sets = 1\n", vec!["sweep.toml:2:1: a sweep has no key `sets`", "did you mean `set`?"]),
        ("[grid]\n", vec!["sweep.toml:2:2: an empty grid"]),
        ("[grid]\ntraining.lr = [1]\n", vec!["sweep.toml:3:10: unknown key `training.lr`", "learning_rate"]),
        ("[grid]\nmodel.num_hidden = []\n", vec!["sweep.toml:3:20:", "an empty list"]),
        ("[grid]\nmodel.num_hidden = 3\n", vec!["sweep.toml:3:20:", "belongs into [set]"]),
        ("[grid]\nmodel.num_hidden = [4, 0]\n", vec!["sweep.toml:3:24:", "an integer of at least 1, not 0"]),
        (
            "[[zip]]\nmodel.num_hidden = [4, 5]\nmodel.neuron.num_memory = [1]\n",
            vec!["sweep.toml:4:14:", "has 1 values and `model.num_hidden` 2"],
        ),
        (
            "[set]\nmodel.num_hidden = 4\n[grid]\nmodel.num_hidden = [4]\n",
            vec!["sweep.toml:5:7:", "in line 3 already"],
        ),
        ("[grid]\ntraining.seed = [0]\n", vec!["sweep.toml:3:10:", "seeds = [0, 1, 2]"]),
        ("seeds = [-1]\n", vec!["sweep.toml:2:10: training.seed takes"]),
        ("[random]\nmodel.num_hidden = [1]\n", vec!["missing: draws"]),
        (
            "[grid]\ntraining.learning_rate = { log = [0, 1], points = 2 }\n",
            vec!["sweep.toml:3:26:", "above 0 where it is log"],
        ),
        ("[grid]\ntraining.learning_rate = { log = [1, 2] }\n", vec!["missing: points"]),
        (
            "[recipe]\nmodel.num_hidden = \"2 * model.neuron.num_memry\"\n",
            vec!["sweep.toml:3:25:", "there is no setting `model.neuron.num_memry`", "did you mean"],
        ),
        ("[recipe]\nmodel.num_hidden = \"2 *\"\n", vec!["sweep.toml:3:20:", "not an expression"]),
        (
            "[recipe]\nmodel.num_hidden = \"model.neuron.num_memory\"\nmodel.neuron.num_memory = \"model.num_hidden\"\n",
            vec!["wait for each other"],
        ),
        ("[recipe]\nmodel.num_hidden = \"1 / 0\"\n", vec!["sweep.toml:3:20:", "is inf"]),
        ("[recipe]\nmodel.num_hidden = \"2.5\"\n", vec!["sweep.toml:3:20:", "an integer of at least 1"]),
        (
            "[solve]\nkey = \"model.num_hidde\"\ntrainable_parameters = 9\n",
            vec!["sweep.toml:3:7:", "is no setting"],
        ),
        (
            "[solve]\nkey = \"model.num_hidden\"\ntrainable_parameters = 9\n",
            vec!["sweep.toml:4:24: model.num_hidden = 1 needs", "a budget of at least"],
        ),
        (
            "[solve]\nkey = \"training.num_epochs\"\ntrainable_parameters = 9000\n",
            vec!["sweep.toml:4:24: no value of training.num_epochs comes to 9000 parameters"],
        ),
        ("[[variant]]\nset = {}\n", vec!["a variant needs a name"]),
        ("[table]\nrows = \"seed\"\n", vec!["sweep.toml:2:2: missing: columns"]),
        (
            "[table]\nrows = \"seed\"\ncolumns = \"model.num_hidden\"\nmetric = \"test_loss\"\n",
            vec!["sweep.toml:4:11: no run differs in `model.num_hidden`"],
        ),
        ("threads = 1000\n", vec!["sweep.toml:2:11:", "1000 threads a run are more than"]),
        ("[grid\n", vec!["sweep.toml:2:6: not valid TOML"]),
    ] {
        let whole = if sweep.contains("absent") || sweep.starts_with("seeds = [0]") {
            sweep.to_string()
        } else {
            base.to_string() + sweep
        };
        let place = place(&whole);
        for more in [&["--dry-run"][..], &["--out", "out"]] {
            place.run(&[&["sweep", "sweep.toml"], more].concat()).expect(2, &said);
        }
        assert!(!place.path("out").exists(), "{sweep}: nothing was started");
    }
}

#[test]
fn every_run_has_a_line_in_the_results_and_what_is_done_stays() {
    let place = place(TWO_BY_TWO);
    let ran = place.run(&["sweep", "sweep.toml", "--out", "out", "--json"]);
    let document: Value = serde_json::from_str(&ran.expect(0, &["4 runs in out", "[4/4]"]).out).unwrap();
    assert_eq!((&document["done"], &document["failed"]), (&4.into(), &0.into()));
    let table = results(&place, "out");
    assert_eq!(table.len(), 4);
    for (row, run) in table.iter().zip(document["runs"].as_array().unwrap()) {
        assert_eq!((row["state"].as_str(), row["run"].as_str()), ("done", run["name"].as_str().unwrap()));
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
    place.run(&["sweep", "out", "--status"]).expect(0, &["4 done"]);
    assert_eq!(times(), before);
    std::fs::remove_file(place.path("out/results.csv")).unwrap();
    place.run(&["sweep", "out", "--collect"]).expect(0, &["results: out/results.csv"]);
    assert_eq!(results(&place, "out").len(), 4);
}

#[test]
fn a_run_that_fails_does_not_stop_the_others() {
    let place =
        place("config = \"small.toml\"\nseeds = [0]\n[grid]\ntraining.learning_rate = [1e-2, 1e30, 2e-2]\n");
    let ran = place.run(&["sweep", "sweep.toml", "--out", "out", "--jobs", "1"]);
    ran.expect(1, &["1 of 3 runs are not done"]);
    let table = results(&place, "out");
    let states: Vec<&str> = table.iter().map(|row| row["state"].as_str()).collect();
    assert_eq!(states, ["done", "failed", "done"]);
    assert!(table[1]["error"].contains("not finite"), "{}", table[1]["error"]);
    place.run(&["sweep", "out", "--status"]).expect(0, &["2 done, 1 failed"]);
}

#[test]
fn equal_runs_are_done_once_and_that_is_said() {
    let place = place("config = \"small.toml\"\n[grid]\nmodel.num_hidden = [4, 5, 4]\n");
    place
        .run(&["sweep", "sweep.toml", "--dry-run"])
        .expect(0, &["1 runs are the same as others", "2 runs in"]);
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
    place.run(&["sweep", "sweep.toml", "--out", "out", "--status"]).expect(0, &["1 waiting, 1 done"]);
    place.run(&["sweep", "sweep.toml", "--out", "out", "--collect"]).expect(0, &[]);
    assert_eq!(results(&place, "out").iter().filter(|row| row["state"] == "done").count(), 1);
}

/// A table of published numbers as a map for each line; nothing, said loudly,
/// where there is none.
fn published(name: &str) -> Vec<BTreeMap<String, String>> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/results").join(name);
    let Ok(mut reader) = csv::Reader::from_path(&path) else {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "SKIPPED: there is no {}", path.display());
        return Vec::new();
    };
    reader.deserialize().map(Result::unwrap).collect()
}

fn shipped(sweep: &str) -> Vec<Value> {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/sweeps").join(sweep);
    let ran = Place::new().run(&["sweep", file.to_str().unwrap(), "--list", "--json"]);
    serde_json::from_str(&ran.expect(0, &[]).out).unwrap()
}

#[test]
fn the_published_sweeps_have_the_published_networks() {
    for (sweep, table, count) in [
        ("enwik8_tradeoff.toml", "enwik8_tradeoff.csv", 14),
        ("shd_adding_tradeoff.toml", "shd_adding_tradeoff.csv", 10),
        ("neuronio.toml", "neuronio_single_neuron.csv", 12),
    ] {
        let runs = shipped(sweep);
        assert_eq!(runs.len(), count, "{sweep}");
        for (run, row) in runs.iter().zip(published(table)) {
            let varied = |key: &str| run["varied"][key].as_str().unwrap().to_string();
            assert_eq!(varied("model.neuron.num_memory"), row["num_memory"], "{sweep}");
            assert_eq!(run["size"]["trainable_parameters"].to_string(), row["trainable_parameters"]);
            if let Some(neurons) = row.get("num_neurons") {
                assert_eq!(
                    (&varied("model.num_hidden"), &run["size"]["num_neurons"].to_string()),
                    (neurons, neurons)
                );
            }
        }
    }
}

#[test]
fn each_axis_alone_moves_nothing_else() {
    for (sweep, moved) in [
        ("neurons.toml", "num_neurons"),
        ("complexity.toml", "complexity_per_neuron"),
        ("connections.toml", "synapses_per_neuron"),
    ] {
        let runs = shipped(sweep);
        for axis in ["num_neurons", "complexity_per_neuron", "synapses_per_neuron"] {
            let values: std::collections::BTreeSet<String> =
                values(&runs, &format!("/size/{axis}")).into_iter().collect();
            assert_eq!(values.len() > 1, axis == moved, "{sweep}: {axis} {values:?}");
        }
    }
}

#[test]
fn budgets_of_three_orders_of_magnitude_are_nearly_used() {
    for run in shipped("budgets.toml") {
        let (budget, used) =
            (run["budget"].as_f64().unwrap(), run["size"]["trainable_parameters"].as_f64().unwrap());
        assert!(used <= budget && used > 0.5 * budget, "{run}");
    }
}

#[test]
fn every_shipped_sweep_says_what_it_would_do() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for sweep in common::shipped_sweeps() {
        let place = Place::new();
        let ran = place.run(&["sweep", root.join(&sweep).to_str().unwrap(), "--list"]);
        assert!(ran.expect(0, &[]).out.lines().count() > 5, "{sweep}");
    }
    let small = root.join("configs/sweeps/small.toml");
    let ran = Place::new().run(&["sweep", small.to_str().unwrap(), "--dry-run"]);
    ran.expect(0, &["6 runs in sweeps/small; about", "by a training step of"]);
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
        place.run(&["sweep", "out", "--status"]).expect(0, &["stopped"]);
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
        let stopped = place.run(&["sweep", "out", "--status"]).expect(0, &["stopped"]).out.clone();
        assert!(!stopped.contains("failed"), "{stopped}");
        goes_on_exactly(&place, "out");
    }
}
