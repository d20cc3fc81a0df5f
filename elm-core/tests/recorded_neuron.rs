//! Figures of a recorded neuron, put together from windows, beside NumPy and
//! scikit-learn.

use elm_core::train::{Metric, Place, Predicted, Target};

/// Spike and voltage of a step, and the answers to both.
fn step(file: usize, simulation: usize, t: usize) -> [f32; 4] {
    let (f, s) = (file, simulation);
    let spike = [(t * 31 + f).is_multiple_of(97), t.is_multiple_of(40), t % 300 == 10][s];
    let voltage = ((t * 13 + s * 101 + f * 53) % 211) as f64 / 211.0 * 1.2 - 0.5;
    let answer = 0.06 * f64::from(voltage as f32 * 10.0) + 0.3 * ((t * 17 + s) % 53) as f64 / 53.0 + 0.1;
    let logit = ((t * 7919 + s * 131 + f * 17) % 997) as f64 / 250.0 - 3.0 + 2.0 * f64::from(u8::from(spike));
    [f32::from(u8::from(spike)), voltage as f32, logit as f32, answer as f32]
}

/// Shows two files of three simulations, two side by side, in windows of
/// 500 steps of which 150 are the last of the window before.
fn show(metric: Metric, silent: bool, constant: bool) -> Option<f64> {
    let mut measure = metric.measure();
    for file in 0..2 {
        for (first, rows) in [(0, 2), (2, 1)] {
            for (start, burn_in) in [(0, 0), (350, 150), (700, 150)] {
                let of = |which: usize, from: usize| {
                    let at = move |t: usize| (0..rows).map(move |row| step(file, first + row, t)[which]);
                    (from..start + 500).flat_map(at).collect::<Vec<f32>>()
                };
                let quiet = |values: Vec<f32>, is: bool| if is { vec![0.0; values.len()] } else { values };
                let counted = start + burn_in;
                let place = Place { file, first, start: counted, ends_file: first == 2 && start == 700 };
                let (spike, soma) = (quiet(of(0, start), silent), of(1, start));
                let target = Target::SpikeAndSoma { spike, soma, burn_in, place: Some(place) };
                let outputs = [of(2, counted), quiet(of(3, counted), constant)].concat();
                let predictions = (outputs.len() / 2) as u64;
                measure.add(&Predicted { loss: 0.0, predictions, rows, outputs: &outputs, target: &target });
            }
        }
    }
    measure.value()
}

/// Facts of NumPy and scikit-learn 1.9:
///
/// ```python
/// import numpy as np
/// from sklearn.metrics import roc_auc_score, roc_curve, explained_variance_score, mean_squared_error, mean_absolute_error
/// def tpr_at(y, s, x):
///     f, t, _ = roc_curve(y, s)
///     return t[max(1, np.argmin(np.abs(f - x)))]
/// t = np.arange(1200)
/// pooled = []
/// for f in range(2):
///     sims = []
///     for s in range(3):
///         y = [(t * 31 + f) % 97 == 0, t % 40 == 0, t % 300 == 10][s]
///         v = ((t * 13 + s * 101 + f * 53) % 211 / 211 * 1.2 - 0.5).astype(np.float32) * 10
///         a = (0.06 * v + 0.3 * ((t * 17 + s) % 53) / 53 + 0.1).astype(np.float32) * 10
///         p = 1 / (1 + np.exp(-(((t * 7919 + s * 131 + f * 17) % 997) / 250 - 3 + 2 * y).astype(np.float32)))
///         sims.append([y, v.astype(float), a.astype(float), p])
///     v, a = (np.concatenate([sim[k] for sim in sims]) for k in (1, 2))
///     for sim in sims:
///         sim[2] = (sim[2] - a.mean()) / a.std() * v.std() + v.mean()
///     pooled += [[x[500:] for x in sim] for sim in sims if sim[0].sum() <= 24]
/// y, v, a, p = (np.concatenate(all) for all in zip(*pooled))
/// print(roc_auc_score(y, p), tpr_at(y, p, 0.0025), tpr_at(y, p, 0.01))
/// print(mean_squared_error(v, a) ** 0.5, mean_absolute_error(v, a), explained_variance_score(v, a))
/// ```
#[test]
fn figures_are_those_of_the_published_evaluation() {
    let facts = [
        (Metric::SpikeAuc, 0.8547190522152197),
        (Metric::SpikesAtQuarterPercent, 0.42105263157894735),
        (Metric::SpikesAtOnePercent, 0.42105263157894735),
        (Metric::RootMeanSquare, 1.3585477849067393),
        (Metric::MeanAbsolute, 1.1683756613321832),
        (Metric::ExplainedVariance, 0.846525904956087),
    ];
    for (metric, wanted) in facts {
        let got = show(metric, false, false).unwrap();
        assert!((got - wanted).abs() < 2e-6, "{}: {got} instead of {wanted}", metric.name());
    }
}

#[test]
fn silent_targets_have_no_figure_of_spikes_and_constant_answers_have_one_of_voltage() {
    for metric in [Metric::SpikeAuc, Metric::SpikesAtOnePercent, Metric::SpikesAtQuarterPercent] {
        assert_eq!(show(metric, true, false), None);
    }
    let explained = show(Metric::ExplainedVariance, false, true).unwrap();
    // Not quite 0: each file is rescaled to a mean of its own.
    assert!(explained.abs() < 1e-4, "{explained}");
}

#[test]
fn a_file_that_is_not_complete_does_not_count() {
    let mut measure = Metric::RootMeanSquare.measure();
    let place = Some(Place { file: 0, first: 0, start: 0, ends_file: false });
    let target = Target::SpikeAndSoma { spike: vec![0.0; 600], soma: vec![0.5; 600], burn_in: 0, place };
    let outputs = vec![0.0; 1200];
    measure.add(&Predicted { loss: 0.0, predictions: 600, rows: 1, outputs: &outputs, target: &target });
    assert_eq!(measure.value(), None);
}
