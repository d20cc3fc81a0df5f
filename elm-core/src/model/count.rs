//! How large a network is and what it costs, without building it.

use super::network::NetworkSpec;
use crate::device::{BackendOptions, Device, ScanChoice};
use crate::kernel::DEFAULT_MEMORY_BUDGET;
use crate::scan::history_bytes_per_step;
use crate::spec::{Activation, LayerSpec, ParameterLayout, Trace};
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

    /// What the fused recurrence remembers: its record of every step, or,
    /// above the budget, the state between segments and one segment's record.
    fn fused_history(&self, rows: usize, steps: u64, budget: u64) -> History {
        let neuron = &self.neuron;
        let hidden = neuron.hidden_layers * neuron.hidden_units;
        let drive = if neuron.activation == Activation::Spike { self.outputs } else { 0 };
        let average = if neuron.high_pass_tau.is_some() { self.outputs } else { 0 };
        let trace = if neuron.trace == Trace::None { 0 } else { neuron.branches };
        let bytes = |floats: usize| (4 * self.neurons * floats * rows.next_multiple_of(LANES)) as u64;
        // The activity of all steps is kept in any case.
        let activity = (steps + 1) * bytes(self.outputs);
        let record = bytes(neuron.branches + hidden + 2 * neuron.memory + drive);
        let state = bytes(neuron.memory + average + trace);
        if steps * record <= budget {
            return History { kept: activity + steps * record, working: 0 };
        }
        // The longest segments within the budget, or those that need least.
        let need = |length: u64| length * record + steps.div_ceil(length) * state;
        let least = ((steps * state) as f64 / record as f64).sqrt().ceil() as u64;
        let fitting = (least.max(1)..=steps).rev().find(|&length| need(length) <= budget);
        let length = fitting.unwrap_or(least.max(1));
        History { kept: activity + steps.div_ceil(length) * state, working: length * record }
    }

    /// The same of the composed recurrence.
    fn composed_history(&self, rows: usize, steps: u64, budget: Option<u64>) -> History {
        let step = history_bytes_per_step(self, rows);
        let length = budget.map_or(steps, |bytes| (bytes / step.max(1)).clamp(1, steps));
        if length == steps {
            return History { kept: steps * step, working: 0 };
        }
        let state = (4 * self.state_layout().rows() * rows) as u64;
        History { kept: steps.div_ceil(length) * state, working: length * step }
    }
}

/// Rows of a batch are padded to vectors of at least so many numbers.
const LANES: usize = 8;

/// Bytes that one layer's recurrence remembers in a training step.
struct History {
    /// From its forward to its backward pass, while other layers run.
    kept: u64,
    /// During its own backward pass only.
    working: u64,
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
    /// of `steps` time steps: weights, gradients, two moments, and what the
    /// recurrence remembers with this scan and memory budget.
    ///
    /// The program itself, packed copies of the weights and the batch come on
    /// top.
    pub fn training_memory_bytes(&self, rows: usize, steps: usize, options: &BackendOptions) -> u64 {
        let parameters: usize =
            self.layouts().iter().map(|(_, layout): &(_, ParameterLayout)| layout.len()).sum();
        let composed = match (options.scan, options.device) {
            (ScanChoice::Composed, _) | (ScanChoice::Auto, Device::Cuda(_)) => true,
            (ScanChoice::Fused, _) | (ScanChoice::Auto, Device::Cpu) => false,
        };
        let histories = self.layers.iter().map(|layer| match composed {
            true => layer.composed_history(rows, steps as u64, options.memory_budget),
            false => {
                let budget = options.memory_budget.unwrap_or(DEFAULT_MEMORY_BUDGET as u64);
                layer.fused_history(rows, steps as u64, budget)
            }
        });
        let (kept, working) = histories
            .fold((0, 0), |(kept, working), history| (kept + history.kept, history.working.max(working)));
        4 * 4 * parameters as u64 + kept + working
    }
}
