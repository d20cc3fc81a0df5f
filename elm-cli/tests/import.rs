//! Weights of other programs become runs, and weights of runs go back.

mod common;

use common::Place;
use elm_cli::TrainedRun;
use elm_core::model::{StoredTensors, StoredValues};
use elm_core::records::{answer, compare, parse};
use elm_core::reference::Reference;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn kept(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name).display().to_string()
}

fn record(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../elm-core/tests/records").join(name)
}

fn tensors(path: &Path) -> StoredTensors {
    StoredTensors::from_bytes("file", &std::fs::read(path).unwrap()).unwrap()
}

/// The folder with the authors' records, nothing, said loudly, where there is
/// none; that of their checkpoints stands beside it.
fn authors() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/fixtures");
    let folder = std::env::var_os("ELM_FIXTURES").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let found = folder.join("../pretrained/branch_elm_10.pt").is_file();
    if !found {
        // Past the capture of passing tests, so that it is seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no checkpoint of the authors; set ELM_FIXTURES");
    }
    found.then_some(folder)
}

/// Some data of two classes and 1278 channels, which nobody reads here.
const LIKE_NEURONIO: [&str; 6] =
    ["--set", "data.kind=lra_text", "--set", "data.vocabulary=639", "--set", "data.group=2"];

/// Imports the authors' checkpoint into `runs/pretrained`.
fn pretrained(place: &Place, fixtures: &Path) {
    let file = |ending: &str| fixtures.join("../pretrained/branch_elm_10").with_extension(ending);
    let (file, config) = (file("pt").display().to_string(), file("json").display().to_string());
    let import = ["import", &file, "--config", &config, "--out", "runs/pretrained"];
    place.run(&[&import[..], &LIKE_NEURONIO].concat()).expect(0, &["5852"]);
}

#[test]
fn an_exported_run_comes_back_as_it_was() {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", "first"]).expect(0, &[]);
    place
        .run(&["export", "first", "--to", "safetensors", "--out", "w.safetensors"])
        .expect(0, &["head.weight"]);
    place.run(&["import", "w.safetensors", "--out", "second"]).expect(0, &["run folder: second"]);
    let scores = |run: &str| {
        let ran = place.run(&["eval", run, "--json"]);
        let report: serde_json::Value = serde_json::from_str(&ran.expect(0, &[]).out).unwrap();
        (report["test"].clone(), report["confusion"].clone())
    };
    assert_eq!(scores("first"), scores("second"));
    let weights = |run: &str| tensors(&place.path(run).join("checkpoints/best/model.safetensors"));
    assert_eq!(weights("first"), weights("second"));
    // It is a run like any other.
    place.run(&["verify", "second"]).expect(0, &["second", "ok"]);
    place.run(&["config", "second"]).expect(0, &["num_hidden = 6"]);
    place.run(&["info", "second"]).expect(0, &[]);
    place.run(&["check", "second"]).expect(0, &["fine"]);
    place.run(&["train", "second", "--resume", "--max-steps", "4"]).expect(0, &["updates 0 to 4"]);
    place
        .run(&["train", "small.toml", "--from", "second", "--out", "third", "--max-steps", "1"])
        .expect(0, &[]);
    let record = std::fs::read_to_string(place.path("second/run.json")).unwrap();
    assert!(record.contains("w.safetensors") && record.contains("sha256"), "{record}");
    // What is no file stays what it is; a link is followed.
    let export = |out: &str| place.run(&["export", "first", "--to", "safetensors", "--out", out]);
    std::fs::create_dir(place.path("folder")).unwrap();
    export("folder").expect(1, &["folder: this is no file"]);
    std::os::unix::fs::symlink("w.safetensors", place.path("link")).unwrap();
    std::fs::write(place.path("w.safetensors"), "").unwrap();
    export("link").expect(0, &[]);
    assert!(place.path("link").is_symlink());
    assert!(std::fs::metadata(place.path("w.safetensors")).unwrap().len() > 1000);
}

#[test]
fn a_text_network_keeps_its_symbols() {
    let place = Place::new();
    let run = kept("run-0.1-text");
    place.run(&["export", &run, "--to", "safetensors", "--out", "t.safetensors"]).expect(0, &[]);
    place.run(&["import", "t.safetensors", "--out", "text"]).expect(0, &[]);
    let written = |run: &str| {
        let arguments = ["generate", run, "--prompt", "A neuron", "--length", "30", "--seed", "3"];
        place.run(&arguments).expect(0, &[]).out.clone()
    };
    assert_eq!(written(&run), written("text"));
}

