//! `elm law`: what the published sweeps and made tables say, and bad tables.

mod common;

use common::Place;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

fn law(place: &Place, words: &[&str]) -> Value {
    let ran = place.run(&[&["law", "--json"], words].concat());
    serde_json::from_str(&ran.expect(0, &[]).out).unwrap()
}

fn number(value: &Value, pointer: &str) -> f64 {
    value.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("{pointer} in {value:#}"))
}

fn within(value: f64, low: f64, high: f64) {
    assert!((low..=high).contains(&value), "{value} is not in {low} to {high}");
}

/// Optimum of the theory and of the runs, both with an interval around.
fn optima_within(law: &Value, low: f64, high: f64) {
    for optimum in ["/theory/optimum/0", "/optimum/0"] {
        let memory = number(law, &format!("{optimum}/num_memory"));
        within(memory, low, high);
        let [from, to] = [0, 1].map(|end| number(law, &format!("{optimum}/interval/{end}")));
        assert!(from <= memory && memory <= to && from < to, "{memory} in {from} to {to}");
    }
}

#[test]
fn the_optimum_of_the_published_text_sweep_is_predicted() {
    let law = law(&Place::new(), &["--task", "text"]);
    within(number(&law, "/theory/rms_error"), 0.0, 0.006);
    optima_within(&law, 15.0, 35.0);
    let points = law["theory"]["points"].as_array().unwrap();
    assert_eq!(points.len(), 14);
    for point in points {
        within(number(point, "/predicted") - number(point, "/value"), -0.015, 0.015);
        assert!(number(point, "/snr") > 0.0 && number(point, "/redundancy") >= 0.0, "{point}");
    }
    // Few neurons have all they can use, many repeat each other.
    assert_eq!([&points[0]["limit"], &points[13]["limit"]], ["saturation", "redundancy"]);
    assert_eq!((&law["power_law"], &law["recipe"]), (&Value::Null, &Value::Null));
    assert_eq!(law["reason"], "a power law needs at least 4 budgets, got 1");
    assert_eq!((&law["chosen_on"], &law["reported_on"]), (&"valid_bpc".into(), &"test_bpc".into()));
}

#[test]
fn the_optimum_of_the_published_spike_sweep_is_predicted_with_its_error() {
    let law = law(&Place::new(), &["--task", "spikes"]);
    optima_within(&law, 6.0, 14.0);
    // One run an allocation: the error is large, and said.
    within(number(&law, "/theory/rms_error"), 0.01, 0.05);
    assert_eq!((&law["metric"], &law["theory"]["of"]), (&"accuracy".into(), &"1 - test_accuracy".into()));
    within(number(&law, "/front/2/value"), 0.82, 0.83);
}

/// The words in a picture: title, axes, ticks, legend.
fn told(svg: &str) -> Vec<&str> {
    let texts = svg.split("<text").skip(1);
    texts.map(|text| text.split_once('>').unwrap().1.split_once('<').unwrap().0).collect()
}

#[test]
fn the_picture_of_the_readme_is_what_the_program_draws() {
    let place = Place::new();
    law(&place, &["--task", "text", "--out", "out"]);
    let drawn = std::fs::read_to_string(place.path("out/theory.svg")).unwrap();
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/law-text.svg")).unwrap();
    assert_eq!(told(&drawn), told(&committed));
    assert!(told(&drawn).contains(&"theory"), "{:?}", told(&drawn));
}

