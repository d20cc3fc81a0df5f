//! The numbers of symbols are the run's, whatever data it sees later.

mod common;

use common::Place;
use serde_json::Value;
use std::fs;

const TEXT: &str = r#"
[data]
kind = "text"
path = "a.txt"
[model]
num_hidden = 6
head = "linear"
embedding_scale = 3.0
[model.neuron]
num_memory = 3
num_branch = 3
num_synapse_per_branch = 4
memory_tau_max = 10.0
[training]
batch_size = 4
seq_length = 16
steps_per_turn = 60
num_turns = 1
learning_rate = 2e-2
valid_batches = 4
"#;

fn evaluated(place: &Place, more: &[&str]) -> Value {
    let ran = place.run(&[&["eval", "run", "--json"], more].concat());
    serde_json::from_str(&ran.expect(0, &[]).out).unwrap()
}

#[test]
fn a_text_with_other_frequencies_is_read_with_the_symbols_of_the_run() {
    let place = Place::new();
    let words = "aaaabbbccd";
    place.write("a.txt", words.repeat(400));
    // The same last twentieth behind another order of frequencies.
    let tail = words.repeat(20);
    place.write("b.txt", "dddccbbaaa".replace('a', "d").repeat(380) + &tail);
    place.write("text.toml", TEXT);
    place.run(&["train", "text.toml", "--out", "run"]).expect(0, &[]);
    let own = evaluated(&place, &[])["test"]["bpc"].as_f64().unwrap();
    let other = evaluated(&place, &["--set", "data.path=b.txt"])["test"]["bpc"].as_f64().unwrap();
    assert!((own - other).abs() < 1e-6, "{own} {other}");
    let kept = fs::read(place.path("run/vocabulary.json")).unwrap();
    fs::remove_file(place.path("run/vocabulary.json")).unwrap();
    place.run(&["eval", "run"]).expect(1, &["vocabulary.json is gone"]);
    place.run(&["train", "run", "--resume"]).expect(1, &["vocabulary.json is gone"]);
    fs::write(place.path("run/vocabulary.json"), kept).unwrap();
    place.write("c.txt", words.repeat(100) + "é" + &words.repeat(100));
    place.run(&["eval", "run", "--set", "data.path=c.txt"]).expect(1, &["'é'"]);
    place
        .run(&["train", "run", "--resume", "--set", "data.path=c.txt", "--allow-change", "data"])
        .expect(1, &["'é'"]);
}

#[test]
fn listops_is_read_with_the_symbols_of_the_run() {
    let place = Place::new();
    let lines = |rows: &[(&str, u8)], times: usize| {
        let row = |(source, target): &(&str, u8)| format!("{source}\t{target}\n");
        let rows: String = rows.iter().map(row).collect();
        format!("Source\tTarget\n{}", rows.repeat(times))
    };
    let often_max =
        [("( ( ( [MAX 1 ) 2 ) ] )", 2), ("( ( ( [MAX 3 ) 1 ) ] )", 3), ("( ( ( [MIN 1 ) 2 ) ] )", 1)];
    let often_min =
        [("( ( ( [MIN 9 ) 8 ) ] )", 8), ("( ( ( [MIN 7 ) 9 ) ] )", 7), ("( ( ( [MAX 1 ) 2 ) ] )", 2)];
    for (folder, train) in [("one", &often_max), ("two", &often_min)] {
        fs::create_dir(place.path(folder)).unwrap();
        let all = [lines(train, 20), lines(&often_max, 5), lines(&often_max, 5)];
        for (name, text) in ["train", "val", "test"].iter().zip(all) {
            place.write(&format!("{folder}/basic_{name}.tsv"), text);
        }
    }
    place.write(
        "listops.toml",
        "[data]\nkind = \"listops\"\npath = \"one\"\n[model]\nnum_hidden = 4\nhead = \"linear\"\n[model.neuron]\n\
         num_memory = 2\nnum_branch = 2\n[training]\nbatch_size = 10\nnum_epochs = 2\nlearning_rate = 1e-2\n",
    );
    place.run(&["train", "listops.toml", "--out", "run"]).expect(0, &[]);
    assert!(place.path("run/vocabulary.json").is_file());
    let own = evaluated(&place, &[])["test"].clone();
    let ran = place.run(&["eval", "run", "--json", "--set", "data.path=two"]);
    ran.expect(0, &[]);
    let other: Value = serde_json::from_str(&ran.out).unwrap();
    // 7, 8 and 9 occur in the training data of the other folder only; the test
    // data is the same, and so is what comes out.
    assert_eq!(own, other["test"]);
    let ran = place.run(&["eval", "run", "--split", "valid", "--set", "data.path=two"]);
    ran.expect(0, &["valid"]);
}