#[test]
fn the_authors_neuron_answers_its_record() {
    let Some(fixtures) = authors() else { return };
    let place = Place::new();
    pretrained(&place, &fixtures);
    let run = TrainedRun::open(place.path("runs/pretrained")).unwrap();
    let name = "pretrained_branch_elm_10";
    let bytes = |ending: &str| std::fs::read(fixtures.join(name).with_extension(ending)).unwrap();
    let (mut case, expected, tolerance) = parse(name, &bytes("json"), &bytes("safetensors")).unwrap();
    // A neuron trained afresh would take other steps; the rest is the same.
    assert_eq!(case.network, run.network);
    assert_eq!(case.weights, run.weights);
    case.weights = run.weights;
    let got = answer(&Reference, &case).unwrap();
    let deviations = compare(&expected, &got, &case.weights, &tolerance).unwrap();
    assert!(deviations.len() >= 2 && deviations.iter().all(|deviation| deviation.is_ok()), "{deviations:?}");
    place.run(&["verify", "runs/pretrained"]).expect(0, &["pretrained", "ok"]);
    place.run(&["info", "runs/pretrained/config.toml"]).expect(0, &["5852"]);
}

#[test]
fn the_authors_names_come_back() {
    let Some(fixtures) = authors() else { return };
    let place = Place::new();
    pretrained(&place, &fixtures);
    let out = ["--to", "pytorch-names", "--out", "theirs.safetensors"];
    place.run(&[&["export", "runs/pretrained"], &out[..]].concat()).expect(0, &["_proto_w_s", "tau_s"]);
    let theirs = elm_data::weights::torch::read(&fixtures.join("../pretrained/branch_elm_10.pt")).unwrap();
    let exported = tensors(&place.path("theirs.safetensors"));
    assert_eq!(theirs.keys().collect::<Vec<_>>(), exported.tensors.keys().collect::<Vec<_>>());
    for (name, theirs) in theirs {
        let ours = &exported.tensors[&name];
        assert_eq!(ours.shape, theirs.shape, "{name}");
        match (&ours.values, theirs.numbers) {
            (StoredValues::F32(ours), elm_data::weights::Numbers::Floats(theirs)) => {
                assert_eq!(*ours, theirs)
            }
            (StoredValues::U32(ours), elm_data::weights::Numbers::Integers(theirs)) => {
                assert!(ours.iter().map(|&v| i64::from(v)).eq(theirs), "{name}");
            }
            _ => panic!("{name} has another type"),
        }
    }
    // What has their names is taken as well.
    let again = ["import", "theirs.safetensors", "--out", "again"];
    place.run(&again).expect(0, &["5852"]);
    let weights = |run: &str| TrainedRun::open(place.path(run)).unwrap().weights;
    assert_eq!(weights("again"), weights("runs/pretrained"));
}

/// An array as `numpy.save` writes it.
fn npy(kind: &str, shape: &[usize], data: impl Iterator<Item = [u8; 4]>) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(|size| format!("{size},")).collect();
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}), }}\n", sizes.join(" "));
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.into_bytes());
    bytes.extend(data.flatten());
    bytes
}

/// A network's parameters in the order of the authors' tree.
fn in_tree_order(numbers: &StoredTensors) -> Vec<Vec<u8>> {
    let of_layer = |l: usize, maps: usize| {
        let maps = (0..maps).flat_map(|j| [format!("mlp.{j}.weight"), format!("mlp.{j}.bias")]);
        let rest = ["readout.weight", "readout.bias", "memory.tau_raw", "connectome"].map(String::from);
        let names = std::iter::once("synapse.weight".to_string()).chain(maps).chain(rest);
        names.map(|name| format!("layers.{l}.{name}")).collect::<Vec<_>>()
    };
    let head = ["head.weight", "head.bias"].map(String::from);
    let names = of_layer(0, 2).into_iter().chain(of_layer(1, 1)).chain(head);
    let array = |name: String| {
        let tensor = &numbers.tensors[&format!("param.{name}")];
        match &tensor.values {
            StoredValues::F32(values) => npy("<f4", &tensor.shape, values.iter().map(|v| v.to_le_bytes())),
            StoredValues::U32(values) => npy("<i4", &tensor.shape, values.iter().map(|v| v.to_le_bytes())),
        }
    };
    names.map(array).collect()
}

