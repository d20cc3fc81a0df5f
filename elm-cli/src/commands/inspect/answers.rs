//! What was predicted of each example, beside the truth.

use super::examples::Example;
use super::report::{ExampleReport, Summary, SymbolReport};
use super::runner::Ran;
use crate::config::Predicts;
use crate::task::Task;
use elm_core::train::{Metric, Predicted};

/// The predictions as an evaluation shows them.
fn predicted<'a>(example: &'a Example, ran: &'a Ran) -> Predicted<'a> {
    let Ran { loss, predictions, outputs, .. } = ran;
    let (rows, target) = (example.batch.rows, &example.batch.target);
    Predicted { loss: *loss, predictions: *predictions as u64, rows, outputs, target }
}

/// Scores of all examples together.
pub(super) fn summary(task: &Task, ran: &[Ran], reports: &[ExampleReport]) -> Summary {
    let predictions: usize = ran.iter().map(|ran| ran.predictions).sum();
    let nats: f64 = ran.iter().map(|ran| ran.loss * ran.predictions as f64).sum();
    let loss = nats / predictions.max(1) as f64;
    let of_text = task.properties().metrics.contains(&Metric::BitsPerCharacter);
    let bpc = if of_text { Metric::BitsPerCharacter.of_loss(loss) } else { None };
    Summary { predictions, loss, bpc, accuracy: accuracy(reports) }
}

/// What was answered to each example.
pub(super) fn reports(task: &Task, examples: &[Example], ran: &[Ran]) -> Vec<ExampleReport> {
    let names = task.output_names();
    let name = |class: u32| names.get(class as usize).cloned().unwrap_or_else(|| class.to_string());
    let one = |(example, ran): (&Example, &Ran)| {
        let predicted = predicted(example, ran);
        let labels = predicted.target.labels().unwrap_or_default();
        let answers = predicted.answers();
        let shares = predicted.probabilities_of_labels();
        let mut report = ExampleReport {
            example: example.number,
            steps: example.length(0),
            loss: ran.loss,
            label: None,
            prediction: None,
            probability: None,
            right: None,
            symbols: None,
        };
        match task.properties().predicts {
            Predicts::LastStep | Predicts::Pairs => {
                report.label = labels.first().map(|&label| name(label));
                report.prediction = answers.first().copied().flatten().map(name);
                report.probability = shares.first().map(|&share| f64::from(share));
                report.right =
                    labels.first().zip(answers.first()).map(|(label, answer)| Some(*label) == *answer);
            }
            Predicts::EveryStep | Predicts::ClassEveryStep => {
                let likeliest = likeliest(&predicted, names.len());
                let symbol = |at: usize| SymbolReport {
                    position: example.position + at,
                    symbol: name(labels[at]),
                    probability: f64::from(shares[at]),
                    prediction: answers[at].map(name),
                    probability_of_prediction: likeliest[at],
                };
                let count = labels.len().min(shares.len()).min(answers.len()).min(likeliest.len());
                report.symbols = Some((0..count).map(symbol).collect());
            }
            Predicts::Values | Predicts::ValuesEveryStep | Predicts::SpikeAndSoma => {}
        }
        report
    };
    examples.iter().zip(ran).map(one).collect()
}

/// The largest probability of each prediction.
fn likeliest(predicted: &Predicted<'_>, classes: usize) -> Vec<f64> {
    let largest = |shares: &[f32]| f64::from(shares.iter().copied().fold(0.0, f32::max));
    predicted.probabilities().chunks_exact(classes.max(1)).map(largest).collect()
}

/// Share of right answers; `None` where there are no classes.
fn accuracy(reports: &[ExampleReport]) -> Option<f64> {
    let of_symbol = |symbol: &SymbolReport| symbol.prediction.as_ref() == Some(&symbol.symbol);
    let mut right: Vec<bool> = reports.iter().filter_map(|report| report.right).collect();
    right.extend(reports.iter().flat_map(|report| report.symbols.iter().flatten().map(of_symbol)));
    let count = right.iter().filter(|&&right| right).count();
    (!right.is_empty()).then(|| count as f64 / right.len() as f64)
}
