//! `elm inspect`: what happens inside of a trained ELM network on a few
//! examples, in numbers and pictures.
//!
//! Read in this order: this file (the course of things), `examples` (what is
//! looked at), `runner` (the network on one of them), `neuron` (what a neuron
//! holds inside), `answers` (what was predicted), `statistics` (what a layer
//! does), `timescales`, `synapses` (what a neuron is wired to), `ablation` (what
//! is lost without a part), `report` (every number, with its key in JSON),
//! `words`, `figures`.

mod ablation;
mod answers;
mod examples;
mod figures;
mod neuron;
mod report;
mod runner;
mod statistics;
mod synapses;
mod timescales;
mod words;

pub use report::{
    AblationReport, BranchReport, Counts, EventReport, ExampleReport, GroupLoss, InspectReport, LayerReport,
    LikenessReport, MemoryReport, NeuronLoss, NeuronReport, Summary, SymbolReport, SynapseReport,
    TimescaleReport,
};

use super::eval::{digests_beside_those_of, nothing_saved, symbols_are_known};
use crate::answer::tell;
use crate::config::{ConfigError, DataKind, RunConfig};
use crate::machine;
use crate::model::{AnyModel, ConfiguredModel};
use crate::run::checkpoint::Which;
use crate::run::folder::write_atomically;
use crate::run::signals::StopFlag;
use crate::run::{Progress, RunRecord, Symbols, state};
use crate::task::{Purpose, Task};
use anyhow::{Context, Result};
use elm_core::Backend;
use elm_core::analysis::activity::Recording;
use elm_core::deploy::InputKind;
use elm_core::model::{LayerSpec, NetworkSpec, NeuronSpec, StoredTensors};
use examples::Example;
use neuron::Inside;
use runner::{Ran, Runner};
use std::path::{Path, PathBuf};

/// What to look into.
pub struct InspectRequest {
    /// The run folder.
    pub run: PathBuf,
    /// Its configuration.
    pub config: RunConfig,
    /// Which part of the data.
    pub split: Purpose,
    /// Which weights.
    pub checkpoint: Which,
    /// Examples from the beginning of the split.
    pub examples: usize,
    /// The layer, from 0.
    pub layer: usize,
    /// Neurons to look into; `None`: the most active ones.
    pub neurons: Option<Vec<usize>>,
    /// Folder for pictures and numbers.
    pub out: PathBuf,
    /// Set when the process is asked to stop.
    pub stop: StopFlag,
}

/// Neurons that are looked into unless some are named.
const NEURONS: usize = 3;

/// The network that is looked into.
struct Subject<'a> {
    network: &'a NetworkSpec,
    weights: &'a StoredTensors,
    /// Number of the layer.
    position: usize,
    layer: &'a LayerSpec,
}

/// All that was found.
struct Findings<'a> {
    subject: &'a Subject<'a>,
    task: &'a Task,
    examples: &'a [Example],
    ran: &'a [Ran],
    /// The chosen neurons, and what each held inside.
    insides: &'a [(usize, Inside)],
    report: &'a InspectReport,
}

/// Looks into a network; `None` when interrupted.
///
/// # Errors
/// When weights or data are missing, damaged, or of another model, the model is
/// no ELM network, it has no such layer or neuron, or a file cannot be written.
pub fn run<B: Backend + 'static>(backend: &B, request: &InspectRequest) -> Result<Option<InspectReport>> {
    let config = &request.config;
    let symbols = Symbols::read(&request.run)?;
    let task = Task::load(config, symbols.as_ref(), &mut |note| tell(format_args!("note: {note}")))?;
    symbols_are_known(&request.run, symbols.as_ref(), &task)?;
    digests_beside_those_of(&request.run, config, &task, request.split)?;
    let spec = AnyModel::configured(config, task.demand())?;
    let AnyModel::Elm(network) = &spec else {
        let message =
            "this model has no neurons with memory and branches; elm inspect looks into ELM networks";
        return Err(config.error("model.kind", message).into());
    };
    let saved = state::load_weights(&request.run, request.checkpoint, Some(&spec))?
        .with_context(|| nothing_saved(&request.run, request.checkpoint))?;
    saved.warnings.iter().for_each(|warning| tell(format_args!("warning: {warning}")));
    let subject = Subject::of(request, network, &saved.weights)?;
    machine::can_run(config, &spec, 1)?;
    machine::can_keep("--examples", subject.bytes(request))?;
    std::fs::create_dir_all(&request.out)
        .with_context(|| format!("cannot make the folder {}", request.out.display()))?;
    let examples = examples::gather(&task, config, request, network)?;
    if examples.len() < request.examples {
        let of = if task.properties().carries_state { " in the first stream of the text" } else { "" };
        tell(format_args!("note: there are {} examples{of}", examples.len()));
    }
    let look = Look { request, task: &task, subject: &subject, examples: &examples };
    look.with(backend, saved.state.position.step)
}

/// One look at the examples.
struct Look<'a> {
    request: &'a InspectRequest,
    task: &'a Task,
    subject: &'a Subject<'a>,
    examples: &'a [Example],
}

