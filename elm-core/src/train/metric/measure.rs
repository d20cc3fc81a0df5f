//! How figures are gathered, batch by batch.

use super::Metric;
use crate::train::batch::Target;

/// The predictions of one batch.
pub struct Predicted<'a> {
    /// Mean loss of the task in nats.
    pub loss: f64,
    /// Number of predictions that it is a mean of.
    pub predictions: u64,
    /// Number of sequences in the batch.
    pub rows: usize,
    /// What the model answers, `[O, R]` for its `R` predictions; the logits of
    /// a classification.
    pub outputs: &'a [f32],
    /// What was to be predicted.
    pub target: &'a Target,
}

impl Predicted<'_> {
    /// The class of each prediction that has the largest logit, the first of
    /// equal ones as in NumPy's argmax; `None` where one is not a number.
    /// Nothing for a task without classes.
    pub fn answers(&self) -> Vec<Option<u32>> {
        self.target.labels().map_or(Vec::new(), |labels| answers(self.outputs, labels.len()))
    }

    /// The probability of each class, `[R, O]`: the softmax of the logits.
    pub fn probabilities(&self) -> Vec<f32> {
        probabilities(self.outputs, self.target.labels().map_or(0, |labels| labels.len()))
    }

    /// The probability of what was to be predicted, `[R]`.
    pub fn probabilities_of_labels(&self) -> Vec<f32> {
        let labels = self.target.labels().unwrap_or_default();
        let of_label = |(column, &label): (usize, &u32)| {
            softmax(column_of(self.outputs, labels.len(), column)).nth(label as usize)
        };
        labels.iter().enumerate().filter_map(of_label).collect()
    }
}

/// The probability of each class in every column of logits `[O, columns]`, as
/// `[columns, O]`: their softmax.
pub fn probabilities(logits: &[f32], columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| softmax(column_of(logits, columns, column))).collect()
}

/// Column `column` of `[O, columns]`.
fn column_of(logits: &[f32], columns: usize, column: usize) -> impl Iterator<Item = f32> + Clone + '_ {
    logits.iter().skip(column).step_by(columns.max(1)).copied()
}

/// Summed in f64, so that thousands of classes add up to 1.
fn softmax(logits: impl Iterator<Item = f32> + Clone) -> impl Iterator<Item = f32> {
    let top = f64::from(logits.clone().fold(f32::NEG_INFINITY, f32::max));
    let weights = logits.map(move |logit| (f64::from(logit) - top).exp());
    let sum: f64 = weights.clone().sum();
    weights.map(move |weight| (weight / sum) as f32)
}

/// See [`Predicted::answers`].
fn answers(logits: &[f32], columns: usize) -> Vec<Option<u32>> {
    let answer = |column| {
        let mut best: Option<(u32, f32)> = None;
        for (class, logit) in (0..).zip(column_of(logits, columns, column)) {
            if logit.is_nan() {
                return None;
            }
            if best.is_none_or(|(_, most)| logit > most) {
                best = Some((class, logit));
            }
        }
        best.map(|(class, _)| class)
    };
    (0..columns).map(answer).collect()
}

/// A figure being gathered.
pub trait Measure {
    /// Takes in one more batch.
    fn add(&mut self, predicted: &Predicted<'_>);

    /// The figure over all batches; `None` when none of them told it.
    fn value(&self) -> Option<f64>;
}

/// A mean over predictions.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::train) struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    /// Adds the sum of `count` values.
    pub(in crate::train) fn add(&mut self, sum: f64, count: u64) {
        self.sum += sum;
        self.count += count;
    }

    /// The mean, `None` of nothing.
    pub(in crate::train) fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// [`Metric::Accuracy`].
#[derive(Default)]
pub(super) struct RightShare(Mean);

impl Measure for RightShare {
    fn add(&mut self, predicted: &Predicted<'_>) {
        if let Some(labels) = predicted.target.labels() {
            self.0.add(right_answers(predicted.outputs, &labels) as f64, predicted.predictions);
        }
    }

    fn value(&self) -> Option<f64> {
        self.0.value()
    }
}

/// [`Metric::BitsPerCharacter`].
#[derive(Default)]
pub(super) struct Bits(Mean);

impl Measure for Bits {
    fn add(&mut self, predicted: &Predicted<'_>) {
        self.0.add(predicted.loss * predicted.predictions as f64, predicted.predictions);
    }

    fn value(&self) -> Option<f64> {
        self.0.value().and_then(|nats| Metric::BitsPerCharacter.of_loss(nats))
    }
}

/// Number of columns of `[O, R]` whose largest entry is that of the label.
pub fn right_answers(logits: &[f32], labels: &[u32]) -> usize {
    let answers = answers(logits, labels.len());
    answers.iter().zip(labels).filter(|(answer, label)| **answer == Some(**label)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_logits_is_the_answer() {
        let logits = [1.0, 0.0, 2.0, /**/ 1.0, 3.0, 2.5];
        assert_eq!(right_answers(&logits, &[0, 1, 1]), 3);
        assert_eq!(right_answers(&logits, &[1, 1, 0]), 1);
    }

    #[test]
    fn a_column_with_a_nan_has_no_answer_and_is_never_right() {
        let logits = [f32::NAN, 0.0, 2.0, /**/ 1.0, f32::NAN, 2.5];
        assert_eq!(answers(&logits, 3), [None, None, Some(1)]);
        assert_eq!(right_answers(&logits, &[0, 0, 1]), 1);
        assert_eq!(right_answers(&logits, &[1, 1, 0]), 0);
    }

    #[test]
    fn probabilities_are_the_softmax_of_each_column() {
        // Far from zero, where a plain exponential overflows.
        let logits = [1000.0, 0.0, /**/ 1000.0, 3f32.ln()];
        let target = Target::LastStep { labels: vec![1, 0], lengths: None };
        let predicted = Predicted { loss: 0.0, predictions: 2, rows: 2, outputs: &logits, target: &target };
        assert_eq!(predicted.probabilities(), [0.5, 0.5, 0.25, 0.75]);
        assert_eq!(predicted.probabilities_of_labels(), [0.5, 0.25]);
        assert_eq!(predicted.answers(), [Some(0), Some(1)]);
    }

    #[test]
    fn batches_count_by_their_predictions() {
        let target = |labels: &[u32]| Target::LastStep { labels: labels.to_vec(), lengths: None };
        let (one, three) = (target(&[0]), target(&[1, 1, 0]));
        let first = Predicted { loss: 2.0, predictions: 1, rows: 1, outputs: &[1.0, 0.0], target: &one };
        let outputs = &[1.0, 0.0, 0.0, 0.0, 1.0, 1.0];
        let second = Predicted { loss: 1.0, predictions: 3, rows: 3, outputs, target: &three };
        let gathered = |metric: Metric| {
            let mut measure = metric.measure();
            assert_eq!(measure.value(), None);
            measure.add(&first);
            measure.add(&second);
            measure.value()
        };
        assert_eq!(gathered(Metric::Accuracy), Some(0.5));
        assert_eq!(gathered(Metric::BitsPerCharacter), Some(1.25 / std::f64::consts::LN_2));
    }
}
