//! What can be known without a sense of time: a linear readout of how many
//! spikes each channel has over the whole sequence.

use crate::batch::{Input, Target};
use crate::error::{DataError, Result};
use crate::loader::BatchStream;

const UPDATES: usize = 200;
const LEARNING_RATE: f32 = 0.02;

/// Summed counts and classes of a number of batches.
struct Counts {
    features: Vec<f32>, // [samples, channels]
    labels: Vec<u32>,
}

/// Accuracy on `test` of a softmax regression on summed counts, fitted to
/// `batches` batches of `train`.
///
/// # Errors
/// When the streams do not consist of spikes, or cannot be read.
pub fn summed_counts_accuracy(
    train: &mut dyn BatchStream,
    batches: u64,
    test: &mut dyn BatchStream,
    channels: usize,
    classes: usize,
) -> Result<f64> {
    let train = collect(train, batches, channels)?;
    let test = collect(test, u64::MAX, channels)?;
    let scale = train.features.iter().sum::<f32>() / train.features.len().max(1) as f32;
    let weights = fit(&train, channels, classes, scale);
    let right = test.labels.iter().zip(test.features.chunks(channels)).filter(|(label, counts)| {
        let logits = logits(&weights, counts, classes, scale);
        let best = (0..classes).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
        best == Some(**label as usize)
    });
    Ok(right.count() as f64 / test.labels.len().max(1) as f64)
}

fn collect(stream: &mut dyn BatchStream, batches: u64, channels: usize) -> Result<Counts> {
    let mut all = Counts { features: Vec::new(), labels: Vec::new() };
    for _ in 0..batches {
        let Some(batch) = stream.next()? else { break };
        let (Input::Events(events), Target::LastStep { labels, .. }) = (batch.input, batch.target) else {
            let reason = "the baseline of summed counts needs labelled spikes".into();
            return Err(DataError::Setting { setting: "data.kind".into(), reason });
        };
        let start = all.features.len();
        all.features.resize(start + batch.rows * channels, 0.0);
        for event in events.entries {
            all.features[start + event.row as usize * channels + event.channel as usize] += event.count;
        }
        all.labels.extend(labels);
    }
    Ok(all)
}

/// Weights `[classes, channels + 1]`, the last column a bias.
fn logits(weights: &[f32], counts: &[f32], classes: usize, scale: f32) -> Vec<f32> {
    let width = counts.len() + 1;
    let of_class = |class: usize| {
        let row = &weights[class * width..(class + 1) * width];
        row[width - 1] + row.iter().zip(counts).map(|(w, c)| w * c).sum::<f32>() / scale
    };
    (0..classes).map(of_class).collect()
}

/// Full-batch Adam on the cross-entropy.
fn fit(data: &Counts, channels: usize, classes: usize, scale: f32) -> Vec<f32> {
    let width = channels + 1;
    let (mut weights, mut first, mut second) =
        (vec![0.0; classes * width], vec![0.0; classes * width], vec![0.0; classes * width]);
    for update in 1..=UPDATES {
        let mut gradient = vec![0.0; classes * width];
        for (&label, counts) in data.labels.iter().zip(data.features.chunks(channels)) {
            let logits = logits(&weights, counts, classes, scale);
            let largest = logits.iter().copied().fold(f32::MIN, f32::max);
            let total: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
            for (class, logit) in logits.iter().enumerate() {
                let error = (logit - largest).exp() / total - f32::from(u8::from(class == label as usize));
                let row = &mut gradient[class * width..(class + 1) * width];
                row.iter_mut().zip(counts).for_each(|(g, c)| *g += error * c / scale);
                row[width - 1] += error;
            }
        }
        let samples = data.labels.len().max(1) as f32;
        let (left1, left2) = (1.0 - 0.9f32.powi(update as i32), 1.0 - 0.999f32.powi(update as i32));
        for (((w, g), m), v) in weights.iter_mut().zip(&gradient).zip(&mut first).zip(&mut second) {
            let g = g / samples;
            *m = 0.9 * *m + 0.1 * g;
            *v = 0.999 * *v + 0.001 * g * g;
            *w -= LEARNING_RATE * (*m / left1) / ((*v / left2).sqrt() + 1e-8);
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loader::{Order, SampleBatches};
    use crate::spikes::{AddingBatches, AddingDraws, Binning, DigitsSettings, Split, spiking_digits};
    use std::sync::Arc;

    #[test]
    fn counting_spikes_is_not_enough() {
        let settings = DigitsSettings { seed: 0, channels: 140, binning: Binning::new(20.0, true).unwrap() };
        let train = Arc::new(spiking_digits(&settings, Split::Train, 600).unwrap());
        let test = Arc::new(spiking_digits(&settings, Split::Test, 200).unwrap());
        let order = Order::Sequential;
        let mut one = SampleBatches::new(train.clone(), 50, order).unwrap();
        let mut other = SampleBatches::new(test.clone(), 50, order).unwrap();
        let digits = summed_counts_accuracy(&mut one, 12, &mut other, 140, 20).unwrap();
        assert!((0.3..=0.6).contains(&digits), "digits: {digits}");
        let draws = AddingDraws::Training { seed: 0 };
        let mut one = AddingBatches::new(train, 50, 12, draws).unwrap();
        let mut other = AddingBatches::new(test, 50, 4, AddingDraws::Fixed).unwrap();
        let adding = summed_counts_accuracy(&mut one, 12, &mut other, 140, 19).unwrap();
        assert!(adding <= 0.6, "adding: {adding}");
    }
}
