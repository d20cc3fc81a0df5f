//! Making data in the layout of NeuronIO: the input process of the published
//! data, answered by a simple model of ours (`neuron`), since the published
//! one needs a simulator.

mod anatomy;
mod inputs;
mod neuron;
mod write;

use super::Simulation;
use crate::draws::Draws;
use crate::error::{DataError, Result};
use crate::files;
use crate::making::{Making, Outcome, Watch, pool};
use anatomy::Anatomy;
use rayon::prelude::*;
use std::path::Path;

/// What to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeuronSettings {
    /// Seed of everything.
    pub seed: u64,
    /// Files of train, valid and test.
    pub files: [u64; 3],
    /// Simulations of a file.
    pub simulations: u64,
    /// Time of a simulation in ms.
    pub steps: u64,
}

impl Default for NeuronSettings {
    /// Simulations as published, in fewer files.
    fn default() -> Self {
        NeuronSettings { seed: 0, files: [8, 1, 1], simulations: 128, steps: 6000 }
    }
}

impl NeuronSettings {
    fn check(&self) -> Result<()> {
        let wrong = |setting: &str, reason: &str| {
            Err(DataError::Setting { setting: setting.into(), reason: reason.into() })
        };
        match self {
            _ if self.files.iter().any(|count| !(1..=1000).contains(count)) => {
                wrong("files", "every split takes 1 to 1000")
            }
            _ if !(1..=1000).contains(&self.simulations) => wrong("simulations", "takes 1 to 1000"),
            _ if !(1..=60_000).contains(&self.steps) => wrong("milliseconds", "takes 1 to 60000"),
            _ => Ok(()),
        }
    }

    fn recipe(&self) -> String {
        let ([train, valid, test], NeuronSettings { seed, simulations, steps, .. }) = (self.files, self);
        format!(
            "neuronio 1: seed {seed}, files {train} {valid} {test}, simulations {simulations}, steps {steps}"
        )
    }

    /// Folder and name of a file.
    fn name(&self, file: u64) -> (String, String) {
        let [train, valid, _] = self.files;
        let folder = match file {
            _ if file < train => format!("full_ergodic_train_batch_{}", 2 + file % 9),
            _ if file < train + valid => "full_ergodic_train_batch_1".into(),
            _ => "Data_test".into(),
        };
        let NeuronSettings { simulations, steps, .. } = self;
        let name = format!(
            "sim__made_InputSpikes__{simulations}_simulationRuns__{steps}_msDuration__randomSeed_{}_{file}.p",
            self.seed
        );
        (folder, name)
    }
}

/// Simulation `index` of all files.
///
/// # Errors
/// [`DataError::Setting`] when the settings allow no such data.
pub fn simulation(settings: &NeuronSettings, index: u64) -> Result<Simulation> {
    settings.check()?;
    Ok(simulate(&Anatomy::new(), settings, index))
}

fn simulate(anatomy: &Anatomy, settings: &NeuronSettings, index: u64) -> Simulation {
    let steps = settings.steps as usize;
    let mut draws = Draws::new(b"neuronio", settings.seed, 0, index);
    neuron::respond(anatomy, inputs::inputs(anatomy, steps, &mut draws), steps)
}

/// Writes the folders `full_ergodic_train_batch_2` and on (train), `_1`
/// (valid) and `Data_test` (test) into an empty folder, or continues where an
/// earlier call with the same settings was stopped. The files depend on the
/// settings alone, not on `threads` (0: as many as there are processors).
///
/// # Errors
/// When the settings allow no such data, the folder holds something else, or
/// it cannot be written.
pub fn make(folder: &Path, settings: &NeuronSettings, threads: usize, watch: Watch<'_>) -> Result<Outcome> {
    settings.check()?;
    let Some(making) = Making::begin(folder, settings.recipe())? else { return Ok(Outcome::Finished) };
    let total: u64 = settings.files.iter().sum();
    let pool = pool(threads)?;
    let anatomy = Anatomy::new();
    let [mut done, _] = making.recorded()?;
    while done < total {
        let all = done * settings.simulations..(done + 1) * settings.simulations;
        let all: Vec<u64> = all.collect();
        let simulations: Vec<Simulation> =
            pool.install(|| all.par_iter().map(|&index| simulate(&anatomy, settings, index)).collect());
        let (sub, name) = settings.name(done);
        let bytes = write::pickle(settings.seed, settings.steps as usize, &anatomy, &simulations);
        files::make_folder(&folder.join(&sub))?;
        files::replace(&folder.join(sub).join(name), &bytes)?;
        done += 1;
        making.record([done, 0])?;
        if watch(done, total).is_break() && done < total {
            return Ok(Outcome::Stopped);
        }
    }
    making.finish()?;
    Ok(Outcome::Finished)
}
