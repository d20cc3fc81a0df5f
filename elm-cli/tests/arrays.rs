//! Data of one's own through the whole program.

mod common;

use common::Place;
use serde_json::Value;

const MODEL: &str = "[model]\nnum_hidden = 8\nhead = \"linear\"\n[model.neuron]\nnum_memory = 3\nnum_branch = 4\n\
                     num_synapse_per_branch = 2\nmemory_tau_max = 20.0\ninput_scale = 5.0\n[model.wiring]\n\
                     recurrent_connect = 0.5\n[training]\nbatch_size = 8\nnum_epochs = 12\nlearning_rate = 2e-2\nwarmup_steps = 3\n[checkpoint]\nevery_steps = 5\n";

fn place(data: &str) -> Place {
    let place = Place::new();
    place.write("own.toml", format!("[data]\nkind = \"arrays\"\n{data}{MODEL}"));
    place
}

/// 96 signals of 20 steps, and for each what `answer` makes of its pitch.
fn tables(place: &Place, answer: impl Fn(usize) -> String) {
    std::fs::create_dir(place.path("tables")).unwrap();
    let (mut x, mut y) = (String::new(), String::new());
    for i in 0..96 {
        let signal = (0..20).map(|t| ((1 + i % 4) as f64 * f64::from(t) * 0.25 + i as f64).sin());
        x += &(signal.map(|value| format!("{value:.4}")).collect::<Vec<_>>().join(",") + "\n");
        y += &(answer(i) + "\n");
    }
    place.write("tables/x.csv", x);
    place.write("tables/y.csv", y);
}

fn signal(place: &Place) {
    let line =
        |i: u32| format!("{:.4},{:.4}\n", (f64::from(i) / 5.0).sin(), (f64::from(i) / 5.0 - 0.8).sin());
    place.write("signal.csv", "x,y\n".to_string() + &(0..2000).map(line).collect::<String>());
}

fn document(place: &Place, arguments: &[&str]) -> Value {
    serde_json::from_str(&place.run(arguments).expect(0, &[]).out).unwrap()
}

#[test]
fn classes_with_names_are_learned_and_keep_their_numbers() {
    let place = place("path = \"tables\"\nfractions = [0.5, 0.25, 0.25]\n");
    tables(&place, |i| ["low", "low", "high", "high"][i % 4].into());
    place.run(&["check", "own.toml"]).expect(0, &[]);
    let trained = document(&place, &["train", "own.toml", "--out", "run", "--json"]);
    assert!(trained["test"]["accuracy"].as_f64().unwrap() > 0.7, "{trained}");
    let report = document(&place, &["eval", "run", "--json"]);
    assert_eq!(report["test"], trained["test"]);
    assert_eq!([&report["classes"][0]["name"], &report["classes"][1]["name"]], ["high", "low"]);
    place.run(&["export", "run", "--to", "safetensors", "--out", "w.safetensors"]).expect(0, &[]);
    place.run(&["import", "w.safetensors", "--out", "again"]).expect(0, &[]);
    assert_eq!(document(&place, &["eval", "again", "--json"])["test"], trained["test"]);
    // Other data, in which only one class occurs and another is new.
    std::fs::remove_dir_all(place.path("tables")).unwrap();
    tables(&place, |_| "low".into());
    let report = document(&place, &["eval", "run", "--json"]);
    assert_eq!([&report["classes"][0]["samples"], &report["classes"][1]["samples"]], [0, 24]);
    std::fs::remove_dir_all(place.path("tables")).unwrap();
    tables(&place, |_| "middle".into());
    place
        .run(&["eval", "run"])
        .expect(1, &["y[0, 0]", "\"middle\" does not occur among the classes of the run"]);
}

#[test]
fn real_values_at_every_step_are_learned_resumed_and_written_down() {
    let place = place("path = \"signal.csv\"\ntarget = \"y\"\nwindow = 40\n");
    signal(&place);
    let whole = document(&place, &["train", "own.toml", "--out", "whole", "--json"]);
    assert!(whole["test"]["explained_variance"].as_f64().unwrap() > 0.6, "{whole}");
    let (rmse, loss) = (&whole["test"]["rmse"], &whole["test"]["loss"]);
    assert!((rmse.as_f64().unwrap().powi(2) - loss.as_f64().unwrap()).abs() < 1e-6);
    place.run(&["train", "own.toml", "--out", "parts", "--max-steps", "7"]).expect(0, &[]);
    let parts = document(&place, &["train", "parts", "--resume", "--json"]);
    assert_eq!(parts["test"], whole["test"]);
    place.run(&["eval", "whole", "--predictions", "all.csv"]).expect(0, &["rmse", "explained variance"]);
    let mut rows = csv::Reader::from_path(place.path("all.csv")).unwrap();
    assert_eq!(rows.headers().unwrap(), vec!["sample", "step", "value", "prediction"]);
    let cells =
        |row: csv::StringRecord| -> Vec<f64> { row.iter().map(|cell| cell.parse().unwrap()).collect() };
    let rows: Vec<Vec<f64>> = rows.records().map(|row| cells(row.unwrap())).collect();
    assert_eq!((rows.len(), rows[1][0], rows[79][1]), (80, 1.0, 39.0));
    let squares: f64 = rows.iter().map(|row| (row[2] - row[3]).powi(2)).sum();
    assert!((squares / rows.len() as f64 - loss.as_f64().unwrap()).abs() < 1e-5);
    place.run(&["eval", "whole", "--predictions", "all.npz"]).expect(0, &[]);
    let resumed = place.run(&["train", "whole", "--resume", "--set", "data.target=x"]);
    resumed.expect(2, &["data.target"]);
}

#[test]
fn real_values_at_the_end_are_learned() {
    let place = place("path = \"tables\"\n");
    tables(&place, |i| format!("{}.5", i % 4));
    let trained = document(&place, &["train", "own.toml", "--out", "run", "--max-steps", "9", "--json"]);
    assert!(trained["test"]["mae"].is_number() && trained["test"].get("accuracy").is_none(), "{trained}");
    place.run(&["data", "check", "tables", "--kind", "arrays"]).expect(0, &["train", "usable"]);
    place.run(&["data", "info", "tables"]).expect(0, &["arrays", "1 values", ".5"]);
    // As many outputs, but classes.
    std::fs::remove_dir_all(place.path("tables")).unwrap();
    tables(&place, |_| "0".into());
    let words = ["asks for a class of each sequence", "learned to predict real values at the end"];
    place.run(&["eval", "run"]).expect(2, &words);
}

#[test]
fn what_is_missing_is_said_at_its_setting() {
    let place = place("path = \"signal.csv\"\n");
    signal(&place);
    place.run(&["check", "own.toml"]).expect(2, &["data.target", "which column", "x, y"]);
    place.run(&["data", "check", "signal.csv"]).expect(2, &["data.target", "which column"]);
    place.run(&["data", "check", "signal.csv", "--target", "y"]).expect(0, &["usable"]);
    place.run(&["data", "info", "signal.csv", "--target", "y"]).expect(0, &["1 channels", "1 values"]);
    place.run(&["check", "own.toml", "--set", "data.target=z"]).expect(2, &["there is no column \"z\""]);
    let wide = ["check", "own.toml", "--set", "data.target=y", "--set", "data.window=900"];
    place.run(&wide).expect(2, &["data.window", "windows of 900 lines"]);
}
