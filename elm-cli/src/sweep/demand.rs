//! What data asks of the models of a sweep; data is read once for all runs.

use crate::config::{Demand, RunConfig};
use crate::task::Task;
use anyhow::Result;

/// What is known by now.
pub(super) struct Demands {
    /// Must all data be there?
    strict: bool,
    known: Vec<(String, Demand)>,
}

impl Demands {
    pub(super) fn new(strict: bool) -> Self {
        Demands { strict, known: Vec::new() }
    }

    /// What the data of a configuration asks. It is read where only it can
    /// tell; where it cannot be read, 256 symbols are assumed.
    ///
    /// # Errors
    /// When all data must be there and this is not, or is damaged.
    pub(super) fn of(&mut self, config: &RunConfig, notice: &mut dyn FnMut(&str)) -> Result<Demand> {
        let told = config.demand_without_data();
        if let Some(demand) = told.filter(|_| !self.strict) {
            return Ok(demand);
        }
        let settings = format!("{:?}", config.data);
        if let Some((_, demand)) = self.known.iter().find(|(known, _)| *known == settings) {
            return Ok(*demand);
        }
        let demand = match Task::load(config, None, notice) {
            Ok(task) => task.demand(),
            Err(error) if self.strict => return Err(error),
            Err(error) => {
                let why = crate::in_words(&error);
                notice(&format!("256 symbols are assumed, since the data cannot be read: {why}"));
                config.assumed_demand()
            }
        };
        self.known.push((settings, demand));
        Ok(demand)
    }
}
