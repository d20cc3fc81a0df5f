//! Layers of odd shapes with made-up numbers.

use crate::kernel::{Compiled, Cotangents, Element, Gradients, History, Kernel, Outputs, Pool, Simd};
use crate::random::{Draws, Purpose};
use crate::spec::{
    Activation, Connectome, DropoutMasks, DropoutSpec, Event, Events, Input, InputDropoutMode, LambdaMode,
    LayerRun, LayerSpec, MlpActivation, Monitors, NO_TOKEN, NeuronSpec, Role, Routing, TauSpacing, Trace,
    Want,
};
use proptest::prelude::*;
use std::sync::Arc;

/// A layer, its input and the gradients of its results.
#[derive(Debug, Clone)]
pub(in crate::kernel) struct Case {
    pub layer: LayerSpec,
    pub sources: Vec<u32>,
    pub parameters: Vec<f64>,
    pub fixed_tau_raw: Option<Vec<f32>>,
    pub tokens: Option<Vec<u32>>,
    pub events: Option<Events>,
    pub dense: Vec<f64>,
    pub input_factor: f32,
    pub state: Vec<f64>,
    pub rows: usize,
    pub steps: usize,
    pub masks: DropoutMasks,
    pub activity_gradient: Vec<f64>,
    pub state_gradient: Vec<f64>,
    pub magnitude_gradient: Vec<f64>,
}

/// Results and gradients of a kernel.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::kernel) struct Results<E> {
    pub activity: Vec<E>,
    pub state: Vec<E>,
    pub magnitude: Vec<E>,
    pub monitors: Monitors,
    pub parameters: Vec<E>,
    pub start: Vec<E>,
    pub input: Vec<E>,
}

/// A kernel of its own.
pub(in crate::kernel) fn kernel(threads: usize, simd: Simd, budget: usize) -> Kernel {
    Kernel::new(Arc::new(Pool::new(threads).unwrap()), simd, budget).unwrap()
}

/// Numbers of the kind that a kernel computes with.
pub(in crate::kernel) struct Numbers<E> {
    parameters: Vec<E>,
    dense: Vec<E>,
    state: Vec<E>,
    activity_gradient: Vec<E>,
    state_gradient: Vec<E>,
    magnitude_gradient: Vec<E>,
}

impl<E: Element> Numbers<E> {
    pub(in crate::kernel) fn of(case: &Case) -> Self {
        let cast = |values: &[f64]| values.iter().map(|&x| E::from_f64(x)).collect();
        Numbers {
            parameters: cast(&case.parameters),
            dense: cast(&case.dense),
            state: cast(&case.state),
            activity_gradient: cast(&case.activity_gradient),
            state_gradient: cast(&case.state_gradient),
            magnitude_gradient: cast(&case.magnitude_gradient),
        }
    }

    /// Gradients of activity, end state and magnitude.
    #[cfg(feature = "cuda")]
    pub(in crate::kernel) fn cotangents(&self) -> (&[E], &[E], &[E]) {
        (&self.activity_gradient, &self.state_gradient, &self.magnitude_gradient)
    }

    pub(in crate::kernel) fn arguments(&self, case: &Case, gradient: bool) -> LayerRun<&[E]> {
        let input = match (&case.tokens, &case.events) {
            (Some(tokens), _) => Input::Tokens(tokens[..].into()),
            (None, Some(events)) => Input::Events(events.clone().into()),
            (None, None) => Input::Dense(&self.dense[..]),
        };
        LayerRun {
            layer: case.layer.clone(),
            connectome: Connectome::new(&case.layer, &case.sources[..]).unwrap(),
            index: (),
            parameters: &self.parameters,
            fixed_tau_raw: case.fixed_tau_raw.as_deref().map(Into::into),
            input,
            input_factor: case.input_factor,
            state: &self.state,
            rows: case.rows,
            steps: case.steps,
            dropout: case.masks.clone(),
            want: Want { gradient, ..Want::default() },
        }
    }
}

impl Case {
    pub(in crate::kernel) fn is_dense(&self) -> bool {
        self.tokens.is_none() && self.events.is_none()
    }

    /// Runs forward into `results`.
    pub(in crate::kernel) fn forward<E: Compiled>(
        &self,
        kernel: &Kernel,
        keep_history: bool,
        results: &mut Results<E>,
    ) -> Option<History<E>> {
        let zero = E::default();
        results.activity = vec![zero; self.activity_gradient.len()];
        results.state = vec![zero; self.state.len()];
        results.magnitude = vec![zero; self.magnitude_gradient.len()];
        let numbers = Numbers::of(self);
        let outputs = Outputs {
            activity: &mut results.activity,
            state: &mut results.state,
            magnitude: Some(&mut results.magnitude),
            monitors: Some(&mut results.monitors),
        };
        kernel.forward(&numbers.arguments(self, keep_history), outputs).unwrap()
    }

