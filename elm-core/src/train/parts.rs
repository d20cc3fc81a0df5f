//! A batch cut into groups of rows, whose gradients are computed one after
//! the other.
//!
//! Rows are the last axis of every array of a batch, and pairs of sequences
//! stay together: row `i` of the first half goes with row `i` of the second.

use super::batch::{Batch, Target};
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::model::HostInput;
use crate::spec::{DropoutMasks, Event, Events};
use std::ops::Range;
use std::sync::Arc;

/// One of the groups that a batch is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which, from 0.
    pub which: usize,
    /// How many there are.
    pub of: usize,
}

impl Part {
    /// All parts in order.
    pub fn all(of: usize) -> impl Iterator<Item = Part> {
        (0..of).map(move |which| Part { which, of })
    }

    /// The places of this part among `count` things.
    ///
    /// # Errors
    /// [`Error::Shape`] when they cannot be divided evenly.
    fn range(self, what: &str, count: usize) -> Result<Range<usize>> {
        if self.of == 0 || self.which >= self.of || !count.is_multiple_of(self.of) {
            return Err(Error::shape(what, &[count], format!("a multiple of {} parts", self.of)));
        }
        let each = count / self.of;
        Ok(self.which * each..(self.which + 1) * each)
    }

    /// The rows of a batch that belong to this part, with all that is told of
    /// them.
    ///
    /// # Errors
    /// [`Error::Shape`] when they cannot be divided evenly, and when an array
    /// is not one of that many rows.
    pub fn of_batch(self, batch: &Batch) -> Result<Batch> {
        let all = batch.rows;
        let (target, rows) = match &batch.target {
            Target::EveryStep { labels, lengths } => {
                let rows = self.rows(all)?;
                let lengths = lengths.as_ref().map(|lengths| columns("lengths", lengths, all, &rows));
                let labels = columns("labels of every step", labels, all, &rows)?;
                (Target::EveryStep { labels, lengths: lengths.transpose()? }, rows)
            }
            Target::LastStep { labels, lengths } => {
                let rows = self.rows(all)?;
                let lengths = lengths.as_ref().map(|lengths| columns("lengths", lengths, all, &rows));
                let labels = columns("labels", labels, all, &rows)?;
                (Target::LastStep { labels, lengths: lengths.transpose()? }, rows)
            }
            Target::Pairs { labels, lengths } => {
                if !all.is_multiple_of(2) {
                    return Err(Error::shape("rows of a batch of pairs", &[all], "an even number"));
                }
                let pairs: Vec<usize> = self.range("pairs of a batch", all / 2)?.collect();
                let rows: Vec<usize> =
                    pairs.iter().copied().chain(pairs.iter().map(|p| p + all / 2)).collect();
                let lengths = lengths.as_ref().map(|lengths| columns("lengths", lengths, all, &rows));
                let labels = columns("labels of pairs", labels, all / 2, &pairs)?;
                (Target::Pairs { labels, lengths: lengths.transpose()? }, rows)
            }
            Target::SpikeAndSoma { spike, soma, burn_in, place } => {
                let rows = self.rows(all)?;
                let spike = columns("spikes", spike, all, &rows)?;
                let soma = columns("somatic voltages", soma, all, &rows)?;
                (Target::SpikeAndSoma { spike, soma, burn_in: *burn_in, place: *place }, rows)
            }
            Target::ValuesEveryStep { values, outputs, lengths } => {
                let rows = self.rows(all)?;
                let lengths = lengths.as_ref().map(|lengths| columns("lengths", lengths, all, &rows));
                let values = columns("values of every step", values, all, &rows)?;
                (Target::ValuesEveryStep { values, outputs: *outputs, lengths: lengths.transpose()? }, rows)
            }
            Target::ValuesLastStep { values, lengths } => {
                let rows = self.rows(all)?;
                let lengths = lengths.as_ref().map(|lengths| columns("lengths", lengths, all, &rows));
                let values = columns("values", values, all, &rows)?;
                (Target::ValuesLastStep { values, lengths: lengths.transpose()? }, rows)
            }
        };
        let input = input_of(&batch.input, all, &rows)?;
        Ok(Batch { rows: rows.len(), steps: batch.steps, input, target })
    }

