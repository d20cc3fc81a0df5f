//! Training: batches in, updated weights out.
//!
//! Read in this order: [`batch`] (what is learned from), [`loss`],
//! [`regularizer`], [`schedule`], [`dropout`], [`optimizer`], [`in_place`] (its
//! update as one loop), [`trainer`] (one
//! update at a time), [`snapshot`] (everything needed to continue),
//! [`mod@evaluate`].

pub mod batch;
pub mod dropout;
pub mod evaluate;
pub mod in_place;
pub mod loss;
pub mod optimizer;
pub mod regularizer;
pub mod schedule;
pub mod snapshot;
pub mod trainer;

pub use batch::{Batch, BatchSource, HostInput, Target};
pub use evaluate::{Evaluation, evaluate};
pub use optimizer::OptimizerKind;
pub use regularizer::{Penalty, Regularizer};
pub use schedule::{LearningRate, StateReset};
pub use snapshot::Snapshot;
pub use trainer::{StepReport, StepTimes, Trainer, TrainingSpec};