    /// Runs backward into `results`.
    pub(in crate::kernel) fn backward<E: Compiled>(
        &self,
        kernel: &Kernel,
        history: &History<E>,
        results: &mut Results<E>,
    ) {
        let zero = E::default();
        results.parameters = vec![zero; self.parameters.len()];
        results.start = vec![zero; self.state.len()];
        results.input = vec![zero; if self.is_dense() { self.dense.len() } else { 0 }];
        let numbers = Numbers::of(self);
        let cotangents = Cotangents {
            activity: Some(&numbers.activity_gradient),
            state: Some(&numbers.state_gradient),
            magnitude: Some(&numbers.magnitude_gradient),
        };
        let gradients = Gradients {
            parameters: &mut results.parameters,
            state: &mut results.start,
            input: self.is_dense().then_some(&mut results.input[..]),
        };
        kernel.backward(&numbers.arguments(self, true), history, cotangents, gradients).unwrap();
    }

    /// Runs forward and backward.
    pub(in crate::kernel) fn results<E: Compiled>(&self, kernel: &Kernel) -> Results<E> {
        let mut results = Results::default();
        let history = self.forward(kernel, true, &mut results).unwrap();
        self.backward(kernel, &history, &mut results);
        results
    }
}

/// Sizes and choices of a case; its numbers follow from the seed.
#[derive(Debug, Clone)]
pub(in crate::kernel) struct Choices {
    pub neurons: usize,
    pub outputs: usize,
    pub inputs: usize,
    pub memory: usize,
    pub branches: usize,
    pub per_branch: usize,
    pub hidden_layers: usize,
    pub hidden: usize,
    pub rows: usize,
    pub steps: usize,
    pub mlp_activation: MlpActivation,
    pub activation: Activation,
    pub lambda_mode: LambdaMode,
    pub trace: Trace,
    pub high_pass: bool,
    pub learnable: bool,
    pub rectified: bool,
    pub recurrent: bool,
    pub feedback: bool,
    pub fixed: bool,
    pub masks: [bool; 3],
    /// 0 tokens, 1 events, 2 dense.
    pub input: u8,
    pub seed: u64,
}

/// Small layers of every kind.
pub(in crate::kernel) fn choices() -> impl Strategy<Value = Choices> {
    let sizes = (1..14usize, 1..4usize, 1..9usize, 1..8usize, 1..8usize, 1..10usize, 0..4usize, 1..27usize);
    let batch = (prop_oneof![4 => 1..10usize, 1 => 11..34usize, 1 => Just(64)], 1..30usize);
    let kinds = (
        prop_oneof![Just(MlpActivation::Relu), Just(MlpActivation::Silu), Just(MlpActivation::ReluSquared)],
        prop_oneof![Just(Activation::Identity), Just(Activation::Relu), Just(Activation::Spike)],
        prop_oneof![Just(LambdaMode::Scale), Just(LambdaMode::TimescaleRatio)],
        prop_oneof![Just(Trace::None), Just(Trace::Branch(3.0)), Just(Trace::Synapse(4.0))],
    );
    let switches = (any::<[bool; 6]>(), any::<[bool; 3]>(), 0..3u8, any::<u64>());
    (sizes, batch, kinds, switches).prop_map(|(sizes, batch, kinds, switches)| {
        let (neurons, outputs, inputs, memory, branches, per_branch, hidden_layers, hidden) = sizes;
        let ([high_pass, learnable, rectified, recurrent, feedback, fixed], masks, input, seed) = switches;
        Choices {
            neurons,
            outputs: if recurrent { 1 } else { outputs },
            inputs,
            memory,
            branches,
            per_branch,
            hidden_layers,
            hidden,
            rows: batch.0,
            steps: batch.1,
            mlp_activation: kinds.0,
            activation: kinds.1,
            lambda_mode: kinds.2,
            trace: kinds.3,
            high_pass,
            learnable,
            rectified,
            recurrent,
            feedback,
            fixed,
            masks,
            input,
            seed,
        }
    })
}

