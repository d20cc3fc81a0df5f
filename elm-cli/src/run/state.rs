//! What a checkpoint of a run holds, as files.

use super::checkpoint::{self, Files, Which};
use super::provenance::Provenance;
use super::tensorboard::EventsMark;
use anyhow::{Context, Result, bail};
use elm_core::model::{ModelSpec, NetworkSpec, StoredTensors};
use elm_core::train::snapshot::Position;
use elm_core::train::{Scores, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

const WEIGHTS: &str = "model.safetensors";
const TRAINING: &str = "training.safetensors";
const STATE: &str = "state.json";

/// The format of `state.json` that is written. Formats 1 (which does not say
/// so) and 2 hold the same fields.
const FORMAT: u32 = 2;

/// `state.json`.
#[derive(Serialize)]
struct Document<'a, S> {
    format: u32,
    #[serde(flatten)]
    state: &'a RunState<S>,
}

/// What every format of `state.json` tells of itself.
#[derive(Deserialize)]
struct Header {
    #[serde(default = "first_format")]
    format: u32,
}

fn first_format() -> u32 {
    1
}

/// Everything about a run besides its tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunState<S = NetworkSpec> {
    /// Where the trainer is.
    pub position: Position,
    /// The place of the next training batch.
    pub cursor: [u64; 2],
    /// Bytes of `metrics.jsonl` that belong to this state.
    pub metrics_bytes: u64,
    /// The TensorBoard events that belong to this state; absent without them
    /// and in runs of versions that did not keep it.
    #[serde(default)]
    pub events: Option<EventsMark>,
    /// Seconds of training so far (wall clock).
    pub seconds: f64,
    /// The update after which was last validated.
    pub validated: Option<u64>,
    /// The best validation so far.
    pub best: Option<Best>,
    /// Validations since then that were not better; 0 in runs of versions that
    /// did not count them.
    #[serde(default)]
    pub without_gain: u64,
    /// Sums since the last line of training metrics.
    pub window: Window,
    /// `fused` or `composed`, as the last update was computed.
    pub scan: String,
    /// The model, to recognise weights of another one.
    pub network: S,
}

impl<S> RunState<S> {
    /// That of a run that begins.
    pub fn fresh(position: Position, network: S) -> Self {
        RunState {
            position,
            cursor: [0, 0],
            metrics_bytes: 0,
            events: None,
            seconds: 0.0,
            validated: None,
            best: None,
            without_gain: 0,
            window: Window::default(),
            scan: String::new(),
            network,
        }
    }
}

/// The best validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Updates that the weights had.
    pub step: u64,
    /// How they did.
    pub scores: Scores,
}

/// Sums over updates, for means in the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Window {
    /// Number of updates.
    pub updates: u64,
    /// Sum of the task's losses.
    pub loss: f64,
    /// Sum of the objectives.
    pub objective: f64,
}

/// The weights of a run with the model they belong to.
pub struct SavedWeights<S = NetworkSpec> {
    /// The state of the run when they were saved.
    pub state: RunState<S>,
    /// The weights.
    pub weights: StoredTensors,
    /// Damaged checkpoints that were passed over.
    pub warnings: Vec<String>,
}

/// Saves weights, training state and run state.
///
/// # Errors
/// When the checkpoint cannot be written.
pub fn save<S: ModelSpec>(
    run: &Path,
    which: Which,
    state: &RunState<S>,
    snapshot: &Snapshot,
    keep: usize,
    written_by: &Provenance,
) -> Result<()> {
    let document = Document { format: FORMAT, state };
    let mut files = Files::from([
        (WEIGHTS.to_string(), snapshot.weights.to_bytes()?),
        (STATE.to_string(), serde_json::to_vec_pretty(&document).context("the state of the run")?),
    ]);
    if which == Which::Last {
        files.insert(TRAINING.into(), snapshot.state.to_bytes()?);
    }
    checkpoint::save(run, which, &files, keep, Some(written_by))
}

/// What the newest checkpoint tells without its weights.
#[derive(Debug, Clone, Deserialize)]
pub struct Saved {
    /// Updates, and where carried states began.
    pub position: Position,
    /// Seconds of training.
    pub seconds: f64,
    /// The best validation.
    pub best: Option<Best>,
}

