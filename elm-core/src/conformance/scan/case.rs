//! A small layer with made-up weights, inputs and state.

use crate::conformance::call::numbers;
use crate::random::{Draws, Purpose};
use crate::spec::{
    Activation, DropoutMasks, DropoutSpec, Event, Events, InputDropoutMode, LambdaMode, LayerSpec,
    MlpActivation, NO_TOKEN, NeuronSpec, Role, Routing, TauSpacing, Trace,
};

/// What a layer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Dense,
    Tokens,
    Events,
}

/// A layer and the circumstances it runs in; the numbers follow from it.
#[derive(Debug, Clone)]
pub(crate) struct ScanCase {
    pub(crate) name: String,
    pub(crate) layer: LayerSpec,
    pub(crate) seen: Seen,
    pub(crate) input_factor: f32,
    pub(crate) steps: usize,
    pub(crate) rows: usize,
    /// Masks on inputs, activity, memory?
    pub(crate) masked: [bool; 3],
    /// Every such synapse is wired to nothing; 0: none is.
    pub(crate) unconnected_every: usize,
    /// Every such raw timescale is infinite; 0: none is.
    pub(crate) infinite_every: usize,
    pub(crate) stream: u64,
}

/// The numbers of a case on the host.
#[derive(Debug, Clone)]
pub(crate) struct ScanData {
    pub(crate) parameters: Vec<f32>,
    pub(crate) fixed_tau_raw: Option<Vec<f32>>,
    pub(crate) sources: Vec<u32>,
    /// `[rows of the state layout, B]`
    pub(crate) state: Vec<f32>,
    /// `[T, C, B]`
    pub(crate) dense: Vec<f32>,
    /// `[T, B]`
    pub(crate) tokens: Vec<u32>,
    pub(crate) events: Events,
    pub(crate) masks: DropoutMasks,
    /// Weights of the activity in the loss, `[T, N * O, B]`.
    pub(crate) activity_weights: Vec<f32>,
    /// Weights of the end state in the loss, as `state`.
    pub(crate) state_weights: Vec<f32>,
    /// Weights of the magnitude in the loss, `[N, B]`.
    pub(crate) magnitude_weights: Vec<f32>,
}

impl ScanCase {
    /// The case that others are variations of: three recurrent neurons with
    /// a high-pass, everything else plain.
    pub(crate) fn base(name: &str) -> Self {
        let neuron = NeuronSpec {
            memory: 4,
            branches: 3,
            synapses_per_branch: 2,
            feedback: 0,
            hidden_layers: 1,
            hidden_units: 5,
            mlp_activation: MlpActivation::ReluSquared,
            activation: Activation::Relu,
            lambda: 5.0,
            lambda_mode: LambdaMode::TimescaleRatio,
            tau_min: 1.0,
            tau_max: 50.0,
            tau_low: 0.1,
            tau_high: 158.0,
            tau_spacing: TauSpacing::Log,
            tau_margin: 0.0,
            tau_learnable: false,
            high_pass_tau: Some(3.0),
            trace: Trace::None,
            rectified: false,
            synapse_init: None,
            fixed_synapse_weight: None,
            spike_bias: 0.0,
            readout_bias_drawn: true,
            input_scale: 1.0,
            delta_t: 1.0,
        };
        let input_mode = InputDropoutMode::Variational;
        let layer = LayerSpec {
            inputs: 5,
            neurons: 3,
            outputs: 1,
            neuron,
            routing: Routing::Random { recurrent_connect: 0.5 },
            dropout: DropoutSpec { input: 0.0, recurrent: 0.0, memory: 0.0, input_mode },
        };
        ScanCase {
            name: name.into(),
            layer,
            seen: Seen::Dense,
            input_factor: 1.5,
            steps: 7,
            rows: 3,
            masked: [false; 3],
            unconnected_every: 0,
            infinite_every: 0,
            stream: 1,
        }
    }

    /// [`ScanCase::base`] with a change.
    pub(crate) fn variation(name: impl Into<String>, change: impl FnOnce(&mut ScanCase)) -> Self {
        let mut case = ScanCase::base("");
        case.name = name.into();
        change(&mut case);
        case
    }

