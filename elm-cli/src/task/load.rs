//! Reads or makes the configured data.

use super::adapt::Adapted;
use super::neuron::Neuron;
use super::samples::{self, Splits};
use crate::config::{DataKind, Demand, Properties, RunConfig, Tokens};
use crate::run::Symbols;
use crate::run::record::DataDigests;
use crate::run::summary::Baselines;
use anyhow::Result;
use elm_core::deploy::InputKind;
use elm_data::spikes::baseline::summed_counts_accuracy;
use elm_data::spikes::{AddingBatches, AddingDraws};
use elm_data::text::{Corpus, TextBatches, TokenMode, Vocabulary, baseline};
use elm_data::{AnswerKind, BatchStream, DataError, Order, ReadAhead, SampleBatches, SampleInput, Samples};
use std::sync::Arc;

/// What batches are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To learn from, endless.
    Train,
    /// To select the best weights by.
    Valid,
    /// The final test.
    Test,
    /// The training data again, evaluated as a validation: in order, with the
    /// batches of one.
    Seen,
}

impl Purpose {
    /// The name of the split.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::Train | Purpose::Seen => "train",
            Purpose::Valid => "valid",
            Purpose::Test => "test",
        }
    }
}

/// The data of a run.
pub struct Task {
    kind: DataKind,
    /// What a time step of a sample is.
    input: InputKind,
    data: Data,
}

enum Data {
    Text(Box<Corpus>),
    /// Samples of train, valid, test.
    Samples(Splits),
    /// A recorded neuron, and its simulations as samples.
    Neuron(Neuron, Splits),
}

/// Batches that are read while one is trained on.
const AHEAD: usize = 2;

impl Task {
    /// Reads or makes the data; `notice` is told what a user should know of it.
    /// Where a run has `known` symbols, the data is read with those: their
    /// numbers belong to the run's weights.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not of the configured kind, or has a
    /// symbol that is not known.
    pub fn load(config: &RunConfig, known: Option<&Symbols>, notice: &mut dyn FnMut(&str)) -> Result<Self> {
        config.notes.iter().for_each(|note| notice(note));
        let data = match config.data.kind {
            DataKind::Text => {
                Data::Text(Box::new(load_text(config, known.and_then(Symbols::bytes), notice)?))
            }
            DataKind::Neuronio => {
                let neuron = Neuron::load(&config.data_path()?, notice)?;
                let samples = neuron.samples();
                Data::Neuron(neuron, samples)
            }
            _ => {
                let samples = samples::load(config, known.and_then(Symbols::names), notice);
                Data::Samples(samples.map_err(|error| placed(config, error, "training.batch_size"))?)
            }
        };
        let input = match &data {
            Data::Samples([train, ..]) if config.data.kind.properties().told_by_data => {
                match train.read(0)?.input {
                    SampleInput::Tokens(_) | SampleInput::TokenPair(_) => InputKind::Tokens,
                    SampleInput::Events { .. } | SampleInput::EventPair { .. } => InputKind::Events,
                    SampleInput::Dense { .. } => InputKind::Values,
                }
            }
            _ => config.data.input_kind(),
        };
        let task = Task { kind: config.data.kind, input, data };
        task.check_vocabulary(config)?;
        if config.training.label_smoothing > 0.0 && task.properties().predicts.is_of_values() {
            notice("training.label_smoothing has no effect: real values are predicted");
        }
        Ok(task)
    }

    /// Checks the number of symbols that is given against the data.
    fn check_vocabulary(&self, config: &RunConfig) -> Result<()> {
        let found = match &self.data {
            Data::Text(corpus) => corpus.vocabulary.len(),
            Data::Samples([train, ..]) => train.channels() / config.data.group,
            Data::Neuron(..) => return Ok(()),
        };
        match config.data.vocabulary.filter(|&expected| expected != found) {
            Some(expected) if config.counts("data.vocabulary") => {
                let message = format!("{expected} symbols are expected, the data has {found}");
                Err(config.error("data.vocabulary", message).into())
            }
            _ => Ok(()),
        }
    }

    /// What the data asks of a model.
    pub fn demand(&self) -> Demand {
        match &self.data {
            Data::Text(corpus) => {
                let symbols = corpus.vocabulary.len();
                Demand { inputs: symbols, outputs: symbols, tokens: true }
            }
            Data::Samples([train, ..]) | Data::Neuron(_, [train, ..]) => {
                let outputs = if self.is_adding() { 19 } else { train.classes() };
                Demand { inputs: train.channels(), outputs, tokens: self.input == InputKind::Tokens }
            }
        }
    }

    /// What a time step of a sequence is.
    pub fn input_kind(&self) -> InputKind {
        self.input
    }

    /// What the kind of data asks of training and evaluation.
    pub fn properties(&self) -> Properties {
        let properties = self.kind.properties();
        match &self.data {
            Data::Text(_) | Data::Neuron(..) => properties,
            Data::Samples([train, ..]) => properties.with_answers(train.answers()),
        }
    }

