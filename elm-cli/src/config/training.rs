//! `[training]`: how long and on what to train.

use super::conditions::{for_data, where_is, where_set};
use super::kind::{CLASSES, DataKind};
use super::names::names;
use super::place::ConfigError;
use super::ranges::{Flag, OrNone, Probability, count, not_negative, one_of, positive, share, size};
use super::schedule::LearningRateConfig;
use super::section::settings;
use super::settings::Settings;
use elm_core::train::{OptimizerKind, Regularizer, StateReset, TrainingSpec};

/// Turns or epochs of a training.
const TURNS: u64 = 10;
/// Updates of a turn where the length is given in turns.
const STEPS_PER_TURN: u64 = 400;
/// Weight decay of AdamW, as in PyTorch.
const ADAMW_DECAY: f64 = 0.01;

names! {
    for OptimizerKind { Adam = "adam", Adamax = "adamax", AdamW = "adamw", Sgd = "sgd" }
}

settings! {
    /// How long, in turns or in epochs.
    pub(super) struct Length {
        /// updates between two validations, in a length given in turns (text)
        steps_per_turn: Option<u64> = count(1), None, STEPS_PER_TURN.to_string();
        /// number of such turns
        num_turns: Option<u64> = count(1), None, TURNS.to_string();
        /// updates of an epoch (classification)
        batches_per_epoch: Option<u64> = count(1), None,
            "all samples once; 2000 for added digits, 400 for text";
        /// number of epochs
        num_epochs: Option<u64> = count(1), None, TURNS.to_string();
    }
}

