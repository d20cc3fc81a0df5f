//! What is noted of the timed training steps.

use super::report::{Breakdown, Timing};
use elm_core::train::{LayerReport, StepReport};
use std::time::Instant;

/// Milliseconds of every step, and what the last one told of its layers.
#[derive(Default)]
pub(super) struct Record {
    data: Vec<f64>,
    pub(super) whole: Vec<f64>,
    forward: Vec<f64>,
    backward: Vec<f64>,
    optimizer: Vec<f64>,
    pub(super) scan: String,
    pub(super) layers: Vec<LayerRecord>,
    pub(super) page_faults_per_step: Option<f64>,
}

/// The same of a layer.
pub(super) struct LayerRecord {
    pub(super) told: LayerReport,
    forward: Vec<f64>,
    backward: Vec<f64>,
}

impl Record {
    pub(super) fn push(&mut self, data: f64, whole: f64, report: StepReport) {
        self.data.push(data);
        self.whole.push(whole);
        self.forward.push(1000.0 * report.times.forward);
        self.backward.push(1000.0 * report.times.backward);
        self.optimizer.push(1000.0 * report.times.optimizer);
        self.scan = report.path.to_string();
        for (l, told) in report.layers.into_iter().enumerate() {
            match self.layers.get_mut(l) {
                Some(layer) => layer.push(told),
                None => self.layers.push(LayerRecord::new(told)),
            }
        }
    }

    /// Forward and backward of a step, in ms.
    pub(super) fn passes(&self) -> f64 {
        median(&self.forward) + median(&self.backward)
    }

    pub(super) fn breakdown(&self) -> Breakdown {
        let (forward, backward, optimizer) =
            (median(&self.forward), median(&self.backward), median(&self.optimizer));
        let other = (median(&self.whole) - forward - backward - optimizer).max(0.0);
        Breakdown { data: median(&self.data), forward, backward, optimizer, other }
    }
}

impl LayerRecord {
    fn new(told: LayerReport) -> Self {
        let mut record = LayerRecord { told: told.clone(), forward: Vec::new(), backward: Vec::new() };
        record.push(told);
        record
    }

    fn push(&mut self, told: LayerReport) {
        self.forward.extend(told.forward.map(|seconds| 1000.0 * seconds));
        self.backward.extend(told.backward.map(|seconds| 1000.0 * seconds));
        self.told = told;
    }

    /// Forward and backward in ms, as far as they are told.
    pub(super) fn passes(&self) -> [Option<f64>; 2] {
        [&self.forward, &self.backward].map(|times| (!times.is_empty()).then(|| median(times)))
    }
}

pub(super) fn ms(began: Instant) -> f64 {
    1000.0 * began.elapsed().as_secs_f64()
}

pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(super) fn timing(values: &[f64], tokens: f64) -> Timing {
    let ms_per_step = median(values);
    Timing {
        ms_per_step,
        ms_min: values.iter().copied().fold(f64::INFINITY, f64::min),
        ms_max: values.iter().copied().fold(0.0, f64::max),
        tokens_per_second: 1000.0 * tokens / ms_per_step,
    }
}
