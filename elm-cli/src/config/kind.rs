//! Kinds of data, and what follows from each.

use super::names::names;

names! {
    /// What is learned.
    #[allow(missing_docs)] // the names of the data sets
    pub enum DataKind {
        Digits = "digits",
        DigitsAdding = "digits_adding",
        Shd = "shd",
        Ssc = "ssc",
        ShdAdding = "shd_adding",
        Text = "text",
        Listops = "listops",
        LraText = "lra_text",
        LraRetrieval = "lra_retrieval",
        LraImage = "lra_image",
        Pathfinder = "pathfinder",
    }
}

/// What the targets of a batch are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prediction {
    /// A symbol at every time step.
    EveryStep,
    /// A class of each sequence.
    Sequence,
    /// A class of each pair of sequences.
    Pair,
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

impl DataKind {
    /// Is it a continuous text (else sequences with one label each)?
    pub fn is_text(self) -> bool {
        self == DataKind::Text
    }

    /// Do training and evaluation carry the state from batch to batch?
    pub fn carries_state(self) -> bool {
        self == DataKind::Text
    }

    /// Is it one long sequence that is cut into segments (else sequences of a
    /// length of their own)?
    pub fn is_segmented(self) -> bool {
        self == DataKind::Text
    }

    /// May a model be checked with an assumed number of symbols while only the
    /// data knows the real one?
    pub fn may_assume_symbols(self) -> bool {
        self == DataKind::Text
    }

    /// What the targets of a batch are.
    pub fn prediction(self) -> Prediction {
        match self {
            DataKind::Text => Prediction::EveryStep,
            DataKind::LraRetrieval => Prediction::Pair,
            _ => Prediction::Sequence,
        }
    }

    /// How training goes where the configuration says nothing else; of text
    /// and added digits as published.
    pub fn training_defaults(self) -> TrainingDefaults {
        match self {
            DataKind::Text => TrainingDefaults {
                turn: Some(400),
                valid_batches: Some(200),
                test_batches: None,
                test_batch_size: Some(1),
            },
            // Pairs are drawn, so that they have no end of their own.
            DataKind::DigitsAdding | DataKind::ShdAdding => TrainingDefaults {
                turn: Some(2000),
                valid_batches: Some(500),
                test_batches: Some(2000),
                test_batch_size: None,
            },
            _ => TrainingDefaults {
                turn: None,
                valid_batches: None,
                test_batches: None,
                test_batch_size: None,
            },
        }
    }

    /// Are two recordings joined and their digits added?
    pub fn is_adding(self) -> bool {
        matches!(self, DataKind::DigitsAdding | DataKind::ShdAdding)
    }

    /// Can it be generated without a file?
    pub fn is_generated(self) -> bool {
        matches!(self, DataKind::Digits | DataKind::DigitsAdding)
    }
}
