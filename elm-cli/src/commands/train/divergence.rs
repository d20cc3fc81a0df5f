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
const FAR: f64 = 2.0;

/// Sees whether the loss rises far above its start.
pub(super) struct Watch {
    /// The first loss in the metrics of the run.
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

    /// Takes the next loss in; once, what to do where it is far too high.
    pub(super) fn sees(&mut self, loss: f64, training: &TrainingConfig) -> Option<String> {
        let start = *self.start.get_or_insert(loss);
        let astray = start > 0.0 && loss > FAR * start && !self.said;
        self.said |= astray;
        astray.then(|| {
            format!("the loss has risen to {loss:.4}, from {start:.4} at the beginning; {}", remedy(training))
        })
    }
}

/// An error of an update, with what to do where its numbers were not finite.
pub(super) fn explained(error: Error, training: &TrainingConfig) -> anyhow::Error {
    match error {
        Error::NonFinite { .. } => anyhow!("{error}\n  = help: {}", remedy(training)),
        other => other.into(),
    }
}

/// What to lower, with the values that are in use.
fn remedy(training: &TrainingConfig) -> String {
    let TrainingConfig { rate, clip_norm, .. } = training;
    let warmup = match rate.schedule {
        ScheduleName::OneCycle => String::new(),
        _ => format!("more of training.warmup_steps = {}, ", rate.warmup_steps),
    };
    let clip = clip_norm.map_or("\"none\"".to_string(), |limit| format!("{limit:?}"));
    format!(
        "a lower training.learning_rate = {:?}, {warmup}or a lower training.clip_norm = {clip} may help (a run \
         goes on with another one by --set KEY=VALUE --allow-change KEY)",
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
        std::fs::write(&file, "[data]\nkind = \"digits\"\n").unwrap();
        let training = crate::config::RunConfig::load(&file, &[]).unwrap().training;
        let mut watch = Watch::of(&folder.path().join("metrics.jsonl"));
        let mut sees = |loss| watch.sees(loss, &training);
        assert_eq!([3.0, 2.0, 5.9].map(&mut sees), [None, None, None]);
        let told = sees(6.1).unwrap();
        assert!(told.contains("training.learning_rate = 0.0005"), "{told}");
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