/// Tables beside the workspace are the ones that come with the program.
#[test]
fn tables_of_the_authors_are_recognised() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/results");
    let place = Place::new();
    for (file, task, metric) in [
        ("enwik8_tradeoff.csv", Some("text"), "bpc"),
        ("shd_adding_tradeoff.csv", Some("spikes"), "accuracy"),
        ("neuronio_single_neuron.csv", None, "soma_rmse"),
    ] {
        let Ok(file) = folder.join(file).canonicalize() else {
            let _ = writeln!(std::io::stderr(), "SKIPPED: there is no {}", folder.join(file).display());
            continue;
        };
        let found = law(&place, &[file.to_str().unwrap()]);
        assert_eq!(
            (&found["metric"], &found["task"]),
            (&metric.into(), &task.map_or(Value::Null, Value::from))
        );
        match task {
            Some(task) => {
                let own = law(&place, &["--task", task]);
                assert_eq!(found["theory"], own["theory"]);
                assert_eq!(found["optimum"], own["optimum"]);
            }
            None => {
                assert_eq!(found["optimum"], Value::Array(vec![]));
                assert_eq!(found["front"].as_array().unwrap().len(), 12);
                assert!(found["power_law"].is_object(), "{found:#}");
            }
        }
    }
}

/// A table as `elm sweep` writes it: four budgets, five allocations, two seeds,
/// a failed run, and one that came to nothing.
fn sweep(place: &Place) -> PathBuf {
    let mut text =
        "run,state,model.neuron.num_memory,model.num_hidden,seed,trainable_parameters,num_neurons,\
        synapses_per_neuron,complexity_per_neuron,flops_per_step_forward,valid_bpc,test_bpc,seconds\n"
            .to_string();
    for budget in [5e3, 2e4, 8e4, 3.2e5] {
        for memory in [2.0, 3.0, 5.0, 8.0, 12.0] {
            let complexity =
                (20.0 + memory + 1.0) * 2.0 * memory + (2.0 * memory + 1.0) * memory + memory + 1.0;
            let neurons = f64::floor((budget - 1000.0) / (complexity + 100.0));
            let parameters = neurons * (complexity + 100.0) + 1000.0;
            // The valley lies at d_m = 3 (P / 5000)^¼, the floor falls as P^-0.3.
            let valley = 0.06 * f64::ln(memory / 3.0 / (budget / 5e3).powf(0.25)).powi(2);
            let loss = 1.4 + 9.0 * parameters.powf(-0.3) + valley;
            for seed in 0..2 {
                let other = 0.004 * (f64::from(seed) - 0.5) + 0.001 * (memory * 7.0 + budget).sin();
                text += &format!(
                    "r-{memory}-{neurons}-{seed},finished,{memory},{neurons},{seed},{parameters},{neurons},100,\
                     {complexity},{},{},{},1.5\n",
                    2.0 * parameters,
                    loss - other / 2.0,
                    loss + other
                );
            }
        }
    }
    text += "r-x,failed,9,20,0,20000,20,100,900,,,,\nr-y,finished,9,20,0,20000,20,100,900,1,NaN,NaN,1.5\n";
    place.write("results.csv", text)
}

#[test]
fn an_allocation_is_judged_by_its_best_setting_and_a_run_counts_once() {
    let place = Place::new();
    let text = std::fs::read_to_string(sweep(&place)).unwrap();
    let (head, rows) = text.split_once('\n').unwrap();
    let mut rated = format!("{head},training.learning_rate\n");
    for row in rows.lines() {
        rated += &format!("{row},0.001\n");
        // A rate that does not suit: worse by one bit, the more so with few neurons.
        let mut fields: Vec<String> = row.split(',').map(String::from).collect();
        fields[0] += "-fast";
        let worse = if fields[3].parse::<f64>().unwrap() < 40.0 { 1.0 } else { 0.3 };
        for field in &mut fields[10..12] {
            *field = field.parse::<f64>().map(|bpc| (bpc + worse).to_string()).unwrap_or_default();
        }
        rated += &format!("{},0.1\n", fields.join(","));
    }
    place.write("rated.csv", rated);
    let (one, both) = (law(&place, &["results.csv"]), law(&place, &["rated.csv"]));
    for part in ["optimum", "power_law", "recipe"] {
        assert_eq!(one[part], both[part]);
    }
    let told = both["notes"].to_string();
    assert!(told.contains("20 allocations were trained with several settings"), "{told}");

    let twice = law(&place, &["results.csv", "results.csv"]);
    assert_eq!(one["optimum"], twice["optimum"]);
    assert!(twice["notes"].to_string().contains("runs that were there already count once"));
}

