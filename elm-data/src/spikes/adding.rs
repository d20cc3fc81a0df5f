//! The adding task: two recordings one after the other, the class is the sum
//! of their digits (language does not count), 19 classes.

use crate::assemble::assemble;
use crate::batch::Batch;
use crate::error::{DataError, Result};
use crate::loader::{BatchStream, checked_position};
use crate::numpy_random::NumpyRandom;
use crate::samples::{Sample, SampleInput, Samples};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::sync::Arc;

/// How pairs are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddingDraws {
    /// Endless epochs; a batch is a function of (seed, epoch, index).
    Training {
        /// Seed of the draws.
        seed: u64,
    },
    /// The authors' fixed evaluation batches: `default_rng(0).integers(0, n, 2 B)`
    /// batch after batch, once through.
    Fixed,
}

/// Batches of pairs.
pub struct AddingBatches {
    samples: Arc<dyn Samples>,
    batch: usize,
    per_epoch: u64,
    draws: AddingDraws,
    cursor: [u64; 2],
    /// NumPy's generator and the batch it stands at, for fixed draws.
    fixed: (NumpyRandom, u64),
}

impl AddingBatches {
    /// `per_epoch` batches of `batch` pairs each.
    ///
    /// # Errors
    /// [`DataError::Setting`] when there is nothing to draw from.
    pub fn new(samples: Arc<dyn Samples>, batch: usize, per_epoch: u64, draws: AddingDraws) -> Result<Self> {
        if samples.is_empty() || batch == 0 || per_epoch == 0 {
            let reason = format!("{batch} pairs of {} recordings cannot be drawn", samples.len());
            return Err(DataError::Setting { setting: "training.batch_size".into(), reason });
        }
        Ok(AddingBatches {
            samples,
            batch,
            per_epoch,
            draws,
            cursor: [0, 0],
            fixed: (NumpyRandom::new(0), 0),
        })
    }

    /// The `2 B` recordings of the batch at the cursor: first ones, then second ones.
    fn indices(&mut self) -> Vec<usize> {
        let (count, end) = (2 * self.batch, self.samples.len() as u32);
        match self.draws {
            AddingDraws::Training { seed } => {
                let mut key = [0; 32];
                for (bytes, word) in
                    key.chunks_exact_mut(8).zip([seed, self.cursor[0], self.cursor[1], 0xadd])
                {
                    bytes.copy_from_slice(&word.to_le_bytes());
                }
                let mut random = ChaCha8Rng::from_seed(key);
                (0..count).map(|_| (((random.next_u64() >> 32) * u64::from(end)) >> 32) as usize).collect()
            }
            AddingDraws::Fixed => {
                if self.fixed.1 > self.cursor[1] {
                    self.fixed = (NumpyRandom::new(0), 0);
                }
                while self.fixed.1 < self.cursor[1] {
                    for _ in 0..count {
                        self.fixed.0.below(end);
                    }
                    self.fixed.1 += 1;
                }
                self.fixed.1 += 1;
                (0..count).map(|_| self.fixed.0.below(end) as usize).collect()
            }
        }
    }

    fn pair(&self, first: usize, second: usize) -> Result<Sample> {
        let (first, second) = (self.samples.read(first)?, self.samples.read(second)?);
        let digits = [first.class(), second.class()];
        match (first.input, second.input, digits) {
            (
                SampleInput::Events { steps, mut events },
                SampleInput::Events { steps: more, events: later },
                [Some(first), Some(second)],
            ) => {
                events
                    .extend(later.into_iter().map(|(step, unit, count)| (step + steps as u32, unit, count)));
                let joined = SampleInput::Events { steps: steps + more, events };
                Ok(Sample::of_class(joined, first % 10 + second % 10))
            }
            _ => Err(DataError::Setting {
                setting: "data.kind".into(),
                reason: "the adding task is made of spike recordings".into(),
            }),
        }
    }
}

impl BatchStream for AddingBatches {
    fn next(&mut self) -> Result<Option<Batch>> {
        if self.cursor[1] >= self.per_epoch {
            match self.draws {
                AddingDraws::Fixed => return Ok(None),
                AddingDraws::Training { .. } => self.cursor = [self.cursor[0] + 1, 0],
            }
        }
        let indices = self.indices();
        let (first, second) = indices.split_at(self.batch);
        let pairs = first.iter().zip(second).map(|(&a, &b)| self.pair(a, b));
        let batch = assemble(&pairs.collect::<Result<Vec<_>>>()?, self.samples.channels())?;
        self.cursor[1] += 1;
        Ok(Some(batch))
    }

    fn cursor(&self) -> [u64; 2] {
        self.cursor
    }

    fn seek(&mut self, cursor: [u64; 2]) -> Result<()> {
        self.cursor = checked_position(cursor, self.per_epoch)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Target;
    use crate::spikes::{Binning, DigitsSettings, Split, spiking_digits};

    fn digits() -> Arc<dyn Samples> {
        let settings = DigitsSettings { seed: 1, channels: 50, binning: Binning::new(20.0, false).unwrap() };
        Arc::new(spiking_digits(&settings, Split::Train, 40).unwrap())
    }

    #[test]
    fn evaluation_draws_are_the_same_again_and_at_any_position() {
        let new = || AddingBatches::new(digits(), 3, 5, AddingDraws::Fixed).unwrap();
        let mut stream = new();
        let all: Vec<Batch> = std::iter::from_fn(|| stream.next().unwrap()).collect();
        assert_eq!(all.len(), 5);
        let mut later = new();
        later.seek([0, 3]).unwrap();
        assert_eq!(later.next().unwrap().as_ref(), all.get(3));
        later.seek([0, 1]).unwrap();
        assert_eq!(later.next().unwrap().as_ref(), all.get(1));
    }

    #[test]
    fn a_pair_is_twice_as_long_and_its_class_a_sum() {
        let mut stream = AddingBatches::new(digits(), 8, 10, AddingDraws::Training { seed: 2 }).unwrap();
        let batch = stream.next().unwrap().unwrap();
        assert_eq!((batch.rows, batch.steps), (8, 100));
        let Target::LastStep { labels, lengths: None } = batch.target else { panic!() };
        assert!(labels.iter().all(|&label| label < 19));
        let mut resumed = AddingBatches::new(digits(), 8, 10, AddingDraws::Training { seed: 2 }).unwrap();
        resumed.seek(stream.cursor()).unwrap();
        assert_eq!(resumed.next().unwrap(), stream.next().unwrap());
    }
}