    /// All numbers of the case.
    pub(crate) fn data(&self) -> ScanData {
        let (layer, rows) = (&self.layer, self.rows);
        let numbers = |what: u64, count, bound| numbers(self.stream * 100 + what, count, bound);
        // Of one sign, lest the terms of a small gradient cancel down to their rounding.
        let weights = |what, count| numbers(what, count, 0.5).iter().map(|weight| 1.0 + weight).collect();
        let state = layer.state_layout().rows() * rows;
        ScanData {
            parameters: self.parameters(),
            fixed_tau_raw: (!layer.neuron.tau_learnable).then(|| self.tau_raw()),
            sources: self.sources(),
            state: numbers(0, state, 0.5),
            dense: numbers(1, self.steps * layer.inputs * rows, 1.0),
            tokens: self.tokens(),
            events: self.events(),
            masks: self.masks(),
            activity_weights: weights(2, self.steps * layer.neurons * layer.outputs * rows),
            state_weights: weights(3, state),
            magnitude_weights: weights(4, layer.neurons * rows),
        }
    }

    fn draws(&self, what: u64) -> Draws {
        Draws::new(1, Purpose::MadeUp, [self.stream, what])
    }

    /// Initial parameters, moved a little so that no two are alike.
    fn parameters(&self) -> Vec<f32> {
        let layout = self.layer.parameter_layout();
        let mut values = self.layer.initial_parameters(self.stream, 0);
        let mut draws = self.draws(0);
        values.iter_mut().for_each(|value| *value += draws.symmetric(0.1));
        if let Some(tau_raw) = layout.get(&Role::TauRaw) {
            values[tau_raw.range.clone()].copy_from_slice(&self.tau_raw());
        }
        values
    }

    fn tau_raw(&self) -> Vec<f32> {
        let mut draws = self.draws(1);
        let mut values = self.layer.initial_tau_raw();
        values.iter_mut().for_each(|value| *value += draws.symmetric(1.0));
        for (place, value) in values.iter_mut().enumerate() {
            if self.infinite_every > 0 && place % self.infinite_every == 0 {
                *value = if place % 2 == 0 { f32::INFINITY } else { f32::NEG_INFINITY };
            }
        }
        values
    }

    fn sources(&self) -> Vec<u32> {
        let mut sources = self.layer.draw_connectome(self.stream, 0);
        if self.unconnected_every > 0 {
            sources.iter_mut().step_by(self.unconnected_every).for_each(|s| *s = self.layer.unconnected());
        }
        sources
    }

    fn tokens(&self) -> Vec<u32> {
        let mut draws = self.draws(2);
        let mut token = || if draws.chance(0.2) { NO_TOKEN } else { draws.below(self.layer.inputs as u32) };
        (0..self.steps * self.rows).map(|_| token()).collect()
    }

    /// Up to three spikes wherever there are any; no spikes in step 1.
    fn events(&self) -> Events {
        let mut draws = self.draws(3);
        let mut events = Events { starts: vec![0], entries: Vec::new() };
        for step in 0..self.steps {
            for channel in 0..self.layer.inputs as u32 {
                for row in 0..self.rows as u32 {
                    if step != 1 && draws.chance(0.3) {
                        let count = 1.0 + draws.below(3) as f32;
                        events.entries.push(Event { row, channel, count });
                    }
                }
            }
            events.starts.push(events.entries.len() as u32);
        }
        events
    }

    fn masks(&self) -> DropoutMasks {
        let (layer, rows) = (&self.layer, self.rows);
        let mask = |which: usize, entries: usize, factor: f32| {
            let mut draws = self.draws(4 + which as u64);
            let mut entry = || if draws.chance(0.3) { 0.0 } else { factor };
            self.masked[which].then(|| (0..entries * rows).map(|_| entry()).collect())
        };
        DropoutMasks {
            input: mask(0, layer.inputs, 1.0 / 0.7),
            recurrent: mask(1, layer.neurons, 1.0 / 0.7),
            memory: mask(2, layer.neurons * layer.neuron.memory, 1.195_228_6),
        }
    }
}