#[test]
fn a_sweep_over_budgets_gives_every_law_and_every_figure() {
    let place = Place::new();
    sweep(&place);
    let law = law(&place, &["results.csv", "--out", "out", "--budget", "40_000"]);
    assert_eq!(law["optimum"].as_array().unwrap().len(), 4);
    within(number(&law, "/power_law/alpha"), 0.2, 0.4);
    within(number(&law, "/power_law/l_inf"), 1.2, 1.6);
    let [low, high] = ["0", "1"].map(|end| number(&law, &format!("/power_law/intervals/alpha/{end}")));
    within(number(&law, "/power_law/alpha"), low, high);
    assert!(number(&law, "/recipe/exponent") > 0.1, "{}", law["recipe"]);
    within(number(&law, "/theory/rms_error"), 0.0, 0.03);
    let notes = law["notes"].to_string();
    assert!(notes.contains("left out 1 unfinished runs (1 failed)"), "{notes}");
    assert!(notes.contains("results.csv:43: valid_bpc is no finite number"), "{notes}");

    let advice = &law["recommendation"];
    assert_eq!(advice["extrapolated"], false);
    within(number(advice, "/num_memory"), 3.0, 8.0);
    within(number(advice, "/trainable_parameters"), 38_000.0, 40_000.0);
    assert_eq!((number(advice, "/num_branch"), number(advice, "/num_synapse_per_branch")), (20.0, 5.0));
    within(number(advice, "/theory/num_memory"), 2.0, 12.0);
    assert_eq!(advice["config"], Value::Null, "whose configuration, if no task is named?");

    for stem in ["allocation", "theory", "surface", "front", "front-flops", "law"] {
        let [svg, png] =
            ["svg", "png"].map(|end| std::fs::read(place.path(&format!("out/{stem}.{end}"))).unwrap());
        assert!(svg.starts_with(b"<svg") && svg.len() < 100_000, "{stem}: {} bytes", svg.len());
        assert!(png.starts_with(b"\x89PNG"), "{stem}");
    }
    let document: Value =
        serde_json::from_slice(&std::fs::read(place.path("out/law.json")).unwrap()).unwrap();
    assert_eq!(document["power_law"], law["power_law"]);
    place
        .run(&["law", "results.csv"])
        .expect(0, &["power law: test_bpc = 1.", "recipe: d_m ~ N^", "left out 1"]);
}

#[test]
fn a_recommendation_is_written_as_a_configuration_that_is_right() {
    let place = Place::new();
    place.write("words", std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap());
    for (task, budget) in [("text", "1e5"), ("text", "3.5e6"), ("spikes", "2e4"), ("spikes", "1e6")] {
        let law = law(&place, &["--task", task, "--budget", budget, "--out", "out"]);
        let advice = &law["recommendation"];
        let mut command = place.command(&["check", advice["config"].as_str().unwrap()]);
        common::Ran::of(command.env("ELM_TEXT", place.path("words")).output().unwrap()).expect(0, &["fine"]);
        let mut command = place.command(&["info", "out/recommended.toml", "--json"]);
        let ran = common::Ran::of(command.env("ELM_TEXT", place.path("words")).output().unwrap());
        let info: Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
        assert_eq!(info["trainable_parameters"], advice["trainable_parameters"], "{task} {budget}");
        let budget: f64 = budget.parse().unwrap();
        within(number(advice, "/trainable_parameters"), 0.9 * budget, budget);
        let [low, high] = ["0", "1"].map(|end| number(advice, &format!("/interval/{end}")));
        within(number(advice, "/num_memory"), low.round(), high.round());
        assert_eq!(advice["nearest"].as_array().unwrap().len(), 3);
        let outside = advice["reasons"].to_string().contains("lie outside of what was measured");
        assert_eq!(advice["extrapolated"], outside);
        assert_eq!(outside, budget != 3.5e6);
    }
    let words = ["law", "--task", "text", "--budget", "5000"];
    place.run(&words).expect(1, &["5000 parameters are too few for 256 outputs: 23552 are the least"]);
}