impl Look<'_> {
    /// Runs the network, works out every number and makes the pictures.
    fn with<B: Backend + 'static>(&self, backend: &B, step: u64) -> Result<Option<InspectReport>> {
        let Look { request, task, subject, examples } = *self;
        let carries = task.properties().carries_state;
        let mut runner = Runner::new(backend, subject.network, subject.weights, carries)?;
        let Some(ran) = self.each("activity", |example| runner.run(example, request.layer))? else {
            return Ok(None);
        };
        let activity: Vec<Recording> = ran.iter().flat_map(|ran| ran.activity.clone()).collect();
        let layer = statistics::layer(subject, &activity, began_fresh(request)?)?;
        let chosen = request.neurons.clone().unwrap_or_else(|| statistics::most_active(&layer, NEURONS));
        let mut insides: Vec<(usize, Inside)> =
            chosen.into_iter().map(|one| (one, Inside::default())).collect();
        runner.rewind();
        let looked = self.each("memory", |example| {
            let monitors = runner.monitors(example, request.layer)?;
            insides
                .iter_mut()
                .try_for_each(|(one, inside)| inside.add(&monitors, subject.layer, *one, example))
        })?;
        if looked.is_none() {
            return Ok(None);
        }
        let answers = answers::reports(task, examples, &ran);
        let mut report = InspectReport {
            run: request.run.display().to_string(),
            split: request.split.name(),
            checkpoint: request.checkpoint.name(),
            step,
            step_ms: step_ms(task, &request.config),
            scan: ran.first().map(|ran| ran.path.to_string()).unwrap_or_default(),
            summary: answers::summary(task, &ran, &answers),
            examples: answers,
            layer,
            neurons: synapses::reports(subject, &insides)?,
            ablation: None,
            files: Vec::new(),
        };
        report.ablation = ablation::ablate(backend, subject, examples, carries, &mut report, &request.stop)?;
        if report.ablation.is_none() {
            return Ok(None);
        }
        let findings = Findings { subject, task, examples, ran: &ran, insides: &insides, report: &report };
        let path = request.out.join("inspect.json");
        remove_earlier(&path);
        let mut files = figures::write(&findings, &request.out)?;
        files.push(path.display().to_string());
        report.files = files;
        write_atomically(&path, serde_json::to_string_pretty(&report).context("the report")?.as_bytes())?;
        Ok(Some(report))
    }

    /// Does something with every example in its order; `None` when asked to
    /// stop.
    fn each<T>(&self, name: &str, mut look: impl FnMut(&Example) -> Result<T>) -> Result<Option<Vec<T>>> {
        let mut progress = Progress::new(name, 0, self.examples.len() as u64);
        let mut found = Vec::with_capacity(self.examples.len());
        for (done, example) in self.examples.iter().enumerate() {
            if self.request.stop.is_set() {
                return Ok(None);
            }
            progress.update(done as u64, || "examples".into());
            found.push(look(example)?);
        }
        Ok(Some(found))
    }
}

impl<'a> Subject<'a> {
    /// The layer and neurons that are asked for.
    ///
    /// # Errors
    /// When they are not there.
    fn of(
        request: &InspectRequest,
        network: &'a NetworkSpec,
        weights: &'a StoredTensors,
    ) -> Result<Self, ConfigError> {
        let position = request.layer;
        let layers = network.layers.len();
        let layer = network.layers.get(position).ok_or_else(|| no_such("layer", layers, position))?;
        match request.neurons.iter().flatten().find(|&&neuron| neuron >= layer.neurons) {
            Some(&neuron) => Err(no_such("neuron", layer.neurons, neuron)),
            None => Ok(Subject { network, weights, position, layer }),
        }
    }

    /// Estimate of the bytes that are kept of all examples: activity, answers,
    /// inner values of the chosen neurons; each once more while it is worked on.
    fn bytes(&self, request: &InspectRequest) -> u64 {
        let NeuronSpec { memory, .. } = self.layer.neuron;
        let chosen = request.neurons.as_ref().map_or(NEURONS, Vec::len).min(self.layer.neurons);
        let inside = chosen.saturating_mul(self.layer.neuron.all_branches() + memory);
        let units = self.layer.neurons.saturating_mul(self.layer.outputs);
        let of_step = units.saturating_add(inside).saturating_add(self.network.outputs()) as u64;
        let steps = (request.examples as u64).saturating_mul(request.config.time_steps() as u64);
        steps.saturating_mul(of_step).saturating_mul(8)
    }
}

/// Did the run begin with weights of its own?
fn began_fresh(request: &InspectRequest) -> Result<bool> {
    let record = RunRecord::read(&request.run)?;
    Ok(record.from.is_none() && record.imported.is_none())
}

/// Removes the pictures of an earlier look, which may be of other examples; what
/// they are stands in its numbers. One that stays is no reason to fail.
fn remove_earlier(numbers: &Path) {
    let earlier = std::fs::read(numbers).unwrap_or_default();
    let earlier: serde_json::Value = serde_json::from_slice(&earlier).unwrap_or_default();
    let files = earlier["files"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    for name in files.filter_map(|file| Path::new(file).file_name()) {
        let _ = std::fs::remove_file(numbers.with_file_name(name));
    }
}

/// Length of a time step in ms of data that has a clock.
fn step_ms(task: &Task, config: &RunConfig) -> Option<f64> {
    let (kind, data) = (config.data.kind, &config.data);
    let binned = kind.is_of_spikes() || (kind == DataKind::Arrays && task.input_kind() == InputKind::Events);
    match kind {
        DataKind::Neuronio => Some(1.0),
        _ => binned.then_some(data.bin_ms * data.group as f64),
    }
}

/// A layer or neuron that is not there.
fn no_such(what: &str, len: usize, asked: usize) -> ConfigError {
    let option = if what == "layer" { "--layer" } else { "--neurons" };
    let range =
        if len == 1 { "the only one is 0".to_string() } else { format!("they are 0 to {}", len.max(1) - 1) };
    ConfigError::of(option, format!("there is no {what} {asked}; {range}"))
}
