//! What a curve can show.

use crate::config::Predicts;
use crate::config::names::{Named, names};
use crate::run::MetricsLine;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use elm_core::train::Metric;

names! {
    /// What a training reports of itself besides what the task measures.
    pub enum OfTraining {
        /// The loss of the task.
        Loss = "loss",
        /// What is minimised: the loss with its penalties.
        Objective = "objective",
        /// Learning rate of an update.
        LearningRate = "learning_rate",
        /// Norm of the gradient before clipping.
        GradientNorm = "gradient_norm",
        /// Updates per second.
        Steps = "steps_per_second",
        /// Time steps times batch per second.
        Tokens = "tokens_per_second",
    }
}

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// What every training reports.
    OfTraining(OfTraining),
    /// What a task measures.
    Measured(Metric),
}

impl Quantity {
    /// Everything there is.
    pub fn all() -> impl Iterator<Item = Quantity> {
        let training = OfTraining::ALL.iter().map(|own| Quantity::OfTraining(*own));
        training.chain(Metric::ALL.into_iter().map(Quantity::Measured))
    }

    /// The loss of the task.
    pub const LOSS: Quantity = Quantity::OfTraining(OfTraining::Loss);
    /// The learning rate.
    pub const LEARNING_RATE: Quantity = Quantity::OfTraining(OfTraining::LearningRate);

    /// Its name, as in `metrics.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::OfTraining(own) => own.name(),
            Quantity::Measured(metric) => metric.name(),
        }
    }

    /// Its name and unit on an axis; that of a loss depends on what is
    /// predicted.
    pub fn label(self, predicts: Option<Predicts>) -> String {
        let of_neuron = predicts == Some(Predicts::SpikeAndSoma);
        match self {
            Quantity::Measured(metric @ (Metric::RootMeanSquare | Metric::MeanAbsolute)) if of_neuron => {
                format!("{} of the soma (mV)", metric.name())
            }
            Quantity::Measured(metric) if metric.unit().is_empty() => {
                let percent = if self.factor() == 1.0 { "" } else { " (%)" };
                format!("{}{percent}", metric.name().replace('_', " "))
            }
            Quantity::Measured(metric) => metric.unit().to_string(),
            Quantity::OfTraining(OfTraining::Loss) => match predicts {
                Some(predicts) => format!("loss ({})", predicts.loss_unit()),
                None => "loss".to_string(),
            },
            Quantity::OfTraining(_) => self.name().replace('_', " "),
        }
    }

    /// Its value in a line, in the unit of the axis; `None` where there is
    /// none, or none that can be drawn.
    pub fn of(self, line: &MetricsLine) -> Option<f64> {
        let value = match self {
            Quantity::Measured(metric) => line.measured.get(metric),
            Quantity::OfTraining(own) => match own {
                OfTraining::Loss => line.loss,
                OfTraining::Objective => line.objective,
                OfTraining::LearningRate => line.learning_rate,
                OfTraining::GradientNorm => line.gradient_norm,
                OfTraining::Steps => line.steps_per_second,
                OfTraining::Tokens => line.tokens_per_second,
            },
        };
        value.map(|value| value * self.factor()).filter(|value| value.is_finite())
    }

    /// Shares are drawn in percent.
    fn factor(self) -> f64 {
        match self {
            Quantity::Measured(
                Metric::Accuracy
                | Metric::ExplainedVariance
                | Metric::SpikesAtQuarterPercent
                | Metric::SpikesAtOnePercent,
            ) => 100.0,
            _ => 1.0,
        }
    }
}

/// Reads the name of a quantity from the command line.
pub fn argument() -> impl TypedValueParser<Value = Quantity> {
    PossibleValuesParser::new(Quantity::all().map(Quantity::name)).try_map(|name| {
        Quantity::all().find(|own| own.name() == name).ok_or_else(|| format!("there is no {name}"))
    })
}
