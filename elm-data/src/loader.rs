//! Batches of samples in an order that depends on the seed and the epoch
//! alone, with a position that can be saved.

use crate::assemble::assemble;
use crate::batch::Batch;
use crate::error::{DataError, Result};
use crate::samples::Samples;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::sync::Arc;

/// A sequence of batches whose position can be saved and restored.
pub trait BatchStream: Send {
    /// The next batch; `None` at the end of a finite stream.
    ///
    /// # Errors
    /// When the data cannot be read.
    fn next(&mut self) -> Result<Option<Batch>>;

    /// The place of the batch that [`BatchStream::next`] gives next, as
    /// `[epoch, batch of the epoch]`.
    fn cursor(&self) -> [u64; 2];

    /// Continues at a saved place.
    ///
    /// # Errors
    /// [`DataError::Setting`] when there is no such place.
    fn seek(&mut self, cursor: [u64; 2]) -> Result<()>;
}

/// A saved position, which lies in an epoch of so many batches or at its end.
///
/// # Errors
/// [`DataError::Setting`] when it does not.
pub(crate) fn checked_position(cursor: [u64; 2], per_epoch: u64) -> Result<[u64; 2]> {
    if cursor[1] > per_epoch {
        let reason = format!("batch {} of an epoch of {per_epoch}", cursor[1]);
        return Err(DataError::Setting { setting: "position in the data".into(), reason });
    }
    Ok(cursor)
}

/// The order of samples in one epoch of training: a permutation of `0..len`
/// that is a pure function of seed and epoch.
pub fn epoch_order(len: usize, seed: u64, epoch: u64) -> Vec<u32> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&epoch.to_le_bytes());
    key[16..21].copy_from_slice(b"order");
    let mut random = ChaCha8Rng::from_seed(key);
    let mut order: Vec<u32> = (0..len as u32).collect();
    // Fisher-Yates; the multiply-shift draw is biased by less than 2^-32.
    for i in (1..len).rev() {
        let j = ((random.next_u64() >> 32) * (i as u64 + 1)) >> 32;
        order.swap(i, j as usize);
    }
    order
}

/// In which order samples are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Endless epochs, each shuffled; an incomplete last batch is left out.
    Shuffled {
        /// Seed of the order.
        seed: u64,
    },
    /// Once through, from first to last, with an incomplete last batch.
    Sequential,
}

/// Batches of labelled samples.
pub struct SampleBatches {
    samples: Arc<dyn Samples>,
    batch: usize,
    order: Order,
    cursor: [u64; 2],
    /// The permutation of the epoch it was made for.
    permutation: Option<(u64, Vec<u32>)>,
}

impl SampleBatches {
    /// Batches of `batch` samples.
    ///
    /// # Errors
    /// [`DataError::Setting`] when there are no samples, or fewer than a batch
    /// of a shuffled order.
    pub fn new(samples: Arc<dyn Samples>, batch: usize, order: Order) -> Result<Self> {
        let needed = if order == Order::Sequential { 1 } else { batch };
        if batch == 0 || samples.len() < needed {
            let reason = format!("a batch of {batch} does not fit {} samples", samples.len());
            return Err(DataError::Setting { setting: "training.batch_size".into(), reason });
        }
        Ok(SampleBatches { samples, batch, order, cursor: [0, 0], permutation: None })
    }

    /// Batches of one pass over the samples.
    pub fn batches_per_epoch(&self) -> u64 {
        let (len, batch) = (self.samples.len() as u64, self.batch as u64);
        match self.order {
            Order::Shuffled { .. } => len / batch,
            Order::Sequential => len.div_ceil(batch),
        }
    }

    /// Indices of the samples of the batch at the cursor.
    fn indices(&mut self) -> Vec<usize> {
        let start = self.cursor[1] as usize * self.batch;
        let end = (start + self.batch).min(self.samples.len());
        match self.order {
            Order::Sequential => (start..end).collect(),
            Order::Shuffled { seed } => {
                let (len, epoch) = (self.samples.len(), self.cursor[0]);
                if self.permutation.as_ref().is_none_or(|(made_for, _)| *made_for != epoch) {
                    self.permutation = Some((epoch, epoch_order(len, seed, epoch)));
                }
                let order = self.permutation.as_ref().map(|(_, order)| order.as_slice()).unwrap_or_default();
                order[start..end].iter().map(|&index| index as usize).collect()
            }
        }
    }
}

