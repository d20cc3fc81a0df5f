//! Which class is taken for which.

use super::Predicted;

/// Counts of the answers of a classification, by the class that was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// `[right, answered]`.
    counts: Vec<u64>,
    /// Predictions of each class, those without an answer included.
    samples: Vec<u64>,
}

impl Confusion {
    /// Nothing counted yet.
    pub fn new(classes: usize) -> Self {
        Confusion { classes, counts: vec![0; classes * classes], samples: vec![0; classes] }
    }

    /// Counts the predictions of a batch. One without an answer (a logit is
    /// not a number) counts as a sample of its class and as no answer.
    pub fn add(&mut self, predicted: &Predicted<'_>) {
        let labels = predicted.target.labels().unwrap_or_default();
        for (answer, &label) in predicted.answers().into_iter().zip(labels.iter()) {
            let label = label as usize;
            if let Some(samples) = self.samples.get_mut(label) {
                *samples += 1;
            }
            let answer = answer.map(|answer| answer as usize).filter(|&answer| answer < self.classes);
            let cell = answer.map(|answer| label * self.classes + answer);
            if let Some(count) = cell.and_then(|cell| self.counts.get_mut(cell)) {
                *count += 1;
            }
        }
    }

    /// One row for each class that was right, with the number of each answer.
    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.counts.chunks(self.classes.max(1))
    }

    /// Number of predictions of each class.
    pub fn samples(&self) -> &[u64] {
        &self.samples
    }

    /// Share of right answers of each class, `None` of a class without samples.
    pub fn accuracies(&self) -> Vec<Option<f64>> {
        let right = self.rows().enumerate().map(|(class, row)| row[class]);
        let share = |(right, &samples): (u64, &u64)| (samples > 0).then(|| right as f64 / samples as f64);
        right.zip(&self.samples).map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::batch::Target;

    #[test]
    fn answers_are_counted_by_the_class_that_was_right() {
        let mut confusion = Confusion::new(3);
        let logits = [
            1.0,
            0.0,
            f32::NAN,
            0.0, // class 0
            0.0,
            1.0,
            0.0,
            5.0, // class 1
            0.0,
            0.0,
            0.0,
            0.0, // class 2
        ];
        let target = Target::LastStep { labels: vec![0, 0, 0, 1], lengths: None };
        confusion.add(&Predicted { loss: 0.0, predictions: 4, rows: 4, outputs: &logits, target: &target });
        let rows: Vec<&[u64]> = confusion.rows().collect();
        assert_eq!(rows, [[1, 1, 0], [0, 1, 0], [0, 0, 0]]);
        assert_eq!(confusion.samples(), [3, 1, 0]);
        assert_eq!(confusion.accuracies(), [Some(1.0 / 3.0), Some(1.0), None]);
    }
}
