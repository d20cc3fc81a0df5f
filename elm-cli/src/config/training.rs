//! `[training]`, `[regularizer]`, `[checkpoint]` and `[logging]`.

use super::place::ConfigError;
use super::settings::Settings;
use elm_core::train::{LearningRate, OptimizerKind, Penalty, Regularizer, StateReset, TrainingSpec};

/// How long and on what to train.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingConfig {
    /// Sequences per update.
    pub batch_size: usize,
    /// Time steps of a text segment.
    pub seq_length: usize,
    /// Updates between two validations; `None`: one pass over the samples.
    pub turn: Option<u64>,
    /// Number of turns (epochs).
    pub turns: u64,
    /// Batches of a validation; `None`: all.
    pub valid_batches: Option<u64>,
    /// Sequences of a validation batch.
    pub valid_batch_size: usize,
    /// Batches of the final test; `None`: all.
    pub test_batches: Option<u64>,
    /// Sequences of a test batch.
    pub test_batch_size: usize,
    /// Adam or Adamax.
    pub optimizer: OptimizerKind,
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Updates of warm-up.
    pub warmup_steps: u64,
    /// Limit of the gradients' norm.
    pub clip_norm: Option<f64>,
    /// Share of a label spread over all classes.
    pub label_smoothing: f64,
    /// Is the state carried, and how often is it reset?
    pub state_reuse: Option<StateReset>,
    /// Seed of everything random but the data's making.
    pub seed: u64,
    /// Penalties.
    pub regularizers: Vec<Regularizer>,
}

/// When to save.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CheckpointConfig {
    /// Save after so many updates.
    pub every_steps: Option<u64>,
    /// Save after so many minutes.
    pub every_minutes: f64,
    /// Checkpoints kept.
    pub keep: usize,
}

/// What to write down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggingConfig {
    /// Updates between two lines of metrics.
    pub every_steps: u64,
    /// Write TensorBoard events?
    pub tensorboard: bool,
}

/// Reads the training settings of a text (`is_text`) or classification task.
///
/// # Errors
/// When the two ways of giving the length are mixed.
pub fn training(settings: &Settings, is_text: bool) -> Result<TrainingConfig, ConfigError> {
    let (turn, turns) = length(settings, is_text)?;
    let batch_size = settings.size("training.batch_size").unwrap_or(8);
    let reset = StateReset {
        floor: settings.number("training.state_dropout").unwrap_or(0.01),
        warmup: settings.integer("training.state_dropout_warmup").unwrap_or(0),
    };
    let reuse = settings.flag("training.state_reuse").unwrap_or(is_text);
    if reuse && !is_text {
        return Err(settings
            .error("training.state_reuse", "only continuous text carries its state from batch to batch"));
    }
    let clip = settings.number_or_none("training.clip_norm").unwrap_or(Some(1.0));
    Ok(TrainingConfig {
        batch_size,
        seq_length: settings.size("training.seq_length").unwrap_or(100),
        turn,
        turns,
        valid_batches: settings.integer("training.valid_batches").or(is_text.then_some(200)),
        valid_batch_size: settings.size("training.valid_batch_size").unwrap_or(batch_size),
        test_batches: settings.integer("training.test_batches"),
        test_batch_size: settings.size("training.test_batch_size").unwrap_or(if is_text {
            1
        } else {
            batch_size
        }),
        optimizer: settings.choice("training.optimizer").unwrap_or(OptimizerKind::Adam),
        learning_rate: settings.number("training.learning_rate").unwrap_or(5e-4),
        warmup_steps: settings.integer("training.warmup_steps").unwrap_or(100),
        clip_norm: clip,
        label_smoothing: settings.number("training.label_smoothing").unwrap_or(0.0),
        state_reuse: reuse.then_some(reset),
        seed: settings.integer("training.seed").unwrap_or(0),
        regularizers: regularizers(settings),
    })
}

/// Updates per turn and number of turns, from either pair of names.
fn length(settings: &Settings, is_text: bool) -> Result<(Option<u64>, u64), ConfigError> {
    let turns = ["training.steps_per_turn", "training.num_turns"];
    let epochs = ["training.batches_per_epoch", "training.num_epochs"];
    let given = |keys: [&'static str; 2]| keys.into_iter().find(|key| settings.is_given(key));
    if let (Some(turn), Some(epoch)) = (given(turns), given(epochs)) {
        let message = format!("contradicts {turn}: give the length in turns or in epochs, not both");
        return Err(settings.error(epoch, message));
    }
    if given(turns).is_some() || (is_text && given(epochs).is_none()) {
        let steps = settings.integer(turns[0]).unwrap_or(400);
        return Ok((Some(steps), settings.integer(turns[1]).unwrap_or(10)));
    }
    Ok((settings.integer(epochs[0]), settings.integer(epochs[1]).unwrap_or(10)))
}

fn regularizers(settings: &Settings) -> Vec<Regularizer> {
    let penalties = [
        ("mlp_magnitude", Penalty::NeuronMlpMagnitude),
        ("population_activity", Penalty::PopulationActivity),
    ];
    let read = |(name, penalty): (&str, Penalty)| {
        let key = |part: &str| format!("regularizer.{name}.{part}");
        let strength = settings.number(&key("strength")).unwrap_or(0.0);
        let layers = settings.numbers(&key("layers")).unwrap_or_else(|| vec![0.0]);
        let regularizer = Regularizer {
            penalty,
            layers: layers.into_iter().map(|layer| layer as usize).collect(),
            strength,
            proportional: settings.flag(&key("proportional")).unwrap_or(false),
        };
        (strength > 0.0).then_some(regularizer)
    };
    penalties.into_iter().filter_map(read).collect()
}

impl TrainingConfig {
    /// The trainer's settings for `total` updates.
    pub fn spec(&self, total: u64) -> TrainingSpec {
        TrainingSpec {
            optimizer: self.optimizer,
            learning_rate: LearningRate { peak: self.learning_rate, warmup: self.warmup_steps, total },
            clip_norm: self.clip_norm,
            label_smoothing: self.label_smoothing,
            regularizers: self.regularizers.clone(),
            state_reuse: self.state_reuse,
            seed: self.seed,
        }
    }
}

/// Reads `[checkpoint]`.
pub fn checkpoint(settings: &Settings) -> CheckpointConfig {
    CheckpointConfig {
        every_steps: settings.integer("checkpoint.every_steps"),
        every_minutes: settings.number("checkpoint.every_minutes").unwrap_or(5.0),
        keep: settings.size("checkpoint.keep").unwrap_or(2),
    }
}

/// Reads `[logging]`.
pub fn logging(settings: &Settings) -> LoggingConfig {
    LoggingConfig {
        every_steps: settings.integer("logging.every_steps").unwrap_or(50),
        tensorboard: settings.flag("logging.tensorboard").unwrap_or(true),
    }
}
