//! Random data of a configured shape.

use crate::config::Predicts;
use elm_core::model::ModelSpec;
use elm_core::random::{Draws, Purpose};
use elm_core::spec::{Event, Events};
use elm_core::train::{Batch, HostInput, Target};

/// Share of the channels of random spike data that are active in a time step
/// (about that of SHD at 2 ms).
const ACTIVE: f64 = 0.02;
/// Steps of a recorded neuron of which one has a spike.
const SILENT: u32 = 1000;

/// What made-up batches look like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Tokens (else spikes)?
    pub(super) tokens: bool,
    /// What is predicted.
    pub(super) predicts: Predicts,
    /// Sequences, or pairs of them.
    pub(super) rows: usize,
    pub(super) steps: usize,
    /// Leading steps that are not predicted, of recorded neurons.
    pub(super) burn_in: usize,
}

impl Shape {
    /// Sequences of a batch.
    pub(super) fn sequences(self) -> usize {
        if self.predicts == Predicts::Pairs { 2 * self.rows } else { self.rows }
    }
}

/// Random tokens or spikes with random targets.
pub(super) fn random_batch(spec: &impl ModelSpec, shape: Shape, place: u64) -> Batch {
    let mut draws = Draws::new(0, Purpose::MadeUp, [place, 1]);
    let (channels, classes) = (spec.inputs() as u32, spec.logits() as u32);
    let steps = shape.steps;
    let rows = shape.sequences();
    let mut ids = |count, end| (0..count).map(|_| draws.below(end)).collect::<Vec<u32>>();
    let values = |count: usize| {
        let mut draws = Draws::new(0, Purpose::MadeUp, [place, 2]);
        (0..count * classes as usize).map(|_| draws.symmetric(1.0)).collect::<Vec<f32>>()
    };
    let target = match shape.predicts {
        Predicts::EveryStep | Predicts::ClassEveryStep => {
            Target::EveryStep { labels: ids(steps * rows, classes), lengths: None }
        }
        Predicts::Pairs => Target::Pairs { labels: ids(shape.rows, classes), lengths: None },
        Predicts::LastStep => Target::LastStep { labels: ids(rows, classes), lengths: None },
        Predicts::Values => Target::ValuesLastStep { values: values(rows), lengths: None },
        Predicts::ValuesEveryStep => {
            let outputs = classes as usize;
            Target::ValuesEveryStep { values: values(steps * rows), outputs, lengths: None }
        }
        Predicts::SpikeAndSoma => {
            let spike = ids(steps * rows, SILENT).iter().map(|&id| f32::from(u8::from(id == 0))).collect();
            let soma = values(steps * rows).split_off(steps * rows);
            Target::SpikeAndSoma { spike, soma, burn_in: shape.burn_in, place: None }
        }
    };
    if shape.tokens {
        return Batch { rows, steps, input: HostInput::Tokens(ids(steps * rows, channels).into()), target };
    }
    let active = ((f64::from(channels) * ACTIVE) as u32).max(1);
    let mut events = Events { starts: vec![0], entries: Vec::new() };
    let stride = (channels / active).max(1);
    for _ in 0..steps {
        for row in 0..rows as u32 {
            let each =
                (0..active).map(|i| i * stride + draws.below(stride)).filter(|&channel| channel < channels);
            events.entries.extend(each.map(|channel| Event { row, channel, count: 1.0 }));
        }
        events.starts.push(events.entries.len() as u32);
    }
    Batch { rows, steps, input: HostInput::Events(events.into()), target }
}
