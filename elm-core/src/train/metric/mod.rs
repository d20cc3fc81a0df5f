//! What a task measures besides its loss: named figures with a unit and a
//! direction, gathered over an evaluation and carried as one list.
//!
//! Read in this order: this file (which figures there are), `measure` (how
//! they are gathered), `regression` (figures of real values), `ranking` (how
//! scores tell two classes apart), `neuronio` (figures of a recorded neuron),
//! `scores` (the list, and which of two is better), `confusion` (which class is
//! taken for which).

mod confusion;
mod measure;
mod neuronio;
mod ranking;
mod regression;
mod scores;

pub use confusion::Confusion;
pub(super) use measure::Mean;
pub use measure::{Measure, Predicted, probabilities, right_answers};
pub use ranking::{roc_auc, true_positives_at};
pub use scores::{Criterion, Measured, Scores};

use std::f64::consts::LN_2;

/// A figure that tells how good predictions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Share of right answers of a classification.
    Accuracy,
    /// Mean cross-entropy of the next symbol in bits.
    BitsPerCharacter,
    /// Root of the mean squared error, in the unit of the values.
    RootMeanSquare,
    /// Mean absolute error, in the unit of the values.
    MeanAbsolute,
    /// Share of the values' variance that is predicted, a mean over outputs:
    /// `1 - var(value - answer) / var(value)`; unknown of constant values.
    ExplainedVariance,
    /// Area under the curve of true against false positives of the spikes of a
    /// recorded neuron; unknown where it has none.
    SpikeAuc,
    /// Share of its spikes that are told where a quarter percent of the other
    /// steps is taken for one.
    SpikesAtQuarterPercent,
    /// The same where one percent is.
    SpikesAtOnePercent,
}

/// Which way a figure improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

impl Metric {
    /// Every metric there is.
    pub const ALL: [Metric; 8] = [
        Metric::BitsPerCharacter,
        Metric::Accuracy,
        Metric::RootMeanSquare,
        Metric::MeanAbsolute,
        Metric::ExplainedVariance,
        Metric::SpikeAuc,
        Metric::SpikesAtQuarterPercent,
        Metric::SpikesAtOnePercent,
    ];

    /// Its name: the key in JSON documents and of curves.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Accuracy => "accuracy",
            Metric::BitsPerCharacter => "bpc",
            Metric::RootMeanSquare => "rmse",
            Metric::MeanAbsolute => "mae",
            Metric::ExplainedVariance => "explained_variance",
            Metric::SpikeAuc => "auc",
            Metric::SpikesAtQuarterPercent => "tpr_at_fpr_0.0025",
            Metric::SpikesAtOnePercent => "tpr_at_fpr_0.01",
        }
    }

    /// The metric of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// Its unit, empty for a share and for the unit of the data.
    pub fn unit(self) -> &'static str {
        match self {
            Metric::BitsPerCharacter => "bits per character",
            _ => "",
        }
    }

    /// Which way it improves.
    pub fn better(self) -> Better {
        match self {
            Metric::BitsPerCharacter | Metric::RootMeanSquare | Metric::MeanAbsolute => Better::Lower,
            _ => Better::Higher,
        }
    }

    /// A value for people.
    pub fn text(self, value: f64) -> String {
        match self {
            Metric::Accuracy => format!("accuracy {:.2} %", 100.0 * value),
            Metric::BitsPerCharacter => format!("{value:.4} bpc"),
            Metric::RootMeanSquare => format!("rmse {value:.4}"),
            Metric::MeanAbsolute => format!("mae {value:.4}"),
            Metric::ExplainedVariance => format!("explained variance {:.2} %", 100.0 * value),
            Metric::SpikeAuc => format!("auc {value:.4}"),
            Metric::SpikesAtQuarterPercent => format!("{:.2} % of spikes at 0.25 %", 100.0 * value),
            Metric::SpikesAtOnePercent => format!("{:.2} % at 1 % false", 100.0 * value),
        }
    }

    /// What there has to be among the answers for it to have a value.
    pub fn needs(self) -> &'static str {
        match self {
            Metric::SpikeAuc | Metric::SpikesAtQuarterPercent | Metric::SpikesAtOnePercent => {
                "steps with a spike and steps without"
            }
            Metric::ExplainedVariance => "values that differ",
            _ => "predictions",
        }
    }

    /// The value that a mean loss (in nats) alone tells; `None` for metrics
    /// that look at the predictions.
    pub fn of_loss(self, nats: f64) -> Option<f64> {
        match self {
            Metric::BitsPerCharacter => Some(nats / LN_2),
            _ => None,
        }
    }

    /// Starts gathering it.
    pub fn measure(self) -> Box<dyn Measure> {
        match self {
            Metric::Accuracy => Box::new(measure::RightShare::default()),
            Metric::BitsPerCharacter => Box::new(measure::Bits::default()),
            Metric::RootMeanSquare => Box::new(neuronio::Soma::<regression::RootMeanSquare>::default()),
            Metric::MeanAbsolute => Box::new(neuronio::Soma::<regression::MeanAbsolute>::default()),
            Metric::ExplainedVariance => Box::new(neuronio::Soma::<regression::ExplainedVariance>::default()),
            Metric::SpikeAuc => Box::new(neuronio::Spikes::auc()),
            Metric::SpikesAtQuarterPercent => Box::new(neuronio::Spikes::at_quarter_percent()),
            Metric::SpikesAtOnePercent => Box::new(neuronio::Spikes::at_one_percent()),
        }
    }
}
