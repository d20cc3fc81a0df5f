//! Pictures as sequences, row by row, one grey pixel a step.

use crate::samples::SampleInput;

/// What a grey level becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pixels {
    /// A token `0..=255`.
    Tokens,
    /// One real value, `(level / 255 - mean) / deviation`.
    Scaled {
        /// Subtracted.
        mean: f32,
        /// Divided by.
        deviation: f32,
    },
}

impl Pixels {
    /// S4's scaling of grey CIFAR-10.
    pub const CIFAR: Pixels = Pixels::Scaled { mean: 122.6 / 255.0, deviation: 61.0 / 255.0 };
    /// S4's scaling of Pathfinder: levels from 0 to 1.
    pub const PATHFINDER: Pixels = Pixels::Scaled { mean: 0.0, deviation: 1.0 };

    /// Number of channels, or of distinct tokens.
    pub fn channels(self) -> usize {
        match self {
            Pixels::Tokens => 256,
            Pixels::Scaled { .. } => 1,
        }
    }

    /// The sequence of a picture.
    pub fn input(self, levels: &[u8]) -> SampleInput {
        match self {
            Pixels::Tokens => SampleInput::Tokens(levels.iter().map(|&level| u32::from(level)).collect()),
            Pixels::Scaled { mean, deviation } => {
                let scaled = |&level: &u8| (f32::from(level) / 255.0 - mean) / deviation;
                SampleInput::Dense { channels: 1, values: levels.iter().map(scaled).collect() }
            }
        }
    }
}
