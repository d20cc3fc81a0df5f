//! A batch of sequences on the host, and where batches come from.

use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::model::{HostInput, Sequences};
use crate::spec::Input;

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

/// Batches in memory, once through.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchList {
    batches: Vec<Batch>,
    next: usize,
}

impl BatchList {
    /// A source of these batches.
    pub fn new(batches: Vec<Batch>) -> Self {
        BatchList { batches, next: 0 }
    }
}

impl BatchSource for BatchList {
    fn next(&mut self) -> Result<Option<Batch>> {
        let batch = self.batches.get(self.next).cloned();
        self.next += usize::from(batch.is_some());
        Ok(batch)
    }

    fn cursor(&self) -> [u64; 2] {
        [0, self.next as u64]
    }

    fn seek(&mut self, cursor: [u64; 2]) -> Result<()> {
        let len = self.batches.len();
        match usize::try_from(cursor[1]) {
            Ok(next) if next <= len && cursor[0] == 0 => self.next = next,
            _ => return Err(Error::Index { what: "batch of a list".into(), index: cursor[1] as usize, len }),
        }
        Ok(())
    }
}

impl Batch {
    /// The input without the target.
    pub fn sequences(&self) -> Sequences<'_> {
        Sequences { rows: self.rows, steps: self.steps, input: &self.input }
    }

    /// The input as a scan takes it.
    ///
    /// # Errors
    /// When it does not fit, or the backend refuses it.
    pub fn on<B: Backend>(&self, backend: &B, channels: usize) -> Result<Input<B::Tensor>> {
        self.sequences().on(backend, channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_once_and_from_any_place() {
        let batch = |class| {
            let target = Target::LastStep { labels: vec![class], lengths: None };
            Batch { rows: 1, steps: 1, input: HostInput::Dense(vec![0.0]), target }
        };
        let mut list = BatchList::new(vec![batch(0), batch(1)]);
        assert_eq!(list.next().unwrap(), Some(batch(0)));
        let place = list.cursor();
        assert_eq!(list.next().unwrap(), Some(batch(1)));
        assert_eq!((list.next().unwrap(), list.next().unwrap()), (None, None));
        list.seek(place).unwrap();
        assert_eq!(list.next().unwrap(), Some(batch(1)));
        list.seek([0, 2]).unwrap();
        assert!(list.seek([0, 3]).is_err() && list.seek([1, 0]).is_err());
    }
}
