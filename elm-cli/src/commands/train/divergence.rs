//! A training that goes astray: how that is seen, and which settings are to
//! blame as a rule.

use crate::config::TrainingConfig;
use crate::config::schedule::ScheduleName;
use crate::run::MetricsLine;
use anyhow::anyhow;
use elm_core::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// A loss so many times that of the beginning is no learning any more.
const FAR: f64 = 3.0;

/// Sees whether the loss rises far above its start.
pub(super) struct Watch {
    /// The loss of the first update, or of the first line of the metrics where
    /// the run continues.
    start: Option<f64>,
    said: bool,
}

impl Watch {
    /// With the metrics that the run has so far.
    pub(super) fn of(metrics: &Path) -> Self {
        let lines = std::fs::File::open(metrics).map(BufReader::new).into_iter().flat_map(BufRead::lines);
        let lines = lines.map_while(Result::ok).map(|line| serde_json::from_str::<MetricsLine>(&line));
        let start = lines.flatten().find(|line| line.split == "train").and_then(|line| line.loss);
        Watch { start, said: false }
    }

    /// Takes the loss of an update in; only that of the first one counts.
    pub(super) fn begins(&mut self, loss: f64) {
        self.start.get_or_insert(loss);
    }

    /// Takes in a mean over updates; once, what to do where it is far too high.
    pub(super) fn sees(&mut self, loss: f64, training: &TrainingConfig) -> Option<String> {
        let start = self.start?;
        let astray = start > 0.0 && loss > FAR * start && !self.said;
        self.said |= astray;
        astray.then(|| {
            format!("the loss has risen to {loss:.4}, from {start:.4} at the beginning; {}", remedy(training))
        })
    }
}

/// An error of an update behind the words of `stopped`; where its numbers were
/// not finite, that and what to do.
pub(super) fn explained(error: Error, stopped: String, training: &TrainingConfig) -> anyhow::Error {
    match &error {
        Error::NonFinite { what, step, value } => {
            let what = match what.strip_prefix("the ") {
                Some("training objective") => "loss",
                Some(other) => other,
                None => what,
            };
            let remedy = remedy(training);
            anyhow!(
                "diverged ({what} not finite at step {step}): {stopped}\n  = it was {value}\n  = help: {remedy}"
            )
        }
        _ => anyhow::Error::from(error).context(stopped),
    }
}

/// What to lower, with the values that are in use.
fn remedy(training: &TrainingConfig) -> String {
    let TrainingConfig { rate, clip_norm, .. } = training;
    let warmup = match rate.schedule {
        ScheduleName::OneCycle => String::new(),
        _ => format!("more training.warmup_steps than {}, ", rate.warmup_steps),
    };
    let clip = match clip_norm {
        Some(limit) => format!("a lower training.clip_norm than {limit:?}"),
        None => "a training.clip_norm (there is none)".to_string(),
    };
    format!(
        "take a lower training.learning_rate than {:?}, {warmup}or {clip}; with --set KEY=VALUE --allow-change \
         KEY the run goes on from its last checkpoint",
        rate.learning_rate
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_far_above_the_first_of_the_run_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("small.toml");
        std::fs::write(&file, "[data]\nkind = \"digits\"\n[model]\nnum_hidden = 3\n").unwrap();
        let training = crate::config::RunConfig::load(&file, &[]).unwrap().training;
        let mut watch = Watch::of(&folder.path().join("metrics.jsonl"));
        [2.0, 1.0, 9.0].into_iter().for_each(|loss| watch.begins(loss));
        let mut sees = |loss| watch.sees(loss, &training);
        assert_eq!([3.0, 2.0, 5.9].map(&mut sees), [None, None, None]);
        let told = sees(6.1).unwrap();
        assert!(
            told.contains("from 2.0000") && told.contains("training.learning_rate than 0.0005"),
            "{told}"
        );
        assert_eq!(sees(60.0), None);
    }

    #[test]
    fn a_run_that_continues_is_compared_with_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let metrics = folder.path().join("metrics.jsonl");
        let line = |split: &str, loss: f64| {
            format!("{{\"step\":1,\"epoch\":1.0,\"split\":\"{split}\",\"loss\":{loss},\"seconds\":1.0}}\n")
        };
        std::fs::write(&metrics, line("valid", 9.0) + &line("train", 4.0) + &line("train", 1.0)).unwrap();
        assert_eq!(Watch::of(&metrics).start, Some(4.0));
    }
}
