//! How large a network is and what it costs, without building it.

use super::network::NetworkSpec;
use crate::spec::{LayerSpec, ParameterLayout};
use serde::Serialize;

/// Size of a layer, in the axes of \[S2\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LayerCount {
    /// Neurons `N`.
    pub neurons: usize,
    /// Synapses per neuron, `k_c`.
    pub synapses_per_neuron: usize,
    /// Branches per neuron.
    pub branches: usize,
    /// Memory units per neuron.
    pub memory_units: usize,
    /// Everything that a neuron learns.
    pub parameters_per_neuron: usize,
    /// Everything that a neuron learns but its synapses, `k_e`.
    pub complexity_per_neuron: usize,
}

/// Size and cost of a network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkCount {
    /// Parameters that are trained.
    pub trainable_parameters: usize,
    /// Those and fixed timescales (connectomes are indices, not parameters).
    pub total_parameters: usize,
    /// Every layer.
    pub layers: Vec<LayerCount>,
    /// Floating-point operations of one time step of one sample, forward; a
    /// multiplication and an addition are two.
    pub flops_per_step_forward: u64,
    /// Floats of the state carried from step to step, per sample.
    pub state_floats: usize,
}

impl LayerSpec {
    /// The layer's size.
    pub fn count(&self) -> LayerCount {
        let per_neuron = self.parameter_layout().len() / self.neurons.max(1);
        LayerCount {
            neurons: self.neurons,
            synapses_per_neuron: self.neuron.synapses(),
            branches: self.neuron.branches,
            memory_units: self.neuron.memory,
            parameters_per_neuron: per_neuron,
            complexity_per_neuron: per_neuron - self.neuron.synapses(),
        }
    }

    /// Floating-point operations of one time step of one sample, forward.
    pub fn flops_per_step(&self) -> u64 {
        let neuron = &self.neuron;
        let linear: usize = neuron.mlp_shapes().iter().map(|(i, o)| 2 * i * o + o).sum();
        let memory = 8 * neuron.memory; // decay, tanh, write
        let per_neuron = 2 * neuron.synapses() + linear + memory + 2 * neuron.memory * self.outputs;
        (self.neurons * per_neuron) as u64
    }

    /// Floats that training keeps per time step and sample: activity, and per
    /// neuron branches, hidden units, kept memory and bounded answer.
    fn history_floats(&self) -> usize {
        let neuron = &self.neuron;
        let hidden = neuron.hidden_layers * neuron.hidden_units;
        self.neurons * (self.outputs + neuron.branches + hidden + 2 * neuron.memory)
    }
}

impl NetworkSpec {
    /// The network's size and cost.
    pub fn count(&self) -> NetworkCount {
        let trainable_parameters = self.trainable_parameters();
        let fixed_timescales: usize = self
            .layers
            .iter()
            .filter(|layer| !layer.neuron.tau_learnable)
            .map(|layer| layer.neurons * layer.neuron.memory)
            .sum();
        let head = self.head_layout().len();
        let flops: u64 = self.layers.iter().map(LayerSpec::flops_per_step).sum();
        NetworkCount {
            trainable_parameters,
            total_parameters: trainable_parameters + fixed_timescales,
            layers: self.layers.iter().map(LayerSpec::count).collect(),
            flops_per_step_forward: flops + 2 * head as u64,
            state_floats: self.layers.iter().map(|layer| layer.state_layout().rows()).sum(),
        }
    }

    /// Estimate of the bytes that a training step needs with `rows` sequences
    /// of `steps` time steps: weights, gradients, two moments and the history.
    pub fn training_memory_bytes(&self, rows: usize, steps: usize) -> u64 {
        let parameters: usize =
            self.layouts().iter().map(|(_, layout): &(_, ParameterLayout)| layout.len()).sum();
        let history: usize = self.layers.iter().map(LayerSpec::history_floats).sum();
        4 * (4 * parameters as u64 + (history * rows) as u64 * steps as u64)
    }
}
