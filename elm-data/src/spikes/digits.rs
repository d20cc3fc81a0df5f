//! Spiking digits, made: a stand-in for spoken ones that needs no download.
//!
//! There are 20 classes, two "languages" of ten digits. A class is a sequence
//! of two syllables, a syllable a few formant-like tracks that glide along the
//! channels. Classes come in pairs that have the *same* two syllables in
//! opposite order, and the two classes of a pair are always different digits:
//! who only counts spikes cannot tell them apart. Speakers differ in pitch
//! (position and spread of the tracks), speed and onset.

use super::recording::{Binning, Recording, Recordings};
use crate::draws::Draws;
use crate::error::{DataError, Result};

/// Tracks of a syllable.
const TRACKS: usize = 3;
/// Pairs of classes with the same syllables: within either language, then across.
const PAIRS: [(u32, u32); 10] =
    [(0, 1), (2, 3), (4, 5), (10, 11), (12, 13), (14, 15), (6, 17), (7, 16), (8, 19), (9, 18)];
/// Chance that a track fires in a millisecond.
const RATE: f64 = 0.6;
/// Share of a track's spikes that get lost.
const DROPPED: f64 = 0.2;
/// Spurious spikes per millisecond, anywhere.
const SPURIOUS: f64 = 0.15;
/// Speakers of the training (and validation) set; the test set has others.
const TRAIN_SPEAKERS: u32 = 8;
const TEST_SPEAKERS: u32 = 4;

/// Which part of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// To learn from.
    Train,
    /// To select by; the speakers of the training set.
    Valid,
    /// The final test; speakers that occur nowhere else.
    Test,
}

impl Split {
    /// The setting that says how many recordings it has.
    fn setting(self) -> &'static str {
        match self {
            Split::Train => "data.train_samples",
            Split::Valid => "data.valid_samples",
            Split::Test => "data.test_samples",
        }
    }
}

/// What to make.
#[derive(Debug, Clone, PartialEq)]
pub struct DigitsSettings {
    /// Seed of syllables, speakers and everything else.
    pub seed: u64,
    /// Number of channels (700 as in SHD).
    pub channels: usize,
    /// How spikes become time steps.
    pub binning: Binning,
}

/// Recordings of a split are held in memory, each in about five kilobytes.
const MOST_RECORDINGS: usize = 10_000_000;
/// A spike knows its channel in two bytes.
const MOST_CHANNELS: usize = 1 << 16;

/// Makes `count` recordings of a split, each a pure function of the seed, the
/// split and its index.
///
/// # Errors
/// [`DataError::Setting`] when they or the channels are too many, or there are
/// no channels.
pub fn spiking_digits(settings: &DigitsSettings, split: Split, count: usize) -> Result<Recordings> {
    let (name, channels) = (split.setting(), settings.channels);
    for (name, number, most) in [(name, count, MOST_RECORDINGS), ("data.channels", channels, MOST_CHANNELS)] {
        if number > most {
            let reason = format!("{number} are too many for generated digits; expected at most {most}");
            return Err(DataError::Setting { setting: name.into(), reason });
        }
    }
    if channels == 0 {
        let reason = "0 channels; expected at least 1".into();
        return Err(DataError::Setting { setting: "data.channels".into(), reason });
    }
    let syllables = Syllables::new(settings.seed);
    let recordings = (0..count).map(|index| record(settings, &syllables, split, index)).collect();
    Ok(Recordings { recordings, binning: settings.binning.clone(), channels, classes: 20 })
}

/// Random numbers for one purpose.
struct Source(Draws);

impl Source {
    fn new(seed: u64, purpose: u64, index: u64) -> Self {
        Source(Draws::new(b"digits\0\0", seed, purpose, index))
    }

    fn unit(&mut self) -> f64 {
        self.0.unit()
    }

    fn within(&mut self, low: f64, high: f64) -> f64 {
        self.0.within(low, high)
    }

    /// Sum of uniform draws, close to a normal distribution of deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// A formant: where it starts and ends along the channels, as shares.
type Track = (f64, f64);

/// The syllables of every pair of classes.
struct Syllables([[[Track; TRACKS]; 2]; 10]);

impl Syllables {
    fn new(seed: u64) -> Self {
        Syllables(std::array::from_fn(|pair| {
            let mut source = Source::new(seed, 1, pair as u64);
            std::array::from_fn(|_| {
                // One track in each third of the channels, as formants lie.
                std::array::from_fn(|track| {
                    let low = 0.06 + 0.3 * track as f64;
                    (source.within(low, low + 0.28), source.within(low, low + 0.28))
                })
            })
        }))
    }

