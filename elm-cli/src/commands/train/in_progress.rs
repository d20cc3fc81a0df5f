//! A run in progress: the loop around the trainer.

use super::divergence::{self, Watch};
use super::open::{Beginning, Kept};
use super::{Outcome, TrainRequest, finish};
use crate::answer::tell;
use crate::commands::scores::{score, undefined};
use crate::config::effective::EffectiveSettings;
use crate::model::ConfiguredModel;
use crate::run::changes::Change;
use crate::run::checkpoint::Which;
use crate::run::metrics::{ChangesLine, MetricsLog};
use crate::run::profile::{Part, Profile, Stopwatch};
use crate::run::record::Start;
use crate::run::state::{self, Best, RunState};
use crate::run::tensorboard::Events;
use crate::run::{Progress, Provenance, RunFolder, RunRecord};
use crate::task::{Adapted, Purpose, Task};
use anyhow::{Context, Result};
use elm_core::Backend;
use elm_core::model::{Model, StoredTensors};
use elm_core::train::{BatchSource, Scores, Trainer};
use std::collections::BTreeSet;
use std::time::Instant;

/// A run in progress.
pub(super) struct Run<'a, B: Backend, S> {
    pub(super) backend: &'a B,
    pub(super) request: &'a TrainRequest,
    pub(super) stopwatch: &'a Stopwatch,
    pub(super) task: &'a Task,
    pub(super) trainer: Trainer<'a, B>,
    pub(super) source: Adapted,
    pub(super) folder: RunFolder,
    pub(super) record: RunRecord,
    pub(super) provenance: Provenance,
    pub(super) state: RunState<S>,
    pub(super) metrics: MetricsLog,
    pub(super) events: Option<Events>,
    pub(super) turn: u64,
    pub(super) total: u64,
    pub(super) began: Instant,
    /// Updates done before this process.
    steps_before: u64,
    /// Updates done when the newest checkpoint was saved.
    saved: Option<u64>,
    /// Seconds of training before this process.
    pub(super) seconds_before: f64,
    pub(super) last_save: Instant,
    pub(super) last_line: (Instant, u64),
    pub(super) progress: Progress,
    pub(super) watch: Watch,
    /// Notes that were told already.
    told: BTreeSet<String>,
}

