//! Reads the pair of documents that a record is made of.

use super::answer::Answers;
use super::case::{Case, Training};
use super::compare::Tolerance;
use super::config::{network_options, single_neuron_options};
use super::state_dict::{our_name, single_neuron_weights};
use crate::error::{Error, Result};
use crate::model::{NetworkSpec, StoredTensors, StoredValues};
use crate::spec::{Event, Events};
use crate::train::{
    Batch, HostInput, LearningRate, OptimizerKind, Penalty, Regularizer, Target, TrainingSpec,
};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Document {
    kind: String,
    task: Option<String>,
    config: serde_json::Value,
    #[serde(default)]
    regularizer: Option<BTreeMap<Penalty, Penalised>>,
    optimizer: Option<OptimizerConfig>,
    #[serde(default)]
    label_smoothing: f64,
    #[serde(default)]
    train_steps: usize,
    time_steps: usize,
    batch: usize,
}

#[derive(Deserialize)]
struct Penalised {
    layers: Vec<usize>,
    strength: f64,
    #[serde(default)]
    proportional: bool,
}

#[derive(Deserialize)]
struct OptimizerConfig {
    name: OptimizerKind,
    lr: f64,
    warmup: u64,
    decay: u64,
    clip: f64,
}

/// Reads a record: what to run, what to expect, how closely.
///
/// # Errors
/// [`Error::Stored`] naming the document and what is wrong in it.
pub fn parse(name: &str, json: &[u8], safetensors: &[u8]) -> Result<(Case, Answers, Tolerance)> {
    let document: Document = serde_json::from_slice(json)
        .map_err(|error| Error::stored(format!("{name}.json"), error.to_string()))?;
    let described = described(&document).map_err(|error| in_file(&format!("{name}.json"), error))?;
    let what = format!("{name}.safetensors");
    let reader = Reader {
        numbers: StoredTensors::from_bytes(&what, safetensors)?,
        steps: document.time_steps,
        rows: document.batch,
    };
    let read = match described {
        (network, Some(training)) => network_record(name, &document, network, training, &reader),
        (neuron, None) => neuron_record(name, neuron, &reader),
    };
    let (case, answers) = read.map_err(|error| in_file(&what, error))?;
    let tolerance = if case.neuronio_output { Tolerance::PRETRAINED } else { Tolerance::F32 };
    Ok((case, answers, tolerance))
}

/// The error of a document, with its name.
fn in_file(file: &str, error: Error) -> Error {
    match error {
        Error::Stored { what, reason } => Error::stored(format!("{file}: {what}"), reason),
        Error::Config { key, reason } => Error::stored(format!("{file}: {key}"), reason),
        other => other,
    }
}

/// What the document describes: a network and its training, or a neuron.
fn described(document: &Document) -> Result<(NetworkSpec, Option<TrainingSpec>)> {
    let config = document.config.clone();
    Ok(match document.kind.as_str() {
        "network" => (network_options("config", config)?.resolve()?, Some(training_spec(document)?)),
        kind => (single_neuron_options("config", kind, config)?.resolve()?, None),
    })
}

fn network_record(
    name: &str,
    document: &Document,
    spec: NetworkSpec,
    training: TrainingSpec,
    reader: &Reader,
) -> Result<(Case, Answers)> {
    let mut weights = StoredTensors::default();
    for (key, tensor) in reader.with_prefix("param.") {
        weights.tensors.insert(key.into(), tensor.clone());
    }
    let batches = ["1", "2"].map(|b| reader.network_batch(&spec, document, b));
    let batches = batches.into_iter().collect::<Result<Vec<_>>>()?;
    let training = Training { spec: training, updates: document.train_steps };
    let mut answers = reader.training_answers(|name| name.to_string())?;
    for b in ["1", "2"] {
        let name = format!("logits.{b}");
        answers.outputs.insert(name.clone(), reader.time_first(&name)?);
    }
    for (name, _) in reader.with_prefix("record.") {
        answers.records.insert(name.into(), reader.time_first(&format!("record.{name}"))?);
    }
    let case = Case {
        name: name.into(),
        network: spec,
        weights,
        batches,
        training: Some(training),
        neuronio_output: false,
    };
    Ok((case, answers))
}

