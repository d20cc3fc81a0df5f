//! One run as the table has it.

use crate::commands::settings::RunSettings;
use crate::config::Named;
use crate::config::effective::EffectiveSettings;
use crate::model::ConfiguredModel;
use crate::run::found::{Found, State};
use crate::run::state::Saved;
use crate::run::{History, RunRecord, Summary};
use elm_core::train::{Criterion, Scores};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What is known of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Row {
    /// Its folder.
    pub run: String,
    /// The name of its [`State`].
    pub state: &'static str,
    /// Kind of the data.
    pub task: Option<String>,
    /// Updates done.
    pub step: u64,
    /// Updates that the newest checkpoint has, of a run that no process trains,
    /// where they are fewer: it would go on from there.
    pub kept: Option<u64>,
    /// Updates of the whole training.
    pub updates: Option<u64>,
    /// Updates that the best weights had.
    pub best_step: Option<u64>,
    /// The best validation.
    pub valid: Option<Scores>,
    /// Test of the best weights.
    pub test: Option<Scores>,
    /// Trainable parameters.
    pub trainable_parameters: Option<usize>,
    /// Updates per second, lately; of a finished run over all of it.
    pub steps_per_second: Option<f64>,
    /// Seconds of training.
    pub seconds: Option<f64>,
    /// Seconds that a running run will still take.
    pub seconds_left: Option<f64>,
    /// When it was first started.
    pub started: Option<String>,
    /// Why it failed, or cannot be read.
    pub error: Option<String>,
    /// The settings in which the listed runs differ, as TOML has them.
    pub settings: BTreeMap<String, Option<String>>,
    /// Every setting.
    #[serde(skip)]
    pub all: EffectiveSettings,
    /// By what its validations are compared.
    #[serde(skip)]
    pub selection: &'static [Criterion],
}

impl Row {
    /// What the folder of a run tells; what cannot be read of it is an error
    /// of that run, not of the others.
    pub fn of<S: ConfiguredModel>(run: &Path) -> Self {
        let Found { state, summary, mut error } = Found::or_damaged(run);
        let mut note = |result: Result<(), anyhow::Error>| {
            if let Err(cause) = result {
                error.get_or_insert(crate::in_words(&cause));
            }
        };
        let known = RunSettings::of::<S>(run, &[]).map_err(|cause| note(Err(cause))).ok();
        let history = History::read(run).map_err(|cause| note(Err(cause))).unwrap_or_default();
        let record = RunRecord::read(run).map_err(|cause| note(Err(cause))).unwrap_or_default();
        let saved = Saved::read(run);
        let selection = known.as_ref().map_or(&[][..], |own| own.config.data.kind.properties().selection);
        // Without its configuration nobody knows which of two validations is better.
        let compared = known.as_ref().and_then(|_| history.best(selection));
        let best = compared.or_else(|| {
            saved
                .as_ref()
                .and_then(|saved| Some((saved.best.as_ref()?.step, saved.best.as_ref()?.scores.clone())))
        });
        let (best_step, valid) = best.unzip();
        let step = history.last_step().max(saved.as_ref().map_or(0, |saved| saved.position.step));
        let kept = saved.as_ref().map(|saved| saved.position.step);
        let seconds = summary.as_ref().map(|own| own.seconds);
        let seconds = seconds.or(history.seconds()).or(saved.map(|saved| saved.seconds));
        let updates =
            known.as_ref().and_then(|own| own.config.training.turn?.checked_mul(own.config.training.turns));
        let over_all = |seconds: f64| (seconds > 0.0 && step > 0).then(|| step as f64 / seconds);
        let speed = match state {
            State::Finished => seconds.and_then(over_all),
            _ => history.speed(),
        };
        let left = updates.map(|updates| updates.saturating_sub(step) as f64);
        let seconds_left = left.zip(speed).map(|(left, speed)| left / speed);
        // Of a run that was stopped early: it was tested where it stands.
        let stopped = || Summary::read(run).ok().flatten().filter(|own| own.steps == step);
        let test = summary.clone().or_else(stopped).and_then(|own| own.test);
        let of_summary = summary.as_ref().map(|own| own.trainable_parameters);
        Row {
            run: run.display().to_string(),
            state: state.name(),
            task: known.as_ref().map(|own| own.config.task_name()),
            step,
            kept: kept.filter(|&kept| state != State::Running && kept < step),
            updates,
            best_step,
            valid,
            test,
            trainable_parameters: of_summary.or(known.as_ref().and_then(|own| own.parameters)),
            steps_per_second: speed,
            seconds,
            seconds_left: seconds_left.filter(|left| state == State::Running && left.is_finite()),
            started: record.starts.first().map(|start| start.provenance.date.clone()),
            error,
            settings: BTreeMap::new(),
            all: known.map(|own| own.settings).unwrap_or_default(),
            selection,
        }
    }

    /// How many updates were done, and of how many a checkpoint has kept fewer.
    pub fn steps_text(&self, of: &str) -> String {
        let all = self.updates.map_or(String::new(), |updates| format!("{of}{updates}"));
        let kept = self.kept.map_or(String::new(), |kept| format!(", {kept} kept"));
        format!("{}{all}{kept}", self.step)
    }

    /// The value of a setting.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.all.get(key)?.value.as_deref()
    }
}

/// The figure of merit of a task for people: what it measures, else the loss.
pub(crate) fn merit(scores: &Scores) -> String {
    match scores.measured.iter().next() {
        Some((metric, value)) => metric.text(value),
        None => scores.loss.map_or("loss not finite".into(), |loss| format!("loss {loss:.4}")),
    }
}
