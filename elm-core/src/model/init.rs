//! Initial weights, timescales and connectome, drawn on the host from a seed
//! so that every backend starts from equal numbers.

use crate::random::{Draws, Purpose};
use crate::spec::{LayerSpec, Role, Routing, TauSpacing};

impl LayerSpec {
    /// Initial parameters `[P]` in the order of
    /// [`parameter_layout`](LayerSpec::parameter_layout).
    ///
    /// Synapses: constant, or uniform in ±1/sqrt(synapses per branch); those of
    /// the feedback alike, which are alone on their branches.
    /// Linear maps: uniform in ±1/sqrt(inputs), weights and biases. Readout
    /// bias: 0, or drawn like the weights \[S1\]; the first output starts at
    /// `spike_bias` where that is not 0.
    pub fn initial_parameters(&self, seed: u64, position: usize) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.parameter_layout().len());
        for (tensor, named) in self.parameter_layout().tensors.iter().enumerate() {
            let mut draws = Draws::new(seed, Purpose::Weights, [position as u64, tensor as u64]);
            let count = named.range.len();
            let mut uniform = |inputs: usize| {
                let bound = 1.0 / (inputs as f64).sqrt();
                values.extend((0..count).map(|_| draws.symmetric(bound)));
            };
            match named.name {
                Role::MlpWeight(map) | Role::MlpBias(map) => uniform(self.neuron.mlp_shapes()[map].0),
                Role::ReadoutWeight => uniform(self.neuron.memory),
                Role::ReadoutBias => self.initial_readout_bias(count, &mut draws, &mut values),
                Role::SynapseWeight => {
                    self.initial_synapses(count, self.neuron.synapses_per_branch, &mut draws, &mut values);
                }
                Role::FeedbackWeight => self.initial_synapses(count, 1, &mut draws, &mut values),
                Role::TauRaw => values.extend(self.initial_tau_raw()),
            }
        }
        values
    }

    fn initial_synapses(&self, count: usize, per_branch: usize, draws: &mut Draws, values: &mut Vec<f32>) {
        match self.neuron.synapse_init {
            Some(value) => values.extend(std::iter::repeat_n(value as f32, count)),
            None => {
                let bound = 1.0 / (per_branch as f64).sqrt();
                values.extend((0..count).map(|_| draws.symmetric(bound)));
            }
        }
    }

    fn initial_readout_bias(&self, count: usize, draws: &mut Draws, values: &mut Vec<f32>) {
        let bound = 1.0 / (self.neuron.memory as f64).sqrt();
        for place in 0..count {
            let drawn = if self.neuron.readout_bias_drawn { draws.symmetric(bound) } else { 0.0 };
            let first = place % self.outputs == 0 && self.neuron.spike_bias != 0.0;
            values.push(if first { self.neuron.spike_bias as f32 } else { drawn });
        }
    }

    /// Initial raw timescales, `[N, M]`, the same for every neuron.
    ///
    /// # Equation
    /// `tau = 10^linspace(log10(tau_min), log10(tau_max), M)`, or evenly spaced
    /// `linspace(tau_min, tau_max, M)`, clamped between `low + 1e-6` and
    /// `high - 1e-6`, then `raw = ln((tau - low) / (high - tau))`, in f32 as the
    /// authors do: an end may come out infinite, which is legitimate.
    pub fn initial_tau_raw(&self) -> Vec<f32> {
        let neuron = &self.neuron;
        let ends = [neuron.tau_min + neuron.tau_margin, neuron.tau_max - neuron.tau_margin];
        let [first, last] = ends.map(|tau| match neuron.tau_spacing {
            TauSpacing::Log => tau.log10() as f32,
            TauSpacing::Even => tau as f32,
        });
        let (low, high) = (neuron.tau_low as f32, neuron.tau_high as f32);
        let (floor, ceiling) = ((neuron.tau_low + 1e-6) as f32, (neuron.tau_high - 1e-6) as f32);
        let count = neuron.memory;
        let step = if count > 1 { (last - first) / (count - 1) as f32 } else { 0.0 };
        let one_neuron = (0..count).map(|i| {
            let place = if i < count / 2 || count == 1 {
                first + step * i as f32
            } else {
                last - step * (count - 1 - i) as f32
            };
            let tau = match neuron.tau_spacing {
                TauSpacing::Log => 10f32.powf(place),
                TauSpacing::Even => place,
            };
            let tau = tau.max(floor).min(ceiling);
            ((tau - low) / (high - tau)).ln()
        });
        one_neuron.collect::<Vec<_>>().repeat(self.neurons)
    }

    /// What each synapse reads, `[N, S]`, as entries of the layer's table of
    /// sources (see [`LayerSpec::sources`]).
    pub fn draw_connectome(&self, seed: u64, position: usize) -> Vec<u32> {
        let synapses = self.neurons * self.neuron.synapses();
        match self.routing {
            Routing::Direct => (0..self.inputs as u32).collect::<Vec<_>>().repeat(self.neurons),
            Routing::NeuronIo => self.neuronio_windows().repeat(self.neurons),
            Routing::Random { recurrent_connect } => {
                let mut draws = Draws::new(seed, Purpose::Connectome, [position as u64, 0]);
                let mut draw = || {
                    if draws.chance(recurrent_connect) {
                        self.inputs as u32 + draws.below(self.neurons as u32)
                    } else {
                        draws.below(self.inputs as u32)
                    }
                };
                (0..synapses).map(|_| draw()).collect()
            }
        }
    }

    /// Overlapping windows over interleaved channels, MODEL of \[S1\]: position
    /// `p` holds channel `(p mod 2) * C/2 + p/2`, branch `k` starts at
    /// `k * ceil(C / K)`; positions beyond the end are wired to nothing.
    fn neuronio_windows(&self) -> Vec<u32> {
        let (channels, branches) = (self.inputs, self.neuron.branches);
        let stride = channels.div_ceil(branches);
        let source = |position: usize| {
            if position < channels {
                ((position % 2) * (channels / 2) + position / 2) as u32
            } else {
                self.unconnected()
            }
        };
        (0..branches)
            .flat_map(|k| (0..self.neuron.synapses_per_branch).map(move |j| k * stride + j))
            .map(source)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{ModelKind, NetworkOptions, TauSpacing};

    #[test]
    fn evenly_spaced_timescales_lie_evenly_within_the_bounds_of_training() {
        let mut options =
            NetworkOptions { kind: ModelKind::Elm, num_input: 8, num_output: 2, ..Default::default() };
        options.layer.neuron.num_memory = Some(5);
        options.layer.neuron.memory_tau_min = Some(10.0);
        options.layer.neuron.memory_tau_max = Some(50.0);
        options.layer.neuron.memory_tau_spacing = Some(TauSpacing::Even);
        options.layer.neuron.memory_tau_bounds = Some([0.0, 100.0]);
        let network = options.resolve().expect("a neuron");
        let raw = network.layers[0].initial_tau_raw();
        let taus: Vec<f32> = raw.iter().map(|raw| 100.0 / (1.0 + (-raw).exp())).collect();
        for (tau, wanted) in taus.iter().zip([10.0, 20.0, 30.0, 40.0, 50.0]) {
            assert!((tau - wanted).abs() < 1e-3, "{taus:?}");
        }
        options.layer.neuron.memory_tau_bounds = Some([20.0, 100.0]);
        let error = options.resolve().expect_err("10 is out of bounds").to_string();
        assert!(error.contains("memory_tau_bounds") && error.contains("memory_tau_min = 10"), "{error}");
    }
}
