//! Figures of NeuronIO as the first paper's release has them: a file's
//! predictions are put together again from windows, voltages rescaled to the
//! file's mean and spread, and simulations with few spikes pooled.

use super::measure::{Measure, Predicted};
use super::ranking::{roc_auc, true_positives_at};
use crate::train::batch::Target;

/// Simulations with more spikes than this are left out.
const MOST_SPIKES: usize = 24;
/// Steps at the beginning of a simulation that are left out.
const LEFT_OUT: usize = 500;
/// Voltages in mV are predicted so much smaller.
const MV: f64 = 10.0;

/// What was predicted of one step of one simulation.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Probability of a spike.
    probability: f32,
    /// Is there one?
    spike: bool,
    /// Voltage, and what was predicted of it.
    soma: [f32; 2],
}

/// The simulations of a file, as far as they are evaluated.
#[derive(Default)]
struct File {
    simulations: Vec<Vec<Step>>,
}

impl File {
    /// Takes in a batch of windows; gives the simulations of a file that is
    /// complete.
    fn add(&mut self, predicted: &Predicted<'_>) -> Option<Vec<Vec<Step>>> {
        let Target::SpikeAndSoma { spike, soma, burn_in, place: Some(place) } = predicted.target else {
            return None;
        };
        if place.start == 0 {
            self.simulations.resize_with(place.first + predicted.rows, Vec::new);
        }
        let (logits, answers) = predicted.outputs.split_at(predicted.outputs.len() / 2);
        let truth = spike.iter().zip(soma).skip(burn_in * predicted.rows);
        for (column, ((&spike, &soma), (&logit, &answer))) in
            truth.zip(logits.iter().zip(answers)).enumerate()
        {
            let row = place.first + column % predicted.rows.max(1);
            if let Some(steps) = self.simulations.get_mut(row) {
                let probability = 1.0 / (1.0 + (-logit).exp());
                steps.push(Step { probability, spike: spike > 0.5, soma: [soma, answer] });
            }
        }
        place.ends_file.then(|| std::mem::take(&mut self.simulations))
    }
}

/// The steps that count.
fn pooled(simulations: &[Vec<Step>]) -> impl Iterator<Item = &Step> {
    let few = |steps: &&Vec<Step>| steps.iter().filter(|step| step.spike).count() <= MOST_SPIKES;
    simulations.iter().filter(few).flat_map(|steps| steps.iter().skip(LEFT_OUT))
}

/// A figure of how spikes are told, over all complete files.
pub(super) struct Spikes {
    file: File,
    pairs: Vec<(f32, bool)>,
    figure: fn(&[(f32, bool)]) -> Option<f64>,
}

impl Spikes {
    /// [`Metric::SpikeAuc`](super::Metric::SpikeAuc).
    pub(super) fn auc() -> Self {
        Spikes { file: File::default(), pairs: Vec::new(), figure: roc_auc }
    }

    /// [`Metric::SpikesAtQuarterPercent`](super::Metric::SpikesAtQuarterPercent).
    pub(super) fn at_quarter_percent() -> Self {
        Spikes { figure: |pairs| true_positives_at(pairs, 0.0025), ..Spikes::auc() }
    }

    /// [`Metric::SpikesAtOnePercent`](super::Metric::SpikesAtOnePercent).
    pub(super) fn at_one_percent() -> Self {
        Spikes { figure: |pairs| true_positives_at(pairs, 0.01), ..Spikes::auc() }
    }
}

impl Measure for Spikes {
    fn add(&mut self, predicted: &Predicted<'_>) {
        if let Some(simulations) = self.file.add(predicted) {
            self.pairs.extend(pooled(&simulations).map(|step| (step.probability, step.spike)));
        }
    }

    fn value(&self) -> Option<f64> {
        (self.figure)(&self.pairs)
    }
}

/// A figure of real values, which of a recorded neuron are its voltages in mV,
/// over all complete files.
pub(super) struct Soma<M> {
    file: File,
    figure: M,
}

impl<M: Measure + Default> Default for Soma<M> {
    fn default() -> Self {
        Soma { file: File::default(), figure: M::default() }
    }
}

impl<M: Measure> Measure for Soma<M> {
    fn add(&mut self, predicted: &Predicted<'_>) {
        if !matches!(predicted.target, Target::SpikeAndSoma { .. }) {
            return self.figure.add(predicted);
        }
        let Some(simulations) = self.file.add(predicted) else { return };
        let [truth, answer] = [0, 1].map(|which| {
            Spread::of(simulations.iter().flatten().map(|step| MV * f64::from(step.soma[which])))
        });
        // Answers that are all the same have no spread to be widened.
        let factor = if answer.deviation > 0.0 { truth.deviation / answer.deviation } else { 0.0 };
        let rescaled =
            |step: &Step| ((MV * f64::from(step.soma[1]) - answer.mean) * factor + truth.mean) as f32;
        let values: Vec<f32> =
            pooled(&simulations).map(|step| (MV * f64::from(step.soma[0])) as f32).collect();
        let outputs: Vec<f32> = pooled(&simulations).map(rescaled).collect();
        let (predictions, rows) = (values.len() as u64, values.len());
        let target = Target::ValuesLastStep { values, lengths: None };
        self.figure.add(&Predicted { loss: 0.0, predictions, rows, outputs: &outputs, target: &target });
    }

    fn value(&self) -> Option<f64> {
        self.figure.value()
    }
}

/// Mean and standard deviation.
struct Spread {
    mean: f64,
    deviation: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let count = values.clone().count().max(1) as f64;
        let mean = values.clone().sum::<f64>() / count;
        let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
        Spread { mean, deviation: (squares / count).sqrt() }
    }
}
