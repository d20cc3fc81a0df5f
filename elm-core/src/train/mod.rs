//! Training: batches in, updated weights out.
//!
//! Read in this order: [`batch`] (what is learned from), [`loss`],
//! [`regularizer`], [`schedule`], [`trainer`] (one update at a time, by
//! [`crate::optimizer`]), [`snapshot`] (everything needed to continue),
//! [`metric`] (what a task measures), [`mod@evaluate`].

pub mod batch;
pub mod evaluate;
pub mod loss;
pub mod metric;
pub mod regularizer;
pub mod schedule;
pub mod snapshot;
pub mod trainer;

pub use crate::model::{HostInput, dropout};
pub use crate::optimizer::OptimizerKind;
pub use batch::{Batch, BatchList, BatchSource, Target};
pub use evaluate::{Evaluation, EvaluationSpec, evaluate};
pub use metric::{Confusion, Criterion, Measured, Metric, Predicted, Scores};
pub use regularizer::{Penalty, Regularizer};
pub use schedule::{LearningRate, StateReset};
pub use snapshot::Snapshot;
pub use trainer::{StepReport, StepTimes, Trainer, TrainingSpec};
