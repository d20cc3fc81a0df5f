//! One recording, and how it is cut into time steps.

use crate::digest::Fingerprint;
use crate::error::{DataError, Result};
use crate::samples::{Sample, SampleInput, Samples};

/// The spikes of one utterance.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    /// Times in seconds.
    pub times: Vec<f32>,
    /// Channel of each spike.
    pub units: Vec<u16>,
    /// Its class.
    pub label: u32,
    /// Who spoke.
    pub speaker: u32,
}

/// How spikes become time steps, as the authors bin SHD.
#[derive(Debug, Clone, PartialEq)]
pub struct Binning {
    /// Borders of the time steps in seconds; spikes after the last are dropped.
    edges: Vec<f64>,
    /// Keep the number of spikes in a step (else only that there are any)?
    counts: bool,
}

/// Time steps of a recording beyond this number are taken for a mistake.
const MOST_STEPS: usize = 1_000_000;

impl Binning {
    /// Steps of `bin_ms` over one second. The borders are those of
    /// `numpy.arange(0, 1 + step, step)`; a spike belongs to the last border
    /// that is not after it.
    ///
    /// # Errors
    /// [`DataError::Setting`] when there would be no step, or more than a
    /// million.
    pub fn new(bin_ms: f64, counts: bool) -> Result<Self> {
        let step = bin_ms / 1000.0;
        let steps = Self::steps_of(bin_ms);
        if !(1..=MOST_STEPS).contains(&steps) {
            let steps =
                if steps < 1 { "no time step".into() } else { format!("more than {MOST_STEPS} time steps") };
            let reason = format!("{bin_ms:?} ms make {steps} of a second; expected 0.001 to 1000 ms or so");
            return Err(DataError::Setting { setting: "data.bin_ms".into(), reason });
        }
        Ok(Binning { edges: (0..=steps).map(|i| i as f64 * step).collect(), counts })
    }

    /// Number of time steps of a recording in steps of `bin_ms`; saturates,
    /// also where it is no number.
    pub fn steps_of(bin_ms: f64) -> usize {
        let step = bin_ms / 1000.0;
        (((1.0 + step) / step).ceil() as usize).saturating_sub(1)
    }

    /// Number of time steps of a recording.
    pub fn steps(&self) -> usize {
        self.edges.len() - 1
    }

    /// Where the last time step ends, in seconds; spikes from there on are
    /// dropped.
    pub fn end(&self) -> f64 {
        self.edges.last().copied().unwrap_or(0.0)
    }

    /// The spikes as `(step, channel, count)`, sorted, without repeats.
    pub fn events(&self, recording: &Recording) -> Vec<(u32, u32, f32)> {
        let mut places: Vec<(u32, u32)> = Vec::with_capacity(recording.times.len());
        for (&time, &unit) in recording.times.iter().zip(&recording.units) {
            let after = self.edges.partition_point(|&edge| edge <= f64::from(time));
            if after > 0 && after <= self.steps() {
                places.push((after as u32 - 1, u32::from(unit)));
            }
        }
        places.sort_unstable();
        let same = places.chunk_by(|a, b| a == b);
        let count = |len: usize| if self.counts { len as f32 } else { 1.0 };
        same.map(|chunk| (chunk[0].0, chunk[0].1, count(chunk.len()))).collect()
    }
}

/// Recordings held in memory, binned when they are read.
#[derive(Debug, Clone)]
pub struct Recordings {
    /// The recordings.
    pub recordings: Vec<Recording>,
    /// How they become time steps.
    pub binning: Binning,
    /// Number of channels.
    pub channels: usize,
    /// Number of classes.
    pub classes: usize,
}

impl Samples for Recordings {
    fn len(&self) -> usize {
        self.recordings.len()
    }

    fn channels(&self) -> usize {
        self.channels
    }

    fn classes(&self) -> usize {
        self.classes
    }

    /// Of classes, times and units.
    fn digest(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::of("recordings");
        for recording in &self.recordings {
            let times: Vec<u8> = recording.times.iter().flat_map(|time| time.to_le_bytes()).collect();
            let units: Vec<u8> = recording.units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            fingerprint.number(u64::from(recording.label));
            fingerprint.add(&times);
            fingerprint.add(&units);
        }
        Ok(fingerprint.finish())
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let recording = &self.recordings[index];
        let events = self.binning.events(recording);
        let input = SampleInput::Events { steps: self.binning.steps(), events };
        Ok(Sample::of_class(input, recording.label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_as_many_steps_as_the_authors_count() {
        for (bin, steps) in [(1.0, 1000), (2.0, 500), (4.0, 250), (5.0, 200), (10.0, 100), (20.0, 50)] {
            assert_eq!(Binning::new(bin, true).unwrap().steps(), steps, "{bin} ms");
        }
    }

    #[test]
    fn steps_that_are_none_or_too_many_are_refused() {
        for bin in [1e-300, 1e-4, 1e300, 0.0, -2.0, f64::NAN, f64::INFINITY] {
            let error = Binning::new(bin, true).unwrap_err().to_string();
            assert!(error.starts_with("data.bin_ms: "), "{error}");
        }
        assert_eq!(Binning::new(0.001, true).unwrap().steps(), MOST_STEPS);
        assert_eq!(Binning::new(700.0, true).unwrap().steps(), 2);
    }

    #[test]
    fn spikes_are_counted_in_order_and_late_ones_dropped() {
        let recording = Recording {
            times: vec![0.013, 0.0, 0.011, 0.012, 1.0, 1.2],
            units: vec![3, 9, 3, 2, 1, 1],
            ..Recording::default()
        };
        let events = Binning::new(10.0, true).unwrap().events(&recording);
        assert_eq!(events, [(0, 9, 1.0), (1, 2, 1.0), (1, 3, 2.0)]);
        assert_eq!(Binning::new(10.0, false).unwrap().events(&recording)[2], (1, 3, 1.0));
    }
}
