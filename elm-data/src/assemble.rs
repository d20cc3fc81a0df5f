//! Samples side by side in a batch.

use crate::batch::{Batch, Event, Events, Input, Target};
use crate::error::{DataError, Result};
use crate::samples::{Answer, Sample, SampleInput};

/// Puts samples of one kind side by side, padded at their ends.
///
/// Padding is `u32::MAX` for tokens (no token), nothing for events, 0 for
/// values; lengths are given when they differ.
///
/// # Errors
/// [`DataError::Setting`] when the samples are of different kinds or empty.
pub(crate) fn assemble(samples: &[Sample], channels: usize) -> Result<Batch> {
    let first = samples.first().map(|sample| &sample.input);
    let pairs = matches!(first, Some(SampleInput::TokenPair(_) | SampleInput::EventPair { .. }));
    let mixed = || DataError::Setting {
        setting: "samples of a batch".into(),
        reason: "they are of different kinds or without any time step".into(),
    };
    let mut sequences = Vec::with_capacity(samples.len() * (1 + usize::from(pairs)));
    let parts = if pairs { 2 } else { 1 };
    for part in 0..parts {
        for sample in samples {
            sequences.push(Sequence::of(&sample.input, part, channels).ok_or_else(mixed)?);
        }
    }
    let lengths: Vec<u32> = sequences.iter().map(|sequence| sequence.steps() as u32).collect();
    let steps = lengths.iter().copied().max().unwrap_or(0) as usize;
    if steps == 0 || lengths.contains(&0) {
        return Err(mixed());
    }
    let input = join(&sequences, steps, channels).ok_or_else(mixed)?;
    let lengths = lengths.iter().any(|&length| length as usize != steps).then_some(lengths);
    let target = target(samples, pairs, steps, lengths).ok_or_else(mixed)?;
    Ok(Batch { rows: sequences.len(), steps, input, target })
}

/// The answers side by side, `None` when they are of different kinds or do not
/// fit their sequences.
fn target(samples: &[Sample], pairs: bool, steps: usize, lengths: Option<Vec<u32>>) -> Option<Target> {
    let length = |row: usize| lengths.as_ref().map_or(steps, |lengths| lengths[row] as usize);
    match &samples.first()?.answer {
        Answer::Class(_) => {
            let labels = samples.iter().map(Sample::class).collect::<Option<Vec<u32>>>()?;
            Some(if pairs { Target::Pairs { labels, lengths } } else { Target::LastStep { labels, lengths } })
        }
        Answer::ClassEveryStep(_) => {
            let mut labels = vec![0; steps * samples.len()];
            for (row, sample) in samples.iter().enumerate() {
                let Answer::ClassEveryStep(own) = &sample.answer else { return None };
                let own = own.get(..length(row))?;
                own.iter().enumerate().for_each(|(step, &class)| labels[step * samples.len() + row] = class);
            }
            Some(Target::ClassEveryStep { labels, lengths })
        }
        Answer::Values(first) => {
            let mut values = vec![0.0; first.len() * samples.len()];
            for (row, sample) in samples.iter().enumerate() {
                let Answer::Values(own) = &sample.answer else { return None };
                let own = Some(own).filter(|own| own.len() == first.len())?;
                own.iter().enumerate().for_each(|(o, &value)| values[o * samples.len() + row] = value);
            }
            Some(Target::Values { values, lengths })
        }
        Answer::ValuesEveryStep(first) => {
            let outputs = first.len() / length(0);
            let mut values = vec![0.0; outputs * steps * samples.len()];
            for (row, sample) in samples.iter().enumerate() {
                let Answer::ValuesEveryStep(own) = &sample.answer else { return None };
                for (at, &value) in own.get(..outputs * length(row))?.iter().enumerate() {
                    let (step, output) = (at / outputs, at % outputs);
                    values[(output * steps + step) * samples.len() + row] = value;
                }
            }
            Some(Target::ValuesEveryStep { values, outputs, lengths })
        }
    }
}