const HEAD: &str = "num_memory,num_neurons,trainable_parameters,test_bpc\n";

/// Content of a table, the exit code and what is said.
const BAD: &[(&str, i32, &[&str])] = &[
    ("", 2, &["bad.csv: the file is empty"]),
    ("\n \n", 2, &["bad.csv: the file is empty"]),
    ("num_memory,test_bpc\n", 2, &["bad.csv: the table has column names only"]),
    (
        "num_memory,num_neurons,parameters,test_bpc\n5,10,1000,1.5\n",
        2,
        &["bad.csv:1: there is no column `trainable_parameters`", "its columns are num_memory, num_neurons"],
    ),
    (
        "num_memory,num_neuron,trainable_parameters,test_bpc\n5,10,1000,1.5\n",
        2,
        &["there is no column `num_neurons`", "did you mean `num_neuron`?"],
    ),
    (
        "num_memory,num_neurons,trainable_parameters\n5,10,1000\n",
        2,
        &["bad.csv:1:", "another figure of merit"],
    ),
    ("5,10,1000,abc\n", 2, &["bad.csv:2: test_bpc is \"abc\", which is no number"]),
    ("5,10,1000,1.5\n6,10,1000\n", 2, &["bad.csv:3: 3 fields, but the table has 4 columns"]),
    ("5,-10,1000,1.5\n", 2, &["bad.csv:2: num_neurons is -10; it must be a positive number"]),
    ("5,,1000,1.5\n", 2, &["bad.csv:2: num_neurons is missing"]),
    ("5,10,1000,NaN\n6,8,1000,\n", 2, &["bad.csv: no finished run has a finite figure of merit"]),
    ("num_memory;num_neurons;test_bpc\n5;10;1.5\n", 2, &["bad.csv:1: fields are separated by ';'"]),
    ("# Results\nsee below\n", 2, &["bad.csv:1: there is no column"]),
    // Few runs are no fault, but there is not much to say.
    (
        "5,10,1000,1.5\n",
        0,
        &[
            "an optimum needs at least 3 numbers of neurons, got 1",
            "a power law needs at least 4 budgets, got 1",
            "the theory needs at least 8 allocations, got 1",
            "front",
        ],
    ),
    (
        "5,10,1000,1.5\n4,12,1000,1.4\n3,15,1000,1.45\n",
        0,
        &["budget 1000: best at N 1", "at least 4 budgets, got 1"],
    ),
    (
        "5,10,1000,1.5\n4,12,1000,1.5\n3,15,1000,1.5\n",
        0,
        &["the same for every allocation, so that none is best"],
    ),
];

#[test]
fn bad_tables_are_refused_with_the_line() {
    let place = Place::new();
    for (content, code, said) in BAD {
        let begun = content.contains("num_memory") || content.trim().is_empty() || content.starts_with('#');
        place.write("bad.csv", if begun { content.to_string() } else { format!("{HEAD}{content}") });
        place.run(&["law", "bad.csv"]).expect(*code, said);
    }
    place.write("bad.csv", b"a,b\n\xff\xfe\n");
    place.run(&["law", "bad.csv"]).expect(2, &["bad.csv:2: this is not text"]);
    place.run(&["law", "missing.csv"]).expect(1, &["cannot read missing.csv"]);
    place.run(&["law"]).expect(2, &["name tables of results, or the task", "text, spikes"]);
    place.run(&["law", "--task", "speech"]).expect(2, &["speech", "text, spikes"]);
    place.run(&["law", "--task", "text", "--budget=-3"]).expect(2, &["budget"]);
    let unknown = place.run(&["law", "--task", "text", "--metric", "acuracy"]);
    unknown.expect(2, &["there is no column `test_acuracy`", "its columns are"]);
    place.write("file", "x");
    place.run(&["law", "--task", "text", "--out", "file"]).expect(1, &["cannot make the folder file"]);
}
