//! Which entry of a layer's table each synapse reads.

use super::layer::LayerSpec;
use crate::error::{Error, Result};
use std::sync::Arc;

/// The connectome of a layer, `[N, S]`, checked when it is made: every entry
/// exists in the table `[inputs ; the layer's previous activity ; 0]`, see
/// [`LayerSpec::sources`]. Cloning shares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connectome {
    sources: Arc<[u32]>,
    /// Entries of the table it was checked against.
    table: usize,
}

impl Connectome {
    /// Checks that every synapse reads an entry that exists.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Index`] when it does not fit the layer.
    pub fn new(layer: &LayerSpec, sources: impl Into<Arc<[u32]>>) -> Result<Self> {
        let (sources, table) = (sources.into(), layer.sources());
        let wanted = layer.neurons.saturating_mul(layer.neuron.synapses());
        if sources.len() != wanted {
            return Err(Error::shape("connectome", &[sources.len()], format!("{wanted} synapses")));
        }
        match sources.iter().find(|&&source| source as usize >= table) {
            Some(&bad) => Err(Error::Index { what: "connectome".into(), index: bad as usize, len: table }),
            None => Ok(Connectome { sources, table }),
        }
    }

    /// Table entries, `[N, S]`.
    pub fn sources(&self) -> &[u32] {
        &self.sources
    }

    /// Checks that it belongs to a layer of this shape.
    ///
    /// # Errors
    /// [`Error::Shape`] when it was made for another.
    pub(super) fn check(&self, layer: &LayerSpec) -> Result<()> {
        let (got, wanted) = (
            [self.sources.len(), self.table],
            [layer.neurons.saturating_mul(layer.neuron.synapses()), layer.sources()],
        );
        if got == wanted {
            return Ok(());
        }
        Err(Error::shape("connectome", &got, format!("{} synapses into {} sources", wanted[0], wanted[1])))
    }
}