    /// Names of the classes by number, where the data has some.
    pub fn class_names(&self) -> Option<Vec<String>> {
        match &self.data {
            // A sum of digits has no name but itself.
            Data::Samples([train, ..]) if !self.is_adding() => train.class_names(),
            _ => None,
        }
    }

    /// What is told apart, by number: the classes or, of a text, its symbols,
    /// escaped where they cannot be printed.
    pub fn output_names(&self) -> Vec<String> {
        match &self.data {
            Data::Text(corpus) => corpus.vocabulary.symbols().iter().map(|&byte| printable(byte)).collect(),
            Data::Neuron(..) => vec!["spike".into(), "soma".into()],
            Data::Samples(_) => {
                let names = self.class_names().unwrap_or_default();
                let name = |class: usize| names.get(class).cloned().unwrap_or_else(|| class.to_string());
                (0..self.demand().outputs).map(name).collect()
            }
        }
    }

    /// Samples of a split, or tokens of a text.
    pub fn len(&self, purpose: Purpose) -> usize {
        match &self.data {
            Data::Text(corpus) => tokens_of(corpus, purpose).len(),
            Data::Samples(splits) | Data::Neuron(_, splits) => samples_of(splits, purpose).len(),
        }
    }

    fn is_adding(&self) -> bool {
        self.kind.is_adding()
    }

    /// The symbols of a text.
    pub fn vocabulary(&self) -> Option<&Vocabulary> {
        match &self.data {
            Data::Text(corpus) => Some(&corpus.vocabulary),
            Data::Samples(_) | Data::Neuron(..) => None,
        }
    }

    /// The symbols whose numbers were learned from the data, if any were.
    pub fn symbols(&self) -> Option<Symbols> {
        match &self.data {
            Data::Text(corpus) => Some(Symbols::Bytes(corpus.vocabulary.symbols().to_vec())),
            Data::Samples([train, ..]) => train.symbols().map(Symbols::Names),
            Data::Neuron(..) => None,
        }
    }

    /// What each split is made from, wherever it lies.
    ///
    /// # Errors
    /// When the data cannot be read.
    pub fn digests(&self) -> Result<DataDigests> {
        let [train, valid, test] = match &self.data {
            Data::Text(corpus) => corpus.digests(),
            Data::Samples([train, valid, test]) | Data::Neuron(_, [train, valid, test]) => {
                [train.digest()?, valid.digest()?, test.digest()?]
            }
        };
        Ok(DataDigests { train, valid, test })
    }

    /// Samples (of a text: symbols) to train on.
    pub fn training_samples(&self) -> usize {
        match &self.data {
            Data::Samples([train, ..]) | Data::Neuron(_, [train, ..]) => train.len(),
            Data::Text(corpus) => corpus.train.len(),
        }
    }

    /// Updates between two validations: as configured, else one pass over the
    /// training data.
    pub fn turn(&self, config: &RunConfig) -> u64 {
        let one_pass = (self.training_samples() as u64 / config.training.update_size() as u64).max(1);
        config.training.turn.unwrap_or(one_pass)
    }

    /// Batches for a purpose, and how many of them to take (`None`: all).
    ///
    /// # Errors
    /// When a batch is larger than the data.
    pub fn batches(&self, config: &RunConfig, purpose: Purpose) -> Result<(Adapted, Option<u64>)> {
        let training = &config.training;
        let (key, rows, limit) = match purpose {
            Purpose::Train if training.accumulate > 1 => {
                ("training.accumulate", training.update_size(), None)
            }
            Purpose::Train => ("training.batch_size", training.batch_size, None),
            Purpose::Valid | Purpose::Seen => {
                ("training.valid_batch_size", training.valid_batch_size, training.valid_batches)
            }
            Purpose::Test => ("training.test_batch_size", training.test_batch_size, training.test_batches),
        };
        let stream = self.stream(config, purpose, rows, limit).map_err(|error| placed(config, error, key))?;
        Ok((Adapted(stream), limit))
    }

    fn stream(
        &self,
        config: &RunConfig,
        purpose: Purpose,
        rows: usize,
        limit: Option<u64>,
    ) -> Result<Box<dyn BatchStream>> {
        Ok(match &self.data {
            Data::Text(corpus) => {
                let tokens = tokens_of(corpus, purpose).clone();
                let endless = purpose == Purpose::Train;
                Box::new(TextBatches::new(tokens, rows, config.training.seq_length, endless)?)
            }
            Data::Samples(splits) => {
                let stream = self.sample_batches(splits, purpose, rows, limit, config)?;
                Box::new(ReadAhead::new(stream, AHEAD))
            }
            Data::Neuron(neuron, _) => {
                let stream = neuron.stream(config, purpose, rows, self.turn(config))?;
                Box::new(ReadAhead::new(stream, AHEAD))
            }
        })
    }