impl<'a, B: Backend + 'static, S: ConfiguredModel> Run<'a, B, S> {
    pub(super) fn start(
        backend: &'a B,
        request: &'a TrainRequest,
        stopwatch: &'a Stopwatch,
        task: &'a Task,
        mut source: Adapted,
        folder: RunFolder,
        beginning: Beginning<S>,
        network: S,
        provenance: Provenance,
        [turn, total]: [u64; 2],
    ) -> Result<Self> {
        let spec = request.config.training.spec(total);
        let new = |weights: &StoredTensors| -> Result<_> {
            Ok(Trainer::new(backend, network.build(backend, weights)?, spec.clone())?)
        };
        let (mut record, state, trainer) = match beginning {
            Beginning::Kept(kept) => {
                let Kept { state, snapshot, record, .. } = *kept;
                source.seek(state.cursor)?;
                let state = RunState { network: network.clone(), ..state };
                (record, state, Trainer::restore(backend, &network, spec, &snapshot)?)
            }
            Beginning::Given(given) => {
                let trainer = new(&given.weights)
                    .with_context(|| format!("the weights of {} do not fit", given.parent.run))?;
                let record = RunRecord { from: Some(given.parent), ..RunRecord::default() };
                (record, RunState::fresh(trainer.snapshot()?.position, network), trainer)
            }
            Beginning::Drawn => {
                let trainer = new(&network.initial_weights(request.config.training.seed))?;
                (RunRecord::default(), RunState::fresh(trainer.snapshot()?.position, network), trainer)
            }
        };
        record.data = Some(task.digests()?);
        record.predicts = Some(task.properties().predicts);
        record.classes = task.class_names();
        record.input = Some(task.input_kind());
        let step = state.position.step;
        let path = folder.file("metrics.jsonl");
        let (metrics, missing) = MetricsLog::open(&path, state.metrics_bytes)?;
        missing.iter().for_each(|missing| tell(format_args!("warning: {missing}")));
        let events = request.config.logging.tensorboard.then(|| match step {
            0 => Events::create(folder.path()),
            _ => Events::resume(folder.path(), step, state.events.as_ref()),
        });
        let now = Instant::now();
        let end = request.max_steps.map_or(total, |max| max.min(total));
        let progress = Progress::new("training", step, end);
        Ok(Run {
            backend,
            request,
            stopwatch,
            task,
            trainer,
            source,
            folder,
            record,
            provenance,
            steps_before: step,
            saved: None,
            seconds_before: state.seconds,
            last_line: (now, step),
            state,
            metrics,
            events: events.transpose()?,
            turn,
            total,
            began: now,
            last_save: now,
            progress,
            watch: Watch::of(&path),
            told: BTreeSet::new(),
        })
    }

    /// Keeps what the run is made of. Of a new run the weights come first and
    /// the settings last: a folder with settings has a checkpoint.
    pub(super) fn keep(&mut self, settings: &EffectiveSettings, changes: Vec<Change>) -> Result<()> {
        let step = self.state.position.step;
        let new = !self.folder.file("config.toml").is_file();
        let config = &self.request.config;
        for change in &changes {
            self.say(&format!("changed at step {step}: {change}"))?;
        }
        if !changes.is_empty() {
            let epoch = step as f64 / self.turn as f64;
            let (split, seconds) = ("changes", self.seconds());
            self.metrics.append(&ChangesLine { step, epoch, split, changes: &changes, seconds })?;
        }
        if new || !changes.is_empty() {
            self.save(Which::Last)?;
            self.folder.keep_source(config, &self.request.overrides, step)?;
        }
        if new && let Some(symbols) = self.task.symbols() {
            symbols.write(self.folder.path())?;
        }
        let rewrite = new || !changes.is_empty();
        self.record.starts.push(Start { step, changes, provenance: self.provenance.clone() });
        self.record.write(self.folder.path())?;
        if rewrite {
            self.folder.keep_settings(settings)?;
        }
        Ok(())
    }

    /// The update after which this process stops.
    pub(super) fn end(&self) -> u64 {
        self.request.max_steps.map_or(self.total, |max| max.min(self.total))
    }

    pub(super) fn train(&mut self) -> Result<Outcome> {
        let end = self.end();
        loop {
            let step = self.trainer.steps_done();
            if step > 0 && step.is_multiple_of(self.turn) && self.state.validated != Some(step) {
                if !self.validate()? {
                    return self.interrupted();
                }
                self.save(Which::Last)?;
            }
            if let Some(reason) = finish::early(&self.state, &self.request.config, self.total) {
                self.say(&reason)?;
                break;
            }
            if step >= end {
                break;
            }
            if self.request.stop.is_set() {
                return self.interrupted();
            }
            self.update()?;
        }
        // Unless this was done behind the last validation.
        if self.saved != Some(self.trainer.steps_done()) {
            self.save(Which::Last)?;
        }
        self.finish()
    }

    /// Where the time of this process went so far, if that was asked for.
    pub(super) fn profile(&self) -> Option<Profile> {
        self.stopwatch.profile(self.trainer.steps_done() - self.steps_before)
    }

    /// One update with its metrics, and a checkpoint when one is due.
    fn update(&mut self) -> Result<()> {
        let batch = self
            .stopwatch
            .timed(Part::Data, || self.source.next())
            .with_context(|| self.stopped() + "; `elm data check` finds all that is wrong with the data")?;
        let batch = batch.context("the training data ended")?;
        let tokens = (batch.steps * batch.rows) as f64;
        let report = self.trainer.step(&batch);
        let training = &self.request.config.training;
        let report = report.map_err(|error| divergence::explained(error, self.stopped(), training))?;
        let times = report.times;
        for (part, seconds) in [
            (Part::Forward, times.forward),
            (Part::Backward, times.backward),
            (Part::Optimizer, times.optimizer),
        ] {
            self.stopwatch.add_seconds(part, seconds);
        }
        let step = self.trainer.steps_done();
        self.state.window.updates += 1;
        self.state.window.loss += report.loss;
        self.state.window.objective += report.objective;
        self.state.scan = report.path.to_string();
        let loss = report.loss;
        self.watch.begins(loss);
        let words = || format!("loss {loss:.4}  lr {:.2e}", report.learning_rate);
        self.stopwatch.timed(Part::Logging, || self.progress.update(step, words));
        if step.is_multiple_of(self.request.config.logging.every_steps) {
            self.log_training(&report, tokens)?;
        }
        let checkpoint = &self.request.config.checkpoint;
        let by_steps = checkpoint.every_steps.is_some_and(|every| step.is_multiple_of(every));
        let by_time = self.last_save.elapsed().as_secs_f64() >= checkpoint.every_minutes * 60.0;
        if by_steps || by_time {
            self.save(Which::Last)?;
        }
        Ok(())
    }

    fn stopped(&self) -> String {
        format!("training stopped; the last checkpoint in {} is intact", self.folder.path().display())
    }

    /// Validates and keeps the best weights; `false` when asked to stop.
    pub(super) fn validate(&mut self) -> Result<bool> {
        let Some(scores) = self.evaluate(self.trainer.model(), Purpose::Valid)? else { return Ok(false) };
        self.say_what_is_undefined(Purpose::Valid, &scores);
        let step = self.trainer.steps_done();
        self.append_scores(step, "valid", &scores)?;
        self.state.validated = Some(step);
        let text = scores.text();
        let selection = self.task.properties().selection;
        if self.state.best.as_ref().is_none_or(|best| scores.beat(&best.scores, selection)) {
            self.state.best = Some(Best { step, scores });
            self.state.without_gain = 0;
            self.save(Which::Best)?;
        } else {
            self.state.without_gain += 1;
        }
        self.say(&format!("step {step}: valid {text}"))?;
        Ok(true)
    }

    /// Once: the data of a split stays the same.
    pub(super) fn say_what_is_undefined(&mut self, purpose: Purpose, scores: &Scores) {
        for note in undefined(self.task, purpose, scores) {
            if self.told.insert(note.clone()) {
                tell(format_args!("note: {note}"));
            }
        }
    }

    pub(super) fn evaluate(&self, model: &dyn Model<B>, purpose: Purpose) -> Result<Option<Scores>> {
        let stop = || self.request.stop.is_set();
        let part = if purpose == Purpose::Test { Part::Test } else { Part::Validation };
        let config = &self.request.config;
        let evaluation = self
            .stopwatch
            .timed(part, || score(self.backend, model, self.task, config, purpose, &stop, &mut |_| Ok(())));
        Ok(evaluation?.map(|evaluation| evaluation.scores))
    }

    fn save(&mut self, which: Which) -> Result<()> {
        self.stopwatch.timed(Part::Checkpoints, || self.write_checkpoint(which))?;
        if which == Which::Last {
            self.saved = Some(self.trainer.steps_done());
        }
        Ok(())
    }

    fn write_checkpoint(&mut self, which: Which) -> Result<()> {
        let snapshot = self.trainer.snapshot()?;
        self.state.position = snapshot.position;
        self.state.cursor = self.source.cursor();
        self.state.metrics_bytes = self.metrics.sync()?;
        self.state.events = self.events.as_ref().map(Events::mark);
        self.state.seconds = self.seconds();
        self.last_save = Instant::now();
        let keep = self.request.config.checkpoint.keep;
        state::save(self.folder.path(), which, &self.state, &snapshot, keep, &self.provenance)
    }

    pub(super) fn interrupted(&mut self) -> Result<Outcome> {
        self.save(Which::Last)?;
        Ok(Outcome::Interrupted(self.trainer.steps_done()))
    }
}
