//! The kernels of cards without any tensor library: are they right on the card
//! of this machine, is every bit the same the second time, how long is a step,
//! and does another division of the work take less?
//!
//! ```sh
//! cargo run --release -p elm-core --features conformance,cuda --example card            # checks and times
//! cargo run --release -p elm-core --features conformance,cuda --example card -- 20      # and the first 20 divisions
//! ```
//! It needs a driver and NVRTC when it runs, nothing of CUDA when it is built,
//! so that it can be built on one machine and tried on another.

use elm_core::kernel::cuda::driver::{Driver, Nvidia, NvidiaBlock, NvidiaMemory, Slice};
use elm_core::kernel::cuda::{
    CudaHistory, CudaKernel, DeviceCotangents, DeviceGradients, DeviceOutputs, Memory,
};
use elm_core::kernel::{Cotangents, DEFAULT_MEMORY_BUDGET, Gradients, Kernel, Outputs, Pool, Simd};
use elm_core::model::{LayerOptions, LayerSpec, NetworkOptions, NeuronOptions, WiringOptions};
use elm_core::random::{Draws, Purpose};
use elm_core::spec::{Connectome, Input, LayerRun, Want};
use elm_core::{Error, Result};
use std::sync::Arc;
use std::time::Instant;

const ROWS: usize = 8;
/// Largest difference from the f64 kernel of the processor, as a share of the
/// largest value.
const TOLERANCE: f64 = 1e-4;
/// Runs that are timed; the fastest counts.
const REPEATS: usize = 5;

/// A layer with initial weights and tokens as input.
struct Layer {
    name: &'static str,
    spec: LayerSpec,
    connectome: Connectome,
    parameters: Vec<f32>,
    state: Vec<f32>,
    tokens: Arc<[u32]>,
    /// Steps that are compared, and that are timed.
    steps: [usize; 2],
}

/// The hidden layers of the published text and spike networks, and a small one.
fn layers() -> Result<Vec<Layer>> {
    let layer =
        |name, [inputs, neurons, memory, branches, per_branch]: [usize; 5], recurrent, steps: [usize; 2]| {
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
                num_hidden: Some(neurons),
                layer: LayerOptions { neuron, wiring, ..LayerOptions::default() },
                ..NetworkOptions::new(inputs, 2)
            };
            let spec = options.resolve()?.layers[0].clone();
            let mut draws = Draws::new(1, Purpose::MadeUp, [0, 0]);
            Ok(Layer {
                name,
                connectome: Connectome::new(&spec, spec.draw_connectome(7, 0))?,
                parameters: spec.initial_parameters(7, 0),
                state: (0..spec.state_layout().rows() * ROWS).map(|_| draws.symmetric(0.5)).collect(),
                tokens: (0..steps[1] * ROWS).map(|_| draws.below(inputs as u32)).collect(),
                steps,
                spec,
            })
        };
    Ok(vec![
        layer("small", [12, 40, 5, 6, 3], 0.5, [9, 100])?,
        layer("spikes", [700, 96, 5, 30, 10], 0.25, [20, 1000])?,
        layer("text", [204, 1024, 15, 50, 15], 0.8, [4, 100])?,
    ])
}

impl Layer {
    /// A run over so many steps, its numbers held in this way.
    fn run<X>(&self, steps: usize, parameters: X, state: X) -> LayerRun<X> {
        LayerRun {
            layer: self.spec.clone(),
            connectome: self.connectome.clone(),
            index: (),
            parameters,
            fixed_tau_raw: (!self.spec.neuron.tau_learnable).then(|| self.spec.initial_tau_raw().into()),
            input: Input::Tokens(self.tokens[..steps * ROWS].into()),
            input_factor: 3.0,
            state,
            rows: ROWS,
            steps,
            dropout: Default::default(),
            want: Want { gradient: true, ..Want::default() },
        }
    }

    fn outputs(&self, steps: usize) -> usize {
        steps * self.spec.neurons * ROWS
    }

    /// Weights of the activity in the sum that is differentiated.
    fn weights(&self, steps: usize) -> Vec<f32> {
        (0..self.outputs(steps)).map(|place| (place as f32 * 1.7).sin()).collect()
    }

    /// Activity, end state, gradients of parameters and state, in f64 on the processor.
    fn expected(&self) -> Result<[Vec<f64>; 4]> {
        let steps = self.steps[0];
        let wide = |numbers: &[f32]| numbers.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
        let (parameters, state) = (wide(&self.parameters), wide(&self.state));
        let run = self.run(steps, &parameters[..], &state[..]);
        let kernel = Kernel::new(Arc::new(Pool::new(1)?), Simd::Auto, DEFAULT_MEMORY_BUDGET)?;
        let mut activity = vec![0.0; self.outputs(steps)];
        let (mut end, mut of_parameters, mut of_state) =
            (state.clone(), vec![0.0; parameters.len()], vec![0.0; state.len()]);
        let outputs = Outputs { activity: &mut activity, state: &mut end, magnitude: None, monitors: None };
        let weights = wide(&self.weights(steps));
        let cotangents = Cotangents { activity: Some(&weights), state: None, magnitude: None };
        if let Some(history) = kernel.forward(&run, outputs)? {
            let gradients = Gradients { parameters: &mut of_parameters, state: &mut of_state, input: None };
            kernel.backward(&run, &history, cotangents, gradients)?;
        }
        Ok([activity, end, of_parameters, of_state])
    }
}

/// A layer on the card: what it reads, what it writes.
struct OnCard<'a> {
    kernel: &'a CudaKernel<Nvidia, NvidiaBlock>,
    memory: &'a NvidiaMemory,
    run: LayerRun<Slice>,
    /// Parameters, state, weights; kept since the run has only their addresses.
    read: [NvidiaBlock; 3],
    /// Activity, end state, gradients of parameters and state.
    written: [NvidiaBlock; 4],
}

