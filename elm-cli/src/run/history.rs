//! What a run has measured so far: `metrics.jsonl` read back.

use super::metrics::MetricsLine;
use anyhow::{Context, Result};
use elm_core::train::{Criterion, Scores};
use std::path::Path;

/// Lines of training that a speed is taken over.
const RECENT: usize = 10;

/// The lines in their order.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// What was measured.
    pub lines: Vec<MetricsLine>,
    /// Lines that could not be read. A last line without an end is none of
    /// them: it is being written, or was cut off.
    pub damaged: usize,
}

impl History {
    /// Reads the metrics of a run; of a run without any, an empty history.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(run: &Path) -> Result<Self> {
        let path = run.join("metrics.jsonl");
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Self::of_text(&bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(History::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    fn of_text(bytes: &[u8]) -> Self {
        let mut history = History::default();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            match serde_json::from_slice::<MetricsLine>(line) {
                Ok(line) => history.lines.push(line),
                Err(_) if line.ends_with(b"\n") => history.damaged += 1,
                Err(_) => {}
            }
        }
        history
    }

    /// The lines of a split.
    pub fn of<'a>(&'a self, split: &'a str) -> impl DoubleEndedIterator<Item = &'a MetricsLine> {
        self.lines.iter().filter(move |line| line.split == split)
    }

    /// Updates done at the last line.
    pub fn last_step(&self) -> u64 {
        self.lines.last().map_or(0, |line| line.step)
    }

    /// Seconds of training until the last line, those before a resumption
    /// included.
    pub fn seconds(&self) -> Option<f64> {
        self.lines.last().map(|line| line.seconds)
    }

    /// The best validation, by the criteria of the task.
    pub fn best(&self, selection: &[Criterion]) -> Option<(u64, Scores)> {
        let scores = |line: &MetricsLine| Scores { loss: line.loss, measured: line.measured.clone() };
        let mut best: Option<(u64, Scores)> = None;
        for line in self.of("valid") {
            let scores = scores(line);
            if best.as_ref().is_none_or(|(_, best)| scores.beat(best, selection)) {
                best = Some((line.step, scores));
            }
        }
        best
    }

    /// Updates per second over the last lines, validations between them
    /// included.
    pub fn speed(&self) -> Option<f64> {
        let recent: Vec<&MetricsLine> = self.of("train").rev().take(RECENT).collect();
        let (last, first) = (recent.first()?, recent.last()?);
        let seconds = last.seconds - first.seconds;
        let steps = last.step.saturating_sub(first.step);
        if steps > 0 && seconds > 0.0 { Some(steps as f64 / seconds) } else { last.steps_per_second }
    }

    /// Time steps times batch that were learned from until each line; `None`
    /// where no line tells how many an update has.
    pub fn tokens(&self) -> Option<Vec<f64>> {
        // A line of training tells of the updates before it.
        let mut sizes: Vec<Option<f64>> = self.lines.iter().map(tokens_of_update).collect();
        let known = |size: &Option<f64>| *size;
        let mut later = sizes.iter().rev().find_map(known)?;
        for size in sizes.iter_mut().rev() {
            later = size.unwrap_or(later);
            *size = Some(later);
        }
        let (mut step, mut total) = (0, 0.0);
        let until = |(line, size): (&MetricsLine, Option<f64>)| {
            total += line.step.saturating_sub(step) as f64 * size.unwrap_or(0.0);
            step = line.step.max(step);
            total
        };
        Some(self.lines.iter().zip(sizes).map(until).collect())
    }
}

/// Time steps times batch of the last update.
fn tokens_of_update(line: &MetricsLine) -> Option<f64> {
    let updates = line.steps_per_second.filter(|&speed| speed > 0.0)?;
    Some((line.tokens_per_second? / updates).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"{"step":4,"epoch":0.5,"split":"train","loss":2.0,"steps_per_second":2.0,"tokens_per_second":200.0,"seconds":2.0}
{"step":5,"epoch":1.0,"split":"valid","loss":1.5,"accuracy":0.5,"seconds":2.5}
not a line
{"step":5,"epoch":1.0,"split":"changes","changes":[],"seconds":2.5}
{"step":8,"epoch":1.0,"split":"train","loss":null,"steps_per_second":2.0,"tokens_per_second":400.0,"seconds":4.0}
{"step":10,"epoch":2.0,"split":"valid","loss":1.6,"accuracy":0.75,"seconds":5.0}
{"step":12,"epoch":2.0,"split":"tr"#;

    #[test]
    fn damaged_lines_are_passed_over_and_a_half_one_at_the_end_is_none() {
        let history = History::of_text(LINES.as_bytes());
        assert_eq!((history.lines.len(), history.damaged, history.last_step()), (5, 1, 10));
        assert_eq!(history.of("train").map(|line| line.loss).collect::<Vec<_>>(), [Some(2.0), None]);
        assert_eq!((history.speed(), history.seconds()), (Some(2.0), Some(5.0)));
        let empty = History::of_text(b"\0\0\0");
        assert_eq!((empty.lines.len(), empty.damaged, empty.speed(), empty.tokens()), (0, 0, None, None));
    }

    #[test]
    fn an_update_has_as_many_tokens_as_the_next_line_of_training_tells() {
        let tokens = History::of_text(LINES.as_bytes()).tokens().unwrap();
        assert_eq!(tokens, [400.0, 600.0, 600.0, 1200.0, 1600.0]);
    }

    #[test]
    fn the_best_validation_is_that_of_the_criteria() {
        let history = History::of_text(LINES.as_bytes());
        assert_eq!(history.best(&[Criterion::Loss]).unwrap().0, 5);
        let accuracy = [Criterion::Metric(elm_core::train::Metric::Accuracy)];
        assert_eq!(history.best(&accuracy).unwrap().0, 10);
    }
}
