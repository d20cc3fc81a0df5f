//! Windows to be judged by, as the first paper's release lays them: each
//! begins anew, `burn_in` steps before the end of the one before, so that all
//! steps of a simulation are predicted, all but the first after a burn-in.
//!
//! The last window ends with the simulation. The release fills it up with
//! silence, which comes after everything that counts and changes nothing.

use super::sampler::WindowSettings;
use super::split::NeuronSplit;
use super::window;
use crate::batch::{Batch, Place};
use crate::error::{DataError, Result};
use crate::loader::BatchStream;
use std::sync::Arc;

/// Every step of every simulation of a split, once: file by file, some
/// simulations side by side, window by window.
pub struct EvaluationWindows {
    split: Arc<NeuronSplit>,
    settings: WindowSettings,
    /// File and first simulation of each group of simulations.
    groups: Vec<(usize, usize)>,
    /// First steps of windows.
    starts: Vec<usize>,
    done: u64,
}

impl EvaluationWindows {
    /// Windows over the first `files` files of a split.
    ///
    /// # Errors
    /// [`DataError::Setting`] when windows do not fit the simulations.
    pub fn new(split: Arc<NeuronSplit>, settings: WindowSettings, files: usize) -> Result<Self> {
        settings.check(split.steps(), 0)?;
        if settings.rows == 0 {
            let reason = "expected at least one row".to_string();
            return Err(DataError::Setting { setting: "training.valid_batch_size".into(), reason });
        }
        let of_file = |(file, own): (usize, &super::NeuronFile)| {
            (0..own.simulations()).step_by(settings.rows).map(move |first| (file, first))
        };
        let groups = split.files().iter().take(files).enumerate().flat_map(of_file).collect();
        let starts = starts(split.steps(), settings);
        Ok(EvaluationWindows { split, settings, groups, starts, done: 0 })
    }

    /// Number of batches.
    pub fn batches(&self) -> u64 {
        (self.groups.len() * self.starts.len()) as u64
    }
}

/// First steps of the windows of a simulation.
fn starts(steps: usize, settings: WindowSettings) -> Vec<usize> {
    let hop = settings.steps - settings.burn_in;
    (0..)
        .map(|window| window * hop)
        .take_while(|&start| start == 0 || start + settings.burn_in < steps)
        .collect()
}

impl BatchStream for EvaluationWindows {
    fn next(&mut self) -> Result<Option<Batch>> {
        let windows = self.starts.len() as u64;
        let Some(&(file, first)) = self.groups.get((self.done / windows) as usize) else { return Ok(None) };
        let start = self.starts[(self.done % windows) as usize];
        let simulations = self.split.simulations(file)?;
        let last = (first + self.settings.rows).min(simulations.len());
        let rows: Vec<_> = simulations[first..last].iter().map(|one| (one, start)).collect();
        let steps = self.settings.steps.min(self.split.steps() - start);
        let burn_in = if start == 0 { 0 } else { self.settings.burn_in };
        let ends_file = last == simulations.len() && self.starts.last() == Some(&start);
        let place =
            Place { file: file as u32, first: first as u32, start: (start + burn_in) as u32, ends_file };
        self.done += 1;
        Ok(Some(window::batch(&rows, steps, self.split.segments(), burn_in, Some(place))))
    }

    fn cursor(&self) -> [u64; 2] {
        [0, self.done]
    }

    fn seek(&mut self, cursor: [u64; 2]) -> Result<()> {
        if cursor[0] != 0 || cursor[1] > self.batches() {
            let reason = format!("batch {} of {}", cursor[1], self.batches());
            return Err(DataError::Setting { setting: "position in the data".into(), reason });
        }
        self.done = cursor[1];
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_seconds_are_seventeen_windows() {
        let settings = WindowSettings { rows: 1, steps: 500, burn_in: 150 };
        let starts = starts(6000, settings);
        assert_eq!((starts.len(), starts[1], starts.last()), (17, 350, Some(&5600)));
    }

    #[test]
    fn windows_that_fit_exactly_have_none_without_a_prediction() {
        let settings = WindowSettings { rows: 1, steps: 500, burn_in: 150 };
        assert_eq!(starts(500, settings), [0]);
        assert_eq!(starts(850, settings), [0, 350]);
        assert_eq!(starts(851, settings), [0, 350, 700]);
        assert_eq!(starts(1000, WindowSettings { burn_in: 0, ..settings }), [0, 500]);
    }
}
