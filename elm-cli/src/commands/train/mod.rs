//! `elm train`: the loop around the trainer.

mod open;

use super::scores::score;
use crate::answer::tell;
use crate::commands::eval::symbols_are_known;
use crate::config::RunConfig;
use crate::config::effective::{EffectiveSettings, Found};
use crate::machine;
use crate::model::ConfiguredModel;
use crate::run::changes::{Change, batches_differ, validations_differ};
use crate::run::checkpoint::Which;
use crate::run::metrics::{ChangesLine, MetricsLine, MetricsLog, finite};
use crate::run::record::Start;
use crate::run::signals::StopFlag;
use crate::run::state::{self, Best, RunState};
use crate::run::tensorboard::Events;
use crate::run::{Progress, Provenance, RunFolder, RunRecord, Summary};
use crate::task::{Adapted, Purpose, Task};
use anyhow::{Context, Result};
use elm_core::Backend;
use elm_core::model::{Model, StoredTensors};
use elm_core::train::{BatchSource, Measured, Scores, StepReport, Trainer};
use open::{Beginning, Kept};
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

/// What to train.
pub struct TrainRequest {
    /// The experiment.
    pub config: RunConfig,
    /// Overrides it was read with, for the run folder.
    pub overrides: Vec<String>,
    /// The run folder.
    pub out: PathBuf,
    /// Continue what is there?
    pub resume: bool,
    /// The run whose weights a new one starts with.
    pub from: Option<PathBuf>,
    /// Settings that may be others than those of the run that is continued.
    pub allow_change: Vec<String>,
    /// Stop after so many updates; schedules do not change.
    pub max_steps: Option<u64>,
    /// Threads that the backend computes with, for the record.
    pub threads: usize,
    /// Set when the process is asked to stop.
    pub stop: StopFlag,
}

/// How training ended.
pub enum Outcome {
    /// All updates (or `max_steps`) done and tested.
    Done(Box<Summary>),
    /// Stopped by a signal; saved after this many updates.
    Interrupted(u64),
}

/// Trains on a backend.
///
/// # Errors
/// When data, run folder or numbers fail; the last checkpoint stays intact.
pub fn run<B: Backend + 'static, S: ConfiguredModel>(backend: &B, request: &TrainRequest) -> Result<Outcome> {
    let config = &request.config;
    let folder = RunFolder::for_training(&request.out, request.resume)?;
    let mut beginning = Beginning::<S>::find(&folder, request)?;
    let task = Task::load(config, beginning.symbols(), &mut |note| tell(format_args!("note: {note}")))?;
    if let Beginning::Kept(_) = &beginning {
        symbols_are_known(folder.path(), beginning.symbols(), &task)?;
    }
    let network = S::configured(config, task.demand())?;
    machine::can_train(config, &network)?;
    let (source, _) = task.batches(config, Purpose::Train)?;
    task.batches(config, Purpose::Valid)?;
    task.batches(config, Purpose::Test)?;
    let turn = task.turn(config);
    let total = turn.saturating_mul(config.training.turns);
    if let Some(warning) = config.training.rate.warning(total) {
        tell(format_args!("warning: {warning}"));
    }
    let found = Found { demand: Some(task.demand()), turn: Some(turn), model: network.settings(config) };
    let settings = config.effective(&found);
    let changes = match &beginning {
        Beginning::Kept(kept) => kept.changes(request, &task, &network, &settings)?,
        Beginning::Given(given) => {
            given.say_what_differs(&network);
            Vec::new()
        }
        Beginning::Drawn => Vec::new(),
    };
    if let Beginning::Kept(kept) = &beginning
        && kept.state.position.step >= total
        && let Some(summary) = Summary::read(folder.path())?
        && summary.steps >= total
    {
        return Ok(Outcome::Done(Box::new(summary)));
    }
    if let Beginning::Kept(kept) = &mut beginning {
        if batches_differ(&changes) {
            kept.begin_pass();
        }
        if validations_differ(&changes) {
            kept.forget_best();
        }
    }
    let simd = config.backend_options.simd;
    let provenance = Provenance::now(&backend.description(), simd, request.threads, config.training.seed)?;
    let mut run =
        Run::start(backend, request, &task, source, folder, beginning, network, provenance, [turn, total])?;
    run.keep(&settings, changes)?;
    run.say_what_runs()?;
    run.train()
}