    fn rows(self, all: usize) -> Result<Vec<usize>> {
        Ok(self.range("rows of a batch", all)?.collect())
    }

    /// The columns of a state `[.., B]` that belong to this part.
    ///
    /// # Errors
    /// As [`Part::of_batch`].
    pub fn of_state<B: Backend>(
        self,
        backend: &B,
        state: &[B::Tensor],
        rows: usize,
    ) -> Result<Vec<B::Tensor>> {
        let range = self.range("rows of a state", rows)?;
        state.iter().map(|layer| backend.narrow(layer, 1, range.start, range.len())).collect()
    }

    /// The columns of masks `[.., B]` that belong to this part.
    ///
    /// # Errors
    /// As [`Part::of_batch`].
    pub fn of_masks(self, masks: &[DropoutMasks], rows: usize) -> Result<Vec<DropoutMasks>> {
        let own: Vec<usize> = self.range("rows of dropout masks", rows)?.collect();
        let cut = |mask: &Option<Arc<[f32]>>| -> Result<Option<Arc<[f32]>>> {
            let cut = mask.as_ref().map(|mask| columns("dropout mask", mask, rows, &own));
            Ok(cut.transpose()?.map(Arc::from))
        };
        let layer = |masks: &DropoutMasks| {
            Ok(DropoutMasks {
                input: cut(&masks.input)?,
                recurrent: cut(&masks.recurrent)?,
                memory: cut(&masks.memory)?,
            })
        };
        masks.iter().map(layer).collect()
    }
}

/// The chosen columns of an array `[.., all]`.
fn columns<T: Copy>(what: &str, values: &[T], all: usize, chosen: &[usize]) -> Result<Vec<T>> {
    if all == 0 || !values.len().is_multiple_of(all) {
        return Err(Error::shape(what, &[values.len()], format!("a multiple of {all} rows")));
    }
    Ok(values.chunks_exact(all).flat_map(|row| chosen.iter().map(|&column| row[column])).collect())
}

fn input_of(input: &HostInput, all: usize, rows: &[usize]) -> Result<HostInput> {
    Ok(match input {
        HostInput::Tokens(ids) => HostInput::Tokens(columns("tokens", ids, all, rows)?.into()),
        HostInput::Dense(values) => HostInput::Dense(columns("input values", values, all, rows)?),
        HostInput::Events(events) => HostInput::Events(events_of(events, all, rows)?.into()),
    })
}

