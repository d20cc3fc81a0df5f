//! What a kind of data asks of training, evaluation and the commands.

use crate::config::DataKind;
use elm_core::train::{Criterion, Metric};

/// What is predicted from a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predicts {
    /// A class (the next symbol) at every step.
    EveryStep,
    /// One class at the end.
    LastStep,
    /// One class of two sequences, at their ends.
    Pairs,
}

/// The properties of a task that do not depend on its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Properties {
    /// What is measured besides the loss.
    pub metrics: &'static [Metric],
    /// By what the best weights are chosen.
    pub selection: &'static [Criterion],
    /// Is the state carried from batch to batch in evaluations?
    pub carries_state: bool,
    /// What is predicted.
    pub predicts: Predicts,
    /// Can a trained network write a continuation, symbol by symbol?
    pub generates: bool,
}

const TEXT: Properties = Properties {
    metrics: &[Metric::BitsPerCharacter],
    selection: &[Criterion::Loss],
    carries_state: true,
    predicts: Predicts::EveryStep,
    generates: true,
};

const CLASSIFICATION: Properties = Properties {
    metrics: &[Metric::Accuracy],
    selection: &[Criterion::Metric(Metric::Accuracy), Criterion::Loss],
    carries_state: false,
    predicts: Predicts::LastStep,
    generates: false,
};

impl Properties {
    /// The properties of a kind of data.
    pub fn of(kind: DataKind) -> Self {
        match kind {
            DataKind::Text => TEXT,
            DataKind::LraRetrieval => Properties { predicts: Predicts::Pairs, ..CLASSIFICATION },
            DataKind::Digits
            | DataKind::DigitsAdding
            | DataKind::Shd
            | DataKind::Ssc
            | DataKind::ShdAdding
            | DataKind::Listops
            | DataKind::LraText
            | DataKind::LraImage
            | DataKind::Pathfinder => CLASSIFICATION,
        }
    }
}
