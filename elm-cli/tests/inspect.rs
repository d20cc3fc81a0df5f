//! `elm inspect`: numbers that agree with the evaluation, pictures of all of
//! it, and clear words about what cannot be looked into.

mod common;

use common::Place;
use serde_json::Value;

fn trained(more: &[&str]) -> Place {
    let place = Place::new();
    place.run(&[&["train", "small.toml", "--max-steps", "9", "--out", "run"], more].concat()).expect(0, &[]);
    place
}

fn inspected(place: &Place, more: &[&str]) -> Value {
    let ran = place.run(&[&["inspect", "run", "--json"], more].concat());
    serde_json::from_str(&ran.expect(0, &[]).out).unwrap()
}

/// The rows that `elm eval --predictions` writes.
fn predictions(place: &Place, more: &[&str]) -> Vec<Vec<String>> {
    place.run(&[&["eval", "run", "--predictions", "all.csv"], more].concat()).expect(0, &[]);
    let mut reader = csv::Reader::from_path(place.path("all.csv")).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect()
}

fn close(a: &Value, b: f64) {
    let a = a.as_f64().unwrap();
    assert!((a - b).abs() <= 1e-4 * b.abs().max(1e-2), "{a} and {b}");
}

/// Every file that a report names is one of its kind.
fn files_are_there(place: &Place, report: &Value) {
    let files = report["files"].as_array().unwrap();
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let bytes = std::fs::read(place.path(file.as_str().unwrap())).unwrap();
        assert!(
            bytes.starts_with(b"<svg") || bytes.starts_with(b"\x89PNG") || bytes.starts_with(b"{"),
            "{file}"
        );
    }
}

/// Is what was answered to each example what an evaluation writes?
fn agrees_with_the_evaluation(place: &Place, examples: usize) -> Value {
    let rows = predictions(place, &[]);
    let report = inspected(place, &["--examples", &examples.to_string()]);
    let found = report["examples"].as_array().unwrap();
    assert_eq!(found.len(), examples);
    let mut right = 0;
    for (example, row) in found.iter().zip(&rows) {
        assert_eq!(example["example"].to_string(), row[0]);
        assert_eq!(
            (&example["label"], &example["prediction"]),
            (&row[1].as_str().into(), &row[2].as_str().into())
        );
        let label: usize = row[1].parse().unwrap();
        close(&example["probability"], row[3 + label].parse().unwrap());
        assert_eq!(example["right"], row[1] == row[2]);
        right += usize::from(row[1] == row[2]);
    }
    close(&report["accuracy"], right as f64 / examples as f64);
    report
}

#[test]
fn the_examples_of_a_classification_are_those_of_the_evaluation() {
    let place = trained(&[]);
    let report = agrees_with_the_evaluation(&place, 16);
    files_are_there(&place, &report);
    assert!(place.path("run/plots/inspect/raster-0.svg").is_file());
    let layer = &report["layer"];
    assert_eq!((&layer["neurons"], &layer["activation"]), (&6.into(), &"relu".into()));
    let shares = layer["fraction_active_of"].as_array().unwrap();
    close(&layer["fraction_active"], shares.iter().map(|share| share.as_f64().unwrap()).sum::<f64>() / 6.0);
    let silent = shares.iter().filter(|share| share.as_f64() == Some(0.0)).count();
    assert_eq!(layer["silent"].as_array().unwrap().len(), silent);
    assert_eq!(layer["timescales"]["learnable"], false);
    assert!(layer["timescales"]["initial"].is_null());
    let counted: u64 =
        layer["timescales"]["trained"]["counts"].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
    assert_eq!(counted, 6 * 3);
    assert_eq!(report["neurons"].as_array().unwrap().len(), 3);
    // The same again, to the last digit.
    assert_eq!(report, inspected(&place, &["--examples", "16"]));
    let ran = place.run(&["inspect", "run", "--examples", "17", "--neurons", "1"]);
    ran.expect(0, &["note: there are 16 examples"]);
    // Pictures of the look before are gone.
    assert!(place.path("run/plots/inspect/traces-1.svg").is_file());
    let traces = std::fs::read_dir(place.path("run/plots/inspect")).unwrap().flatten();
    let traces = traces.filter(|file| file.file_name().to_string_lossy().starts_with("traces-"));
    assert_eq!(traces.count(), 2);
    place
        .run(&["inspect", "run", "--examples", "1", "--set", "data.seed=5"])
        .expect(0, &["note: this is not the test data of the run"]);
}

