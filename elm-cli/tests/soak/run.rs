//! What a run has left in its folder.

use super::TURN;
use super::common::{Place, metrics};
use elm_cli::AnyModel;
use elm_cli::run::state;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

/// The mark on what a killed process has left half-written, to tell it from
/// what the next one is writing.
const MARK: &str = "left-over";

/// A run of `config.toml`.
pub(super) struct Run<'a> {
    place: &'a Place,
    name: &'static str,
    pub(super) folder: PathBuf,
}

impl<'a> Run<'a> {
    pub(super) fn new(place: &'a Place, name: &'static str) -> Self {
        Run { place, name, folder: place.path(name) }
    }

    /// Starts or continues it.
    pub(super) fn starts(&self) -> Child {
        let said = fs::File::create(self.place.path("said.txt")).unwrap();
        let mut command = self.place.command(&["train", "config.toml", "--out", self.name, "--resume"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn().unwrap()
    }

    /// What the last process said.
    pub(super) fn said(&self) -> String {
        fs::read_to_string(self.place.path("said.txt")).unwrap()
    }

    /// Updates of the newest intact checkpoint; there is one as soon as there
    /// are settings.
    pub(super) fn saved_step(&self) -> Option<u64> {
        let saved = state::load_last::<AnyModel>(&self.folder).unwrap();
        assert!(saved.is_some() || !self.folder.join("config.toml").exists(), "no checkpoint is left");
        saved.map(|(state, _, warnings)| {
            // The marks of earlier versions of a name are no damage.
            assert_eq!(warnings, Vec::<String>::new());
            state.position.step
        })
    }

    /// Does a process write a checkpoint (or was it killed while it did)?
    pub(super) fn is_saving(&self) -> bool {
        self.half_written().any(|folder| folder.exists() && !folder.join(MARK).exists())
    }

    /// Marks what the last process has left half-written.
    pub(super) fn mark_leftovers(&self) {
        for folder in self.half_written().filter(|folder| folder.exists()) {
            fs::write(folder.join(MARK), "").unwrap();
        }
    }

    fn half_written(&self) -> impl Iterator<Item = PathBuf> {
        let names = ["last.new", "last.old", "best.new", "best.old"];
        let folder = self.folder.join("checkpoints");
        names.into_iter().map(move |name| folder.join(name))
    }

    /// Is it between the last update of a turn and the scores of its
    /// validation?
    pub(super) fn is_evaluating(&self) -> bool {
        self.last_measured().is_some_and(|(step, split)| split == "train" && step.is_multiple_of(TURN))
    }

    /// Step and split of the last whole line of the metrics.
    pub(super) fn last_measured(&self) -> Option<(u64, String)> {
        let text = fs::read_to_string(self.folder.join("metrics.jsonl")).ok()?;
        let whole = &text[..text.rfind('\n')?];
        let line: Value = serde_json::from_str(whole.lines().last()?).unwrap();
        Some((line["step"].as_u64().unwrap(), line["split"].as_str().unwrap().to_string()))
    }

    /// The lines of the log that tell of a start.
    fn starts_in_log(&self) -> Vec<u64> {
        let log = fs::read_to_string(self.folder.join("log.txt")).unwrap_or_default();
        let step = |line: &str| line.split_once(" updates ")?.1.split_once(" to ")?.0.parse().ok();
        log.lines().filter(|line| line.starts_with("elm ")).filter_map(step).collect()
    }

    /// How many starts got as far as training.
    pub(super) fn starts_said(&self) -> usize {
        self.starts_in_log().len()
    }

    /// The update that the process began after which is the first one after so
    /// many starts, if it got as far.
    pub(super) fn begun_after(&self, said: usize) -> Option<u64> {
        self.starts_in_log().get(said).copied()
    }

    /// The mean time of a validation.
    pub(super) fn seconds_of_a_validation(&self) -> Duration {
        let text = fs::read_to_string(self.folder.join("metrics.jsonl")).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let pairs = lines.windows(2).filter(|pair| pair[1]["split"] == "valid");
        let times: Vec<f64> =
            pairs.map(|p| p[1]["seconds"].as_f64().unwrap() - p[0]["seconds"].as_f64().unwrap()).collect();
        Duration::from_secs_f64(times.iter().sum::<f64>() / times.len() as f64)
    }

    /// What came out.
    pub(super) fn outcome(&self) -> Outcome {
        let file = |name: &str| fs::read(self.folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let document = |name: &str, but: &[&str]| {
            let mut document: Value = serde_json::from_slice(&file(name)).unwrap();
            let fields = document.as_object_mut().unwrap();
            but.iter().for_each(|key| drop(fields.remove(*key)));
            document
        };
        let tensors = ["last/model", "last/training", "best/model"];
        let tensors = tensors.map(|name| format!("checkpoints/{name}.safetensors"));
        let of_clock = ["seconds", "metrics_bytes", "events"];
        Outcome {
            metrics: metrics(&self.folder),
            tensors: tensors.into_iter().map(|name| (name.clone(), file(&name))).collect(),
            documents: vec![
                document("checkpoints/last/state.json", &of_clock),
                document("checkpoints/best/state.json", &of_clock),
                document("summary.json", &["seconds", "run", "provenance"]),
            ],
            files: names_in(&self.folder),
        }
    }
}

/// Everything of a run that does not depend on the clock.
pub(super) struct Outcome {
    metrics: Vec<Value>,
    tensors: BTreeMap<String, Vec<u8>>,
    documents: Vec<Value>,
    files: Vec<String>,
}

impl Outcome {
    /// Asserts that another run came out the same.
    pub(super) fn must_be(&self, other: &Outcome) {
        assert_eq!(self.metrics, other.metrics);
        for (name, bytes) in &self.tensors {
            assert!(other.tensors[name] == *bytes, "{name} has other bits");
        }
        assert_eq!(self.documents, other.documents);
        assert_eq!(self.files, other.files);
    }
}

/// The files below a folder but for TensorBoard's, of which every start makes one.
fn names_in(folder: &Path) -> Vec<String> {
    let (mut folders, mut found) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            match path.is_dir() {
                true => folders.push(path),
                false if !name.starts_with("events.") => found.push(name),
                false => {}
            }
        }
    }
    found.sort();
    found
}
