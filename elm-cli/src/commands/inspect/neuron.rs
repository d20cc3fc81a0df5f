//! What one neuron held inside while the network ran.

use super::examples::Example;
use super::runner::recording;
use anyhow::Result;
use elm_core::analysis::activity::Recording;
use elm_core::model::LayerSpec;
use elm_core::spec::Monitors;

/// Inner values of a neuron, a recording of each sequence.
#[derive(Default)]
pub(super) struct Inside {
    /// What the branches hand to the MLP, those of the feedback last.
    pub(super) branches: Vec<Recording>,
    /// Memory units.
    pub(super) memory: Vec<Recording>,
}

impl Inside {
    /// Takes in what a neuron of the layer held during an example.
    ///
    /// # Errors
    /// When the monitors are not of this layer.
    pub(super) fn add(
        &mut self,
        monitors: &Monitors,
        layer: &LayerSpec,
        neuron: usize,
        example: &Example,
    ) -> Result<()> {
        let (branches, memory) = (layer.neuron.all_branches(), layer.neuron.memory);
        let rows = example.batch.rows;
        for row in 0..rows {
            let of = |values: &[f32], each: usize| {
                let own = neuron * each..(neuron + 1) * each;
                recording(values, [layer.neurons * each, rows], row, own, example.length(row))
            };
            self.branches.push(of(&monitors.branch, branches)?);
            self.memory.push(of(&monitors.memory, memory)?);
        }
        Ok(())
    }
}