#[test]
fn what_is_lost_without_a_part_is_measured_on_the_same_examples() {
    let place = trained(&[]);
    let report = inspected(&place, &["--examples", "5", "--neurons", "4,1,4"]);
    let ablation = &report["ablation"];
    assert_eq!((&ablation["examples"], ablation["neurons"].as_array().unwrap().len()), (&5.into(), 6));
    close(&ablation["loss"], report["loss"].as_f64().unwrap());
    let groups = ablation["groups"].as_array().unwrap();
    let synapses: u64 = groups.iter().filter_map(|group| group["synapses"].as_u64()).sum();
    assert_eq!((groups.len(), synapses), (2, 6 * 12), "every synapse reads an input or a neuron");
    assert!(groups.iter().all(|group| group["loss_increase"].as_f64() != Some(0.0)));
    let chosen = report["neurons"].as_array().unwrap();
    assert_eq!((&chosen[0]["neuron"], &chosen[1]["neuron"], chosen.len()), (&1.into(), &4.into(), 2));
    for neuron in chosen {
        let of_all =
            ablation["neurons"].as_array().unwrap().iter().find(|one| one["neuron"] == neuron["neuron"]);
        assert_eq!(of_all.unwrap()["loss_increase"], neuron["loss_increase"]);
        let branches = neuron["branches"].as_array().unwrap();
        assert_eq!((branches.len(), neuron["memory"].as_array().unwrap().len()), (4, 3));
        for branch in branches {
            assert_eq!(branch["inputs"].as_u64().unwrap() + branch["recurrent"].as_u64().unwrap(), 3);
            assert!(branch["loss_increase"].is_number());
        }
        assert_eq!(neuron["strongest"].as_array().unwrap().len(), 10);
    }
    // A neuron that does nothing is missed by nobody.
    for silent in report["layer"]["silent"].as_array().unwrap() {
        let own = ablation["neurons"].as_array().unwrap().iter().find(|one| one["neuron"] == *silent);
        assert_eq!(own.unwrap()["loss_increase"], 0.0);
    }
}

#[test]
fn spiking_neurons_have_spikes_and_silent_ones_no_intervals() {
    let place =
        trained(&["--set", "model.neuron.activation=spike", "--set", "model.neuron.high_pass_tau=3.0"]);
    let report = agrees_with_the_evaluation(&place, 6);
    let layer = &report["layer"];
    assert_eq!((&layer["activation"], &layer["events"]["event"]), (&"spike".into(), &"spike".into()));
    let steps = layer["steps"].as_u64().unwrap() as f64;
    for neuron in 0..6 {
        let number = layer["events"]["number"][neuron].as_u64().unwrap();
        close(&layer["fraction_active_of"][neuron], number as f64 / steps);
        assert_eq!(layer["events"]["fano_factor_of"][neuron].is_null(), number == 0);
    }
}

#[test]
fn a_single_neuron_is_looked_into_with_the_masks_of_its_evaluation() {
    let place = Place::new();
    place.write(
        "neuron.toml",
        "[data]\nkind = \"digits\"\nchannels = 20\nbin_ms = 50.0\ntrain_samples = 64\nvalid_samples = 16\n\
         test_samples = 16\n[model]\nkind = \"branch_elm\"\n[model.neuron]\nnum_memory = 3\nnum_branch = 10\n\
         num_synapse_per_branch = 2\nmemory_tau_learnable = true\n[model.dropout]\ninput = 0.3\n\
         input_mode = \"per_step\"\n[training]\nbatch_size = 8\nnum_epochs = 1\n",
    );
    place.run(&["train", "neuron.toml", "--out", "run"]).expect(0, &[]);
    let report = agrees_with_the_evaluation(&place, 11);
    files_are_there(&place, &report);
    let layer = &report["layer"];
    assert_eq!(
        (&layer["neurons"], &layer["outputs"], &layer["activation"]),
        (&1.into(), &20.into(), &"identity".into())
    );
    for undefined in ["silent", "saturated", "fraction_active", "events"] {
        assert!(layer[undefined].is_null(), "{undefined}");
    }
    assert!(layer["effective_rank"].as_f64().unwrap() >= 1.0);
    assert_eq!(layer["timescales"]["learnable"], true);
    let sum = |key: &str| -> u64 {
        layer["timescales"][key]["counts"].as_array().unwrap().iter().filter_map(Value::as_u64).sum()
    };
    assert_eq!((sum("initial"), sum("trained")), (3, 3));
    assert!(report["neurons"][0]["loss_increase"].is_null(), "nothing is left without the only neuron");
}

