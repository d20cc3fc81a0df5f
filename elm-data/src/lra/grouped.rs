//! Several pixels or tokens in one time step.

use crate::digest::Fingerprint;
use crate::error::{DataError, Result};
use crate::samples::{Sample, SampleInput, Samples};
use std::sync::Arc;

/// Samples whose steps are taken together, `group` at a time: a sequence of
/// `T` steps becomes one of `T / group`, rounded up. Step `s` of the original
/// with `C` channels (or distinct tokens) fills channels
/// `(s mod group) * C ..` of its new step; tokens become events of count 1.
#[derive(Clone)]
pub struct Grouped {
    samples: Arc<dyn Samples>,
    group: usize,
}

impl Grouped {
    /// Channels of a step beyond this number are taken for a mistake.
    pub const MOST_CHANNELS: usize = 1 << 24;

    /// Groups steps.
    ///
    /// # Errors
    /// [`DataError::Setting`] when `group` is 0, or a step would have too many channels.
    pub fn new(samples: Arc<dyn Samples>, group: usize) -> Result<Self> {
        let channels = samples.channels();
        if group == 0 || group.checked_mul(channels).is_none_or(|channels| channels > Self::MOST_CHANNELS) {
            return Err(DataError::Setting {
                setting: "data.group".into(),
                reason: format!(
                    "{group} steps of {channels} channels each; expected 1 step or more, and at most \
                     {} channels together",
                    Self::MOST_CHANNELS
                ),
            });
        }
        Ok(Grouped { samples, group })
    }

    /// `(step, channel, count)` of every token, and the number of steps.
    fn events(&self, tokens: &[u32]) -> (usize, Vec<(u32, u32, f32)>) {
        let each = self.samples.channels();
        let event = |(at, &token): (usize, &u32)| {
            let channel = at % self.group * each + token as usize;
            ((at / self.group) as u32, channel as u32, 1.0)
        };
        (tokens.len().div_ceil(self.group), tokens.iter().enumerate().map(event).collect())
    }

    fn grouped(&self, input: SampleInput) -> SampleInput {
        match input {
            SampleInput::Tokens(tokens) => {
                let (steps, events) = self.events(&tokens);
                SampleInput::Events { steps, events }
            }
            SampleInput::TokenPair([first, second]) => {
                let ((first, a), (second, b)) = (self.events(&first), self.events(&second));
                SampleInput::EventPair { steps: [first, second], events: [a, b] }
            }
            SampleInput::Dense { channels, mut values } => {
                let channels = channels * self.group;
                values.resize(values.len().next_multiple_of(channels.max(1)), 0.0);
                SampleInput::Dense { channels, values }
            }
            SampleInput::Events { steps, events } => {
                let events = self.regrouped(events);
                SampleInput::Events { steps: steps.div_ceil(self.group), events }
            }
            SampleInput::EventPair { steps, events } => SampleInput::EventPair {
                steps: steps.map(|steps| steps.div_ceil(self.group)),
                events: events.map(|events| self.regrouped(events)),
            },
        }
    }

    fn regrouped(&self, events: Vec<(u32, u32, f32)>) -> Vec<(u32, u32, f32)> {
        let (group, each) = (self.group as u32, self.samples.channels() as u32);
        let place = |(step, channel, count)| (step / group, step % group * each + channel, count);
        events.into_iter().map(place).collect()
    }
}

impl Samples for Grouped {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn channels(&self) -> usize {
        self.group * self.samples.channels()
    }

    fn classes(&self) -> usize {
        self.samples.classes()
    }

    fn symbols(&self) -> Option<Vec<String>> {
        self.samples.symbols()
    }

    fn class_names(&self) -> Option<Vec<String>> {
        self.samples.class_names()
    }

    /// Of the digest of the ungrouped samples and the size of a group.
    fn digest(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::of("grouped");
        fingerprint.add(self.samples.digest()?.as_bytes());
        fingerprint.number(self.group as u64);
        Ok(fingerprint.finish())
    }

    fn notes(&self) -> Vec<String> {
        self.samples.notes()
    }

    fn check(&self, index: usize) -> Result<()> {
        self.samples.check(index)
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let sample = self.samples.read(index)?;
        if self.group == 1 {
            return Ok(sample);
        }
        Ok(Sample { input: self.grouped(sample.input), answer: sample.answer })
    }
}
