//! What a run in progress writes down and says.

use super::in_progress::Run;
use crate::model::ConfiguredModel;
use crate::run::metrics::{MetricsLine, finite};
use crate::run::profile::Part;
use anyhow::{Context, Result};
use elm_core::Backend;
use elm_core::train::{Measured, Scores, StepReport};
use std::io::Write;
use std::time::Instant;

impl<B: Backend + 'static, S: ConfiguredModel> Run<'_, B, S> {
    /// Notes what runs on what, for the log.
    pub(super) fn say_what_runs(&mut self) -> Result<()> {
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
    pub(super) fn say(&self, text: &str) -> Result<()> {
        self.stopwatch.timed(Part::Logging, || self.write_down(text))
    }

    fn write_down(&self, text: &str) -> Result<()> {
        self.progress.line(text);
        let path = self.folder.file("log.txt");
        let append = || std::fs::File::options().create(true).append(true).open(&path);
        // In one go: what is killed between two would leave half a line.
        append()
            .and_then(|mut log| log.write_all(format!("{text}\n").as_bytes()))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    pub(super) fn log_training(&mut self, report: &StepReport, tokens: f64) -> Result<()> {
        let window = std::mem::take(&mut self.state.window);
        let step = self.trainer.steps_done();
        let mean = |sum: f64| finite(sum / window.updates.max(1) as f64);
        let speed = (step - self.last_line.1) as f64 / self.last_line.0.elapsed().as_secs_f64().max(1e-9);
        self.last_line = (Instant::now(), step);
        let loss = mean(window.loss);
        if let Some(hint) = loss.and_then(|loss| self.watch.sees(loss, &self.request.config.training)) {
            self.say(&format!("step {step}: {hint}"))?;
        }
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

    pub(super) fn report(&mut self, line: MetricsLine) -> Result<()> {
        self.stopwatch.timed(Part::Logging, || {
            self.metrics.append(&line)?;
            self.events.as_mut().map_or(Ok(()), |events| events.append(&line))
        })
    }

    pub(super) fn seconds(&self) -> f64 {
        self.seconds_before + self.began.elapsed().as_secs_f64()
    }

    pub(super) fn append_scores(&mut self, step: u64, split: &str, scores: &Scores) -> Result<()> {
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
}