#[test]
fn a_text_is_told_symbol_by_symbol_beside_its_prediction() {
    let place = Place::new();
    place.write("book.txt", "to be, or not to be, that is \"the\" question: \\ to be or not; ".repeat(40));
    place.write(
        "text.toml",
        "[data]\nkind = \"text\"\npath = \"book.txt\"\nfractions = [0.5, 0.25, 0.25]\n[model]\nnum_hidden = 4\n\
         embedding = \"one_hot\"\n[model.neuron]\nnum_memory = 2\n[training]\nbatch_size = 3\nseq_length = 16\n\
         num_turns = 1\nsteps_per_turn = 6\n",
    );
    place.run(&["train", "text.toml", "--out", "run"]).expect(0, &[]);
    let rows = predictions(&place, &[]);
    let report = inspected(&place, &[]);
    files_are_there(&place, &report);
    let mut at = 0;
    for example in report["examples"].as_array().unwrap() {
        for symbol in example["symbols"].as_array().unwrap() {
            let [position, right, prediction, probability] = &rows[at][..] else { panic!("{:?}", rows[at]) };
            assert_eq!(symbol["position"].to_string(), *position);
            assert_eq!(
                (&symbol["symbol"], &symbol["prediction"]),
                (&right.as_str().into(), &prediction.as_str().into())
            );
            close(&symbol["probability"], probability.parse().unwrap());
            at += 1;
        }
    }
    assert_eq!((at, &report["predictions"]), (3 * 16, &48.into()));
    close(&report["bpc"], report["loss"].as_f64().unwrap() / std::f64::consts::LN_2);
    assert!(place.path("run/plots/inspect/text-2.png").is_file());
}

/// Does a picture tell all of this?
fn tells(place: &Place, picture: &str, told: &[&str]) {
    let words = place.words_in(&format!("run/plots/inspect/{picture}.svg"));
    for one in told {
        assert!(words.iter().any(|word| word == one), "{one:?} is not in {picture}: {words:?}");
    }
}

#[test]
fn a_recorded_neuron_is_shown_with_its_kinds_of_input_and_its_targets() {
    let place = Place::new();
    let make = ["data", "make", "neuronio", "--out", "made", "--files", "1,1,1", "--simulations", "2"];
    place.run(&[&make[..], &["--milliseconds", "600"]].concat()).expect(0, &[]);
    place.write(
        "neuron.toml",
        "[data]\nkind = \"neuronio\"\npath = \"made\"\nwindow_ms = 60\nburn_in_ms = 10\n\
         evaluation_burn_in_ms = 20\n[model]\nkind = \"branch_elm\"\n[model.neuron]\nnum_memory = 9\n\
         num_branch = 45\nnum_synapse_per_branch = 40\n[model.wiring]\nrouting = \"neuronio\"\n[training]\n\
         batch_size = 2\nbatches_per_epoch = 2\nnum_epochs = 1\n",
    );
    place.run(&["train", "neuron.toml", "--out", "run"]).expect(0, &[]);
    let report = inspected(&place, &["--examples", "2"]);
    files_are_there(&place, &report);
    assert_eq!((&report["step_ms"], &report["examples"][1]["steps"]), (&1.0.into(), &60.into()));
    assert!(report["loss"].as_f64().unwrap() > 0.0 && report["accuracy"].is_null());
    tells(
        &place,
        "raster-0",
        &[
            "excitatory input channel",
            "inhibitory input channel",
            "voltage of the soma (mV)",
            "target",
            "prediction",
            "time (ms)",
            "run · test split · best weights, step 2",
        ],
    );
    let taus = report["neurons"][0]["memory"].as_array().unwrap();
    let slowest = taus.iter().map(|unit| unit["tau_steps"].as_f64().unwrap()).fold(0.0, f64::max);
    tells(&place, "traces-0", &["memory unit with its timescale τ (ms)", &format!("{slowest:.0}")]);
    tells(&place, "timescales", &["timescale τ (ms)"]);
}

