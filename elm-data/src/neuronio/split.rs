//! The files of a split, read when they are needed.

use super::file::NeuronFile;
use super::simulation::{Simulation, soma_target};
use crate::digest::Fingerprint;
use crate::error::Result;
use crate::files::{format, missing};
use crate::samples::{Answer, AnswerKind, Sample, SampleInput, Samples};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Files that were read stay in memory up to this many bytes, but always one.
const KEPT_BYTES: usize = 256 << 20;

/// The files of a split, all of one neuron.
pub struct NeuronSplit {
    files: Vec<NeuronFile>,
    /// The files that are in memory, the latest used first.
    loaded: Mutex<Vec<Loaded>>,
}

struct Loaded {
    file: usize,
    bytes: usize,
    simulations: Arc<Vec<Simulation>>,
}

impl NeuronSplit {
    /// Opens files; `watch` is told how many are open.
    ///
    /// # Errors
    /// When one is damaged, or is of another neuron or duration than the first.
    pub fn open(paths: &[PathBuf], mut watch: impl FnMut(usize)) -> Result<Self> {
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let file = NeuronFile::open(path)?;
            same_neuron(files.first().unwrap_or(&file), &file)?;
            files.push(file);
            watch(files.len());
        }
        if files.is_empty() {
            return Err(missing(&PathBuf::new(), "a split without files; expected at least one"));
        }
        Ok(NeuronSplit { files, loaded: Mutex::default() })
    }

    /// Are two splits of one neuron?
    ///
    /// # Errors
    /// When they differ in the number of segments or in duration.
    pub fn same_neuron(one: &NeuronSplit, other: &NeuronSplit) -> Result<()> {
        one.files.first().zip(other.files.first()).map_or(Ok(()), |(one, other)| same_neuron(one, other))
    }

    /// The files.
    pub fn files(&self) -> &[NeuronFile] {
        &self.files
    }

    /// Number of segments of the neuron.
    pub fn segments(&self) -> usize {
        self.files.first().map_or(0, NeuronFile::segments)
    }

    /// Time steps of each simulation.
    pub fn steps(&self) -> usize {
        self.files.first().map_or(0, NeuronFile::steps)
    }

    /// The simulations of a file, from memory if they are there.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    pub fn simulations(&self, file: usize) -> Result<Arc<Vec<Simulation>>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = loaded.iter().position(|one| one.file == file) {
            loaded[..=place].rotate_right(1);
            return Ok(loaded[0].simulations.clone());
        }
        let Some(own) = self.files.get(file) else {
            return Err(missing(&PathBuf::new(), format!("there is no file {file} of the split")));
        };
        let simulations = Arc::new(own.read()?);
        let bytes = simulations.iter().map(|one| 4 * (one.inputs.len() + one.voltage.len())).sum();
        loaded.insert(0, Loaded { file, bytes, simulations: simulations.clone() });
        let mut all = 0;
        let within = |one: &Loaded| {
            all += one.bytes;
            all <= KEPT_BYTES
        };
        let kept = loaded.iter().map(within).take_while(|&within| within).count().max(1);
        loaded.truncate(kept);
        Ok(simulations)
    }
}

fn same_neuron(first: &NeuronFile, other: &NeuronFile) -> Result<()> {
    let [wanted, found] = [first, other].map(|file| (file.segments(), file.steps()));
    if wanted == found {
        return Ok(());
    }
    let reason = format!(
        "{} segments and {} steps; {} has {} and {}",
        found.0,
        found.1,
        first.path().display(),
        wanted.0,
        wanted.1
    );
    Err(format(other.path(), "Params", reason))
}

/// A sample is a whole simulation.
impl Samples for NeuronSplit {
    fn len(&self) -> usize {
        self.files.iter().map(NeuronFile::simulations).sum()
    }

    /// An excitatory and an inhibitory channel for each segment.
    fn channels(&self) -> usize {
        2 * self.segments()
    }

    /// Spike and voltage.
    fn classes(&self) -> usize {
        2
    }

    fn answers(&self) -> AnswerKind {
        AnswerKind::ValuesEveryStep
    }

    fn digest(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::of("neuronio");
        self.files.iter().for_each(|file| fingerprint.add(file.digest().as_bytes()));
        Ok(fingerprint.finish())
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let mut left = index;
        let mut file = 0;
        while let Some(own) = self.files.get(file).filter(|own| left >= own.simulations()) {
            left -= own.simulations();
            file += 1;
        }
        let simulations = self.simulations(file)?;
        let simulation = &simulations[left];
        let segments = self.segments();
        let event = |spike: &super::InputSpike| {
            let count = if usize::from(spike.channel) < segments { 1.0 } else { -1.0 };
            (u32::from(spike.step), u32::from(spike.channel), count)
        };
        let input = SampleInput::Events {
            steps: simulation.steps(),
            events: simulation.inputs.iter().map(event).collect(),
        };
        let mut values: Vec<f32> =
            simulation.voltage.iter().flat_map(|&voltage| [0.0, soma_target(voltage)]).collect();
        simulation.spikes.iter().for_each(|&step| values[2 * usize::from(step)] = 1.0);
        Ok(Sample { input, answer: Answer::ValuesEveryStep(values) })
    }
}