impl Choices {
    fn layer(&self) -> LayerSpec {
        LayerSpec {
            inputs: self.inputs,
            neurons: self.neurons,
            outputs: self.outputs,
            neuron: NeuronSpec {
                memory: self.memory,
                branches: self.branches,
                synapses_per_branch: self.per_branch,
                feedback: if self.feedback { self.outputs } else { 0 },
                hidden_layers: self.hidden_layers,
                hidden_units: self.hidden,
                mlp_activation: self.mlp_activation,
                activation: self.activation,
                lambda: 1.3,
                lambda_mode: self.lambda_mode,
                tau_min: 1.0,
                tau_max: 30.0,
                tau_low: 0.5,
                tau_high: 60.0,
                tau_spacing: TauSpacing::Log,
                tau_margin: 0.0,
                tau_learnable: self.learnable,
                high_pass_tau: self.high_pass.then_some(4.0),
                trace: self.trace,
                rectified: self.rectified,
                synapse_init: None,
                fixed_synapse_weight: self.fixed.then_some(0.3),
                spike_bias: 0.0,
                readout_bias_drawn: true,
                input_scale: 0.9,
                delta_t: 0.8,
            },
            routing: Routing::Random { recurrent_connect: if self.recurrent { 0.5 } else { 0.0 } },
            dropout: DropoutSpec {
                input: 0.0,
                recurrent: 0.0,
                memory: 0.0,
                input_mode: InputDropoutMode::Variational,
            },
        }
    }

    /// The case with all its numbers.
    pub(in crate::kernel) fn case(&self) -> Case {
        let layer = self.layer();
        let (n, rows, steps) = (self.neurons, self.rows, self.steps);
        let mut draws = Draws::new(self.seed, Purpose::MadeUp, [0, 0]);
        let mut numbers = |count: usize, bound: f64| -> Vec<f64> {
            (0..count).map(|_| f64::from(draws.symmetric(bound))).collect()
        };
        // Bounds as at the start of training: gradients neither vanish nor explode.
        let mut parameters: Vec<f64> =
            layer.initial_parameters(self.seed, 0).into_iter().map(f64::from).collect();
        let state_len = layer.state_layout().rows() * rows;
        let mut case = Case {
            dense: if self.input == 2 { numbers(steps * self.inputs * rows, 1.0) } else { Vec::new() },
            state: numbers(state_len, 0.5),
            activity_gradient: numbers(steps * n * self.outputs * rows, 1.0),
            state_gradient: numbers(state_len, 1.0),
            magnitude_gradient: numbers(n * rows, 1.0),
            sources: Vec::new(),
            parameters: Vec::new(),
            fixed_tau_raw: None,
            tokens: None,
            events: None,
            input_factor: 1.5,
            rows,
            steps,
            masks: DropoutMasks::default(),
            layer,
        };
        let all = case.layer.sources() as u32;
        case.sources = (0..n * case.layer.neuron.synapses()).map(|_| draws.below(all)).collect();
        if let Some(tau) = case.layer.parameter_layout().get(&Role::TauRaw) {
            parameters[tau.range.clone()].iter_mut().for_each(|raw| *raw = f64::from(draws.symmetric(3.0)));
        } else {
            let mut fixed: Vec<f32> = (0..n * self.memory).map(|_| draws.symmetric(3.0)).collect();
            fixed[0] = f32::INFINITY;
            case.fixed_tau_raw = Some(fixed);
        }
        case.parameters = parameters;
        let mut mask = |wanted: bool, count: usize| -> Option<Arc<[f32]>> {
            wanted.then(|| (0..count * rows).map(|_| if draws.chance(0.3) { 0.0 } else { 1.4 }).collect())
        };
        case.masks = DropoutMasks {
            input: mask(self.masks[0], self.inputs),
            recurrent: mask(self.masks[1], n),
            memory: mask(self.masks[2], n * self.memory),
        };
        match self.input {
            0 => case.tokens = Some(self.tokens(&mut draws)),
            1 => case.events = Some(self.events(&mut draws)),
            _ => {}
        }
        case
    }

    fn tokens(&self, draws: &mut Draws) -> Vec<u32> {
        let inputs = self.inputs as u32;
        let token = |id: u32| if id == inputs { NO_TOKEN } else { id };
        (0..self.steps * self.rows).map(|_| token(draws.below(inputs + 1))).collect()
    }

    fn events(&self, draws: &mut Draws) -> Events {
        let mut events = Events { starts: vec![0], entries: Vec::new() };
        for _ in 0..self.steps {
            for row in 0..self.rows as u32 {
                for channel in 0..self.inputs as u32 {
                    if draws.chance(0.2) {
                        events.entries.push(Event { row, channel, count: (1 + draws.below(3)) as f32 });
                    }
                }
            }
            events.starts.push(events.entries.len() as u32);
        }
        events
    }
}