    /// The two syllables of a class in the order in which it has them.
    fn of(&self, label: u32) -> [&[Track; TRACKS]; 2] {
        let found = PAIRS.iter().enumerate().find(|(_, pair)| pair.0 == label || pair.1 == label);
        let (pair, swapped) = found.map_or((0, false), |(at, pair)| (at, pair.1 == label));
        let [first, second] = &self.0[pair];
        if swapped { [second, first] } else { [first, second] }
    }
}

fn record(settings: &DigitsSettings, syllables: &Syllables, split: Split, index: usize) -> Recording {
    let purpose = match split {
        Split::Train => 2,
        Split::Valid => 3,
        Split::Test => 4,
    };
    let mut source = Source::new(settings.seed, purpose, index as u64);
    let label = (index % 20) as u32;
    let speaker = match split {
        Split::Test => TRAIN_SPEAKERS + (source.unit() * f64::from(TEST_SPEAKERS)) as u32,
        _ => (source.unit() * f64::from(TRAIN_SPEAKERS)) as u32,
    };
    let mut voice = Source::new(settings.seed, 5, u64::from(speaker));
    let (spread, shift) = (voice.within(0.94, 1.06), voice.within(-0.03, 0.03));
    let pace = voice.within(0.8, 1.25) * source.within(0.9, 1.1);
    let onset = voice.within(0.0, 0.04) + source.within(0.0, 0.04);
    let length = 0.26 / pace; // seconds of a syllable
    let mut spikes: Vec<(f32, u16)> = Vec::new();
    let top = settings.channels as f64 - 1.0;
    let mut fire = |time: f64, place: f64| {
        let channel = (place * top).round();
        if time >= 0.0 && (0.0..=top).contains(&channel) {
            spikes.push((time as f32, channel as u16));
        }
    };
    for (position, syllable) in syllables.of(label).into_iter().enumerate() {
        let milliseconds = (length * 1000.0) as usize;
        for &(from, to) in syllable {
            for ms in 0..milliseconds {
                if source.unit() >= RATE || source.unit() < DROPPED {
                    continue;
                }
                let progress = ms as f64 / milliseconds as f64;
                let place = 0.5 + spread * (from + (to - from) * progress - 0.5) + shift;
                let time = onset + position as f64 * length + ms as f64 / 1000.0 + 0.002 * source.normal();
                fire(time, place + 0.008 * source.normal());
            }
        }
    }
    for _ in 0..((onset + 2.0 * length) * 1000.0 * SPURIOUS) as usize {
        fire((onset + 2.0 * length) * source.unit(), source.unit());
    }
    spikes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (times, units) = spikes.into_iter().unzip();
    Recording { times, units, label, speaker }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn settings() -> DigitsSettings {
        DigitsSettings { seed: 3, channels: 700, binning: Binning::new(10.0, true).unwrap() }
    }

    #[test]
    fn every_class_has_a_partner_that_is_another_digit() {
        let classes: BTreeSet<u32> = PAIRS.iter().flat_map(|&(a, b)| [a, b]).collect();
        assert_eq!(classes.len(), 20);
        assert!(PAIRS.iter().all(|(a, b)| a % 10 != b % 10));
    }

    #[test]
    fn a_recording_is_a_function_of_its_index_and_lasts_up_to_a_second() {
        let all = spiking_digits(&settings(), Split::Train, 60).unwrap();
        assert_eq!(all.recordings[..20], spiking_digits(&settings(), Split::Train, 20).unwrap().recordings);
        for recording in &all.recordings {
            let last = *recording.times.last().unwrap();
            assert!((0.3..1.0).contains(&last), "{last}");
            assert!(recording.times.is_sorted() && recording.units.iter().all(|&unit| unit < 700));
        }
    }

    #[test]
    fn more_than_memory_holds_is_refused_by_the_name_of_the_setting() {
        let refused = |settings: &DigitsSettings, split, count| {
            spiking_digits(settings, split, count).unwrap_err().to_string()
        };
        assert!(
            refused(&settings(), Split::Train, i64::MAX as usize).starts_with("data.train_samples: 92233")
        );
        assert!(refused(&settings(), Split::Test, usize::MAX).starts_with("data.test_samples: "));
        for channels in [0, 65_537, usize::MAX] {
            let error = refused(&DigitsSettings { channels, ..settings() }, Split::Train, 1);
            assert!(error.starts_with("data.channels: "), "{error}");
        }
    }

    #[test]
    fn nobody_speaks_in_both_training_and_test() {
        let speakers = |split| -> BTreeSet<u32> {
            spiking_digits(&settings(), split, 200).unwrap().recordings.iter().map(|r| r.speaker).collect()
        };
        assert!(speakers(Split::Train).is_disjoint(&speakers(Split::Test)));
        assert_eq!(speakers(Split::Test).len(), 4);
    }
}