/// A run in progress.
struct Run<'a, B: Backend, S> {
    backend: &'a B,
    request: &'a TrainRequest,
    task: &'a Task,
    trainer: Trainer<'a, B>,
    source: Adapted,
    folder: RunFolder,
    record: RunRecord,
    provenance: Provenance,
    state: RunState<S>,
    metrics: MetricsLog,
    events: Option<Events>,
    turn: u64,
    total: u64,
    began: Instant,
    /// Seconds of training before this process.
    seconds_before: f64,
    last_save: Instant,
    last_line: (Instant, u64),
    progress: Progress,
}

impl<'a, B: Backend + 'static, S: ConfiguredModel> Run<'a, B, S> {
    fn start(
        backend: &'a B,
        request: &'a TrainRequest,
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
        let step = state.position.step;
        let (metrics, missing) = MetricsLog::open(&folder.file("metrics.jsonl"), state.metrics_bytes)?;
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
            task,
            trainer,
            source,
            folder,
            record,
            provenance,
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
        })
    }

    /// Keeps what the run is made of. Of a new run the weights come first and
    /// the settings last: a folder with settings has a checkpoint.
    fn keep(&mut self, settings: &EffectiveSettings, changes: Vec<Change>) -> Result<()> {
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
    fn end(&self) -> u64 {
        self.request.max_steps.map_or(self.total, |max| max.min(self.total))
    }

    /// Notes what runs on what, for the log.
    fn say_what_runs(&mut self) -> Result<()> {
        let elm_core::backend::Description { name, device, version } = self.backend.description();
        let from = self.state.position.step;
        let parameters = self.state.network.trainable_parameters();
        let version_of_elm = env!("CARGO_PKG_VERSION");
        self.say(&format!(
            "elm {version_of_elm} on {name} {device} ({version}): {parameters} parameters, updates {from} to {}",
            self.end()
        ))?;
        self.say(&format!("data: {}", self.task.description()))
    }

    /// Prints a line and adds it to `log.txt`.
    fn say(&self, text: &str) -> Result<()> {
        self.progress.line(text);
        let path = self.folder.file("log.txt");
        let append = || std::fs::File::options().create(true).append(true).open(&path);
        append()
            .and_then(|mut log| writeln!(log, "{text}"))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    fn train(&mut self) -> Result<Outcome> {
        let end = self.end();
        loop {
            let step = self.trainer.steps_done();
            if step > 0 && step.is_multiple_of(self.turn) && self.state.validated != Some(step) {
                if !self.validate()? {
                    return self.interrupted();
                }
                self.save(Which::Last)?;
            }
            if step >= end {
                break;
            }
            if self.request.stop.is_set() {
                return self.interrupted();
            }
            self.update()?;
        }
        self.save(Which::Last)?;
        self.finish()
    }

    /// One update with its metrics, and a checkpoint when one is due.
    fn update(&mut self) -> Result<()> {
        let batch = self.source.next()?.context("the training data ended")?;
        let tokens = (batch.steps * batch.rows) as f64;
        let report = self.trainer.step(&batch).with_context(|| {
            format!("training stopped; the last checkpoint in {} is intact", self.folder.path().display())
        })?;
        let step = self.trainer.steps_done();
        self.state.window.updates += 1;
        self.state.window.loss += report.loss;
        self.state.window.objective += report.objective;
        self.state.scan = report.path.to_string();
        let loss = report.loss;
        self.progress.update(step, || format!("loss {loss:.4}  lr {:.2e}", report.learning_rate));
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

    fn log_training(&mut self, report: &StepReport, tokens: f64) -> Result<()> {
        let window = std::mem::take(&mut self.state.window);
        let step = self.trainer.steps_done();
        let mean = |sum: f64| finite(sum / window.updates.max(1) as f64);
        let speed = (step - self.last_line.1) as f64 / self.last_line.0.elapsed().as_secs_f64().max(1e-9);
        self.last_line = (Instant::now(), step);
        let loss = mean(window.loss);
        let metrics = self.task.properties().metrics.iter();
        let measured = metrics.map(|metric| (*metric, loss.and_then(|loss| metric.of_loss(loss))));
        self.report(MetricsLine {
            step,
            epoch: step as f64 / self.turn as f64,
            split: "train".into(),
            loss,
            objective: mean(window.objective),
            measured: Measured::new(measured),
            learning_rate: Some(report.learning_rate),
            gradient_norm: finite(report.gradient_norm),
            steps_per_second: finite(speed),
            tokens_per_second: finite(speed * tokens),
            seconds: self.seconds(),
        })
    }

    fn report(&mut self, line: MetricsLine) -> Result<()> {
        self.metrics.append(&line)?;
        self.events.as_mut().map_or(Ok(()), |events| events.append(&line))
    }

    fn seconds(&self) -> f64 {
        self.seconds_before + self.began.elapsed().as_secs_f64()
    }

    /// Validates and keeps the best weights; `false` when asked to stop.
    fn validate(&mut self) -> Result<bool> {
        let Some(scores) = self.evaluate(self.trainer.model(), Purpose::Valid)? else { return Ok(false) };
        let step = self.trainer.steps_done();
        self.append_scores(step, "valid", &scores)?;
        self.state.validated = Some(step);
        let text = scores.text();
        let selection = self.task.properties().selection;
        if self.state.best.as_ref().is_none_or(|best| scores.beat(&best.scores, selection)) {
            self.state.best = Some(Best { step, scores });
            self.save(Which::Best)?;
        }
        self.say(&format!("step {step}: valid {text}"))?;
        Ok(true)
    }

    fn evaluate(&self, model: &dyn Model<B>, purpose: Purpose) -> Result<Option<Scores>> {
        let stop = || self.request.stop.is_set();
        let evaluation =
            score(self.backend, model, self.task, &self.request.config, purpose, &stop, &mut |_| Ok(()))?;
        Ok(evaluation.map(|evaluation| evaluation.scores))
    }

    fn append_scores(&mut self, step: u64, split: &str, scores: &Scores) -> Result<()> {
        self.report(MetricsLine {
            step,
            epoch: step as f64 / self.turn as f64,
            split: split.into(),
            loss: scores.loss,
            objective: None,
            measured: scores.measured.clone(),
            learning_rate: None,
            gradient_norm: None,
            steps_per_second: None,
            tokens_per_second: None,
            seconds: self.seconds(),
        })
    }

    fn save(&mut self, which: Which) -> Result<()> {
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

    fn interrupted(&mut self) -> Result<Outcome> {
        self.save(Which::Last)?;
        Ok(Outcome::Interrupted(self.trainer.steps_done()))
    }

    /// Tests the best weights and writes the summary. Lines written from here
    /// on come after the checkpoint: a run that continues drops them.
    fn finish(&mut self) -> Result<Outcome> {
        if self.state.best.is_none() && !self.validate()? {
            return self.interrupted();
        }
        let best = state::load_weights(self.folder.path(), Which::Best, Some(&self.state.network))?
            .with_context(|| {
                let best = self.folder.path().join("checkpoints/best");
                format!("{}: the weights of the best validation are gone; put them back", best.display())
            })?;
        let model = self.state.network.build(self.backend, &best.weights)?;
        let Some(test) = self.evaluate(&*model, Purpose::Test)? else {
            return Ok(Outcome::Interrupted(self.trainer.steps_done()));
        };
        self.append_scores(self.trainer.steps_done(), "test", &test)?;
        self.metrics.sync()?;
        let description = self.backend.description();
        let summary = Summary {
            task: self.request.config.task_name(),
            backend: description.name.into(),
            device: description.device,
            scan: self.state.scan.clone(),
            steps: self.trainer.steps_done(),
            best_step: self.state.best.as_ref().map(|best| best.step),
            valid: self.state.best.as_ref().map(|best| best.scores.clone()),
            test: Some(test),
            trainable_parameters: self.state.network.trainable_parameters(),
            seconds: self.seconds(),
            run: self.folder.path().display().to_string(),
            baselines: self.task.baselines(&self.request.config)?,
            data: self.record.data.clone(),
            provenance: Some(self.provenance.clone()),
        };
        summary.write(self.folder.path())?;
        Ok(Outcome::Done(Box::new(summary)))
    }
}
