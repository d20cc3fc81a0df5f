//! What a kind of data asks of training, evaluation and the commands: one
//! record for each kind, and nothing else in the program asks which kind it is
//! in order to find out.

use super::kind::DataKind;
use elm_core::train::{Criterion, Metric};
use elm_data::AnswerKind;
use serde::{Deserialize, Serialize};

/// What is predicted from a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Predicts {
    /// A class (the next symbol) at every step.
    EveryStep,
    /// One class at the end.
    LastStep,
    /// One class of two sequences, at their ends.
    Pairs,
    /// A class at every step of sequences with a length of their own.
    ClassEveryStep,
    /// Real values at the end.
    Values,
    /// Real values at every step.
    ValuesEveryStep,
    /// A spike and a voltage at every step.
    SpikeAndSoma,
}

/// How training goes where the configuration says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrainingDefaults {
    /// Updates between two validations; `None`: one pass over the samples.
    pub turn: Option<u64>,
    /// Batches of a validation; `None`: all.
    pub valid_batches: Option<u64>,
    /// Batches of the final test; `None`: all.
    pub test_batches: Option<u64>,
    /// Sequences of a test batch; `None`: as many as in training.
    pub test_batch_size: Option<usize>,
}

/// The properties of a task that do not depend on its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Properties {
    /// What is measured besides the loss.
    pub metrics: &'static [Metric],
    /// By what the best weights are chosen.
    pub selection: &'static [Criterion],
    /// What is predicted.
    pub predicts: Predicts,
    /// Do training and evaluation carry the state from batch to batch?
    pub carries_state: bool,
    /// Is it one long sequence that is cut into segments (else sequences of a
    /// length of their own)?
    pub segmented: bool,
    /// May a model be checked with an assumed number of symbols while only the
    /// data knows the real one?
    pub may_assume_symbols: bool,
    /// Does only the data itself tell inputs, outputs and whether there are
    /// tokens, whatever is configured?
    pub told_by_data: bool,
    /// Can a trained network write a continuation, symbol by symbol?
    pub generates: bool,
    /// How training goes where the configuration says nothing else.
    pub defaults: TrainingDefaults,
}

const TEXT: Properties = Properties {
    metrics: &[Metric::BitsPerCharacter],
    selection: &[Criterion::Loss],
    predicts: Predicts::EveryStep,
    carries_state: true,
    segmented: true,
    may_assume_symbols: true,
    told_by_data: false,
    generates: true,
    // As published for Enwik8.
    defaults: TrainingDefaults {
        turn: Some(400),
        valid_batches: Some(200),
        test_batches: None,
        test_batch_size: Some(1),
    },
};

const CLASSIFICATION: Properties = Properties {
    metrics: &[Metric::Accuracy],
    selection: &[Criterion::Metric(Metric::Accuracy), Criterion::Loss],
    predicts: Predicts::LastStep,
    carries_state: false,
    segmented: false,
    may_assume_symbols: false,
    told_by_data: false,
    generates: false,
    defaults: TrainingDefaults { turn: None, valid_batches: None, test_batches: None, test_batch_size: None },
};

/// As published for SHD-Adding: pairs are drawn, so that they have no end of
/// their own.
const ADDING: Properties = Properties {
    defaults: TrainingDefaults {
        turn: Some(2000),
        valid_batches: Some(500),
        test_batches: Some(2000),
        test_batch_size: None,
    },
    ..CLASSIFICATION
};

const REGRESSION: Properties = Properties {
    metrics: &[Metric::RootMeanSquare, Metric::MeanAbsolute, Metric::ExplainedVariance],
    selection: &[Criterion::Loss],
    predicts: Predicts::Values,
    ..CLASSIFICATION
};

/// As released with the first paper: windows are drawn, so that they have no
/// end of their own; all files of the test are evaluated.
const NEURONIO: Properties = Properties {
    metrics: &[
        Metric::SpikeAuc,
        Metric::RootMeanSquare,
        Metric::MeanAbsolute,
        Metric::ExplainedVariance,
        Metric::SpikesAtQuarterPercent,
        Metric::SpikesAtOnePercent,
    ],
    selection: &[Criterion::Metric(Metric::RootMeanSquare), Criterion::Loss],
    predicts: Predicts::SpikeAndSoma,
    defaults: TrainingDefaults { turn: Some(10_000), ..CLASSIFICATION.defaults },
    ..CLASSIFICATION
};

impl Properties {
    /// The same where the data itself tells what is predicted of a sequence.
    pub fn with_answers(self, answers: AnswerKind) -> Self {
        match answers {
            AnswerKind::Class => self,
            AnswerKind::ClassEveryStep => Properties { predicts: Predicts::ClassEveryStep, ..self },
            AnswerKind::Values => REGRESSION,
            AnswerKind::ValuesEveryStep => Properties { predicts: Predicts::ValuesEveryStep, ..REGRESSION },
        }
    }
}

impl Predicts {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Predicts::EveryStep => "the next symbol at every step",
            Predicts::LastStep => "a class of each sequence",
            Predicts::Pairs => "a class of two sequences",
            Predicts::ClassEveryStep => "a class at every step",
            Predicts::Values => "real values at the end",
            Predicts::ValuesEveryStep => "real values at every step",
            Predicts::SpikeAndSoma => "a spike and a voltage at every step",
        }
    }

    /// What the loss of the task is counted in.
    pub fn loss_unit(self) -> &'static str {
        match self {
            Predicts::EveryStep => "nats per symbol",
            Predicts::LastStep | Predicts::Pairs => "nats",
            Predicts::ClassEveryStep => "nats per step",
            Predicts::Values | Predicts::ValuesEveryStep => "mean squared error",
            Predicts::SpikeAndSoma => "half nats of the spike, half squared error of the soma",
        }
    }

    /// Are real values predicted (else classes or symbols)?
    pub fn is_of_values(self) -> bool {
        matches!(self, Predicts::Values | Predicts::ValuesEveryStep)
    }

    /// Are there classes that one can be taken for another of (else the next
    /// symbol of a text, or real values)?
    pub fn classifies(self) -> bool {
        matches!(self, Predicts::LastStep | Predicts::Pairs | Predicts::ClassEveryStep)
    }
}

impl DataKind {
    /// What this kind asks for.
    pub fn properties(self) -> Properties {
        match self {
            DataKind::Text => TEXT,
            DataKind::DigitsAdding | DataKind::ShdAdding => ADDING,
            DataKind::Neuronio => NEURONIO,
            DataKind::LraRetrieval => Properties { predicts: Predicts::Pairs, ..CLASSIFICATION },
            DataKind::Digits
            | DataKind::Shd
            | DataKind::Ssc
            | DataKind::Listops
            | DataKind::LraText
            | DataKind::LraImage
            | DataKind::Pathfinder => CLASSIFICATION,
            DataKind::Arrays => Properties { told_by_data: true, ..CLASSIFICATION },
        }
    }
}
