//! What `elm eval` answers besides the scores: which classes are told apart,
//! and every single prediction.

use super::predictions::{Predictions, PredictionsPath};
use crate::run::Summary;
use crate::task::{Purpose, Task};
use anyhow::Result;
use elm_core::train::{Confusion, Predicted, Scores};
use serde::Serialize;
use std::fmt::Write;

/// The document that `elm eval --json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct EvalReport {
    /// As of a training.
    #[serde(flatten)]
    pub summary: Summary,
    /// Scores of the training data, where those were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<Scores>,
    /// The classes of a classification, by number.
    #[serde(flatten)]
    pub by_class: Option<ByClass>,
    /// The file of all predictions, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predictions: Option<String>,
}

/// How each class is told from the others.
#[derive(Debug, Clone, Serialize)]
pub struct ByClass {
    /// The classes, by number.
    pub classes: Vec<ClassScore>,
    /// Number of predictions: a row for each class that was right, in it a
    /// column for each class that was answered.
    pub confusion: Vec<Vec<u64>>,
}

/// How one class is recognised.
#[derive(Debug, Clone, Serialize)]
pub struct ClassScore {
    /// Its name; its number, where the data has no names.
    pub name: String,
    /// Predictions in which it was right.
    pub samples: u64,
    /// Share of these in which it was answered, `None` (in JSON `null`)
    /// without samples.
    pub accuracy: Option<f64>,
}

/// Predictions being gathered.
pub(super) struct Gathering {
    names: Vec<String>,
    confusion: Option<Confusion>,
    predictions: Option<Predictions>,
}

impl Gathering {
    /// Nothing yet; a file of predictions is begun.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn start(task: &Task, split: Purpose, path: Option<&PredictionsPath>) -> Result<Self> {
        let names = task.output_names();
        let classification = task.properties().predicts.classifies();
        let predictions = path.map(|path| Predictions::create(path, task, split)).transpose()?;
        Ok(Gathering { confusion: classification.then(|| Confusion::new(names.len())), names, predictions })
    }

    /// Takes in the predictions of the next batch.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn add(&mut self, predicted: &Predicted<'_>) -> Result<()> {
        if let Some(confusion) = &mut self.confusion {
            confusion.add(predicted);
        }
        self.predictions.as_mut().map_or(Ok(()), |predictions| predictions.add(predicted))
    }

    /// Puts the file of predictions into its place.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(self, summary: Summary, train: Option<Scores>) -> Result<EvalReport> {
        let predictions = self.predictions.map(Predictions::finish).transpose()?;
        let by_class = self.confusion.map(|confusion| ByClass::of(&confusion, self.names));
        Ok(EvalReport { summary, train, by_class, predictions })
    }
}

impl ByClass {
    fn of(confusion: &Confusion, names: Vec<String>) -> Self {
        let scores = confusion.samples().iter().zip(confusion.accuracies());
        let class = |(name, (&samples, accuracy))| ClassScore { name, samples, accuracy };
        ByClass {
            classes: names.into_iter().zip(scores).map(class).collect(),
            confusion: confusion.rows().map(<[u64]>::to_vec).collect(),
        }
    }

    /// Two tables for people.
    fn text(&self) -> String {
        let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
        let name = width(&mut self.classes.iter().map(|class| class.name.chars().count())).max(5);
        let mut text = format!("{:<name$} {:>8} {:>9}\n", "class", "samples", "accuracy");
        for class in &self.classes {
            let accuracy = class.accuracy.map_or("-".into(), |share| format!("{:.2} %", 100.0 * share));
            let _ = writeln!(text, "{:<name$} {:>8} {accuracy:>9}", class.name, class.samples);
        }
        let largest =
            self.confusion.iter().flatten().max().copied().unwrap_or(0).max(self.classes.len() as u64);
        let cell = largest.to_string().len() + 1;
        text += "confusion: a row for each class, a column for each answer, by number\n";
        let _ = write!(text, "{:name$}", "");
        (0..self.classes.len()).for_each(|class| {
            let _ = write!(text, "{class:>cell$}");
        });
        for (class, row) in self.classes.iter().zip(&self.confusion) {
            let _ = write!(text, "\n{:<name$}", class.name);
            row.iter().for_each(|count| {
                let _ = write!(text, "{count:>cell$}");
            });
        }
        text + "\n"
    }
}

impl EvalReport {
    /// The report for people.
    pub fn text(&self) -> String {
        let mut text = self.by_class.as_ref().map_or(String::new(), ByClass::text);
        text += &self.summary.text_of_weights(Some(self.summary.steps), self.train.as_ref());
        if let Some(file) = &self.predictions {
            let _ = write!(text, "\npredictions: {file}");
        }
        text
    }
}
