//! Training: batches in, updated weights out.
//!
//! Read in this order: [`batch`] (what is learned from), [`loss`],
//! [`regularizer`], [`schedule`], [`spec`] (how to train), [`trainer`] (one
//! update at a time, by [`crate::optimizer`]), [`parts`] (a batch learned from
//! piece by piece), [`snapshot`] (everything needed to continue), [`metric`]
//! (what a task measures), [`mod@evaluate`].

pub mod batch;
pub mod evaluate;
mod learned;
pub mod loss;
pub mod metric;
pub mod parts;
pub mod regularizer;
pub mod report;
pub mod schedule;
pub mod snapshot;
pub mod spec;
pub mod trainer;

pub use crate::model::{HostInput, dropout};
pub use crate::optimizer::OptimizerKind;
pub use batch::{Batch, BatchList, BatchSource, Place, Target};
pub use evaluate::{Evaluation, EvaluationSpec, evaluate};
pub use metric::{Confusion, Criterion, Measured, Metric, Predicted, Scores};
pub use regularizer::{Penalty, Regularizer};
pub use report::{LayerReport, StepReport, StepTimes};
pub use schedule::{LearningRate, Schedule, StateReset};
pub use snapshot::Snapshot;
pub use spec::TrainingSpec;
pub use trainer::Trainer;
