//! An ELM network as a [`Model`].

use super::built::{LayerAnswer, Network, RunArgs};
use super::count::NetworkCount;
use super::dropout::{draw_masks, no_masks};
use super::interface::{Model, ModelSpec, Pass};
use super::live::LiveNetwork;
use super::network::{Head, NetworkSpec};
use super::sequences::Sequences;
use super::stored::StoredTensors;
use crate::backend::Backend;
use crate::device::BackendOptions;
use crate::error::Result;
use crate::kernel::Simd;
use crate::spec::{DropoutMasks, LayerSpec, ParameterLayout, Want};

impl ModelSpec for NetworkSpec {
    fn inputs(&self) -> usize {
        self.inputs()
    }

    fn logits(&self) -> usize {
        self.logits()
    }

    fn layouts(&self) -> Vec<(String, ParameterLayout)> {
        self.layouts()
    }

    fn count(&self) -> NetworkCount {
        self.count()
    }

    fn layer_flops(&self) -> u64 {
        self.layers.iter().map(LayerSpec::flops_per_step).sum()
    }

    fn training_memory_bytes(&self, samples: usize, steps: usize, options: &BackendOptions) -> u64 {
        self.training_memory_bytes(self.rows(samples), steps, options)
    }

    fn inference_memory_bytes(&self, samples: usize, steps: usize) -> u64 {
        self.inference_memory_bytes(self.rows(samples), steps)
    }

    fn initial_weights(&self, seed: u64) -> StoredTensors {
        self.initial_weights(seed)
    }

    fn build<B: Backend + 'static>(&self, backend: &B, weights: &StoredTensors) -> Result<Box<dyn Model<B>>> {
        Ok(Box::new(Network::from_stored(backend, self, weights)?))
    }

    fn live(&self, weights: &StoredTensors, simd: Simd, threads: usize) -> Result<Option<LiveNetwork>> {
        match self.head {
            Head::Pair { .. } => Ok(None), // two sequences are compared at their ends
            Head::None | Head::Linear => LiveNetwork::new(self, weights, simd, threads).map(Some),
        }
    }
}

impl NetworkSpec {
    /// Sequences in a batch of so many samples.
    fn rows(&self, samples: usize) -> usize {
        let each = if matches!(self.head, Head::Pair { .. }) { 2 } else { 1 };
        samples.saturating_mul(each)
    }
}

impl<B: Backend> Model<B> for Network<B> {
    fn layouts(&self) -> Vec<(String, ParameterLayout)> {
        self.spec.layouts()
    }

    fn variables(&self) -> Vec<B::Tensor> {
        self.variables()
    }

    fn state_rows(&self) -> Vec<usize> {
        self.spec.layers.iter().map(|layer| layer.state_layout().rows()).collect()
    }

    fn draw_masks(&self, seed: u64, began: u64, rows: usize) -> Vec<DropoutMasks> {
        draw_masks(&self.spec, rows, seed, began)
    }

    fn forward(
        &self,
        backend: &B,
        sequences: &Sequences<'_>,
        pass: &Pass<'_, B>,
    ) -> Result<Vec<LayerAnswer<B>>> {
        let first = self.spec.layers.first().filter(|_| self.embedding.is_none());
        let masked = pass
            .per_step
            .zip(first)
            .and_then(|(masks, first)| masks.masked(&first.dropout, first.inputs, sequences));
        let seen = Sequences { input: masked.as_ref().unwrap_or(sequences.input), ..*sequences };
        let input = seen.on(backend, self.spec.inputs())?;
        let none = if pass.masks.is_empty() { no_masks(&self.spec) } else { Vec::new() };
        let want: Vec<Want> = (0..self.layers.len())
            .map(|l| Want {
                gradient: pass.gradient,
                magnitude: pass.magnitude.contains(&l),
                monitors: pass.monitors,
            })
            .collect();
        let args = RunArgs {
            state: pass.state,
            masks: if pass.masks.is_empty() { &none } else { pass.masks },
            want: &want,
            rows: sequences.rows,
            steps: sequences.steps,
        };
        self.run_layers(backend, input, &args, pass.per_step)
    }

    fn apply_head(&self, backend: &B, rows: &B::Tensor) -> Result<B::Tensor> {
        self.apply_head(backend, rows)
    }

    fn compares_pairs(&self) -> bool {
        matches!(self.spec.head, Head::Pair { .. })
    }

    fn to_stored(&self, backend: &B) -> Result<StoredTensors> {
        self.to_stored(backend)
    }
}

impl<'b, B: Backend + 'b> From<Network<B>> for Box<dyn Model<B> + 'b> {
    fn from(network: Network<B>) -> Self {
        Box::new(network)
    }
}
