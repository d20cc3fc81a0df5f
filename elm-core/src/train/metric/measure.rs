//! How figures are gathered, batch by batch.

use super::Metric;
use crate::train::batch::Target;

/// The predictions of one batch.
pub struct Predicted<'a> {
    /// Mean loss of the task in nats.
    pub loss: f64,
    /// Number of predictions that it is a mean of.
    pub predictions: u64,
    /// Logits `[O, R]` of the `R` predictions; empty where the task has none.
    pub logits: &'a [f32],
    /// What was to be predicted.
    pub target: &'a Target,
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
        if let Some(labels) = predicted.target.labels()
            && !predicted.logits.is_empty()
        {
            self.0.add(right_answers(predicted.logits, labels) as f64, predicted.predictions);
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
    let columns = labels.len();
    let is_right = |column: usize, label: u32| {
        let own = logits[label as usize * columns + column];
        // The first of equal entries wins, as in NumPy's argmax.
        logits.iter().skip(column).step_by(columns).enumerate().all(|(other, &value)| {
            other == label as usize || value < own || (value == own && other > label as usize)
        })
    };
    labels.iter().enumerate().filter(|&(column, &label)| is_right(column, label)).count()
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
    fn batches_count_by_their_predictions() {
        let target = |labels: &[u32]| Target::LastStep { labels: labels.to_vec(), lengths: None };
        let (one, three) = (target(&[0]), target(&[1, 1, 0]));
        let first = Predicted { loss: 2.0, predictions: 1, logits: &[1.0, 0.0], target: &one };
        let second =
            Predicted { loss: 1.0, predictions: 3, logits: &[1.0, 0.0, 0.0, 0.0, 1.0, 1.0], target: &three };
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
