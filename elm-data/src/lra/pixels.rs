//! Pictures as sequences, row by row, one grey pixel a step.

use crate::samples::SampleInput;

/// What a grey level becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pixels {
    /// A token: grey is binned evenly into so many levels, from 1 to 256.
    Levels(u16),
    /// One real value, `(level / 255 - mean) / deviation`.
    Scaled {
        /// Subtracted.
        mean: f32,
        /// Divided by.
        deviation: f32,
    },
}

impl Pixels {
    /// A token for each grey level of a byte.
    pub const TOKENS: Pixels = Pixels::Levels(256);
    /// S4's scaling of grey CIFAR-10.
    pub const CIFAR: Pixels = Pixels::Scaled { mean: 122.6 / 255.0, deviation: 61.0 / 255.0 };
    /// S4's scaling of Pathfinder: levels from 0 to 1.
    pub const PATHFINDER: Pixels = Pixels::Scaled { mean: 0.0, deviation: 1.0 };

    /// Number of channels, or of distinct tokens.
    pub fn channels(self) -> usize {
        match self {
            Pixels::Levels(count) => usize::from(count.clamp(1, 256)),
            Pixels::Scaled { .. } => 1,
        }
    }

    /// The sequence of a picture.
    pub fn input(self, levels: &[u8]) -> SampleInput {
        match self {
            Pixels::Levels(_) => {
                let bin = |&level: &u8| (usize::from(level) * self.channels() / 256) as u32;
                SampleInput::Tokens(levels.iter().map(bin).collect())
            }
            Pixels::Scaled { mean, deviation } => {
                let scaled = |&level: &u8| (f32::from(level) / 255.0 - mean) / deviation;
                SampleInput::Dense { channels: 1, values: levels.iter().map(scaled).collect() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_is_binned_evenly() {
        let tokens = |count, levels: &[u8]| match Pixels::Levels(count).input(levels) {
            SampleInput::Tokens(tokens) => tokens,
            other => panic!("{other:?}"),
        };
        assert_eq!(tokens(16, &[0, 15, 16, 127, 128, 255]), [0, 0, 1, 7, 8, 15]);
        assert_eq!(tokens(256, &[0, 1, 255]), [0, 1, 255]);
        let all: Vec<u8> = (0..=255).collect();
        (0..8).for_each(|bin| assert_eq!(tokens(8, &all).iter().filter(|token| **token == bin).count(), 32));
    }
}
