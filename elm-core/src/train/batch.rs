//! A batch of sequences on the host, and where batches come from.

use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::random::{Draws, Purpose};
use crate::spec::{Events, Input, InputDropoutMode, LayerSpec, NO_TOKEN};

/// One batch of sequences and what is to be predicted from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Number of sequences `B`.
    pub rows: usize,
    /// Number of time steps `T`.
    pub steps: usize,
    /// What the network sees.
    pub input: HostInput,
    /// What it should answer.
    pub target: Target,
}

/// The input of a batch, its numbers on the host.
pub type HostInput = Input<Vec<f32>>;

/// What is to be predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// A class at every step, `[T, B]`.
    EveryStep(Vec<u32>),
    /// One class per sequence, read at its last step.
    LastStep {
        /// Class of each row, `[B]`.
        labels: Vec<u32>,
        /// Length of each row, `[B]`; `None` when all are `T` long.
        lengths: Option<Vec<u32>>,
    },
    /// One class per pair of sequences, rows `0..B/2` with `B/2..B`, read at
    /// their last steps.
    Pairs {
        /// Class of each pair, `[B / 2]`.
        labels: Vec<u32>,
        /// Length of each row, `[B]`; `None` when all are `T` long.
        lengths: Option<Vec<u32>>,
    },
    /// NeuronIO: a spike (0 or 1) and a somatic voltage at every step, both
    /// `[T, B]`; steps before `burn_in` do not count.
    SpikeAndSoma {
        /// 1 where a spike occurs.
        spike: Vec<f32>,
        /// Somatic voltage, scaled as the model's second output.
        soma: Vec<f32>,
        /// Number of leading steps without loss.
        burn_in: usize,
    },
    /// Values of all outputs at every step, `[T, O, B]`; mean squared error.
    Values(Vec<f32>),
}

impl Target {
    /// The labels of a classification, one per column of its logits.
    pub fn labels(&self) -> Option<&[u32]> {
        match self {
            Target::EveryStep(labels) | Target::LastStep { labels, .. } | Target::Pairs { labels, .. } => {
                Some(labels)
            }
            Target::SpikeAndSoma { .. } | Target::Values(_) => None,
        }
    }
}

/// An endless or finite sequence of batches whose position can be saved.
pub trait BatchSource {
    /// The next batch; `None` at the end of a finite source.
    ///
    /// # Errors
    /// [`Error::Data`] when the data cannot be read.
    fn next(&mut self) -> Result<Option<Batch>>;

    /// The place of the batch that [`BatchSource::next`] gives next. What has
    /// been read ahead does not count.
    fn cursor(&self) -> [u64; 2];

    /// Continues at a saved place.
    ///
    /// # Errors
    /// [`Error::Data`] when there is no such place.
    fn seek(&mut self, cursor: [u64; 2]) -> Result<()>;
}

impl Batch {
    /// Checks that the input is as long as it claims to be.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Index`] naming the input or target at fault.
    pub fn check(&self, channels: usize) -> Result<()> {
        let (got, wanted, what) = match &self.input {
            HostInput::Tokens(ids) => (ids.len(), self.steps * self.rows, "tokens"),
            HostInput::Dense(values) => (values.len(), self.steps * channels * self.rows, "input values"),
            HostInput::Events(events) => (events.starts.len(), self.steps + 1, "starts of events"),
        };
        if got != wanted {
            let reason =
                format!("{wanted} for {} steps, {channels} channels, {} rows", self.steps, self.rows);
            return Err(Error::shape(what, &[got], reason));
        }
        if self.rows == 0 || self.steps == 0 {
            return Err(Error::shape("batch", &[self.rows, self.steps], "at least one row and one step"));
        }
        Ok(())
    }

    /// The batch with the per-step input dropout of a layer applied \[S1\];
    /// `None` when the layer has none.
    ///
    /// The mask is a function of (seed, place, row, step, channel) and kept
    /// entries are not rescaled.
    pub fn masked(&self, layer: &LayerSpec, seed: u64, place: u64) -> Option<Batch> {
        let dropout = &layer.dropout;
        if dropout.input_mode != InputDropoutMode::PerStep || dropout.input == 0.0 {
            return None;
        }
        let key = Draws::new(seed, Purpose::DropoutPerStep, [place, 0]).key();
        let (rows, channels) = (self.rows, layer.inputs);
        let keeps = |step: usize, channel: usize, row: usize| keeps(key, dropout.input, [step, channel, row]);
        let mut masked = self.clone();
        match &mut masked.input {
            HostInput::Tokens(ids) => {
                let kept = |(at, &id): (usize, &u32)| {
                    if id == NO_TOKEN || keeps(at / rows, id as usize, at % rows) { id } else { NO_TOKEN }
                };
                *ids = ids.iter().enumerate().map(kept).collect();
            }
            HostInput::Dense(values) => {
                for (at, value) in values.iter_mut().enumerate() {
                    if !keeps(at / rows / channels, at / rows % channels, at % rows) {
                        *value = 0.0;
                    }
                }
            }
            HostInput::Events(events) => *events = thinned(events, keeps).into(),
        }
        Some(masked)
    }

    /// The input as a scan takes it.
    ///
    /// # Errors
    /// When it does not fit, or the backend refuses it.
    pub fn on<B: Backend>(&self, backend: &B, channels: usize) -> Result<Input<B::Tensor>> {
        self.check(channels)?;
        self.input.try_map(|values| backend.tensor(values, &[self.steps, channels, self.rows]))
    }
}

/// The events that a mask keeps.
fn thinned(events: &Events, keeps: impl Fn(usize, usize, usize) -> bool) -> Events {
    let mut kept = Events { starts: vec![0], entries: Vec::with_capacity(events.entries.len()) };
    for (step, range) in events.starts.windows(2).enumerate() {
        let here = events.entries.get(range[0] as usize..range[1] as usize).unwrap_or_default();
        kept.entries.extend(here.iter().filter(|e| keeps(step, e.channel as usize, e.row as usize)));
        kept.starts.push(kept.entries.len() as u32);
    }
    kept
}

/// Does an entry survive dropout? A hash of its place (the finalizer of
/// SplitMix64) decides, so that sparse inputs need no dense mask.
fn keeps(key: u64, probability: f64, place: [usize; 3]) -> bool {
    let mut hash = key;
    for word in place {
        hash = (hash ^ word as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^= hash >> 31;
    }
    (hash >> 11) as f64 / (1u64 << 53) as f64 >= probability
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_step_masks_drop_the_right_share_and_never_the_same_entries_twice() {
        let kept =
            |key| -> Vec<bool> { (0..8000).map(|i| keeps(key, 0.3, [i / 80, i % 80 / 8, i % 8])).collect() };
        let share = kept(1).iter().filter(|&&keep| keep).count() as f64 / 8000.0;
        assert!((share - 0.7).abs() < 0.02, "{share}");
        assert_eq!(kept(1), kept(1));
        assert_ne!(kept(1), kept(2));
    }
}
