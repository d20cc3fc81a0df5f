//! A batch of sequences on the host, and where batches come from.

use crate::backend::Backend;
use crate::error::Result;
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
    /// [`Error::Data`](crate::Error::Data) when the data cannot be read.
    fn next(&mut self) -> Result<Option<Batch>>;

    /// The place of the batch that [`BatchSource::next`] gives next. What has
    /// been read ahead does not count.
    fn cursor(&self) -> [u64; 2];

    /// Continues at a saved place.
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) when there is no such place.
    fn seek(&mut self, cursor: [u64; 2]) -> Result<()>;
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