#[test]
fn real_values_are_shown_beside_their_targets() {
    let place = Place::new();
    let wave = |i: u32, late: f64| (f64::from(i) / 5.0 - late).sin();
    let line = |i: u32| format!("{:.4},{:.4}\n", wave(i, 0.0), wave(i, 0.8));
    place.write("signal.csv", "x,y\n".to_string() + &(0..400).map(line).collect::<String>());
    place.write(
        "small.toml",
        "[data]\nkind = \"arrays\"\npath = \"signal.csv\"\ntarget = \"y\"\nwindow = 20\n[model]\n\
         num_hidden = 3\n[model.neuron]\nnum_memory = 2\nnum_branch = 2\nnum_synapse_per_branch = 2\n\
         [training]\nbatch_size = 2\nnum_epochs = 1\n",
    );
    place.run(&["train", "small.toml", "--out", "run"]).expect(0, &[]);
    let rows = predictions(&place, &[]);
    let report = inspected(&place, &["--examples", "1"]);
    files_are_there(&place, &report);
    let number = |cell: &String| cell.parse::<f64>().unwrap();
    let squares: Vec<f64> = rows.iter().map(|row| (number(&row[2]) - number(&row[3])).powi(2)).collect();
    assert_eq!(rows.len(), 20, "one sample is for the test");
    close(&report["loss"], squares.iter().sum::<f64>() / 20.0);
    for undefined in ["label", "prediction", "right", "symbols"] {
        assert!(report["examples"][0].get(undefined).is_none(), "{undefined}");
    }
    assert!(report["step_ms"].is_null() && report["accuracy"].is_null());
    tells(&place, "raster-0", &["target", "prediction", "time steps"]);
}

#[test]
fn two_texts_are_answered_as_one() {
    let place = Place::new();
    let rows = "1.0\t1\t2\tb'On spikes'\tb'On spiking neurons'\n0.0\t3\t4\tb'On stars'\tb'On soil'\n";
    for name in ["train", "eval", "test"] {
        place.write(&format!("new_aan_pairs.{name}.tsv"), rows.repeat(2));
    }
    place.write(
        "small.toml",
        "[data]\nkind = \"lra_retrieval\"\npath = \".\"\n[model]\nnum_hidden = 4\npair_features = 3\n\
         [model.neuron]\nnum_memory = 2\nnum_branch = 2\nnum_synapse_per_branch = 3\n[training]\n\
         batch_size = 2\nnum_epochs = 1\n",
    );
    place.run(&["train", "small.toml", "--out", "run"]).expect(0, &[]);
    let report = agrees_with_the_evaluation(&place, 4);
    files_are_there(&place, &report);
    assert_eq!(report["predictions"], 4);
    // Until both have ended there is no answer that could be drawn.
    tells(&place, "raster-0", &["number of the input symbol", "time steps"]);
}

#[test]
fn what_cannot_be_looked_into_is_said() {
    let place = trained(&[]);
    place.write("taken", "");
    let said = |arguments: &[&str], code: i32, parts: &[&str]| {
        place.run(&[&["inspect"], arguments].concat()).expect(code, parts);
    };
    said(&["run", "--neurons", "0,6"], 2, &["there is no neuron 6", "0 to 5"]);
    said(&["run", "--layer", "2"], 2, &["there is no layer 2", "0 to 1"]);
    said(&["run", "--examples", "0"], 2, &["--examples"]);
    said(&["small.toml"], 1, &["not the folder of a run"]);
    said(&["run", "--out", "taken"], 1, &["taken"]);
    place.write(
        "lstm.toml",
        "[data]\nkind = \"digits\"\nchannels = 20\nbin_ms = 50.0\ntrain_samples = 16\nvalid_samples = 8\n\
         test_samples = 8\n[model]\nkind = \"lstm\"\n[model.lstm]\nhidden_size = 4\n[training]\nbatch_size = 8\nnum_epochs = 1\n",
    );
    place.run(&["train", "lstm.toml", "--out", "lstm"]).expect(0, &[]);
    said(&["lstm"], 2, &["elm inspect looks into ELM networks"]);
}
