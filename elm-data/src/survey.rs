//! What a split holds, and what is odd about it.

use crate::samples::{AnswerKind, SampleInput, Samples};
use std::ops::ControlFlow;

/// Oddities that are kept in words; more are only counted.
const KEPT: usize = 5;

/// What a pass over all samples of a split found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Survey {
    /// Number of samples.
    pub samples: usize,
    /// Samples (or steps) of each class; nothing where answers are real values.
    pub classes: Vec<u64>,
    /// Fewest, mean and most time steps.
    pub steps: [f64; 3],
    /// Samples without any input.
    pub empty: u64,
    /// The first of them.
    pub first_empty: Option<usize>,
    /// Samples that could not be read.
    pub unreadable: u64,
    /// Samples whose class is not the one that their input asks for.
    pub wrong: u64,
    /// The first of both, and why.
    pub errors: Vec<(usize, String)>,
}

/// Reads every sample of a split; `None` when `watch`, told how many are done,
/// stopped it.
pub fn survey(samples: &dyn Samples, watch: &mut dyn FnMut(usize) -> ControlFlow<()>) -> Option<Survey> {
    let classes = match samples.answers() {
        AnswerKind::Class | AnswerKind::ClassEveryStep => samples.classes(),
        AnswerKind::Values | AnswerKind::ValuesEveryStep => 0,
    };
    let mut found = Survey { samples: samples.len(), classes: vec![0; classes], ..Survey::default() };
    let (mut shortest, mut longest, mut total, mut read) = (usize::MAX, 0, 0, 0_u64);
    for index in 0..samples.len() {
        if watch(index).is_break() {
            return None;
        }
        let sample = samples.read(index);
        let checked = sample.is_ok().then(|| samples.check(index).err()).flatten();
        found.wrong += u64::from(checked.is_some());
        found.unreadable += u64::from(sample.is_err());
        if let Some(error) = sample.as_ref().err().or(checked.as_ref())
            && found.errors.len() < KEPT
        {
            found.errors.push((index, error.to_string()));
        }
        let Ok(sample) = sample else { continue };
        let (steps, is_empty) = extent(&sample.input);
        if is_empty {
            found.empty += 1;
            found.first_empty.get_or_insert(index);
        }
        for &class in sample.classes() {
            if let Some(count) = found.classes.get_mut(class as usize) {
                *count += 1;
            }
        }
        (shortest, longest, total, read) = (shortest.min(steps), longest.max(steps), total + steps, read + 1);
    }
    if read > 0 {
        found.steps = [shortest as f64, total as f64 / read as f64, longest as f64];
    }
    Some(found)
}

/// Time steps of a sequence (the longer of two), and whether nothing is in it.
fn extent(input: &SampleInput) -> (usize, bool) {
    match input {
        SampleInput::Tokens(tokens) => (tokens.len(), tokens.is_empty()),
        SampleInput::TokenPair([a, b]) => (a.len().max(b.len()), a.is_empty() || b.is_empty()),
        SampleInput::Events { steps, events } => (*steps, events.is_empty()),
        SampleInput::EventPair { steps, events } => {
            (steps[0].max(steps[1]), events.iter().any(Vec::is_empty))
        }
        SampleInput::Dense { channels, values } => (values.len() / (*channels).max(1), values.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spikes::{Binning, Recording, Recordings};

    #[test]
    fn classes_lengths_and_empty_samples_are_counted() {
        let spike = |label| Recording { times: vec![0.5], units: vec![1], label, speaker: 0 };
        let recordings = vec![spike(0), spike(2), Recording::default(), spike(2)];
        let all =
            Recordings { recordings, binning: Binning::new(10.0, true).unwrap(), channels: 2, classes: 3 };
        let mut told = 0;
        let mut watch = |done| {
            told += done;
            ControlFlow::Continue(())
        };
        let found = survey(&all, &mut watch).unwrap();
        assert_eq!(
            (found.samples, found.classes, found.empty, found.first_empty),
            (4, vec![2, 0, 2], 1, Some(2))
        );
        assert_eq!((found.steps, told), ([100.0; 3], 6));
        assert!(survey(&all, &mut |_| ControlFlow::Break(())).is_none());
    }
}
