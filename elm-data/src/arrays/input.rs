//! What is seen: values, tokens or spikes.

use super::source::{Named, Source};
use crate::digest::Fingerprint;
use crate::error::Result;
use crate::npy::NpyValues;
use crate::samples::SampleInput;

/// Time steps beyond this number are taken for a mistake.
const MOST_STEPS: f64 = 1e6;

/// Larger units and tokens are taken for a mistake: a network has a channel for
/// each.
const LARGEST_CHANNEL: u32 = (1 << 24) - 1;

/// The inputs of all samples of some arrays.
#[derive(Debug)]
pub(super) struct Inputs {
    sequences: Sequences,
    /// Steps of each sample.
    lengths: Vec<u32>,
}

#[derive(Debug)]
enum Sequences {
    /// `[S, T, C]`.
    Values { values: Vec<f32>, steps: usize, channels: usize },
    /// `[S, T]`.
    Tokens { ids: Vec<u32>, steps: usize, symbols: usize },
    /// `(step, channel, count)` of each sample.
    Spikes { events: Vec<Vec<(u32, u32, f32)>>, channels: usize },
}

impl Inputs {
    /// The inputs of each split; the steps of spikes are those of the latest
    /// of all.
    ///
    /// # Errors
    /// When an array is missing or does not fit.
    pub(super) fn load(source: &mut Source, prefixes: &[&str], bin_ms: f64) -> Result<Vec<Inputs>> {
        if source.has(&format!("{}times", prefixes[0])) {
            return spikes(source, prefixes, bin_ms);
        }
        prefixes.iter().map(|prefix| Inputs::of_values(source, prefix)).collect()
    }

    fn of_values(source: &mut Source, prefix: &str) -> Result<Inputs> {
        let x = source.need(&format!("{prefix}x"))?;
        let integers = matches!(x.array.values, NpyValues::Integer(_));
        let (samples, steps, channels) = match x.array.shape[..] {
            [samples, steps] => (samples, steps, 1),
            [samples, steps, channels] => (samples, steps, channels),
            _ => {
                let shape = &x.array.shape;
                return Err(x.wrong(format!("has shape {shape:?}; expected [S, T, C] or [S, T]")));
            }
        };
        if samples == 0 || steps == 0 || channels == 0 || u32::try_from(steps).is_err() {
            return Err(x.wrong(format!("has shape {:?}; expected 1 or more of each", x.array.shape)));
        }
        let tokens = integers && x.array.shape.len() == 2;
        let sequences = if tokens {
            let ids = x.indices(LARGEST_CHANNEL)?;
            let symbols = ids.iter().max().map_or(1, |&most| most as usize + 1);
            Sequences::Tokens { ids, steps, symbols }
        } else {
            Sequences::Values { values: x.into_reals()?, steps, channels }
        };
        let lengths = match source.take(&format!("{prefix}lengths"))? {
            Some(lengths) => checked_lengths(&lengths, samples, steps)?,
            None => vec![steps as u32; samples],
        };
        Ok(Inputs { sequences, lengths })
    }

    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// How long spikes last, by which one sees whether their times are seconds.
    pub(super) fn note(&self, bin_ms: f64) -> Option<String> {
        let steps = *self.lengths.first()?;
        matches!(self.sequences, Sequences::Spikes { .. }).then(|| {
            let seconds = f64::from(steps) * bin_ms / 1000.0;
            format!("times: spikes until {seconds} s, which are {steps} steps of {bin_ms} ms")
        })
    }

    /// Steps of a sample.
    pub(super) fn steps(&self, place: usize) -> usize {
        self.lengths[place] as usize
    }

    /// Steps that the arrays have room for, where they have.
    pub(super) fn room(&self) -> Option<usize> {
        match self.sequences {
            Sequences::Values { steps, .. } | Sequences::Tokens { steps, .. } => Some(steps),
            Sequences::Spikes { .. } => self.lengths.first().map(|&steps| steps as usize),
        }
    }

    /// Channels, or symbols that occur.
    pub(super) fn channels(&self) -> usize {
        match self.sequences {
            Sequences::Values { channels, .. } | Sequences::Spikes { channels, .. } => channels,
            Sequences::Tokens { symbols, .. } => symbols,
        }
    }

    /// Could a network that reads one read the other?
    pub(super) fn is_like(&self, other: &Inputs) -> bool {
        match (&self.sequences, &other.sequences) {
            (Sequences::Values { channels: own, .. }, Sequences::Values { channels, .. }) => own == channels,
            (Sequences::Tokens { .. }, Sequences::Tokens { .. })
            | (Sequences::Spikes { .. }, Sequences::Spikes { .. }) => true,
            _ => false,
        }
    }

    pub(super) fn text(&self) -> String {
        match self.sequences {
            Sequences::Values { channels, .. } => format!("values of {channels} channels"),
            Sequences::Tokens { .. } => "tokens".into(),
            Sequences::Spikes { .. } => "spikes".into(),
        }
    }

    /// The input of a sample.
    pub(super) fn of(&self, place: usize) -> SampleInput {
        let length = self.steps(place);
        match &self.sequences {
            Sequences::Values { values, steps, channels } => {
                let start = place * steps * channels;
                let values = values[start..start + length * channels].to_vec();
                SampleInput::Dense { channels: *channels, values }
            }
            Sequences::Tokens { ids, steps, .. } => {
                SampleInput::Tokens(ids[place * steps..place * steps + length].to_vec())
            }
            Sequences::Spikes { events, .. } => {
                SampleInput::Events { steps: length, events: events[place].clone() }
            }
        }
    }