impl Saved {
    /// That of a run; `None` where there is none that can be read.
    pub fn read(run: &Path) -> Option<Self> {
        let bytes = std::fs::read(run.join("checkpoints/last").join(STATE)).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

/// Loads the weights of a checkpoint, `None` when there is none.
///
/// # Errors
/// When all checkpoints are damaged, or they belong to another model than
/// `network` (where given).
pub fn load_weights<S: ModelSpec>(
    run: &Path,
    which: Which,
    network: Option<&S>,
) -> Result<Option<SavedWeights<S>>> {
    let Some((files, warnings)) = checkpoint::load(run, which, &[WEIGHTS, STATE])? else { return Ok(None) };
    let state = state_of(run, &files, network)?;
    let weights = StoredTensors::from_bytes(WEIGHTS, file(run, &files, WEIGHTS)?)?;
    Ok(Some(SavedWeights { state, weights, warnings }))
}

/// Loads everything needed to continue, `None` when there is no checkpoint.
/// Whose model it is, is for the caller to compare.
///
/// # Errors
/// When all checkpoints are damaged.
pub fn load_last<S: ModelSpec>(run: &Path) -> Result<Option<(RunState<S>, Snapshot, Vec<String>)>> {
    let Some((files, warnings)) = checkpoint::load(run, Which::Last, &[WEIGHTS, STATE, TRAINING])? else {
        return Ok(None);
    };
    let state = state_of(run, &files, None)?;
    let snapshot = Snapshot {
        weights: StoredTensors::from_bytes(WEIGHTS, file(run, &files, WEIGHTS)?)?,
        state: StoredTensors::from_bytes(TRAINING, file(run, &files, TRAINING)?)?,
        position: state.position,
    };
    Ok(Some((state, snapshot, warnings)))
}

fn file<'a>(run: &Path, files: &'a Files, name: &str) -> Result<&'a [u8]> {
    let bytes = files.get(name).map(Vec::as_slice);
    bytes.with_context(|| format!("{}: the checkpoint lacks {name}", run.display()))
}

fn state_of<S: ModelSpec>(run: &Path, files: &Files, network: Option<&S>) -> Result<RunState<S>> {
    let bytes = file(run, files, STATE)?;
    let damaged = || format!("{}: {STATE} of the checkpoint is damaged", run.display());
    let Header { format } = serde_json::from_slice(bytes).with_context(damaged)?;
    if format > FORMAT {
        bail!(
            "{}: the checkpoint was written by a newer elm (format {format} of {STATE}, this one reads up to \
             {FORMAT}); use that version or a newer one",
            run.display()
        );
    }
    let state: RunState<S> = serde_json::from_slice(bytes).with_context(damaged)?;
    if let Some(network) = network
        && *network != state.network
    {
        bail!(
            "{}: the checkpoint belongs to another model than the configuration describes ({}); leave the \
             settings of the run's model as they are",
            run.display(),
            differences(&state.network, network)
        );
    }
    Ok(state)
}

/// What differs between the model of a run and another, with both values.
pub fn differences<S: ModelSpec>(run: &S, other: &S) -> String {
    let value = |model: &S| serde_json::to_value(model).unwrap_or_default();
    let mut found = Vec::new();
    compare(&value(run), &value(other), String::new(), &mut found);
    found.join("; ")
}

fn compare(run: &Value, other: &Value, path: String, found: &mut Vec<String>) {
    let below = |name: &str| if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
    match (run, other) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().zip(b.values()).for_each(|((name, a), b)| compare(a, b, below(name), found));
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.for_each(|(i, (a, b))| compare(a, b, format!("{path}[{i}]"), found));
        }
        (a, b) if a != b => found.push(format!("{path}: {a} in the run, {b} now")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_format_is_refused_by_name() {
        let run = tempfile::tempdir().unwrap();
        let files = Files::from([
            (STATE.to_string(), br#"{"format": 3, "cursor": "elsewhere"}"#.to_vec()),
            (WEIGHTS.to_string(), Vec::new()),
        ]);
        checkpoint::save(run.path(), Which::Best, &files, 2, None).unwrap();
        let error = load_weights::<NetworkSpec>(run.path(), Which::Best, None).err().unwrap().to_string();
        assert!(error.contains("newer elm") && error.contains("format 3"), "{error}");
    }
}
