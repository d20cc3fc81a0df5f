//! The fused recurrence of single layers: the hidden layers of the published
//! text and spike networks at batch 8, over fewer time steps.
//!
//! ```sh
//! cargo bench -p elm-core
//! ```

use divan::Bencher;
use divan::counter::ItemsCount;
use elm_core::kernel::{
    Cotangents, DEFAULT_MEMORY_BUDGET, Gradients, Kernel, LiveInput, LiveLayer, LiveWeights, Outputs, Pool,
    Simd,
};
use elm_core::model::{LayerOptions, LayerSpec, ModelKind, NetworkOptions, NeuronOptions, WiringOptions};
use elm_core::random::{Draws, Purpose};
use elm_core::spec::{Connectome, DropoutMasks, Event, Events, Input, LayerRun, Want};
use std::sync::Arc;

const ROWS: usize = 8;

fn main() {
    divan::main();
}

#[derive(Debug, Clone, Copy)]
enum Network {
    Text,
    Spikes,
}

/// Every network with every instruction set of this processor.
fn cases() -> Vec<(Network, Simd)> {
    let sets = [Simd::Avx512, Simd::Avx2, Simd::Portable];
    let sets: Vec<_> = sets.into_iter().filter(|simd| simd.resolve().is_ok()).collect();
    [Network::Text, Network::Spikes]
        .into_iter()
        .flat_map(|network| sets.iter().map(move |&simd| (network, simd)))
        .collect()
}

/// A layer with initial weights and random input.
struct Layer {
    spec: LayerSpec,
    connectome: Connectome,
    parameters: Vec<f32>,
    tau_raw: Arc<[f32]>,
    state: Vec<f32>,
    tokens: Arc<[u32]>,
    events: Arc<Events>,
    steps: usize,
}

impl Layer {
    fn new(network: Network) -> Self {
        let (inputs, neurons, memory, branches, per_branch, recurrent, steps) = match network {
            Network::Text => (204, 1024, 15, 50, 15, 0.8, 20),
            Network::Spikes => (700, 96, 5, 30, 10, 0.25, 200),
        };
        let neuron = NeuronOptions {
            num_memory: Some(memory),
            num_branch: Some(branches),
            num_synapse_per_branch: Some(per_branch),
            memory_tau_max: Some(100.0),
            input_scale: Some(10.0),
            ..NeuronOptions::default()
        };
        let wiring = WiringOptions { recurrent_connect: Some(recurrent), ..WiringOptions::default() };
        let options = NetworkOptions {
            kind: ModelKind::ElmNetwork,
            num_input: inputs,
            num_output: 2,
            num_hidden: Some(neurons),
            num_layers: None,
            embedding: None,
            head: None,
            feed_output_back: None,
            layer: LayerOptions { neuron, wiring, ..LayerOptions::default() },
            first_layer: None,
            last_layer: None,
        };
        let spec = options.resolve().expect("the options are in order").layers.swap_remove(0);
        let mut draws = Draws::new(1, Purpose::MadeUp, [0, 0]);
        let mut events = Events { starts: vec![0], entries: Vec::new() };
        for _ in 0..steps {
            for row in 0..ROWS as u32 {
                let active = (0..inputs as u32).filter(|_| draws.chance(0.02));
                events.entries.extend(active.map(|channel| Event { row, channel, count: 1.0 }));
            }
            events.starts.push(events.entries.len() as u32);
        }
        let tokens = match network {
            Network::Text => (0..steps * ROWS).map(|_| draws.below(inputs as u32)).collect(),
            Network::Spikes => Arc::default(),
        };
        Layer {
            connectome: Connectome::new(&spec, spec.draw_connectome(1, 0)).expect("it is the layer's own"),
            parameters: spec.initial_parameters(1, 0),
            tau_raw: spec.initial_tau_raw().into(),
            state: vec![0.0; spec.state_layout().rows() * ROWS],
            spec,
            tokens,
            events: events.into(),
            steps,
        }
    }

    fn run(&self, gradient: bool) -> LayerRun<&[f32]> {
        LayerRun {
            layer: self.spec.clone(),
            connectome: self.connectome.clone(),
            index: (),
            parameters: &self.parameters,
            fixed_tau_raw: Some(self.tau_raw.clone()),
            input: match self.tokens.is_empty() {
                true => Input::Events(self.events.clone()),
                false => Input::Tokens(self.tokens.clone()),
            },
            input_factor: 1.0,
            state: &self.state,
            rows: ROWS,
            steps: self.steps,
            dropout: DropoutMasks::default(),
            want: Want { gradient, ..Want::default() },
        }
    }

    fn results(&self) -> (Vec<f32>, Vec<f32>) {
        (vec![0.0; self.steps * self.spec.neurons * ROWS], self.state.clone())
    }

    fn items(&self) -> ItemsCount {
        ItemsCount::new(self.steps * ROWS)
    }
}

fn kernel(simd: Simd) -> Kernel {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = Arc::new(Pool::new(threads).expect("threads can be started"));
    Kernel::new(pool, simd, DEFAULT_MEMORY_BUDGET).expect("the processor has these instructions")
}

/// Forward without history. Items are time steps times batch.
#[divan::bench(args = cases())]
fn inference(bencher: Bencher, (network, simd): (Network, Simd)) {
    let (layer, kernel) = (Layer::new(network), kernel(simd));
    let (mut activity, mut state) = layer.results();
    bencher.counter(layer.items()).bench_local(|| {
        let outputs = Outputs { activity: &mut activity, state: &mut state, magnitude: None, monitors: None };
        kernel.forward(&layer.run(false), outputs).expect("the arguments fit").is_none()
    });
}

/// Forward and backward.
#[divan::bench(args = cases())]
fn training(bencher: Bencher, (network, simd): (Network, Simd)) {
    let (layer, kernel) = (Layer::new(network), kernel(simd));
    let (mut activity, mut state) = layer.results();
    let of_activity = vec![1e-3; activity.len()];
    let (mut of_parameters, mut of_state) = (layer.parameters.clone(), state.clone());
    bencher.counter(layer.items()).bench_local(|| {
        let outputs = Outputs { activity: &mut activity, state: &mut state, magnitude: None, monitors: None };
        let history = kernel.forward(&layer.run(true), outputs).expect("the arguments fit");
        let cotangents = Cotangents { activity: Some(&of_activity), state: None, magnitude: None };
        let gradients = Gradients { parameters: &mut of_parameters, state: &mut of_state, input: None };
        let history = history.expect("asked for");
        kernel.backward(&layer.run(true), &history, cotangents, gradients).expect("the arguments fit");
    });
}

/// One time step of one sequence.
#[divan::bench(args = cases())]
fn live(bencher: Bencher, (network, simd): (Network, Simd)) {
    let layer = Layer::new(network);
    let weights = LiveWeights {
        layer: &layer.spec,
        connectome: &layer.connectome,
        parameters: &layer.parameters,
        fixed_tau_raw: Some(&layer.tau_raw),
        input_factor: 1.0,
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut live = LiveLayer::new(&weights, simd, threads).expect("the weights fit");
    bencher.bench_local(|| live.step(LiveInput::Token(7)).map(|activity| activity[0]));
}