/// One row of a batch.
enum Sequence<'a> {
    Tokens(&'a [u32]),
    Events(usize, &'a [(u32, u32, f32)]),
    Dense(usize, &'a [f32]),
}

impl<'a> Sequence<'a> {
    fn of(input: &'a SampleInput, part: usize, channels: usize) -> Option<Self> {
        match input {
            SampleInput::Tokens(ids) if part == 0 => Some(Sequence::Tokens(ids)),
            SampleInput::TokenPair(pair) => Some(Sequence::Tokens(&pair[part])),
            SampleInput::Events { steps, events } if part == 0 => Some(Sequence::Events(*steps, events)),
            SampleInput::EventPair { steps, events } => Some(Sequence::Events(steps[part], &events[part])),
            SampleInput::Dense { channels: own, values } if part == 0 && *own == channels => {
                Some(Sequence::Dense(values.len() / channels.max(1), values))
            }
            _ => None,
        }
    }

    fn steps(&self) -> usize {
        match self {
            Sequence::Tokens(ids) => ids.len(),
            Sequence::Events(steps, _) | Sequence::Dense(steps, _) => *steps,
        }
    }
}

/// All rows in one input, `None` when they are of different kinds.
fn join(rows: &[Sequence<'_>], steps: usize, channels: usize) -> Option<Input> {
    let count = rows.len();
    match rows.first()? {
        Sequence::Tokens(_) => {
            let mut ids = vec![u32::MAX; steps * count];
            for (row, sequence) in rows.iter().enumerate() {
                let Sequence::Tokens(own) = sequence else { return None };
                own.iter().enumerate().for_each(|(step, &id)| ids[step * count + row] = id);
            }
            Some(Input::Tokens(ids))
        }
        Sequence::Events(..) => {
            let mut next = vec![0; count];
            let mut events = Events { channels, starts: vec![0], entries: Vec::new() };
            for step in 0..steps as u32 {
                for (row, sequence) in rows.iter().enumerate() {
                    let Sequence::Events(_, own) = sequence else { return None };
                    while let Some(&(_, channel, count)) = own.get(next[row]).filter(|event| event.0 == step)
                    {
                        events.entries.push(Event { row: row as u32, channel, count });
                        next[row] += 1;
                    }
                }
                events.starts.push(events.entries.len() as u32);
            }
            Some(Input::Events(events))
        }
        Sequence::Dense(..) => {
            let mut values = vec![0.0; steps * channels * count];
            for (row, sequence) in rows.iter().enumerate() {
                let Sequence::Dense(_, own) = sequence else { return None };
                own.iter().enumerate().for_each(|(at, &value)| values[at * count + row] = value);
            }
            Some(Input::Dense { channels, values })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch_of(answers: [Answer; 2]) -> Result<Batch> {
        let lengths = [2, 1];
        let sample = |(answer, length)| Sample { input: SampleInput::Tokens(vec![7; length]), answer };
        assemble(&answers.into_iter().zip(lengths).map(sample).collect::<Vec<_>>(), 8)
    }

    #[test]
    fn answers_lie_time_first_and_batch_last() {
        let lengths = Some(vec![2, 1]);
        let classes = batch_of([Answer::ClassEveryStep(vec![1, 2]), Answer::ClassEveryStep(vec![3])]);
        let wanted = Target::ClassEveryStep { labels: vec![1, 3, 2, 0], lengths: lengths.clone() };
        assert_eq!(classes.unwrap().target, wanted);
        let ends = batch_of([Answer::Values(vec![1.0, 2.0]), Answer::Values(vec![3.0, 4.0])]);
        let wanted = Target::Values { values: vec![1.0, 3.0, 2.0, 4.0], lengths: lengths.clone() };
        assert_eq!(ends.unwrap().target, wanted);
        let steps =
            [Answer::ValuesEveryStep(vec![1.0, 2.0, 3.0, 4.0]), Answer::ValuesEveryStep(vec![5.0, 6.0])];
        let values = vec![1.0, 5.0, 3.0, 0.0, 2.0, 6.0, 4.0, 0.0];
        assert_eq!(batch_of(steps).unwrap().target, Target::ValuesEveryStep { values, outputs: 2, lengths });
    }

    #[test]
    fn answers_of_different_kinds_are_refused() {
        assert!(batch_of([Answer::Class(1), Answer::Values(vec![1.0])]).is_err());
        assert!(batch_of([Answer::Values(vec![1.0]), Answer::Values(vec![1.0, 2.0])]).is_err());
        assert!(batch_of([Answer::ClassEveryStep(vec![1, 2]), Answer::ClassEveryStep(vec![])]).is_err());
    }
}
