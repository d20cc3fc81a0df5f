//! Runs the built program in a folder of its own.
#![allow(dead_code, unreachable_pub)] // not every test file needs every helper

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A small experiment on made digits; `{}` takes further settings.
pub const SMALL: &str = r#"
[data]
kind = "digits"
channels = 20
bin_ms = 50.0
train_samples = 64
valid_samples = 16
test_samples = 16
[model]
num_hidden = 6
head = "linear"
[model.neuron]
num_memory = 3
num_branch = 4
num_synapse_per_branch = 3
memory_tau_max = 20.0
[model.dropout]
input = 0.1
recurrent = 0.1
[training]
batch_size = 8
num_epochs = 3
learning_rate = 5e-3
warmup_steps = 3
[checkpoint]
every_steps = 5
[logging]
every_steps = 4
"#;

/// A small experiment on the text `text`, with state that is carried from batch to
/// batch and reset at random.
pub const SMALL_TEXT: &str = r#"
[data]
kind = "text"
path = "text"
tokens = "eos"
[model]
num_hidden = 6
embedding_scale = 3.0
head = "linear"
[model.neuron]
num_memory = 3
num_branch = 4
num_synapse_per_branch = 4
memory_tau_max = 20.0
input_scale = 10.0
[model.dropout]
recurrent = 0.1
[training]
batch_size = 4
seq_length = 12
steps_per_turn = 12
num_turns = 4
valid_batches = 5
test_batches = 10
test_batch_size = 2
learning_rate = 1e-2
warmup_steps = 2
state_dropout = 0.1
state_dropout_warmup = 20
[regularizer]
mlp_magnitude = { strength = 0.01 }
population_activity = { strength = 0.1 }
[checkpoint]
every_steps = 3
[logging]
every_steps = 5
"#;

/// A text with some structure of at least so many bytes, made.
pub fn small_text(bytes: usize) -> Vec<u8> {
    let words = ["memory ", "leaks ", "slowly ", "branch\n", "synapse ", "fires "];
    let mut state = 1u32;
    let mut text = Vec::new();
    while text.len() < bytes {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend_from_slice(words[(state >> 24) as usize % words.len()].as_bytes());
    }
    text
}

/// Every configuration of an experiment that comes with the program, by its
/// path from the root of the workspace.
pub fn shipped_configs() -> Vec<String> {
    let mut found = toml_files();
    found.retain(|path| !path.starts_with(SWEEPS));
    assert!(found.len() > 8, "{found:?}");
    found
}

/// Every sweep that comes with it.
pub fn shipped_sweeps() -> Vec<String> {
    let mut found = toml_files();
    found.retain(|path| path.starts_with(SWEEPS));
    assert!(found.len() >= 8, "{found:?}");
    found
}

const SWEEPS: &str = "configs/sweeps/";

fn toml_files() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    let (mut folders, mut found) = (vec![root.join("configs")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "toml") {
                found.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_string());
            }
        }
    }
    found.sort();
    found
}

/// A folder with `small.toml` in it.
pub struct Place {
    pub folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("small.toml"), SMALL).unwrap();
        Place { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_elm"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("ELM_DATA").env_remove("ELM_TEXT");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// The words in a picture.
    pub fn words_in(&self, svg: &str) -> Vec<String> {
        let svg = std::fs::read_to_string(self.path(svg)).unwrap();
        let texts = svg.split("<text").skip(1);
        texts.map(|text| text.split_once('>').unwrap().1.split_once('<').unwrap().0.to_string()).collect()
    }
}

/// How the program ended and what it said.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Asserts the exit code and what the message holds; never a panic.
    pub fn expect(&self, code: i32, said: &[&str]) -> &Self {
        assert!(!self.err.contains("panicked"), "{}", self.err);
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        let all = format!("{}{}", self.out, self.err);
        for part in said {
            assert!(all.contains(part), "{part:?} is not in:\n{all}");
        }
        self
    }
}

/// A built example of this package; tests lie beside the folder of examples.
/// Cargo builds them before the tests of a package, but not before a single
/// test.
pub fn example(name: &str) -> PathBuf {
    static BUILDING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = BUILDING.lock();
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    if !built.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--example", name]);
        if cfg!(feature = "tch") {
            build.args(["--features", "tch"]);
        }
        if built.components().any(|part| part.as_os_str() == "release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success());
    }
    built
}

/// The lines of `metrics.jsonl` without what depends on the clock.
pub fn metrics(run: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let line = |line: &str| {
        let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
        for key in ["seconds", "steps_per_second", "tokens_per_second"] {
            value.as_object_mut().unwrap().remove(key);
        }
        value
    };
    text.lines().map(line).collect()
}

/// The `.json` files of the reference records in this repository.
pub fn records() -> Vec<PathBuf> {
    let found = json_files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../elm-core/tests/records")));
    assert_eq!(found.len(), 7, "reference records are missing: {found:?}");
    found
}

/// Those of further records, in the folder in `ELM_FIXTURES`, by default
/// `shared/fixtures` beside the workspace; nothing, said loudly, where there
/// are none.
pub fn further_records() -> Vec<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/fixtures");
    let folder = std::env::var_os("ELM_FIXTURES").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let own: Vec<_> = records().iter().map(|path| path.file_name().map(ToOwned::to_owned)).collect();
    let mut found = json_files(&folder);
    found.retain(|path| !own.contains(&path.file_name().map(ToOwned::to_owned)));
    if found.is_empty() {
        // Past the capture of passing tests, so that it is seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no further records; set ELM_FIXTURES to their folder");
    }
    found
}

/// The `.json` files of a folder in order, none where there is no folder.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path().canonicalize().unwrap());
    let mut files: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    files.sort();
    files
}
