//! Windows to learn from, as the first paper's release draws them: a file at
//! random, some batches of random windows from it, the next file.

use super::split::NeuronSplit;
use super::window;
use crate::batch::Batch;
use crate::draws::Draws;
use crate::error::{DataError, Result};
use crate::loader::{BatchStream, checked_position};
use std::sync::Arc;

/// Steps at the beginning of a simulation that are not learned from.
const WARM_UP: usize = 500;

/// Endless batches of windows. Each is a pure function of seed, epoch and its
/// number in the epoch.
pub struct TrainingWindows {
    split: Arc<NeuronSplit>,
    settings: WindowSettings,
    seed: u64,
    /// Batches of an epoch, and in a row of one file.
    per_epoch: u64,
    per_file: u64,
    cursor: [u64; 2],
}

/// The shape of windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSettings {
    /// Windows of a batch `B`.
    pub rows: usize,
    /// Time steps of a window `W`.
    pub steps: usize,
    /// Leading steps of each window that are not predicted.
    pub burn_in: usize,
}

impl WindowSettings {
    /// Do windows fit simulations of `available` steps, of which the first
    /// `unused` are left out?
    pub(super) fn check(&self, available: usize, unused: usize) -> Result<()> {
        let wrong =
            |setting: &str, reason: String| Err(DataError::Setting { setting: setting.into(), reason });
        if self.steps == 0 || self.steps + unused > available {
            let reason = format!(
                "windows of {} steps, after the first {unused}, do not fit simulations of {available} steps",
                self.steps
            );
            return wrong("data.window_ms", reason);
        }
        if self.burn_in >= self.steps {
            let reason = format!("{} steps of windows of {} are not predicted", self.burn_in, self.steps);
            return wrong("data.burn_in_ms", reason);
        }
        Ok(())
    }
}

impl TrainingWindows {
    /// Batches of `per_epoch` in an epoch. From each file are taken as many
    /// batches in a row as have `file_fraction` of its time steps (at least 1).
    ///
    /// # Errors
    /// [`DataError::Setting`] when windows do not fit the simulations, or a
    /// file has fewer simulations than a batch.
    pub fn new(
        split: Arc<NeuronSplit>,
        settings: WindowSettings,
        file_fraction: f64,
        per_epoch: u64,
        seed: u64,
    ) -> Result<Self> {
        settings.check(split.steps(), WARM_UP + 1)?;
        let fewest = split.files().iter().map(|file| file.simulations()).min().unwrap_or(0);
        if settings.rows == 0 || settings.rows > fewest {
            let reason = format!("a batch of {} does not fit a file of {fewest} simulations", settings.rows);
            return Err(DataError::Setting { setting: "training.batch_size".into(), reason });
        }
        let per_file =
            file_fraction * (fewest * split.steps()) as f64 / (settings.rows * settings.steps) as f64;
        let (per_file, per_epoch) = ((per_file as u64).max(1), per_epoch.max(1));
        Ok(TrainingWindows { split, settings, seed, per_epoch, per_file, cursor: [0, 0] })
    }

    /// Files, simulations and first steps of a batch.
    fn draw(&self, [epoch, index]: [u64; 2]) -> (usize, Vec<(usize, usize)>) {
        let files = self.split.files().len() as u32;
        let visit = index / self.per_file;
        let file = Draws::new(b"nio file", self.seed, epoch, visit).below(files) as usize;
        let simulations = self.split.files()[file].simulations();
        let starts = (self.split.steps() - self.settings.steps - WARM_UP) as u32;
        let mut draws = Draws::new(b"nio rows", self.seed, epoch, index);
        let mut order: Vec<usize> = (0..simulations).collect();
        let row = |row: usize| {
            let other = row + draws.below((simulations - row) as u32) as usize;
            order.swap(row, other);
            (order[row], WARM_UP + draws.below(starts) as usize)
        };
        (file, (0..self.settings.rows).map(row).collect())
    }
}

impl BatchStream for TrainingWindows {
    fn next(&mut self) -> Result<Option<Batch>> {
        if self.cursor[1] >= self.per_epoch {
            self.cursor = [self.cursor[0] + 1, 0];
        }
        let (file, places) = self.draw(self.cursor);
        let simulations = self.split.simulations(file)?;
        let rows: Vec<_> = places.iter().map(|&(row, start)| (&simulations[row], start)).collect();
        let WindowSettings { steps, burn_in, .. } = self.settings;
        self.cursor[1] += 1;
        Ok(Some(window::batch(&rows, steps, self.split.segments(), burn_in, None)))
    }

    fn cursor(&self) -> [u64; 2] {
        self.cursor
    }

    fn seek(&mut self, cursor: [u64; 2]) -> Result<()> {
        self.cursor = checked_position(cursor, self.per_epoch)?;
        Ok(())
    }
}
