//! The numbers that a backend answers to a case.

use super::case::{Case, Training};
use crate::backend::Backend;
use crate::error::Result;
use crate::model::{LayerAnswer, Network, RunArgs};
use crate::scan::ScanPath;
use crate::spec::Want;
use crate::train::dropout::no_masks;
use crate::train::{Batch, Trainer};
use std::collections::BTreeMap;

/// Named arrays, each time first and batch last.
pub type Arrays = BTreeMap<String, Vec<f32>>;

/// Every number of a record; what a record lacks is empty.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// `logits.1`, `logits.2`, … (or `output`), `[T, O, B]`.
    pub outputs: Arrays,
    /// `L.branch`, `L.mlp`, `L.memory`, `L.readout`, `L.preact`, `L.activity`.
    pub records: Arrays,
    /// The objective on the first batch.
    pub loss: Option<f64>,
    /// Its gradient by named parameter.
    pub gradients: Arrays,
    /// The objective before each update.
    pub losses: Vec<f64>,
    /// The learning rate of each update.
    pub learning_rates: Vec<f64>,
    /// Parameters after the updates.
    pub trained: Arrays,
    /// How the backend computed the recurrence.
    pub path: Option<ScanPath>,
}

/// Runs a case on a backend.
///
/// # Errors
/// When weights or batches do not fit the model, or the backend fails.
pub fn answer<B: Backend>(backend: &B, case: &Case) -> Result<Answers> {
    let mut answers = Answers::default();
    let network = Network::from_stored(backend, &case.network, &case.weights)?;
    run_batches(backend, &network, case, &mut answers)?;
    if let Some(training) = &case.training
        && let Some(batch) = case.batches.first()
    {
        train(backend, network, training, batch, &mut answers)?;
    }
    Ok(answers)
}

fn run_batches<B: Backend>(
    backend: &B,
    network: &Network<B>,
    case: &Case,
    answers: &mut Answers,
) -> Result<()> {
    let masks = no_masks(&network.spec);
    let mut state: Option<Vec<B::Tensor>> = None;
    for (b, batch) in case.batches.iter().enumerate() {
        let start = match state.take() {
            Some(state) => state,
            None => network.zero_state(backend, batch.rows)?,
        };
        let want = vec![Want { monitors: b == 0, ..Want::default() }; network.layers.len()];
        let args =
            RunArgs { state: &start, masks: &masks, want: &want, rows: batch.rows, steps: batch.steps };
        let layers = network.run(backend, batch.on(backend, network.spec.inputs())?, &args)?;
        if let Some(last) = layers.last() {
            let outputs = outputs(backend, network, last, batch)?;
            if case.neuronio_output {
                answers.outputs.insert("output.neuronio".into(), as_neuronio(&outputs, batch.rows));
            }
            answers.outputs.insert(format!("logits.{}", b + 1), outputs);
        }
        let paths = layers.iter().map(|layer| layer.path);
        answers.path = ScanPath::of_all(answers.path.into_iter().chain(paths));
        if b == 0 {
            record(backend, &layers, answers)?;
        }
        state = Some(layers.iter().map(|layer| backend.detach(&layer.state)).collect());
    }
    Ok(())
}

/// Logits of every step as `[T, O, B]`.
fn outputs<B: Backend>(
    backend: &B,
    network: &Network<B>,
    last: &LayerAnswer<B>,
    batch: &Batch,
) -> Result<Vec<f32>> {
    let logits = network.logits_of_all_steps(backend, &last.activity)?; // [O, T * B]
    let shape = [network.spec.outputs(), batch.steps, batch.rows];
    backend.values(&backend.transpose(&backend.reshape(&logits, &shape)?, 0, 1)?)
}

/// Spike probability and somatic voltage of outputs `[T, 2, B]`.
fn as_neuronio(outputs: &[f32], rows: usize) -> Vec<f32> {
    let value = |(at, &y): (usize, &f32)| {
        if (at / rows).is_multiple_of(2) { 1.0 / (1.0 + (-y).exp()) } else { 10.0 * y }
    };
    outputs.iter().enumerate().map(value).collect()
}

fn record<B: Backend>(backend: &B, layers: &[LayerAnswer<B>], answers: &mut Answers) -> Result<()> {
    for (l, layer) in layers.iter().enumerate() {
        let mut keep = |name: &str, values: Vec<f32>| answers.records.insert(format!("{l}.{name}"), values);
        keep("activity", backend.values(&layer.activity)?);
        if let Some(monitors) = &layer.monitors {
            keep("branch", monitors.branch.clone());
            keep("mlp", monitors.mlp.clone());
            keep("memory", monitors.memory.clone());
            keep("readout", monitors.readout.clone());
            keep("preact", monitors.preactivation.clone());
        }
    }
    Ok(())
}

fn train<B: Backend>(
    backend: &B,
    network: Network<B>,
    training: &Training,
    batch: &Batch,
    answers: &mut Answers,
) -> Result<()> {
    let layouts = network.spec.layouts();
    let mut trainer = Trainer::new(backend, network, training.spec.clone())?;
    let (_, objective, gradients) = trainer.measure(batch)?;
    answers.loss = Some(objective);
    for (values, (prefix, layout)) in gradients.iter().zip(&layouts) {
        for named in &layout.tensors {
            let name = format!("{prefix}.{}", named.name);
            answers.gradients.insert(name, values[named.range.clone()].to_vec());
        }
    }
    for _ in 0..training.updates {
        let report = trainer.step(batch)?;
        answers.losses.push(report.objective);
        answers.learning_rates.push(report.learning_rate);
    }
    if training.updates > 0 {
        for (name, tensor) in trainer.model().to_stored(backend)?.tensors {
            if let crate::model::StoredValues::F32(values) = tensor.values {
                answers.trained.insert(name, values);
            }
        }
    }
    Ok(())
}
