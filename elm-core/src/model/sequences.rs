//! Sequences on the host: what a model reads, before any backend sees it.

use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::shape::filled;
use crate::spec::Input;

/// The input of a batch, its numbers on the host.
pub type HostInput = Input<Vec<f32>>;

/// Sequences of equal length, side by side.
#[derive(Debug, Clone, Copy)]
pub struct Sequences<'a> {
    /// Number of sequences `B`.
    pub rows: usize,
    /// Number of time steps `T`.
    pub steps: usize,
    /// What happens in them.
    pub input: &'a HostInput,
    /// Length of each row, `[B]`, where some are padded; for models in which
    /// a step depends on later ones.
    pub lengths: Option<&'a [u32]>,
}

impl Sequences<'_> {
    /// Checks every length and index of the input.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Index`] or [`Error::Stored`] naming what is
    /// at fault.
    pub fn check(&self, channels: usize) -> Result<()> {
        if self.rows == 0 || self.steps == 0 {
            return Err(Error::shape("batch", &[self.rows, self.steps], "at least one row and one step"));
        }
        let fits = |what: &str, values: &Vec<f32>, shape: &[usize]| filled(what, values.len(), shape);
        self.input.check([self.steps, channels, self.rows], fits)
    }

    /// Length of a row; that of the batch where lengths are not given.
    pub fn length(&self, row: usize) -> usize {
        let length = self.lengths.and_then(|lengths| lengths.get(row));
        length.map_or(self.steps, |&length| length as usize)
    }

    /// Checks the lengths that are given.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one for each row, [`Error::Index`]
    /// when one is 0 or above `T`.
    pub fn check_lengths(&self) -> Result<()> {
        let Some(lengths) = self.lengths else { return Ok(()) };
        if lengths.len() != self.rows {
            return Err(Error::shape("lengths", &[lengths.len()], format!("[{}]", self.rows)));
        }
        match lengths.iter().find(|&&length| length == 0 || length as usize > self.steps) {
            None => Ok(()),
            Some(&bad) => {
                let what = "length of a sequence".into();
                Err(Error::Index { what, index: bad as usize, len: self.steps })
            }
        }
    }

    /// The input as a scan takes it.
    ///
    /// # Errors
    /// When it does not fit, or the backend refuses it.
    pub fn on<B: Backend>(&self, backend: &B, channels: usize) -> Result<Input<B::Tensor>> {
        self.check(channels)?;
        self.input.try_map(|values| backend.tensor(values, &[self.steps, channels, self.rows]))
    }

    /// The input as one dense tensor `[T, C, B]`: one-hot tokens, counts of
    /// events. For models without a sparse path of their own.
    ///
    /// # Errors
    /// As [`Sequences::check`], or when the backend refuses the tensor.
    pub fn dense<B: Backend>(&self, backend: &B, channels: usize) -> Result<B::Tensor> {
        let (shape, rows) = ([self.steps, channels, self.rows], self.rows);
        self.check(channels)?;
        if let Some(values) = self.input.dense() {
            return backend.tensor(values, &shape);
        }
        let mut values = vec![0.0; shape.iter().product()];
        self.input.for_each_entry(rows, |step, channel, row, count| {
            values[(step * channels + channel) * rows + row] += count;
        });
        backend.tensor(&values, &shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;
    use crate::spec::{Event, Events, NO_TOKEN};

    #[test]
    fn tokens_and_events_become_dense() {
        let dense = |input: &HostInput| {
            let sequences = Sequences { rows: 2, steps: 2, input, lengths: None };
            sequences.dense(&Reference, 3).and_then(|dense| Reference.values(&dense))
        };
        let tokens = HostInput::Tokens([2, NO_TOKEN, 0, 1].into());
        assert_eq!(dense(&tokens).unwrap(), [0., 0., 0., 0., 1., 0., 1., 0., 0., 1., 0., 0.]);
        let entries =
            vec![Event { row: 1, channel: 0, count: 2.0 }, Event { row: 0, channel: 2, count: 1.0 }];
        let events = |starts: &[u32]| {
            HostInput::Events(Events { starts: starts.to_vec(), entries: entries.clone() }.into())
        };
        assert_eq!(dense(&events(&[0, 1, 2])).unwrap(), [0., 2., 0., 0., 0., 0., 0., 0., 0., 0., 1., 0.]);
        for bad in [HostInput::Tokens([0, 1, 2, 3].into()), events(&[0, 1, 3]), HostInput::Dense(vec![0.0])] {
            assert!(dense(&bad).is_err(), "{bad:?}");
        }
    }
}
