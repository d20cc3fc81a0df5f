//! One simulation of a neuron.

/// Voltages above are spikes and count as this, in mV.
const THRESHOLD_MV: f32 = -55.0;
/// Voltages are predicted relative to this, in mV.
const BIAS_MV: f32 = -67.7;
/// Predicted per mV.
const SCALE: f32 = 0.1;

/// Input spikes, output spikes and voltage of one simulation, in time steps of
/// 1 ms.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Simulation {
    /// Input spikes sorted by step, then channel, without repeats.
    pub inputs: Vec<InputSpike>,
    /// Steps with an output spike, sorted, without repeats.
    pub spikes: Vec<u16>,
    /// Voltage of the soma at each step in mV, `[T]`.
    pub voltage: Vec<f32>,
}

/// A spike that arrives at a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputSpike {
    /// Time in ms.
    pub step: u16,
    /// The segment, plus the number of segments for an inhibitory spike.
    pub channel: u16,
}

impl Simulation {
    /// Number of time steps `T`.
    pub fn steps(&self) -> usize {
        self.voltage.len()
    }

    /// The input spikes of steps `from..to`.
    pub fn inputs_within(&self, from: usize, to: usize) -> &[InputSpike] {
        let start = self.inputs.partition_point(|spike| usize::from(spike.step) < from);
        let end = self.inputs.partition_point(|spike| usize::from(spike.step) < to);
        &self.inputs[start..end]
    }

    /// The steps of output spikes within `from..to`.
    pub fn spikes_within(&self, from: usize, to: usize) -> &[u16] {
        let start = self.spikes.partition_point(|&step| usize::from(step) < from);
        let end = self.spikes.partition_point(|&step| usize::from(step) < to);
        &self.spikes[start..end]
    }
}

/// The voltage in mV that a prediction stands for: `10 prediction - 67.7`.
pub fn voltage_of(prediction: f32) -> f32 {
    prediction / SCALE + BIAS_MV
}

/// What is to be predicted of a voltage in mV: `0.1 (min(V, -55) + 67.7)`.
pub fn soma_target(voltage: f32) -> f32 {
    (voltage.min(THRESHOLD_MV) - BIAS_MV) * SCALE
}