    fn sample_batches(
        &self,
        splits: &Splits,
        purpose: Purpose,
        rows: usize,
        limit: Option<u64>,
        config: &RunConfig,
    ) -> Result<Box<dyn BatchStream>> {
        let seed = config.training.seed;
        let samples = samples_of(splits, purpose);
        let per_epoch = limit.unwrap_or(self.turn(config));
        let training = purpose == Purpose::Train;
        Ok(if self.is_adding() {
            let draws = if training { AddingDraws::Training { seed } } else { AddingDraws::Fixed };
            Box::new(AddingBatches::new(samples.clone(), rows, per_epoch, draws)?)
        } else {
            let order = if training { Order::Shuffled { seed } } else { Order::Sequential };
            Box::new(SampleBatches::new(samples.clone(), rows, order)?)
        })
    }

    /// What simple models reach on the test split: of a text, and of made
    /// digits (for recorded ones it would take minutes).
    ///
    /// # Errors
    /// When the data cannot be read.
    pub fn baselines(&self, config: &RunConfig) -> Result<Option<Baselines>> {
        match &self.data {
            Data::Text(corpus) => {
                let symbols = corpus.vocabulary.len();
                Ok(Some(Baselines {
                    unigram_bpc: Some(baseline::unigram(&corpus.train, &corpus.test, symbols)),
                    order_one_bpc: Some(baseline::order_one(&corpus.train, &corpus.test, symbols)),
                    summed_counts_accuracy: None,
                }))
            }
            Data::Samples([train, ..]) if self.kind.is_generated() => {
                let batches = (train.len() / config.training.update_size()) as u64;
                let Demand { inputs, outputs, .. } = self.demand();
                let mut train = self.batches(config, Purpose::Train)?.0.0;
                let mut test = self.batches(config, Purpose::Test)?.0.0;
                let accuracy = summed_counts_accuracy(&mut *train, batches, &mut *test, inputs, outputs)?;
                Ok(Some(Baselines { summed_counts_accuracy: Some(accuracy), ..Baselines::default() }))
            }
            Data::Samples(_) | Data::Neuron(..) => Ok(None),
        }
    }

    /// One line about what there is.
    pub fn description(&self) -> String {
        match &self.data {
            Data::Text(corpus) => format!(
                "text of {} symbols: {} train, {} valid, {} test tokens",
                corpus.vocabulary.len(),
                corpus.train.len(),
                corpus.valid.len(),
                corpus.test.len()
            ),
            Data::Neuron(_, [train, valid, test]) => format!(
                "{} train, {} valid, {} test simulations of a neuron with {} channels",
                train.len(),
                valid.len(),
                test.len(),
                train.channels()
            ),
            Data::Samples([train, valid, test]) => format!(
                "{} train, {} valid, {} test samples of {} channels, {} {}",
                train.len(),
                valid.len(),
                test.len(),
                train.channels(),
                self.demand().outputs,
                match train.answers() {
                    AnswerKind::Class => "classes",
                    AnswerKind::ClassEveryStep => "classes at every step",
                    AnswerKind::Values => "values",
                    AnswerKind::ValuesEveryStep => "values at every step",
                }
            ),
        }
    }
}

fn tokens_of(corpus: &Corpus, purpose: Purpose) -> &Arc<[u8]> {
    match purpose {
        Purpose::Train | Purpose::Seen => &corpus.train,
        Purpose::Valid => &corpus.valid,
        Purpose::Test => &corpus.test,
    }
}

fn samples_of([train, valid, test]: &Splits, purpose: Purpose) -> &Arc<dyn Samples> {
    match purpose {
        Purpose::Train | Purpose::Seen => train,
        Purpose::Valid => valid,
        Purpose::Test => test,
    }
}

/// An error about a setting at its place. The data knows one batch size; `rows`
/// is the setting that it comes from.
fn placed(config: &RunConfig, error: anyhow::Error, rows: &str) -> anyhow::Error {
    match error.downcast::<DataError>() {
        Ok(DataError::Setting { setting, reason }) if setting == "training.batch_size" => {
            config.error(rows, reason).into()
        }
        Ok(DataError::Setting { setting, reason }) if setting.starts_with("data.") => {
            config.error(&setting, reason).into()
        }
        Ok(other) => other.into(),
        Err(other) => other,
    }
}

/// A byte as itself, or escaped: `\n`, `\xff`, `\\`.
fn printable(byte: u8) -> String {
    match byte {
        b'"' | b'\'' => char::from(byte).to_string(),
        _ => byte.escape_ascii().to_string(),
    }
}

fn load_text(config: &RunConfig, known: Option<&[u8]>, notice: &mut dyn FnMut(&str)) -> Result<Corpus> {
    let mode = match config.data.tokens {
        Tokens::Txl => TokenMode::Txl,
        Tokens::Eos => TokenMode::Eos,
        Tokens::Bytes => TokenMode::Bytes,
    };
    let path = config.data_path()?;
    let corpus = Corpus::load(&path, mode, config.data.fractions, known)?;
    corpus.notes.iter().for_each(|note| notice(note));
    Ok(corpus)
}
