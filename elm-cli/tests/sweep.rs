//! Sets of runs: what a sweep file says.

mod common;

use common::Place;
use serde_json::Value;
use std::collections::BTreeMap;

/// A place with a sweep in it.
fn place(sweep: &str) -> Place {
    let place = Place::new();
    place.write("sweep.toml", sweep);
    place
}

/// The runs of a sweep as they would be started.
fn listed(place: &Place) -> Vec<Value> {
    let ran = place.run(&["sweep", "sweep.toml", "--list", "--json"]);
    serde_json::from_str(&ran.expect(0, &[]).out).unwrap()
}

/// A value of each run, in order.
fn values(runs: &[Value], path: &str) -> Vec<String> {
    runs.iter().map(|run| run.pointer(path).map(Value::to_string).unwrap_or_default()).collect()
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
        (
            "[figure]\nx = \"num_neuron\"\ny = \"test_loss\"\n",
            vec!["sweep.toml:3:5: no run differs in `num_neuron`", "did you mean `num_neurons`?"],
        ),
        ("[figure]\nx = \"num_neurons\"\ny = \"accuracy\"\n", vec!["sweep.toml:4:5:", "valid_ or test_"]),
        ("threads = 1000\n", vec!["sweep.toml:2:11:", "1000 threads a run are more than"]),
        ("[grid\n", vec!["sweep.toml:2:6: not valid TOML"]),
    ] {
        let whole = if sweep.contains("absent") || sweep.starts_with("seeds = [0]") {
            sweep.to_string()
        } else {
            base.to_string() + sweep
        };
        let place = place(&whole);
        place.run(&["sweep", "sweep.toml", "--out", "out"]).expect(2, &said);
        assert!(!place.path("out").exists(), "{sweep}: nothing was started");
    }
}

#[test]
fn the_sweep_in_the_readme_is_one() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let example = readme.split("### Sweeps").nth(1).unwrap().split("```toml\n").nth(1).unwrap();
    let place = Place::new();
    std::fs::create_dir(place.path("sweeps")).unwrap();
    std::fs::copy(root.join("configs/quickstart.toml"), place.path("quickstart.toml")).unwrap();
    place.write("sweeps/readme.toml", example.split("```").next().unwrap());
    let list = place.run(&["sweep", "sweeps/readme.toml", "--list"]).expect(0, &[]).out.clone();
    assert_eq!(list.lines().count(), 27);
}

#[test]
fn equal_runs_are_done_once_and_that_is_said() {
    let place = place("config = \"small.toml\"\n[grid]\nmodel.num_hidden = [4, 5, 4]\n");
    let list = place.run(&["sweep", "sweep.toml", "--list"]);
    assert_eq!(list.expect(0, &["1 runs are the same as others"]).out.lines().count(), 2);
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
