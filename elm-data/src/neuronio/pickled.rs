//! A published file: a pickle of dictionaries, of which few keys are read.

use super::simulation::{InputSpike, Simulation};
use crate::error::{DataError, Result};
use crate::files::{self, format};
use crate::pickle::stream::{self, Item, Streamed};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

/// Steps and channels are numbers of 16 bits; a simulation may not be longer.
const MOST_STEPS: f64 = 65_000.0;
/// Segments of a neuron; two channels belong to each.
const MOST_SEGMENTS: usize = 32_000;
/// Simulations of a file.
const MOST_SIMULATIONS: usize = 100_000;
/// Input spikes of a simulation, a few times those of the busiest.
const MOST_SPIKES: usize = 8_000_000;

/// Keys below which long strings are read: the arrays that are needed.
const KEPT: [&[u8]; 4] =
    [b"somaVoltageLowRes", b"outputSpikeTimes", b"exInputSpikeTimes", b"inhInputSpikeTimes"];

/// A published file that was read.
pub(super) struct Pickled {
    path: PathBuf,
    tree: Streamed,
    /// Number of segments of the neuron.
    pub segments: usize,
    /// Number of time steps of each simulation, 1 ms each.
    pub steps: usize,
    /// Number of simulations.
    pub simulations: usize,
}

