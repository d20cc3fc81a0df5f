//! The files of a split, read when they are needed.

use super::file::NeuronFile;
use super::simulation::Simulation;
use crate::digest::Fingerprint;
use crate::error::Result;
use crate::files::{format, missing};
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
            let first = files.first().unwrap_or(&file);
            let [own, wanted] = [&file, first].map(|file| (file.segments(), file.steps()));
            if own != wanted {
                let reason = format!(
                    "{} segments and {} steps; {} has {} and {}",
                    own.0,
                    own.1,
                    first.path().display(),
                    wanted.0,
                    wanted.1
                );
                return Err(format(path, "Params", reason));
            }
            files.push(file);
            watch(files.len());
        }
        if files.is_empty() {
            return Err(missing(&PathBuf::new(), "a split without files; expected at least one"));
        }
        Ok(NeuronSplit { files, loaded: Mutex::default() })
    }

    /// The files.
    pub fn files(&self) -> &[NeuronFile] {
        &self.files
    }

    /// Number of segments of the neuron.
    pub fn segments(&self) -> usize {
        self.files.first().map_or(0, NeuronFile::segments)
    }

    /// Input channels: an excitatory and an inhibitory one for each segment.
    pub fn channels(&self) -> usize {
        2 * self.segments()
    }

    /// Time steps of each simulation.
    pub fn steps(&self) -> usize {
        self.files.first().map_or(0, NeuronFile::steps)
    }

    /// Simulations of all files.
    pub fn simulations(&self) -> usize {
        self.files.iter().map(NeuronFile::simulations).sum()
    }

    /// SHA-256, in lower-case letters, of what is used of all files.
    pub fn digest(&self) -> String {
        let mut fingerprint = Fingerprint::of("neuronio");
        self.files.iter().for_each(|file| fingerprint.add(file.digest().as_bytes()));
        fingerprint.finish()
    }

    /// The simulations of a file, from memory if they are there.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be read.
    pub fn read(&self, file: usize) -> Result<Arc<Vec<Simulation>>> {
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