#[test]
fn a_network_of_equinox_answers_its_record() {
    let place = Place::new();
    let json = std::fs::read(record("network_text.json")).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&json).unwrap();
    place.write("model_config.json", document["config"].to_string());
    let path = record("network_text.safetensors");
    let arrays = in_tree_order(&tensors(&path));
    place.write("model.eqx", arrays.concat());
    let import = |file: &str, out: &str| {
        let given =
            ["import", file, "--config", "model_config.json", "--set", "data.kind=text", "--out", out];
        place.run(&given)
    };
    import("model.eqx", "run").expect(0, &[]);
    let run = TrainedRun::open(place.path("run")).unwrap();
    let (case, expected, tolerance) = parse("network_text", &json, &std::fs::read(path).unwrap()).unwrap();
    assert_eq!((&case.network, &case.weights), (&run.network, &run.weights));
    let got = answer(&Reference, &case).unwrap();
    assert!(compare(&expected, &got, &case.weights, &tolerance).unwrap().iter().all(|d| d.is_ok()));
    // Another order, and too few.
    let mut other = arrays.clone();
    other.swap(1, 3);
    place.write("other.eqx", other.concat());
    import("other.eqx", "x").expect(1, &["other.eqx", "array 1", "layers.0.mlp.0.weight", "shape"]);
    place.write("fewer.eqx", arrays[..arrays.len() - 1].concat());
    import("fewer.eqx", "x").expect(1, &["fewer.eqx", "head.bias comes next"]);
    assert!(!place.path("x").exists(), "a failed import leaves a folder");
}