impl<'a> OnCard<'a> {
    fn new(
        kernel: &'a CudaKernel<Nvidia, NvidiaBlock>,
        memory: &'a NvidiaMemory,
        layer: &Layer,
        steps: usize,
    ) -> Result<Self> {
        let put = |numbers: &[f32]| memory.put(kernel.driver(), numbers);
        let read = [put(&layer.parameters)?, put(&layer.state)?, put(&layer.weights(steps))?];
        let written = [
            memory.alloc(layer.outputs(steps))?,
            memory.alloc(layer.state.len())?,
            memory.alloc(layer.parameters.len())?,
            memory.alloc(layer.state.len())?,
        ];
        let run = layer.run(steps, memory.slice(&read[0]), memory.slice(&read[1]));
        Ok(OnCard { kernel, memory, run, read, written })
    }

    fn forward(&self) -> Result<CudaHistory<NvidiaBlock>> {
        let [activity, state, _, _] = self.written.each_ref().map(|block| self.memory.slice(block));
        let outputs = DeviceOutputs { activity, state, magnitude: None };
        // SAFETY: blocks of this card, of the lengths of the run, used in its one stream.
        let history = unsafe { self.kernel.forward(self.memory, &self.run, outputs) }?;
        history.ok_or_else(|| Error::stored("history", "a gradient was wanted"))
    }

    fn backward(&self, history: &CudaHistory<NvidiaBlock>) -> Result<()> {
        let [_, _, parameters, state] = self.written.each_ref().map(|block| self.memory.slice(block));
        let activity = Some(self.memory.slice(&self.read[2]));
        let cotangents = DeviceCotangents { activity, state: None, magnitude: None };
        let gradients = DeviceGradients { parameters, state, input: None };
        // SAFETY: as above.
        unsafe { self.kernel.backward(self.memory, &self.run, history, cotangents, gradients) }
    }

    /// What is written, as numbers.
    fn answers(&self) -> Result<Vec<Vec<f32>>> {
        let history = self.forward()?;
        self.backward(&history)?;
        self.written.iter().map(|block| self.memory.get(block)).collect()
    }

    /// Microseconds of a step forward and backward, the fastest of some runs.
    fn times(&self) -> Result<[f64; 2]> {
        let mut fastest = [f64::INFINITY; 2];
        for _ in 0..=REPEATS {
            let start = Instant::now();
            let history = self.forward()?;
            self.memory.wait()?;
            let between = Instant::now();
            self.backward(&history)?;
            self.memory.wait()?;
            let each = |time: std::time::Duration| time.as_secs_f64() * 1e6 / self.run.steps as f64;
            fastest = [fastest[0].min(each(between - start)), fastest[1].min(each(between.elapsed()))];
        }
        Ok(fastest)
    }
}

/// The largest difference as a share of the largest value.
fn error(got: &[f32], wanted: &[f64]) -> f64 {
    let largest = wanted.iter().map(|x| x.abs()).fold(1e-30, f64::max);
    let differences = got.iter().zip(wanted).map(|(&got, wanted)| (f64::from(got) - wanted).abs() / largest);
    differences.fold(0.0, |worst, x| if x <= worst { worst } else { x })
}

/// Compares a layer with the processor and with itself; is all well?
fn compare(kernel: &CudaKernel<Nvidia, NvidiaBlock>, memory: &NvidiaMemory, layer: &Layer) -> Result<bool> {
    let card = OnCard::new(kernel, memory, layer, layer.steps[0])?;
    let (first, second) = (card.answers()?, card.answers()?);
    let same = first.iter().flatten().map(|x| x.to_bits()).eq(second.iter().flatten().map(|x| x.to_bits()));
    let mut well = same;
    print!("{}: ", layer.name);
    let names = ["activity", "state", "gradient of parameters", "gradient of state"];
    for ((name, got), wanted) in names.iter().zip(&first).zip(&layer.expected()?) {
        let error = error(got, wanted);
        well &= error <= TOLERANCE;
        print!("{name} {error:.1e}, ");
    }
    println!("{}", if same { "the same bits again" } else { "OTHER BITS THE SECOND TIME" });
    Ok(well)
}

fn all(divisions: usize) -> Result<bool> {
    let driver = Nvidia::open(0)?;
    let memory = NvidiaMemory::new(&driver);
    let card = driver.card();
    println!(
        "{}, {} multiprocessors, {} bytes of shared memory",
        card.name, card.multiprocessors, card.shared_bytes
    );
    let kernel = CudaKernel::new(driver, 8 << 30);
    let mut well = true;
    for layer in layers()? {
        let right = compare(&kernel, &memory, &layer)?;
        well &= right;
        let timed = OnCard::new(&kernel, &memory, &layer, layer.steps[1])?;
        let ways = kernel.divisions(&timed.run);
        for (place, way) in ways.iter().enumerate().take(divisions.max(1)) {
            if divisions > 0 && !kernel.choose_division(&timed.run, place) {
                break;
            }
            let [forward, backward] = timed.times()?;
            println!("  {forward:7.2} us forward, {backward:7.2} us backward a step: {way}");
        }
        kernel.choose_division(&timed.run, 0);
    }
    Ok(well)
}

fn main() -> std::process::ExitCode {
    let divisions = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(0);
    match all(divisions) {
        Ok(true) => std::process::ExitCode::SUCCESS,
        Ok(false) => {
            println!("WRONG: see above");
            std::process::ExitCode::FAILURE
        }
        Err(error) => {
            println!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
