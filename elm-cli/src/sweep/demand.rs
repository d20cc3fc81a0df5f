//! What data asks of the models of a sweep; data is read once for all runs.

use crate::config::{Demand, RunConfig};
use crate::task::Task;
use anyhow::Result;

/// What is known by now.
pub(super) struct Demands {
    /// Must all data be there?
    strict: bool,
    known: Vec<(String, Asked)>,
}

/// What the data of a run asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) demand: Demand,
    /// Samples to train on, where the data was read.
    samples: Option<usize>,
}

impl Asked {
    /// Updates of a run, where they are known.
    pub(super) fn updates(&self, config: &RunConfig) -> Option<u64> {
        let training = &config.training;
        let one_pass = || Some((self.samples? as u64 / training.update_size() as u64).max(1));
        Some(training.turn.or_else(one_pass)?.saturating_mul(training.turns))
    }
}

impl Demands {
    pub(super) fn new(strict: bool) -> Self {
        Demands { strict, known: Vec::new() }
    }

    /// What the data of a configuration asks. It is read where only it can
    /// tell, or where it is made anyway and tells the number of updates; where it
    /// cannot be read, 256 symbols are assumed.
    ///
    /// # Errors
    /// When all data must be there and this is not, or is damaged.
    pub(super) fn of(&mut self, config: &RunConfig, notice: &mut dyn FnMut(&str)) -> Result<Asked> {
        let made = config.data.kind.is_generated() && config.training.turn.is_none();
        if let Some(demand) = config.demand_without_data().filter(|_| !self.strict && !made) {
            return Ok(Asked { demand, samples: None });
        }
        let settings = format!("{:?}", config.data);
        if let Some((_, asked)) = self.known.iter().find(|(known, _)| *known == settings) {
            return Ok(*asked);
        }
        let asked = match Task::load(config, None, notice) {
            Ok(task) => Asked { demand: task.demand(), samples: Some(task.training_samples()) },
            Err(error) if self.strict => return Err(error),
            Err(error) => {
                let why = crate::in_words(&error);
                notice(&format!("256 symbols are assumed, since the data cannot be read: {why}"));
                Asked { demand: config.assumed_demand(), samples: None }
            }
        };
        self.known.push((settings, asked));
        Ok(asked)
    }
}
