//! A batch of sequences as plain arrays, time first and batch last.

/// One batch of sequences and what is to be predicted from them.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Number of sequences `B` (rows of the input).
    pub rows: usize,
    /// Number of time steps `T`; shorter sequences are padded at their end.
    pub steps: usize,
    /// What the network sees.
    pub input: Input,
    /// What it should answer.
    pub target: Target,
}

/// The input of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Token ids, `[T, B]`.
    Tokens(Vec<u32>),
    /// Sparse spike counts.
    Events(Events),
    /// Real values.
    Dense {
        /// Number of channels `C`.
        channels: usize,
        /// Values, `[T, C, B]`.
        values: Vec<f32>,
    },
}

/// Spike counts of a batch as lists sorted by time step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Events {
    /// Number of channels `C`.
    pub channels: usize,
    /// The events of step `t` are `entries[starts[t]..starts[t + 1]]`; length `T + 1`.
    pub starts: Vec<u32>,
    /// All events; within a step sorted by row, then channel, without repeats.
    pub entries: Vec<Event>,
}

/// `count` spikes of one channel of one sequence in one time step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    /// Row of the batch.
    pub row: u32,
    /// Input channel.
    pub channel: u32,
    /// Number of spikes (1 in boolean data).
    pub count: f32,
}

/// What is to be predicted.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// The next token at every step, `[T, B]`.
    EveryStep(Vec<u32>),
    /// A class at every step of samples with a length of their own.
    ClassEveryStep {
        /// Classes, `[T, B]`.
        labels: Vec<u32>,
        /// Length of each row, `[B]`; `None` when all are `T` long.
        lengths: Option<Vec<u32>>,
    },
    /// One class per sequence, read at its last step.
    LastStep {
        /// Class of each row, `[B]`.
        labels: Vec<u32>,
        /// Length of each row, `[B]`; `None` when all are `T` long.
        lengths: Option<Vec<u32>>,
    },
    /// One class per pair of sequences: rows `0..B/2` hold the first of each
    /// pair, rows `B/2..B` the second.
    Pairs {
        /// Class of each pair, `[B / 2]`.
        labels: Vec<u32>,
        /// Length of each row, `[B]`.
        lengths: Option<Vec<u32>>,
    },
    /// Real values at the last step of each sequence.
    Values {
        /// Values, `[O, B]`.
        values: Vec<f32>,
        /// Length of each row, `[B]`; `None` when all are `T` long.
        lengths: Option<Vec<u32>>,
    },
    /// Real values at every step.
    ValuesEveryStep {
        /// Values, `[O, T, B]`.
        values: Vec<f32>,
        /// Number of values `O`.
        outputs: usize,
        /// Length of each row, `[B]`; `None` when all are `T` long.
        lengths: Option<Vec<u32>>,
    },
    /// What a recorded neuron answers at every step.
    SpikeAndSoma {
        /// Is there an output spike? 0 or 1, `[T, B]`.
        spike: Vec<f32>,
        /// Voltage of the soma as it is predicted, `[T, B]`.
        soma: Vec<f32>,
        /// Leading steps that are not predicted.
        burn_in: usize,
        /// Where the rows come from, in an evaluation.
        place: Option<Place>,
    },
}

/// Where the rows of an evaluation come from: consecutive simulations of one
/// file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Number of the file in its split.
    pub file: u32,
    /// The simulation of the first row.
    pub first: u32,
    /// The first step that is predicted.
    pub start: u32,
    /// Is this the last batch of the file?
    pub ends_file: bool,
}