impl Length {
    /// Updates per turn (`None`: one pass over the samples) and number of
    /// turns, from either pair of names.
    pub(super) fn turns(
        &self,
        kind: DataKind,
        settings: &Settings,
    ) -> Result<(Option<u64>, u64), ConfigError> {
        let first = |[a, b]: [(&'static str, Option<u64>); 2]| {
            [a, b].into_iter().find(|(_, value)| value.is_some()).map(|(name, _)| name)
        };
        let turns =
            first([("training.steps_per_turn", self.steps_per_turn), ("training.num_turns", self.num_turns)]);
        let epochs = first([
            ("training.batches_per_epoch", self.batches_per_epoch),
            ("training.num_epochs", self.num_epochs),
        ]);
        if let (Some(turn), Some(epoch)) = (turns, epochs) {
            let message = format!("contradicts {turn}: give the length in turns or in epochs, not both");
            return Err(settings.error(epoch, message));
        }
        let default = if turns.is_some() { Some(STEPS_PER_TURN) } else { kind.properties().defaults.turn };
        let turn = self.steps_per_turn.or(self.batches_per_epoch).or(default);
        Ok((turn, self.num_turns.or(self.num_epochs).unwrap_or(TURNS)))
    }
}

settings! {
    /// What becomes of the state between two batches.
    pub(super) struct Carrying given (kind: DataKind) {
        /// carry the state from segment to segment
        state_reuse: bool = Flag, kind.properties().carries_state, "true for text, else false";
        /// probability that the carried state is reset before an update, in the end
        state_dropout: f64 = share(), 0.01 => [for_data(&[DataKind::Text]), where_set("training.state_reuse")];
        /// updates over which that probability falls from 1
        state_dropout_warmup: u64 = count(0), 0 => [for_data(&[DataKind::Text]), where_set("training.state_reuse")];
    }
}

impl Carrying {
    /// How often the carried state is reset; `None`: nothing is carried.
    pub(super) fn reset(
        &self,
        kind: DataKind,
        settings: &Settings,
    ) -> Result<Option<StateReset>, ConfigError> {
        if self.state_reuse && !kind.properties().carries_state {
            let message = "only continuous text carries its state from batch to batch";
            return Err(settings.error("training.state_reuse", message));
        }
        let reset = StateReset { floor: self.state_dropout, warmup: self.state_dropout_warmup };
        Ok(self.state_reuse.then_some(reset))
    }
}

/// What [`TrainingConfig`] gets from other sections.
pub struct FromOthers {
    /// What is learned.
    pub kind: DataKind,
    /// Updates per turn (`None`: one pass over the samples) and number of turns.
    pub length: (Option<u64>, u64),
    /// Is the state carried, and how often is it reset?
    pub state_reuse: Option<StateReset>,
    /// The learning rate.
    pub rate: LearningRateConfig,
    /// Penalties.
    pub regularizers: Vec<Regularizer>,
}

settings! {
    /// How long and on what to train.
    #[derive(Debug, Clone, PartialEq)]
    pub struct TrainingConfig given (others: FromOthers) {
        /// sequences computed at once
        batch_size: usize = size(1), 8;
        /// so many batches make one update, that of a batch so many times as large
        accumulate: usize = size(1), 1;
        /// time steps of a text segment
        seq_length: usize = size(1), 100 => [for_data(&[DataKind::Text])];
        /// batches of a validation
        valid_batches: Option<u64> = count(1), others.kind.properties().defaults.valid_batches,
            "200 for text, 500 for added digits, else all";
        /// sequences of a validation batch
        valid_batch_size: usize = size(1), batch_size, "batch_size";
        /// batches of the final test
        test_batches: Option<u64> = count(1), others.kind.properties().defaults.test_batches,
            "2000 for added digits, else all";
        /// sequences of a test batch
        test_batch_size: usize = size(1),
            others.kind.properties().defaults.test_batch_size.unwrap_or(batch_size),
            "1 for text, else batch_size";
        /// the update rule
        optimizer: OptimizerKind = one_of::<OptimizerKind>(), OptimizerKind::Adam;
        /// momentum of sgd
        momentum: f64 = Probability, 0.0 => [where_is("training.optimizer", &[OptimizerKind::Sgd])];
        /// weight decay of all weights but biases and timescales; with adamw decoupled, else added to the gradients
        weight_decay: f64 = not_negative(), if optimizer == OptimizerKind::AdamW { ADAMW_DECAY } else { 0.0 },
            "0.01 for adamw, else 0";
        /// limit of the gradients' global norm; "none" switches clipping off
        clip_norm: Option<f64> = OrNone(positive()), Some(1.0);
        /// share of a label spread over all classes
        label_smoothing: f64 = share(), 0.0 => [for_data(CLASSES)];
        /// validations without a better one after which training ends; "none" goes on to the end
        patience: Option<u64> = OrNone(count(1)), None, "none";
        /// seed of weights, connectome, dropout and order
        seed: u64 = count(0), 0;
    } with {
        /// Updates between two validations; `None`: one pass over the samples.
        turn: Option<u64> = others.length.0;
        /// Number of turns (epochs).
        turns: u64 = others.length.1;
        /// Is the state carried, and how often is it reset?
        state_reuse: Option<StateReset> = others.state_reuse;
        /// The learning rate.
        rate: LearningRateConfig = others.rate;
        /// Penalties.
        regularizers: Vec<Regularizer> = others.regularizers;
    }
}

impl TrainingConfig {
    /// Refuses settings that contradict each other.
    ///
    /// # Errors
    /// [`ConfigError`] at one of them.
    pub(super) fn check(&self, settings: &Settings) -> Result<(), ConfigError> {
        if self.batch_size.checked_mul(self.accumulate).is_none() {
            let message = format!("{} batches of {} are too many", self.accumulate, self.batch_size);
            return Err(settings.error("training.accumulate", message));
        }
        self.rate.check(settings)
    }

    /// Sequences of one update.
    pub fn update_size(&self) -> usize {
        self.batch_size.saturating_mul(self.accumulate)
    }

    /// The trainer's settings for `total` updates.
    pub fn spec(&self, total: u64) -> TrainingSpec {
        TrainingSpec {
            optimizer: self.optimizer,
            learning_rate: self.rate.of(total),
            momentum: self.momentum,
            weight_decay: self.weight_decay,
            clip_norm: self.clip_norm,
            accumulate: self.accumulate,
            label_smoothing: self.label_smoothing,
            regularizers: self.regularizers.clone(),
            state_reuse: self.state_reuse,
            seed: self.seed,
        }
    }
}
