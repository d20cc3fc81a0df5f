//! How large a network is and what it costs, without building it.

use super::network::{Embedding, NetworkSpec};
use crate::device::{BackendOptions, Device, ScanChoice};
use crate::kernel::{DEFAULT_MEMORY_BUDGET, StepBytes, segment_steps};
use crate::scan::composed_bytes;
use crate::spec::{Activation, LayerSpec, Trace};
use serde::Serialize;

/// Size of a layer, in the axes of \[S2\].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LayerCount {
    /// Neurons `N`.
    pub neurons: usize,
    /// Synapses per neuron, `k_c`; those of the feedback are among them.
    pub synapses_per_neuron: usize,
    /// Branches per neuron, those of the feedback included.
    pub branches: usize,
    /// Memory units per neuron.
    pub memory_units: usize,
    /// Everything that a neuron learns.
    pub parameters_per_neuron: usize,
    /// Everything that a neuron learns but its synapses, `k_e`.
    pub complexity_per_neuron: usize,
    /// Floating-point operations of one time step of one sample, forward.
    pub flops_per_step_forward: u64,
}

/// Size and cost of a network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkCount {
    /// Parameters that are trained.
    pub trainable_parameters: usize,
    /// Those, fixed timescales and fixed synapse weights (connectomes are
    /// indices, not parameters).
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
        let synapses = self.neuron.synapses() + self.neuron.feedback;
        let trained = if self.neuron.fixed_synapse_weight.is_some() { 0 } else { synapses };
        LayerCount {
            neurons: self.neurons,
            synapses_per_neuron: synapses,
            branches: self.neuron.all_branches(),
            memory_units: self.neuron.memory,
            parameters_per_neuron: per_neuron,
            complexity_per_neuron: per_neuron - trained,
            flops_per_step_forward: self.flops_per_step(),
        }
    }

    /// Floating-point operations of one time step of one sample, forward.
    pub fn flops_per_step(&self) -> u64 {
        let neuron = &self.neuron;
        let linear: usize = neuron.mlp_shapes().iter().map(|(i, o)| 2 * i * o + o).sum();
        let memory = 8 * neuron.memory; // decay, tanh, write
        let synapses = 2 * neuron.synapses() + neuron.feedback;
        let per_neuron = synapses + linear + memory + 2 * neuron.memory * self.outputs;
        (self.neurons * per_neuron) as u64
    }

    /// Bytes that the fused recurrence remembers: the activity of all steps,
    /// and their records or, above the budget, the state between segments and
    /// one segment's records.
    fn fused_history(&self, rows: usize, steps: usize, budget: f64) -> f64 {
        let neuron = &self.neuron;
        let hidden = neuron.hidden_layers * neuron.hidden_units;
        let drive = if neuron.activation == Activation::Spike { self.outputs } else { 0 };
        let average = if neuron.high_pass_tau.is_some() { self.outputs } else { 0 };
        let trace = if neuron.trace == Trace::None { 0 } else { neuron.all_branches() };
        let width = rows.checked_next_multiple_of(LANES).unwrap_or(rows) as f64;
        let bytes = |floats: usize| 4.0 * (self.neurons * floats) as f64 * width;
        let each = StepBytes {
            record: bytes(neuron.all_branches() + hidden + 2 * neuron.memory + drive),
            state: bytes(neuron.memory + average + trace),
        };
        (steps as f64 + 1.0) * bytes(self.outputs) + history(steps, each, budget)
    }

    /// Numbers of the layer that are not trained.
    fn fixed_parameters(&self) -> usize {
        let neuron = &self.neuron;
        let timescales = if neuron.tau_learnable { 0 } else { neuron.memory };
        let all_synapses = neuron.synapses() + neuron.feedback;
        let synapses = if neuron.fixed_synapse_weight.is_some() { all_synapses } else { 0 };
        self.neurons * (timescales + synapses)
    }

    /// Floats that a layer hands on in one time step of one sample.
    fn answers(&self) -> f64 {
        (self.neurons * self.outputs) as f64
    }
}

