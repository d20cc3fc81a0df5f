//! Recordings in WAV files.

use crate::error::Result;
use crate::files::{self, format};
use hound::{SampleFormat, WavReader};
use std::io::BufReader;
use std::path::Path;

/// Longest recording in samples: more than any utterance has.
const LONGEST: usize = 1 << 24;
/// Sample rates that speech is recorded with.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// A recorded sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// Samples from -1 to 1; several channels are averaged.
    pub samples: Vec<f32>,
    /// Samples per second.
    pub rate: u32,
}

impl Sound {
    /// Reads a WAV file of whole numbers of 8 to 32 bits or of single floats.
    ///
    /// # Errors
    /// [`DataError`](crate::DataError) that names the file when it is missing,
    /// damaged, empty, or too long.
    pub fn read(path: &Path) -> Result<Self> {
        let (file, _) = files::open(path, "a WAV file")?;
        let wrong = |at: &str, reason: String| format(path, at, reason);
        let mut reader = WavReader::new(BufReader::new(file))
            .map_err(|error| wrong("header", format!("expected a WAV file: {error}")))?;
        let spec = reader.spec();
        if !RATES.contains(&spec.sample_rate) || spec.channels == 0 {
            let reason = format!("{} channels at {} Hz", spec.channels, spec.sample_rate);
            return Err(wrong("header", reason + "; expected 4 to 384 kHz"));
        }
        let full = 2_f32.powi(i32::from(spec.bits_per_sample) - 1);
        let values: std::result::Result<Vec<f32>, _> = match spec.sample_format {
            SampleFormat::Float => reader.samples::<f32>().take(LONGEST).collect(),
            SampleFormat::Int => {
                reader.samples::<i32>().take(LONGEST).map(|value| Ok(value? as f32 / full)).collect()
            }
        };
        let values = values.map_err(|error: hound::Error| wrong("samples", error.to_string()))?;
        if values.is_empty() || values.len() == LONGEST {
            return Err(wrong("samples", format!("{} samples; expected 1 to {}", values.len(), LONGEST - 1)));
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(wrong(&format!("sample {at}"), "is no number".into()));
        }
        let channels = usize::from(spec.channels);
        let mean = |frame: &[f32]| frame.iter().sum::<f32>() / channels as f32;
        Ok(Sound { samples: values.chunks_exact(channels).map(mean).collect(), rate: spec.sample_rate })
    }
}