fn training_spec(document: &Document) -> Result<TrainingSpec> {
    let optimizer = document.optimizer.as_ref();
    let optimizer = optimizer.ok_or_else(|| Error::stored("optimizer", "the record names no optimizer"))?;
    let penalty = |(&penalty, p): (&Penalty, &Penalised)| Regularizer {
        penalty,
        layers: p.layers.clone(),
        strength: p.strength,
        proportional: p.proportional,
    };
    Ok(TrainingSpec {
        optimizer: optimizer.name,
        learning_rate: LearningRate::cosine(optimizer.lr, optimizer.warmup, optimizer.decay),
        clip_norm: Some(optimizer.clip),
        label_smoothing: document.label_smoothing,
        regularizers: document.regularizer.iter().flatten().map(penalty).collect(),
        ..TrainingSpec::new(optimizer.decay)
    })
}

fn neuron_record(name: &str, spec: NetworkSpec, reader: &Reader) -> Result<(Case, Answers)> {
    let layer = &spec.layers[0];
    let mut parameters = StoredTensors::default();
    for (key, tensor) in reader.with_prefix("param.") {
        parameters.tensors.insert(key.into(), tensor.clone());
    }
    let weights = single_neuron_weights(layer, &parameters)?;
    let has_target = reader.numbers.tensors.contains_key("target");
    let output = reader.time_first("output")?;
    let values = if has_target { reader.output_first("target")? } else { vec![0.0; output.len()] };
    let target = Target::ValuesEveryStep { values, outputs: layer.outputs, lengths: None };
    let batch = Batch {
        rows: reader.rows,
        steps: reader.steps,
        input: HostInput::Dense(reader.time_first("input")?),
        target,
    };
    let mut answers = reader.training_answers(|name| format!("layers.0.{}", our_name(name)))?;
    answers.outputs.insert("logits.1".into(), output);
    let neuronio_output = reader.numbers.tensors.contains_key("output.neuronio");
    if neuronio_output {
        answers.outputs.insert("output.neuronio".into(), reader.time_first("output.neuronio")?);
    }
    for (name, _) in reader.with_prefix("record.") {
        answers.records.insert(format!("0.{name}"), reader.time_first(&format!("record.{name}"))?);
    }
    let training = has_target.then_some(Training { spec: TrainingSpec::new(0), updates: 0 });
    let case =
        Case { name: name.into(), network: spec, weights, batches: vec![batch], training, neuronio_output };
    Ok((case, answers))
}

/// The numbers of a record, whose arrays are batch first.
struct Reader {
    numbers: StoredTensors,
    steps: usize,
    rows: usize,
}