/// Bytes of the records of all steps, or of segments within the budget.
fn history(steps: usize, each: StepBytes, budget: f64) -> f64 {
    let all = steps as f64 * each.record;
    match segment_steps(steps, each, 1, budget) {
        None => all,
        Some(length) => each.of_segments(steps, length.min(steps)).min(all),
    }
}

/// Rows of a batch are padded to vectors of at least so many numbers.
const LANES: usize = 8;

/// Copies of the parameters that a training step holds: weights, gradients,
/// two moments, what the recurrence packs of them forwards and backwards, and
/// short-lived ones. The number is fitted, see [`ANSWER_COPIES`].
const PARAMETER_COPIES: f64 = 12.0;

/// Copies of what every layer answers over time: with gradients, and parts of
/// either cut out and joined. With [`PARAMETER_COPIES`] this brings the estimate
/// to within a tenth of the peaks of the text, spike and ListOps networks, 613,
/// 224 and 735 MB.
const ANSWER_COPIES: f64 = 8.0;

/// Copies of the parameters, and of what layers answer, without gradients: as
/// read, as packed, as run.
const INFERENCE_COPIES: f64 = 3.0;

impl NetworkSpec {
    /// The network's size and cost.
    pub fn count(&self) -> NetworkCount {
        let trainable_parameters = self.trainable_parameters();
        let fixed: usize = self.layers.iter().map(LayerSpec::fixed_parameters).sum();
        let head = self.head_layout().len();
        let flops: u64 = self.layers.iter().map(LayerSpec::flops_per_step).sum();
        NetworkCount {
            trainable_parameters,
            total_parameters: trainable_parameters + fixed,
            layers: self.layers.iter().map(LayerSpec::count).collect(),
            flops_per_step_forward: flops + 2 * head as u64,
            state_floats: self.layers.iter().map(|layer| layer.state_layout().rows()).sum(),
        }
    }

    /// Estimate of the bytes that a training step needs with `rows` sequences
    /// of `steps` time steps, with this scan and memory budget: parameters in
    /// all their copies, what the recurrences remember, and what layers answer.
    ///
    /// The program itself and the data come on top. What does not fit into 64
    /// bits is the largest number that does.
    pub fn training_memory_bytes(&self, rows: usize, steps: usize, options: &BackendOptions) -> u64 {
        let composed = match (options.scan, options.device) {
            (ScanChoice::Composed, _) | (ScanChoice::Auto, Device::Cuda(_)) => true,
            (ScanChoice::Fused, _) | (ScanChoice::Auto, Device::Cpu) => false,
        };
        let budget = options.memory_budget.map(|bytes| bytes as f64);
        let histories: f64 = match composed {
            true => {
                let budget = budget.unwrap_or(f64::INFINITY);
                self.layers.iter().map(|layer| history(steps, composed_bytes(layer, rows), budget)).sum()
            }
            false => {
                let budget = budget.unwrap_or(DEFAULT_MEMORY_BUDGET as f64);
                self.layers.iter().map(|layer| layer.fused_history(rows, steps, budget)).sum()
            }
        };
        let held = self.held_bytes(rows, steps, PARAMETER_COPIES, ANSWER_COPIES);
        (held + histories) as u64
    }

    /// The same of a forward pass without gradients.
    pub fn inference_memory_bytes(&self, rows: usize, steps: usize) -> u64 {
        self.held_bytes(rows, steps, INFERENCE_COPIES, INFERENCE_COPIES) as u64
    }

    fn held_bytes(&self, rows: usize, steps: usize, parameter_copies: f64, answer_copies: f64) -> f64 {
        let parameters: f64 = self.layouts().iter().map(|(_, layout)| layout.len() as f64).sum();
        let embedded = match self.embedding {
            Embedding::Learned { width, .. } => width as f64,
            _ => 0.0,
        };
        let answers: f64 = embedded + self.layers.iter().map(LayerSpec::answers).sum::<f64>();
        // Connectomes are kept on the host, as an index, and as stored.
        let synapses: f64 =
            self.layers.iter().map(|layer| layer.neurons as f64 * layer.neuron.synapses() as f64).sum();
        let over_time = answer_copies * answers * rows as f64 * steps as f64;
        4.0 * (parameter_copies * parameters + 3.0 * synapses + over_time)
    }
}