    pub(super) fn add_to(&self, fingerprint: &mut Fingerprint) {
        self.lengths.iter().for_each(|&length| fingerprint.number(u64::from(length)));
        match &self.sequences {
            Sequences::Values { values, channels, .. } => {
                fingerprint.number(*channels as u64);
                let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                fingerprint.add(&bytes);
            }
            Sequences::Tokens { ids, .. } => {
                let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
                fingerprint.add(&bytes);
            }
            Sequences::Spikes { events, .. } => {
                for events in events {
                    let bytes = |&(step, channel, count): &(u32, u32, f32)| {
                        [step.to_le_bytes(), channel.to_le_bytes(), count.to_le_bytes()].concat()
                    };
                    fingerprint.add(&events.iter().flat_map(bytes).collect::<Vec<u8>>());
                }
            }
        }
    }
}

fn checked_lengths(lengths: &Named, samples: usize, steps: usize) -> Result<Vec<u32>> {
    let values = lengths.indices(u32::MAX)?;
    if values.len() != samples {
        let reason = format!("has {} entries; expected one for each of {samples} samples", values.len());
        return Err(lengths.wrong(reason));
    }
    match values.iter().position(|&length| length == 0 || length as usize > steps) {
        Some(place) => {
            Err(lengths.wrong_at(place, format!("{}; expected 1 to {steps} steps", values[place])))
        }
        None => Ok(values),
    }
}

/// Spike lists as events in steps of `bin_ms`.
fn spikes(source: &mut Source, prefixes: &[&str], bin_ms: f64) -> Result<Vec<Inputs>> {
    let lists = prefixes.iter().map(|prefix| Spikes::load(source, prefix, bin_ms));
    let lists = lists.collect::<Result<Vec<Spikes>>>()?;
    let steps = lists.iter().map(|list| list.steps).max().unwrap_or(1);
    let channels = lists.iter().map(|list| list.channels).max().unwrap_or(1);
    let inputs = |list: Spikes| Inputs {
        lengths: vec![steps; list.events.len()],
        sequences: Sequences::Spikes { events: list.events, channels },
    };
    Ok(lists.into_iter().map(inputs).collect())
}

struct Spikes {
    events: Vec<Vec<(u32, u32, f32)>>,
    steps: u32,
    channels: usize,
}

impl Spikes {
    fn load(source: &mut Source, prefix: &str, bin_ms: f64) -> Result<Spikes> {
        let step = bin_ms / 1000.0;
        let times = source.need(&format!("{prefix}times"))?;
        let units = source.need(&format!("{prefix}units"))?;
        let starts = source.need(&format!("{prefix}starts"))?;
        let (units, starts) = (
            units.indices(LARGEST_CHANNEL)?,
            checked_starts(&starts, &times, units.array.shape[..] == times.array.shape[..])?,
        );
        let latest = MOST_STEPS * step;
        let NpyValues::Real(seconds) = &times.array.values else {
            return Err(times.wrong("expected real numbers, times in seconds"));
        };
        if let Some(place) = seconds.iter().position(|&time| !(0.0..latest).contains(&f64::from(time))) {
            let reason = format!("{} s; expected 0 to {latest} s (data.bin_ms = {bin_ms})", seconds[place]);
            return Err(times.wrong_at(place, reason));
        }
        let bins: Vec<u32> = seconds.iter().map(|&time| (f64::from(time) / step) as u32).collect();
        let of_sample = |bounds: &[u32]| {
            let range = bounds[0] as usize..bounds[1] as usize;
            counted(bins[range.clone()].iter().copied().zip(units[range].iter().copied()).collect())
        };
        Ok(Spikes {
            events: starts.windows(2).map(of_sample).collect(),
            steps: bins.iter().max().map_or(1, |&last| last + 1),
            channels: units.iter().max().map_or(1, |&most| most as usize + 1),
        })
    }
}

/// Spikes of one sample, in order and without repeats.
fn counted(mut spikes: Vec<(u32, u32)>) -> Vec<(u32, u32, f32)> {
    spikes.sort_unstable();
    let same = spikes.chunk_by(|a, b| a == b);
    same.map(|spikes| (spikes[0].0, spikes[0].1, spikes.len() as f32)).collect()
}

fn checked_starts(starts: &Named, times: &Named, units_fit: bool) -> Result<Vec<u32>> {
    let spikes: usize = times.array.shape.iter().product();
    if !units_fit || times.array.shape.len() != 1 {
        let reason =
            format!("has shape {:?}; expected a list, and units of the same length", times.array.shape);
        return Err(times.wrong(reason));
    }
    let values = starts.indices(u32::MAX)?;
    let rising = values.windows(2).all(|pair| pair[0] <= pair[1]);
    if values.len() < 2 || values[0] != 0 || !rising || values.last().copied() != u32::try_from(spikes).ok() {
        let reason = format!("expected rising places from 0 to {spikes}, one more than there are samples");
        return Err(starts.wrong(reason));
    }
    Ok(values)
}
