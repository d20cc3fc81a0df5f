//! What runs will take.

use crate::answer::tell;
use crate::commands::bench::BenchRequest;
use crate::config::RunConfig;
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use crate::run::progress::duration;
use crate::sweep::results::Outcome;
use crate::sweep::{Plan, Point};
use anyhow::{Context, Result};

/// Training steps that are timed.
const STEPS: usize = 2;

/// Seconds for an operation of the forward pass, with all that belongs to it.
pub(super) struct Estimate {
    seconds_per_operation: Option<f64>,
    /// Runs at a time.
    jobs: usize,
    /// How it is known, or why not.
    words: String,
}

impl Estimate {
    /// From the runs that are finished, else from a training step of one of
    /// them, timed here.
    pub(super) fn of<S: ConfiguredModel>(
        plan: &Plan,
        outcomes: &[Outcome],
        jobs: usize,
        registry: &Registry<S>,
    ) -> Self {
        let done: Vec<_> = outcomes.iter().filter_map(|run| Some((run.point.work(), run.seconds?))).collect();
        if !done.is_empty() {
            let sum = |(work, seconds): (f64, f64), run: &(f64, f64)| (work + run.0, seconds + run.1);
            let (work, seconds) = done.iter().fold((0.0, 0.0), sum);
            let words = format!("as {} finished runs took, by floating-point operations", done.len());
            return Estimate { seconds_per_operation: Some(seconds / work), jobs, words };
        }
        let mut points: Vec<&Point> = plan.points.iter().collect();
        points.sort_by(|a, b| a.work_of_update().total_cmp(&b.work_of_update()));
        let Some(point) = points.get(points.len() / 2) else {
            return Estimate { seconds_per_operation: None, jobs, words: "no runs".into() };
        };
        tell(format_args!("timing a training step of {}", point.name));
        match timed(point, registry) {
            Ok(seconds) => {
                let words = format!(
                    "by a training step of {} that took {:.0} ms here, and floating-point operations; validations \
                     and tests come on top",
                    point.name,
                    1e3 * seconds
                );
                Estimate { seconds_per_operation: Some(seconds / point.work_of_update()), jobs, words }
            }
            Err(error) => {
                let words = format!("how long is not known: {}", crate::in_words(&error));
                Estimate { seconds_per_operation: None, jobs, words }
            }
        }
    }

    /// What a run will take; `None` where that, or how many updates it has, is
    /// not known.
    pub(super) fn seconds(&self, point: &Point) -> Option<f64> {
        point.updates?;
        Some(self.seconds_per_operation? * point.work())
    }

    /// What all will take, and how that is known.
    pub(super) fn in_words(&self, plan: &Plan) -> String {
        if self.seconds_per_operation.is_none() {
            return self.words.clone();
        }
        let all: Option<Vec<f64>> = plan.points.iter().map(|point| self.seconds(point)).collect();
        match all {
            Some(all) => {
                let longest = all.iter().copied().fold(0.0, f64::max);
                let together = (all.iter().sum::<f64>() / self.jobs as f64).max(longest);
                format!("about {} with {} at a time, {}", duration(together), self.jobs, self.words)
            }
            None => "how long is not known: only the data knows the number of updates".into(),
        }
    }
}

/// Seconds of a training step.
fn timed<S: ConfiguredModel>(point: &Point, registry: &Registry<S>) -> Result<f64> {
    let settings: Vec<String> = point.settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let config = RunConfig::load(&point.config, &settings)?;
    let options = config.backend_options;
    let engine = registry.get(&config.backend)?;
    let report = engine.bench(options, &BenchRequest { config, steps: STEPS }).context("timing a step")?;
    Ok(report.train.ms_per_step / 1e3)
}
