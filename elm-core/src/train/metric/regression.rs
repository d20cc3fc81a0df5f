//! How far predicted values are from the real ones.

use super::measure::{Mean, Measure, Predicted};

/// Number, mean and squared deviation from it, one value at a time (Welford):
/// a large mean costs no digits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    count: u64,
    mean: f64,
    squared: f64,
}

impl Moments {
    /// Takes in a value.
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1;
        let off = value - self.mean;
        self.mean += off / self.count as f64;
        self.squared += off * (value - self.mean);
    }

    /// The variance of the values (divided by their number), `None` of none.
    pub(super) fn variance(&self) -> Option<f64> {
        (self.count > 0).then(|| self.squared / self.count as f64)
    }
}

/// [`Metric::RootMeanSquare`](super::Metric::RootMeanSquare).
#[derive(Default)]
pub(super) struct RootMeanSquare(Mean);

impl Measure for RootMeanSquare {
    fn add(&mut self, predicted: &Predicted<'_>) {
        each(predicted, |_, value, answer| self.0.add((answer - value).powi(2), 1));
    }

    fn value(&self) -> Option<f64> {
        self.0.value().map(f64::sqrt)
    }
}

/// [`Metric::MeanAbsolute`](super::Metric::MeanAbsolute).
#[derive(Default)]
pub(super) struct MeanAbsolute(Mean);

impl Measure for MeanAbsolute {
    fn add(&mut self, predicted: &Predicted<'_>) {
        each(predicted, |_, value, answer| self.0.add((answer - value).abs(), 1));
    }

    fn value(&self) -> Option<f64> {
        self.0.value()
    }
}

/// [`Metric::ExplainedVariance`](super::Metric::ExplainedVariance).
#[derive(Default)]
pub(super) struct ExplainedVariance {
    /// Of each output, the values and what is left of them.
    outputs: Vec<[Moments; 2]>,
}

impl Measure for ExplainedVariance {
    fn add(&mut self, predicted: &Predicted<'_>) {
        each(predicted, |output, value, answer| {
            if self.outputs.len() <= output {
                self.outputs.resize_with(output + 1, Default::default);
            }
            let [values, rest] = &mut self.outputs[output];
            values.add(value);
            rest.add(value - answer);
        });
    }

    fn value(&self) -> Option<f64> {
        let of_output = |[values, rest]: &[Moments; 2]| {
            let all = values.variance().filter(|&all| all > 0.0)?;
            Some(1.0 - rest.variance()? / all)
        };
        let shares = self.outputs.iter().map(of_output).collect::<Option<Vec<f64>>>()?;
        (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
    }
}

/// Calls `take(output, value, answer)` for each predicted value.
fn each(predicted: &Predicted<'_>, mut take: impl FnMut(usize, f64, f64)) {
    let Some(values) = predicted.target.values() else { return };
    let columns = (predicted.predictions as usize).max(1);
    for (place, (&value, &answer)) in values.iter().zip(predicted.outputs).enumerate() {
        take(place / columns, f64::from(value), f64::from(answer));
    }
}

#[cfg(test)]
mod tests {
    use crate::train::batch::Target;
    use crate::train::metric::{Metric, Predicted};

    fn gathered(metric: Metric, batches: &[(&[f32], &[f32], usize)]) -> Option<f64> {
        let mut measure = metric.measure();
        for &(values, outputs, columns) in batches {
            let target = Target::ValuesLastStep { values: values.to_vec(), lengths: None };
            let predictions = columns as u64;
            measure.add(&Predicted { loss: 0.0, predictions, rows: columns, outputs, target: &target });
        }
        measure.value()
    }

    /// The numbers of the documentation of scikit-learn's
    /// `explained_variance_score`, `mean_squared_error` and
    /// `mean_absolute_error` (one and two outputs).
    #[test]
    fn figures_are_those_of_scikit_learn() {
        let one: &[_] = &[(&[3.0, -0.5][..], &[2.5, 0.0][..], 2), (&[2.0, 7.0], &[2.0, 8.0], 2)];
        let close = |got: Option<f64>, wanted: f64| {
            let got = got.unwrap();
            assert!((got - wanted).abs() < 1e-7, "{got} instead of {wanted}");
        };
        close(gathered(Metric::ExplainedVariance, one), 0.957_173_447_537_473_2);
        close(gathered(Metric::RootMeanSquare, one), 0.612_372_435_695_794_5);
        close(gathered(Metric::MeanAbsolute, one), 0.5);
        // [[0.5, 1], [-1, 1], [7, -6]] and [[0, 2], [-1, 2], [8, -5]], by output.
        let two: &[_] = &[(&[0.5, -1.0, 7.0, 1.0, 1.0, -6.0][..], &[0.0, -1.0, 8.0, 2.0, 2.0, -5.0][..], 3)];
        close(gathered(Metric::ExplainedVariance, two), 0.983_870_967_741_935_5);
        close(gathered(Metric::MeanAbsolute, two), 0.75);
    }

    #[test]
    fn constant_values_have_no_explained_variance_and_no_values_no_figure() {
        assert_eq!(gathered(Metric::ExplainedVariance, &[(&[2.0, 2.0], &[1.0, 3.0], 2)]), None);
        for metric in [Metric::ExplainedVariance, Metric::RootMeanSquare, Metric::MeanAbsolute] {
            assert_eq!(gathered(metric, &[]), None);
        }
    }

    #[test]
    fn a_large_mean_costs_no_digits() {
        let values: Vec<f32> = (0..1000).map(|i| 1e6 + (i % 2) as f32).collect();
        let outputs: Vec<f32> = (0..1000).map(|i| 1e6 + (i % 2) as f32 * 0.5).collect();
        let got = gathered(Metric::ExplainedVariance, &[(&values, &outputs, 1000)]).unwrap();
        assert!((got - 0.75).abs() < 1e-9, "{got}");
    }
}
