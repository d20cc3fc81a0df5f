//! What every data set of separate sequences offers: samples that can be read
//! in any order.

use crate::Result;

/// A split of sequences with answers, readable in any order from any thread.
pub trait Samples: Send + Sync {
    /// Number of samples.
    fn len(&self) -> usize;
    /// True when the split holds no sample.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Number of input channels, or of distinct tokens.
    fn channels(&self) -> usize;
    /// Number of classes; of values that are predicted together, where they
    /// are real.
    fn classes(&self) -> usize;
    /// What is to be predicted.
    fn answers(&self) -> AnswerKind {
        AnswerKind::Class
    }
    /// What was learned from the training split to number its symbols, in the
    /// order of their numbers; `None` when nothing is learned. Whoever loads
    /// the data again for the same network hands it over as `known`.
    fn symbols(&self) -> Option<Vec<String>> {
        None
    }
    /// The name of each class, where the data has names.
    fn class_names(&self) -> Option<Vec<String>> {
        None
    }
    /// SHA-256, in lower-case letters, of what the samples of this split are
    /// made from, wherever it lies on disk and whatever it is turned into.
    ///
    /// # Errors
    /// When the data cannot be read.
    fn digest(&self) -> Result<String>;
    /// What a user should know about the split: what was passed over, what
    /// will not be used.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
    /// Is the class of sample `index` the one that its input asks for? Only
    /// kinds whose answer can be worked out look at it; it may take time.
    ///
    /// # Errors
    /// When it is not, with both.
    fn check(&self, index: usize) -> Result<()> {
        let _ = index;
        Ok(())
    }
    /// Reads sample `index`.
    ///
    /// # Errors
    /// When the underlying file cannot be read or is damaged at that sample.
    fn read(&self, index: usize) -> Result<Sample>;
}

/// One sequence, and what is to be predicted from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The sequence.
    pub input: SampleInput,
    /// What is to be predicted.
    pub answer: Answer,
}

impl Sample {
    /// A sequence of one class.
    pub fn of_class(input: SampleInput, class: u32) -> Self {
        Sample { input, answer: Answer::Class(class) }
    }

    /// The class of the whole sequence, where it has one.
    pub fn class(&self) -> Option<u32> {
        match self.answer {
            Answer::Class(class) => Some(class),
            _ => None,
        }
    }

    /// Its classes: one, or one of each step; none where it has values.
    pub fn classes(&self) -> &[u32] {
        match &self.answer {
            Answer::Class(class) => std::slice::from_ref(class),
            Answer::ClassEveryStep(classes) => classes,
            Answer::Values(_) | Answer::ValuesEveryStep(_) => &[],
        }
    }
}

/// What is to be predicted from a sequence.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The class of the whole sequence.
    Class(u32),
    /// A class at every step, `[T]`.
    ClassEveryStep(Vec<u32>),
    /// Real values at the end, `[O]`.
    Values(Vec<f32>),
    /// Real values at every step, `[T, O]`.
    ValuesEveryStep(Vec<f32>),
}

/// Of which kind all answers of a split are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// [`Answer::Class`].
    Class,
    /// [`Answer::ClassEveryStep`].
    ClassEveryStep,
    /// [`Answer::Values`].
    Values,
    /// [`Answer::ValuesEveryStep`].
    ValuesEveryStep,
}

/// The sequence of one sample.
#[derive(Debug, Clone, PartialEq)]
pub enum SampleInput {
    /// Token ids, `[T]`.
    Tokens(Vec<u32>),
    /// Two token sequences that are classified together.
    TokenPair([Vec<u32>; 2]),
    /// Spikes as `(step, channel, count)`, sorted, without repeats.
    Events {
        /// Number of time steps `T`.
        steps: usize,
        /// The events.
        events: Vec<(u32, u32, f32)>,
    },
    /// Two sequences of events that are classified together.
    EventPair {
        /// Number of time steps of each.
        steps: [usize; 2],
        /// The events of each, as above.
        events: [Vec<(u32, u32, f32)>; 2],
    },
    /// Real values, `[T, C]`.
    Dense {
        /// Number of channels `C`.
        channels: usize,
        /// Values, step by step.
        values: Vec<f32>,
    },
}
