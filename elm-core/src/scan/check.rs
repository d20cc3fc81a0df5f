//! Do the arguments of a scan fit its layer? Every path asks first, so that
//! neither primitives nor kernels meet a shape or an index they cannot take.

use super::arguments::{Events, Input, NO_TOKEN, ScanArgs};
use crate::backend::Backend;
use crate::error::{Error, Result};

impl<B: Backend> ScanArgs<'_, B> {
    /// Checks every shape and index.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Index`] or [`Error::Stored`] for the first
    /// argument that does not fit.
    pub fn check(&self, backend: &B) -> Result<()> {
        let layer = self.layer;
        let what = [self.steps, self.rows];
        if what.contains(&0) {
            return Err(Error::shape("sequence", &what, "at least one step and one row"));
        }
        if layer.is_recurrent() && layer.outputs != 1 {
            let wanted = "one output per neuron when a layer reads its own activity";
            return Err(Error::shape("outputs of a layer", &[layer.outputs], wanted));
        }
        equal("state of a layer", &backend.shape(self.state), &[layer.state_layout().rows(), self.rows])?;
        let parameters = layer.parameter_layout().len();
        equal("parameters of a layer", &backend.shape(self.parameters), &[parameters])?;
        self.check_wiring()?;
        self.check_timescales()?;
        self.check_masks()?;
        match self.input {
            Input::Dense(x) => {
                equal("input of a layer", &backend.shape(x), &[self.steps, layer.inputs, self.rows])
            }
            Input::Tokens(ids) => self.check_tokens(ids),
            Input::Events(events) => self.check_events(events),
        }
    }

    fn check_wiring(&self) -> Result<()> {
        let (layer, sources) = (self.layer, &self.wiring.sources);
        equal("connectome", &[sources.len()], &[layer.neurons * layer.neuron.synapses()])?;
        match sources.iter().find(|&&source| source as usize >= layer.sources()) {
            Some(&source) => below("connectome", source, layer.sources()),
            None => Ok(()),
        }
    }

    fn check_timescales(&self) -> Result<()> {
        let neuron = &self.layer.neuron;
        let fixed = self.fixed_tau_raw.map_or(0, <[f32]>::len);
        let wanted = if neuron.tau_learnable { 0 } else { self.layer.neurons * neuron.memory };
        equal("fixed timescales (none when they are learnable)", &[fixed], &[wanted])
    }

    fn check_masks(&self) -> Result<()> {
        let (layer, masks) = (self.layer, self.dropout);
        for (what, mask, entries) in [
            ("dropout mask of the inputs", &masks.input, layer.inputs),
            ("dropout mask of the activity", &masks.recurrent, layer.neurons),
            ("dropout mask of the memory", &masks.memory, layer.neurons * layer.neuron.memory),
        ] {
            if let Some(mask) = mask {
                equal(what, &[mask.len()], &[entries * self.rows])?;
            }
        }
        Ok(())
    }

    fn check_tokens(&self, ids: &[u32]) -> Result<()> {
        equal("tokens", &[ids.len()], &[self.steps * self.rows])?;
        let mut given = ids.iter().filter(|&&id| id != NO_TOKEN);
        given.try_for_each(|&id| below("token", id, self.layer.inputs))
    }

    fn check_events(&self, events: &Events) -> Result<()> {
        equal("starts of the events", &[events.starts.len()], &[self.steps + 1])?;
        for (step, range) in events.starts.windows(2).enumerate() {
            let here = events.entries.get(range[0] as usize..range[1] as usize).ok_or_else(|| {
                let reason =
                    format!("step {step} is {}..{} of {} events", range[0], range[1], events.entries.len());
                Error::stored("starts of the events", reason)
            })?;
            for event in here {
                below("channel of an event", event.channel, self.layer.inputs)?;
                below("row of an event", event.row, self.rows)?;
            }
        }
        Ok(())
    }
}

fn equal(what: &str, got: &[usize], wanted: &[usize]) -> Result<()> {
    if got == wanted { Ok(()) } else { Err(Error::shape(what, got, format!("{wanted:?}"))) }
}

fn below(what: &str, index: u32, len: usize) -> Result<()> {
    let index = index as usize;
    if index < len { Ok(()) } else { Err(Error::Index { what: what.into(), index, len }) }
}
