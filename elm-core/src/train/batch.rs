//! A batch of sequences on the host, and where batches come from.

use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::model::{HostInput, Sequences};
use crate::spec::Input;
use std::borrow::Cow;

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
    /// A class at every step.
    EveryStep {
        /// Class of each step of each row, `[T, B]`.
        labels: Vec<u32>,
        /// Length of each row, `[B]`, whose later steps do not count; `None`
        /// when all are `T` long.
        lengths: Option<Vec<u32>>,
    },
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
        /// Where the rows come from, in an evaluation.
        place: Option<Place>,
    },
    /// Real values of all outputs at every step; mean squared error.
    ValuesEveryStep {
        /// Values `[O, T, B]`.
        values: Vec<f32>,
        /// Number of outputs `O`.
        outputs: usize,
        /// Length of each row, `[B]`, whose later steps do not count; `None`
        /// when all are `T` long.
        lengths: Option<Vec<u32>>,
    },
    /// Real values of all outputs at the last step of each sequence; mean
    /// squared error.
    ValuesLastStep {
        /// Values `[O, B]`.
        values: Vec<f32>,
        /// Length of each row, `[B]`; `None` when all are `T` long.
        lengths: Option<Vec<u32>>,
    },
}

/// Where the windows of an evaluation of recorded neurons come from. Their
/// counted steps follow each other: simulations side by side from the first to
/// the last step, then the next ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The file, counted from 0.
    pub file: usize,
    /// The simulation of the first row within the file.
    pub first: usize,
    /// The step of the simulations that is counted first; 0 where simulations
    /// begin.
    pub start: usize,
    /// Is this the last batch of a file?
    pub ends_file: bool,
}

impl Target {
    /// The labels of a classification, one per column of its outputs.
    pub fn labels(&self) -> Option<Cow<'_, [u32]>> {
        match self {
            Target::EveryStep { labels, lengths } => Some(counted(labels, 1, lengths.as_deref())),
            Target::LastStep { labels, .. } | Target::Pairs { labels, .. } => Some(labels.into()),
            Target::SpikeAndSoma { .. } | Target::ValuesEveryStep { .. } | Target::ValuesLastStep { .. } => {
                None
            }
        }
    }

    /// The values of a regression, `[O, R]` for its `R` predictions.
    pub fn values(&self) -> Option<Cow<'_, [f32]>> {
        match self {
            Target::ValuesEveryStep { values, outputs, lengths } => {
                Some(counted(values, *outputs, lengths.as_deref()))
            }
            Target::ValuesLastStep { values, .. } => Some(values.into()),
            _ => None,
        }
    }

    /// The length of each row, where they differ.
    pub fn lengths(&self) -> Option<&[u32]> {
        match self {
            Target::EveryStep { lengths, .. }
            | Target::LastStep { lengths, .. }
            | Target::Pairs { lengths, .. }
            | Target::ValuesEveryStep { lengths, .. }
            | Target::ValuesLastStep { lengths, .. } => lengths.as_deref(),
            Target::SpikeAndSoma { .. } => None,
        }
    }

    /// Step and row of each prediction at every step of a batch of `rows`
    /// sequences, in the order of labels or values; nothing of other targets.
    pub fn places(&self, rows: usize) -> Vec<[u32; 2]> {
        let (entries, lengths) = match self {
            Target::EveryStep { labels, lengths } => (labels.len(), lengths),
            Target::ValuesEveryStep { values, outputs, lengths } => {
                (values.len() / (*outputs).max(1), lengths)
            }
            _ => return Vec::new(),
        };
        let (steps, rows) = (entries / rows.max(1), rows.max(1) as u32);
        let all = vec![steps as u32; rows as usize];
        let columns = within_lengths(steps, lengths.as_deref().unwrap_or(&all));
        columns.into_iter().map(|column| [column / rows, column % rows]).collect()
    }
}

/// Of `[O, T, B]` the steps within the length of their row, `[O, R]`.
fn counted<'a, V: Copy>(all: &'a [V], outputs: usize, lengths: Option<&[u32]>) -> Cow<'a, [V]> {
    let Some(lengths) = lengths else { return all.into() };
    let columns = all.len() / outputs.max(1);
    let within = within_lengths(columns / lengths.len().max(1), lengths);
    all.chunks(columns.max(1)).flat_map(|row| within.iter().map(|&column| row[column as usize])).collect()
}

/// The columns of `[.., T * B]` whose step is within the length of its row.
pub(super) fn within_lengths(steps: usize, lengths: &[u32]) -> Vec<u32> {
    let rows = lengths.len() as u32;
    let of_step =
        |t: u32| (0..rows).zip(lengths).filter(move |(_, l)| t < **l).map(move |(b, _)| t * rows + b);
    (0..steps as u32).flat_map(of_step).collect()
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
        Sequences { rows: self.rows, steps: self.steps, input: &self.input, lengths: self.target.lengths() }
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
    fn steps_beyond_a_length_are_no_predictions() {
        let lengths = Some(vec![3, 1]);
        let labels = Target::EveryStep { labels: vec![0, 1, 2, 3, 4, 5], lengths: lengths.clone() };
        assert_eq!(labels.labels().as_deref(), Some(&[0, 1, 2, 4][..]));
        let values = (0..12).map(|value| value as f32).collect();
        let values = Target::ValuesEveryStep { values, outputs: 2, lengths };
        assert_eq!(values.values().as_deref(), Some(&[0.0, 1.0, 2.0, 4.0, 6.0, 7.0, 8.0, 10.0][..]));
        assert_eq!((labels.values(), values.labels()), (None, None));
        let places = [[0, 0], [0, 1], [1, 0], [2, 0]];
        assert_eq!((labels.places(2), values.places(2)), (places.to_vec(), places.to_vec()));
    }

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