impl BatchStream for SampleBatches {
    fn next(&mut self) -> Result<Option<Batch>> {
        if self.cursor[1] >= self.batches_per_epoch() {
            match self.order {
                Order::Sequential => return Ok(None),
                Order::Shuffled { .. } => self.cursor = [self.cursor[0] + 1, 0],
            }
        }
        let samples = self.indices().into_iter().map(|index| self.samples.read(index));
        let batch = assemble(&samples.collect::<Result<Vec<_>>>()?, self.samples.channels())?;
        self.cursor[1] += 1;
        Ok(Some(batch))
    }

    fn cursor(&self) -> [u64; 2] {
        self.cursor
    }

    fn seek(&mut self, cursor: [u64; 2]) -> Result<()> {
        self.cursor = checked_position(cursor, self.batches_per_epoch())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Input, Target};
    use crate::samples::{Sample, SampleInput};

    struct Numbers(usize);

    impl Samples for Numbers {
        fn len(&self) -> usize {
            self.0
        }
        fn channels(&self) -> usize {
            100
        }
        fn classes(&self) -> usize {
            100
        }
        fn digest(&self) -> Result<String> {
            Ok(self.0.to_string())
        }
        fn read(&self, index: usize) -> Result<Sample> {
            let input = SampleInput::Tokens(vec![index as u32; 1 + index % 3]);
            Ok(Sample::of_class(input, index as u32))
        }
    }

    fn labels(stream: &mut SampleBatches) -> Option<Vec<u32>> {
        match stream.next().unwrap()?.target {
            Target::LastStep { labels, .. } => Some(labels),
            _ => None,
        }
    }

    #[test]
    fn an_epoch_holds_every_sample_once_and_epochs_differ() {
        let mut stream = SampleBatches::new(Arc::new(Numbers(10)), 2, Order::Shuffled { seed: 1 }).unwrap();
        let mut epoch = || (0..5).flat_map(|_| labels(&mut stream).unwrap()).collect::<Vec<_>>();
        let (first, second) = (epoch(), epoch());
        assert_ne!(first, second);
        for mut seen in [first, second] {
            seen.sort_unstable();
            assert_eq!(seen, (0..10).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_saved_position_gives_the_same_next_batch() {
        let new = || SampleBatches::new(Arc::new(Numbers(11)), 3, Order::Shuffled { seed: 4 }).unwrap();
        let mut straight = new();
        for _ in 0..7 {
            straight.next().unwrap();
        }
        let mut resumed = new();
        resumed.seek(straight.cursor()).unwrap();
        assert_eq!(labels(&mut straight), labels(&mut resumed));
    }

    #[test]
    fn a_sequential_pass_ends_with_the_rest() {
        let mut stream = SampleBatches::new(Arc::new(Numbers(5)), 2, Order::Sequential).unwrap();
        let all: Vec<_> = std::iter::from_fn(|| labels(&mut stream)).collect();
        assert_eq!(all, [vec![0, 1], vec![2, 3], vec![4]]);
    }

    #[test]
    fn shorter_rows_are_padded_and_their_lengths_told() {
        let batch = assemble(&[Numbers(9).read(1).unwrap(), Numbers(9).read(3).unwrap()], 100).unwrap();
        assert_eq!(batch.input, Input::Tokens(vec![1, 3, 1, u32::MAX]));
        assert_eq!(batch.target, Target::LastStep { labels: vec![1, 3], lengths: Some(vec![2, 1]) });
    }

    #[test]
    fn a_batch_larger_than_the_data_is_refused() {
        let error = SampleBatches::new(Arc::new(Numbers(3)), 4, Order::Shuffled { seed: 0 }).err().unwrap();
        assert!(error.to_string().contains("a batch of 4 does not fit 3 samples"), "{error}");
    }
}