#[test]
fn weights_of_something_else_are_refused_by_tensor() {
    let place = Place::new();
    let weights = |name: &str| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../elm-data/tests/files/weights");
        Path::new(path).join(name).display().to_string()
    };
    place.write("config.json", r#"{"num_input": 20, "num_output": 20, "num_memory": 4}"#);
    place.write("w.eqx", npy("<f4", &[2, 3], [1f32.to_le_bytes(); 6].into_iter()));
    let refused = |file: &str, more: &[&str], code: i32, said: &[&str]| {
        let given = ["import", file, "--out", "x", "--set", "data.kind=digits", "--set", "data.channels=20"];
        place.run(&[&given[..], more].concat()).expect(code, said);
        assert!(!place.path("x").exists(), "a failed import leaves a folder");
    };
    let json: &[&str] = &["--config", "config.json"];
    refused(&weights("bad.pt"), json, 1, &["bad.pt", "posix.system", "nothing was executed"]);
    refused(&weights("whole_module.pt"), json, 1, &["__main__.Net", "state_dict()"]);
    refused(&weights("module.pt"), json, 1, &["config.json", "tau_s", "tau_b"]);
    refused(&weights("module.pt"), &["--config", "small.toml"], 1, &["lin.bias", "is no tensor"]);
    refused(&weights("tree.eqx"), json, 1, &["tree.eqx", "array 5", "negative"]);
    refused("w.eqx", json, 1, &["w.eqx", "array 0", "[2, 3]", "synapse.weight", "[20]"]);
    refused(&weights("module.pt"), &[], 2, &["--config", "missing", "model_config.json"]);
    refused("small.toml", json, 1, &["small.toml", "expected weights"]);
    refused("absent.pt", json, 1, &["cannot read absent.pt"]);
    place.write("config.json", r#"{"num_input": 20, "num_outputs": 20}"#);
    refused("w.eqx", json, 1, &["config.json", "num_outputs"]);
    place.write("config.json", r#"{"num_input": 20, "num_output": 20, "num_memory": "ten"}"#);
    refused("w.eqx", json, 1, &["config.json: num_memory: invalid type: string \"ten\""]);
    place.write(
        "config.json",
        r#"{"layer_config": {"neuron_config": {"num_branch": 2.5}}, "num_output": 20}"#,
    );
    refused("w.eqx", json, 1, &["config.json: layer_config.neuron_config.num_branch: invalid type"]);
    place.write("config.json", r#"{"num_input": 20, "num_output": 20, "memory_tau_max": 0.5}"#);
    refused("w.eqx", json, 2, &["config.json", "memory_tau_max"]);
}

#[test]
fn a_configuration_that_does_not_fit_is_told_by_tensor_and_both_sizes() {
    let Some(fixtures) = authors() else { return };
    let place = Place::new();
    let file = |ending: &str| fixtures.join("../pretrained/branch_elm_10").with_extension(ending);
    let (pt, json) = (file("pt").display().to_string(), file("json"));
    let config = std::fs::read_to_string(json).unwrap();
    let refused = |from: &str, to: &str, said: &[&str]| {
        assert!(config.contains(from));
        place.write("c.json", config.replace(from, to));
        let import = ["import", &pt, "--config", "c.json", "--out", "x"];
        place.run(&[&import[..], &LIKE_NEURONIO].concat()).expect(1, said);
    };
    refused(
        "\"num_memory\": 10",
        "\"num_memory\": 11",
        &["branch_elm_10.pt", "_proto_tau_m", "[10]", "[11]"],
    );
    refused("\"num_branch\": 45", "\"num_branch\": 46", &["_proto_w_s", "[4500]", "[4600]"]);
    refused("\"num_memory\": 10", "\"num_memory\": 10, \"tau_s_value\": 7.0", &["tau_s", "holds 5", "7"]);
    refused(
        "\"num_memory\": 10",
        "\"num_memory\": 10, \"mlp_num_layers\": 2",
        &["mlp.network.2.bias", "[10]", "[20]"],
    );
    // Data of other channels, and none at all.
    place.write("c.json", config);
    let import = ["import", &pt, "--config", "c.json", "--out", "x"];
    place
        .run(&[&import[..], &["--set", "data.kind=digits"]].concat())
        .expect(2, &["num_input", "1278", "700"]);
    place.write("other.json", "{\"num_input\": 3, \"num_output\": 2}");
    let import_other = ["import", &pt, "--config", "other.json", "--out", "x"];
    place.run(&import_other).expect(2, &["data.kind", "3 inputs and 2 outputs", "--set data.kind"]);
    place.run(&[&import[..], &LIKE_NEURONIO].concat()).expect(0, &[]);
    place.run(&[&import[..], &LIKE_NEURONIO].concat()).expect(1, &["a run is in this folder already"]);
}

#[test]
fn what_the_authors_neurons_do_not_have_is_not_exported_under_their_names() {
    let place = Place::new();
    let neuron = ["--set", "model.neuron.input_scale=2.0", "--max-steps", "1"];
    std::fs::copy(record("../../../configs/digits_neuron.toml"), place.path("neuron.toml")).unwrap();
    let small =
        ["--set", "data.train_samples=32", "--set", "data.valid_samples=8", "--set", "data.test_samples=8"];
    place.run(&[&["train", "neuron.toml", "--out", "run"], &neuron[..], &small].concat()).expect(0, &[]);
    let export = ["export", "run", "--to", "pytorch-names", "--out", "x.safetensors"];
    place.run(&export).expect(1, &["input_scale", "not supported"]);
    assert!(!place.path("x.safetensors").exists());
    // A network has no names of theirs; it keeps ours, its connectome as PyTorch indexes by.
    let run = kept("run-0.1-digits");
    place
        .run(&["export", &run, "--to", "pytorch-names", "--out", "n.safetensors"])
        .expect(0, &["connectome"]);
    let bytes = std::fs::read(place.path("n.safetensors")).unwrap();
    assert!(String::from_utf8_lossy(&bytes).contains("\"dtype\":\"I64\""));
}

#[test]
fn inputs_and_outputs_are_compared_with_the_data_that_is_there() {
    let place = Place::new();
    fs::create_dir(place.path("tables")).unwrap();
    place.write("tables/x.csv", "0.1,0.2,0.3\n".repeat(20));
    place.write("tables/y.csv", "0\n1\n".repeat(10));
    place.write("own.toml", "[data]\nkind = \"arrays\"\npath = \"tables\"\n[model]\nnum_hidden = 4\n");
    place.run(&["train", "own.toml", "--out", "run", "--max-steps", "1"]).expect(0, &[]);
    place.run(&["export", "run", "--to", "safetensors", "--out", "w.safetensors"]).expect(0, &[]);
    let import = |out: &str| place.run(&["import", "w.safetensors", "--out", out]);
    import("again").expect(0, &[]);
    // The same data of three classes.
    place.write("tables/y.csv", "0\n1\n".repeat(8) + &"2\n".repeat(4));
    import("other").expect(2, &["model.num_output: 2 contradicts the data, which needs 3"]);
    fs::remove_dir_all(place.path("tables")).unwrap();
    import("unseen")
        .expect(0, &["tables is not there, so whether the weights are for such data is not checked"]);
}

#[test]
fn an_import_that_was_cut_off_is_not_in_the_way_of_the_next() {
    let place = Place::new();
    place.run(&["train", "small.toml", "--out", "run", "--max-steps", "1"]).expect(0, &[]);
    place.run(&["export", "run", "--to", "safetensors", "--out", "w.safetensors"]).expect(0, &[]);
    // A process that may write no more than a block is killed while it does.
    let elm = env!("CARGO_BIN_EXE_elm");
    let script = format!("ulimit -f 1; exec '{elm}' import w.safetensors --out again");
    let killed = Command::new("sh").args(["-c", &script]).current_dir(place.path("")).output().unwrap();
    assert!(!killed.status.success());
    place.run(&["import", "w.safetensors", "--out", "again"]).expect(0, &["run folder: again"]);
    place.run(&["eval", "again"]).expect(0, &[]);
    let left: Vec<_> =
        fs::read_dir(place.path("again")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".import")), "{left:?}");
}