impl Reader {
    fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a crate::model::StoredTensor)> {
        self.numbers.tensors.iter().filter_map(move |(name, t)| Some((name.strip_prefix(prefix)?, t)))
    }

    fn values(&self, name: &str) -> Result<Vec<f32>> {
        Ok(match &self.numbers.get(name)?.values {
            StoredValues::F32(values) => values.clone(),
            StoredValues::U32(values) => values.iter().map(|&v| v as f32).collect(),
        })
    }

    fn integers(&self, name: &str) -> Result<&[u32]> {
        match &self.numbers.get(name)?.values {
            StoredValues::U32(values) => Ok(values),
            StoredValues::F32(_) => Err(Error::stored(name, "holds floats where integers are expected")),
        }
    }

    /// `[B, T, X..]` as `[T, X.., B]`.
    fn time_first(&self, name: &str) -> Result<Vec<f32>> {
        let (values, width) = self.rows_of_steps(name)?;
        let (steps, rows) = (self.steps, self.rows);
        let at = |i: usize| ((i % rows) * steps + i / rows / width) * width + i / rows % width;
        Ok((0..values.len()).map(|i| values[at(i)]).collect())
    }

    /// `[B, T, width]` as `[width, T, B]`.
    fn output_first(&self, name: &str) -> Result<Vec<f32>> {
        let (values, width) = self.rows_of_steps(name)?;
        let (steps, rows) = (self.steps, self.rows);
        let at = |i: usize| ((i % rows) * steps + i / rows % steps) * width + i / rows / steps;
        Ok((0..values.len()).map(|i| values[at(i)]).collect())
    }

    /// `[B, T, width]`, and its width.
    fn rows_of_steps(&self, name: &str) -> Result<(Vec<f32>, usize)> {
        let values = self.values(name)?;
        let (steps, rows) = (self.steps, self.rows);
        let fits = |&all: &usize| all > 0 && !values.is_empty() && values.len().is_multiple_of(all);
        match steps.checked_mul(rows).filter(fits) {
            Some(all) => {
                let width = values.len() / all;
                Ok((values, width))
            }
            None => {
                let reason =
                    format!("has {} values, which are not {rows} sequences of {steps} steps", values.len());
                Err(Error::stored(name, reason))
            }
        }
    }

    fn network_batch(&self, spec: &NetworkSpec, document: &Document, b: &str) -> Result<Batch> {
        let (input, target) = (format!("input.{b}"), format!("target.{b}"));
        let (steps, rows) = (self.steps, self.rows);
        let tokens = document.task.as_deref() == Some("lm");
        let integers = |name: &str| -> Result<Vec<u32>> {
            Ok(self.time_first(name)?.into_iter().map(|v| v as u32).collect())
        };
        let input = if tokens {
            HostInput::Tokens(integers(&input)?.into())
        } else {
            let values = self.time_first(&input)?;
            let (got, wanted) = (values.len(), (steps * rows).saturating_mul(spec.inputs()));
            if got != wanted {
                let reason = format!(
                    "has {got} values, {wanted} are {rows} sequences of {steps} steps and {} channels; \
                     symbols need \"task\": \"lm\"",
                    spec.inputs()
                );
                return Err(Error::stored(input, reason));
            }
            HostInput::Events(as_events(&values, spec.inputs(), rows).into())
        };
        let target = if tokens {
            Target::EveryStep { labels: integers(&target)?, lengths: None }
        } else {
            Target::LastStep { labels: self.integers(&target)?.to_vec(), lengths: None }
        };
        Ok(Batch { rows, steps, input, target })
    }

    fn training_answers(&self, rename: impl Fn(&str) -> String) -> Result<Answers> {
        let mut answers = Answers::default();
        if self.numbers.tensors.contains_key("loss") {
            answers.loss = self.values("loss")?.first().map(|&loss| f64::from(loss));
        }
        for (name, _) in self.with_prefix("grad.") {
            answers.gradients.insert(rename(name), self.values(&format!("grad.{name}"))?);
        }
        for (name, _) in self.with_prefix("trained.") {
            answers.trained.insert(rename(name), self.values(&format!("trained.{name}"))?);
        }
        if !answers.trained.is_empty() {
            let wide = |name| Ok::<_, Error>(self.values(name)?.into_iter().map(f64::from).collect());
            answers.losses = wide("train.losses")?;
            answers.learning_rates = wide("train.learning_rates")?;
        }
        Ok(answers)
    }
}

/// The entries of `[T, C, B]` that are not zero.
fn as_events(values: &[f32], channels: usize, rows: usize) -> Events {
    let mut events = Events { starts: vec![0], entries: Vec::new() };
    for step in values.chunks(channels * rows) {
        for row in 0..rows {
            for channel in 0..channels {
                let count = step[channel * rows + row];
                if count != 0.0 {
                    events.entries.push(Event { row: row as u32, channel: channel as u32, count });
                }
            }
        }
        events.starts.push(events.entries.len() as u32);
    }
    events
}