/// The events of the chosen rows, which are numbered anew in their order.
fn events_of(events: &Events, all: usize, rows: &[usize]) -> Result<Events> {
    let mut renumbered = vec![None; all];
    rows.iter().enumerate().for_each(|(new, &row)| renumbered[row] = Some(new as u32));
    let mut own = Events { starts: vec![0], entries: Vec::new() };
    for bounds in events.starts.windows(2) {
        let range = bounds[0] as usize..bounds[1] as usize;
        let len = events.entries.len();
        let entries = events.entries.get(range.clone());
        let entries = entries.ok_or_else(|| Error::Index {
            what: "events of a time step".into(),
            index: range.end,
            len,
        })?;
        for event in entries {
            let row = event.row as usize;
            let new = renumbered.get(row).ok_or_else(|| Error::Index {
                what: "row of an event".into(),
                index: row,
                len: all,
            })?;
            own.entries.extend(new.map(|row| Event { row, ..*event }));
        }
        own.starts.push(own.entries.len() as u32);
    }
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    fn batch(input: HostInput, target: Target) -> Batch {
        Batch { rows: 4, steps: 2, input, target }
    }

    fn every_step(labels: Vec<u32>) -> Target {
        Target::EveryStep { labels, lengths: None }
    }

    fn tokens() -> HostInput {
        HostInput::Tokens([0, 1, 2, 3, 10, 11, 12, 13].into())
    }

    #[test]
    fn a_part_has_its_rows_of_every_array() {
        let second = Part { which: 1, of: 2 };
        let every = batch(tokens(), every_step(vec![0, 1, 2, 3, 4, 5, 6, 7]));
        let part = second.of_batch(&every).unwrap();
        assert_eq!((part.rows, part.steps), (2, 2));
        assert_eq!(part.input, HostInput::Tokens([2, 3, 12, 13].into()));
        assert_eq!(part.target, every_step(vec![2, 3, 6, 7]));
        let values: Vec<f32> = (0..16).map(|i| i as f32).collect(); // [2, 2, 4]
        let dense = batch(
            HostInput::Dense(values.clone()),
            Target::ValuesEveryStep { values, outputs: 2, lengths: None },
        );
        let part = second.of_batch(&dense).unwrap();
        let wanted = vec![2., 3., 6., 7., 10., 11., 14., 15.];
        assert_eq!(part.input, HostInput::Dense(wanted.clone()));
        assert_eq!(part.target, Target::ValuesEveryStep { values: wanted, outputs: 2, lengths: None });
    }

    #[test]
    fn pairs_stay_together() {
        let target = Target::Pairs { labels: vec![7, 8], lengths: Some(vec![1, 2, 3, 4]) };
        let part = Part { which: 1, of: 2 }.of_batch(&batch(tokens(), target)).unwrap();
        assert_eq!(part.input, HostInput::Tokens([1, 3, 11, 13].into()));
        assert_eq!(part.target, Target::Pairs { labels: vec![8], lengths: Some(vec![2, 4]) });
    }

    #[test]
    fn events_keep_step_channel_and_count() {
        let event = |row, channel| Event { row, channel, count: 2.0 };
        let entries = vec![event(0, 5), event(2, 6), event(3, 7), event(1, 8)];
        let events = HostInput::Events(Events { starts: vec![0, 3, 4], entries }.into());
        let target = Target::LastStep { labels: vec![0, 1, 2, 3], lengths: None };
        let of = |which| Part { which, of: 2 }.of_batch(&batch(events.clone(), target.clone())).unwrap();
        let wanted = |starts: &[u32], entries: &[Event]| {
            HostInput::Events(Events { starts: starts.to_vec(), entries: entries.to_vec() }.into())
        };
        assert_eq!(of(0).input, wanted(&[0, 1, 2], &[event(0, 5), event(1, 8)]));
        assert_eq!(of(1).input, wanted(&[0, 2, 2], &[event(0, 6), event(1, 7)]));
        assert_eq!(of(1).target, Target::LastStep { labels: vec![2, 3], lengths: None });
    }

    #[test]
    fn parts_of_a_state_and_of_masks_are_columns() {
        let state = Reference.tensor(&[0., 1., 2., 3., 4., 5., 6., 7.], &[2, 4]).unwrap();
        let second = Part { which: 1, of: 2 };
        let cut = second.of_state(&Reference, &[state], 4).unwrap();
        assert_eq!(Reference.values(&cut[0]).unwrap(), [2., 3., 6., 7.]);
        let masks = DropoutMasks { input: Some([0., 1., 2., 3.].into()), ..DropoutMasks::default() };
        let cut = second.of_masks(&[masks], 4).unwrap();
        assert_eq!(cut[0].input.as_deref(), Some(&[2.0f32, 3.0][..]));
        assert_eq!(cut[0].memory, None);
    }

    #[test]
    fn what_cannot_be_divided_is_refused() {
        let every = batch(tokens(), every_step(vec![0; 8]));
        for of in [0, 3, 8] {
            assert!(Part { which: 0, of }.of_batch(&every).is_err(), "{of}");
        }
        let half = Part { which: 0, of: 2 };
        assert!(half.of_batch(&batch(tokens(), every_step(vec![0; 7]))).is_err());
        let pairs = Target::Pairs { labels: vec![0, 1], lengths: None };
        assert!(Part { which: 0, of: 4 }.of_batch(&batch(tokens(), pairs)).is_err());
        for (starts, row) in [(vec![0, 1, 1], 4), (vec![0, 2, 2], 0)] {
            let entries = vec![Event { row, channel: 0, count: 1.0 }];
            let events = HostInput::Events(Events { starts, entries }.into());
            let bad = batch(events, Target::LastStep { labels: vec![0; 4], lengths: None });
            assert!(half.of_batch(&bad).is_err());
        }
    }
}
