//! The program in the README runs exported neurons in PyTorch, where that is
//! installed.

mod common;

use common::Place;
use elm_cli::TrainedRun;
use elm_core::records::{answer, drawn};
use elm_core::reference::Reference;
use elm_core::train::{HostInput, Target};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// The program, as the README has it.
fn snippet() -> String {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let mut blocks = readme.split("```python\n").skip(1).filter_map(|block| block.split("```").next());
    let found = blocks.find(|block| block.contains("def elm_neuron")).expect("the README has the program");
    found.to_string()
}

/// Is PyTorch there? If not, that is said past the capture of passing tests.
fn has_pytorch() -> bool {
    let python = Command::new("python3").args(["-c", "import torch, safetensors.torch"]).output();
    let found = python.is_ok_and(|output| output.status.success());
    if !found {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: python3 has no torch and safetensors; the program was not run"
        );
    }
    found
}

/// `[T, X, B]` as nested lists `[B, T, X]` of Python.
fn nested(values: &[f32], steps: usize, rows: usize) -> String {
    let width = values.len() / steps / rows;
    let mut text = String::from("[");
    for row in 0..rows {
        text += "[";
        for step in 0..steps {
            let of_step = (0..width).map(|x| values[(step * width + x) * rows + row]);
            let _ = write!(text, "{:?}, ", of_step.collect::<Vec<_>>());
        }
        text += "], ";
    }
    text + "]"
}

#[test]
fn the_program_of_the_readme_is_about_thirty_lines() {
    let lines = snippet().lines().filter(|line| !line.trim().is_empty()).count();
    assert!((20..=35).contains(&lines), "{lines}");
}

#[test]
fn neurons_give_the_same_outputs_in_pytorch() {
    if !has_pytorch() {
        return;
    }
    let place = Place::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::copy(root.join("configs/digits_neuron.toml"), place.path("neuron.toml")).unwrap();
    let small =
        ["data.train_samples=32", "data.valid_samples=8", "data.test_samples=8", "model.neuron.lambda=4.0"];
    let other = ["model.wiring.routing=random", "model.neuron.mlp_hidden_layers=2"];
    let runs: [(&str, &str, &[&str]); 3] =
        [("direct", "branch_elm", &[]), ("routed", "branch_elm", &other), ("first", "elm", &other)];
    for (name, kind, more) in runs {
        let kind = format!("model.kind={kind}");
        let settings = small.iter().chain(more).copied().chain([kind.as_str()]);
        let settings: Vec<&str> = settings.flat_map(|setting| ["--set", setting]).collect();
        let train = ["train", "neuron.toml", "--max-steps", "2", "--out", name];
        place.run(&[&train[..], &settings].concat()).expect(0, &[]);
        let file = format!("{name}.safetensors");
        place.run(&["export", name, "--to", "pytorch-names", "--out", &file]).expect(0, &["_proto_w_s"]);
        in_pytorch(&place, name, &file);
    }
}

/// Compares the outputs for drawn input with those of the f64 reference.
fn in_pytorch(place: &Place, name: &str, file: &str) {
    let run = TrainedRun::open(place.path(name)).unwrap();
    let case = drawn(name, &run.network, &run.weights, 1);
    let outputs = &answer(&Reference, &case).unwrap().outputs["logits.1"];
    let batch = &case.batches[0];
    let (HostInput::Dense(input), Target::ValuesEveryStep { .. }) = (&batch.input, &batch.target) else {
        panic!()
    };
    let program = snippet()
        + &format!(
            "\nx = torch.tensor({})\nwanted = torch.tensor({})\n\
             got = elm_neuron('{file}', x, tau_min=1.0, tau_max=500.0, strength=4.0, delta_t=20.0)\n\
             assert got.shape == wanted.shape, (got.shape, wanted.shape)\n\
             print(((got - wanted).abs() / (1 + wanted.abs())).max().item())\n",
            nested(input, batch.steps, batch.rows),
            nested(outputs, batch.steps, batch.rows),
        );
    place.write("program.py", program);
    let ran = Command::new("python3").arg("program.py").current_dir(place.path("")).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let deviation: f32 = out.trim().parse().unwrap_or_else(|_| panic!("{name}: {out}{err}"));
    assert!(deviation <= 1e-5, "{name}: {deviation}");
}