impl Pickled {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is missing, cut off, no pickle, or lacks a key.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let (mut file, size) = files::open(path, "a pickle of NeuronIO")?;
        Pickled::read(path, &mut file, size)
    }

    fn read<R: Read + Seek>(path: &Path, file: &mut R, size: u64) -> Result<Self> {
        let tree = stream::read(file, size, &KEPT)
            .map_err(|(at, reason)| format(path, format!("byte {at}"), reason))?;
        let mut pickled = Pickled { path: path.to_path_buf(), tree, segments: 0, steps: 0, simulations: 0 };
        let parameters = pickled.child(pickled.tree.root(), "", "Params")?;
        let segments = pickled.child(parameters, "Params", "allSegmentsType")?;
        pickled.segments = segments.members().map_or(0, |all| all.len());
        if !(1..=MOST_SEGMENTS).contains(&pickled.segments) {
            return Err(pickled.wrong("Params, allSegmentsType", "expected a list of 1 to 32000 segments"));
        }
        pickled.steps = match parameters.get("totalSimDurationInSec").map(Item::number) {
            Some(Some(seconds)) if seconds > 0.0 && 1000.0 * seconds <= MOST_STEPS => {
                (1000.0 * seconds).round() as usize
            }
            _ => return Err(pickled.wrong("Params, totalSimDurationInSec", "expected up to 65 seconds")),
        };
        pickled.simulations = pickled.list()?.members().map_or(0, |all| all.len());
        if !(1..=MOST_SIMULATIONS).contains(&pickled.simulations) {
            return Err(
                pickled.wrong("Results, listOfSingleSimulationDicts", "expected a list of simulations")
            );
        }
        Ok(pickled)
    }

    /// The list of simulations.
    fn list(&self) -> Result<Item<'_>> {
        let results = self.child(self.tree.root(), "", "Results")?;
        self.child(results, "Results", "listOfSingleSimulationDicts")
    }

    /// Hands on every simulation, the first first.
    ///
    /// # Errors
    /// When one lacks a key or has what cannot be, and those of `take`.
    pub(super) fn each(&self, mut take: impl FnMut(Simulation) -> Result<()>) -> Result<()> {
        for (index, one) in self.list()?.members().into_iter().flatten().enumerate() {
            let name = format!("simulation {index}");
            let mut simulation = Simulation {
                voltage: self.voltage(one, &name)?,
                spikes: self.spikes(one, &name)?,
                inputs: Vec::new(),
            };
            for (key, first) in [("exInputSpikeTimes", 0), ("inhInputSpikeTimes", self.segments)] {
                let place = format!("{name}, {key}");
                self.inputs(self.child(one, &name, key)?, &place, first, &mut simulation.inputs)?;
            }
            simulation.inputs.sort_unstable();
            simulation.inputs.dedup();
            take(simulation)?;
        }
        Ok(())
    }

    /// Adds input spikes, from a dictionary of the times of each segment.
    fn inputs(&self, times: Item<'_>, place: &str, first: usize, to: &mut Vec<InputSpike>) -> Result<()> {
        let Some(entries) = times.entries() else {
            return Err(self.wrong(place, "expected a dictionary of segments"));
        };
        for (key, times) in entries {
            let segment = key.number().and_then(|number| whole(number, self.segments));
            let Some(segment) = segment else {
                let reason = format!("a segment that is none; expected 0 to {}", self.segments - 1);
                return Err(self.wrong(place, &reason));
            };
            let channel = (first + segment) as u16;
            let mut wrong = None;
            let is_list = times.numbers(|time| match whole(time, self.steps) {
                Some(step) if to.len() < MOST_SPIKES => to.push(InputSpike { step: step as u16, channel }),
                _ => wrong = wrong.or(Some(time)),
            });
            if let Some(time) = wrong {
                let reason = format!("a spike at {time} ms; expected whole ms, 0 to {}", self.steps - 1);
                return Err(self.wrong(&format!("{place}, segment {segment}"), &reason));
            }
            if !is_list {
                return Err(self.wrong(&format!("{place}, segment {segment}"), "expected a list of times"));
            }
        }
        Ok(())
    }

    /// Steps of output spikes: `trunc(time - 0.5)`.
    fn spikes(&self, simulation: Item<'_>, name: &str) -> Result<Vec<u16>> {
        let place = format!("{name}, outputSpikeTimes");
        let (mut steps, mut wrong) = (Vec::new(), None);
        let is_list = self.child(simulation, name, "outputSpikeTimes")?.numbers(|time| {
            match whole((time - 0.5).trunc(), self.steps) {
                Some(step) => steps.push(step as u16),
                None => wrong = wrong.or(Some(time)),
            }
        });
        if let Some(time) = wrong {
            return Err(self.wrong(&place, &format!("a spike at {time} ms; expected up to {}", self.steps)));
        }
        if !is_list {
            return Err(self.wrong(&place, "expected an array of times"));
        }
        steps.sort_unstable();
        steps.dedup();
        Ok(steps)
    }

    fn voltage(&self, simulation: Item<'_>, name: &str) -> Result<Vec<f32>> {
        let place = format!("{name}, somaVoltageLowRes");
        let mut voltage = Vec::with_capacity(self.steps);
        let mut wrong = None;
        let mut count = 0;
        let is_list = self.child(simulation, name, "somaVoltageLowRes")?.numbers(|value| {
            if !value.is_finite() {
                wrong = wrong.or(Some(count));
            }
            if count < self.steps {
                voltage.push(value as f32);
            }
            count += 1;
        });
        if let Some(step) = wrong {
            return Err(self.wrong(&place, &format!("the value of step {step} is not a finite number")));
        }
        if !is_list || count != self.steps {
            let reason = format!("{count} values; expected an array of {}", self.steps);
            return Err(self.wrong(&place, &reason));
        }
        Ok(voltage)
    }

    /// The value of a key that must be there.
    fn child<'a>(&self, of: Item<'a>, place: &str, key: &str) -> Result<Item<'a>> {
        let place = if place.is_empty() { "top" } else { place };
        of.get(key).ok_or_else(|| self.wrong(place, &format!("expected a dictionary with the key {key}")))
    }

    fn wrong(&self, place: &str, reason: &str) -> DataError {
        format(&self.path, place, reason)
    }
}

/// A whole number from 0 to below `end`.
fn whole(number: f64, end: usize) -> Option<usize> {
    // -0.0 comes from times below half a step.
    (number.fract() == 0.0 && number >= 0.0 && number < end as f64).then_some(number as usize)
}
