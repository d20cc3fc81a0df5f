//! `elm bench`: how fast the configured model trains and answers here, on
//! random data of the configured shape.

use crate::config::{Predicts, RunConfig};
use crate::machine;
use crate::memory;
use crate::model::ConfiguredModel;
use anyhow::{Context, Result};
use elm_core::Backend;
use elm_core::kernel::{LiveInput, Pool, peak_gflops};
use elm_core::model::logits::{logits_of_all_steps, logits_of_last_step, logits_of_pairs};
use elm_core::model::{LiveNetwork, Model, ModelSpec, Pass};
use elm_core::random::{Draws, Purpose};
use elm_core::spec::{Event, Events};
use elm_core::train::{Batch, HostInput, StepTimes, Target, Trainer};
use serde::Serialize;
use std::time::Instant;

/// Share of the channels of random spike data that are active in a time step
/// (about that of SHD at 2 ms).
const ACTIVE: f64 = 0.02;
/// Steps of a recorded neuron of which one has a spike.
const SILENT: u32 = 1000;
/// Steps run before the clock counts.
const WARM_UP: usize = 2;
/// Time steps streamed before the clock counts, and while it does.
const STREAMED_WARM_UP: usize = 50;
const STREAMED: usize = 500;

/// What to measure.
pub struct BenchRequest {
    /// The experiment.
    pub config: RunConfig,
    /// Timed training steps.
    pub steps: usize,
}

/// Times of one kind of step.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Timing {
    /// Median.
    pub ms_per_step: f64,
    /// Fastest.
    pub ms_min: f64,
    /// Slowest.
    pub ms_max: f64,
    /// Time steps times batch per second, from the median.
    pub tokens_per_second: f64,
}

/// One time step of one sample, the state carried.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Stream {
    /// Median.
    pub microseconds_per_step: f64,
}

/// Where a training step spends its time, medians in ms.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Breakdown {
    /// Making the random batch.
    pub data: f64,
    /// From the batch to the objective.
    pub forward: f64,
    /// Gradients.
    pub backward: f64,
    /// Clipping and update.
    pub optimizer: f64,
    /// The rest of the step.
    pub other: f64,
}

/// The document that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct BenchReport {
    /// Name of the backend.
    pub backend: String,
    /// Device used.
    pub device: String,
    /// `fused` or `composed`.
    pub scan: String,
    /// What stood against kernels that might have computed it faster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why_composed: Vec<String>,
    /// Threads.
    pub threads: usize,
    /// Sequences per update.
    pub batch: usize,
    /// Time steps per sequence.
    pub time_steps: usize,
    /// Whole training steps.
    pub train: Timing,
    /// Forward passes without gradients.
    pub inference: Timing,
    /// Streaming inference, of networks that read one sequence.
    pub stream: Option<Stream>,
    /// Highest memory use of the process so far.
    pub peak_memory_bytes: Option<u64>,
    /// Pages that the system hands out in a training step.
    pub page_faults_per_step: Option<f64>,
    /// Instructions of the fused recurrence.
    pub simd: String,
    /// The most that fused multiply-adds reach on all threads, measured in
    /// this run.
    pub peak_gflops: f64,
    /// Floating-point operations of all layers over the time of forward and
    /// backward, 3 forward passes' worth.
    pub layer_gflops: f64,
    /// Where the time goes.
    pub breakdown: Breakdown,
}

/// Measures on a backend.
///
/// # Errors
/// When the model cannot be built or run.
pub fn run<B: Backend + 'static, S: ConfiguredModel>(
    backend: &B,
    threads: usize,
    request: &BenchRequest,
) -> Result<BenchReport> {
    let config = &request.config;
    let demand = config.demand_without_data().unwrap_or(config.assumed_demand());
    let spec = S::configured(config, demand)?;
    machine::can_train(config, &spec)?;
    let (rows, steps) = (config.training.update_size(), config.time_steps());
    let predicts = config.data.kind.properties().predicts;
    let shape = Shape { tokens: demand.tokens, predicts, rows, steps, burn_in: config.data.burn_in_ms };
    let model = spec.build(backend, &spec.initial_weights(config.training.seed))?;
    let mut trainer = Trainer::new(backend, model, config.training.spec(1_000_000))?;
    let mut record = Record::default();
    let mut settled = None;
    for step in 0..WARM_UP + request.steps {
        if step == WARM_UP {
            settled = memory::page_faults();
        }
        let began = Instant::now();
        let batch = random_batch(&spec, shape, step as u64);
        let data = ms(began);
        let began = Instant::now();
        let report = trainer.step(&batch)?;
        backend.synchronize()?;
        if step >= WARM_UP {
            record.push(data, ms(began), report.times);
            record.scan = report.path.to_string();
        }
    }
    let faults = memory::page_faults().zip(settled).map(|(now, settled)| now.saturating_sub(settled));
    let page_faults_per_step = faults.map(|faults| faults as f64 / request.steps as f64);
    let trained = trainer.model();
    let inference = infer(backend, &spec, trained, shape, request.steps)?;
    let live = spec.live(&trained.to_stored(backend)?, config.backend_options.simd, threads)?;
    let stream = live.map(|live| stream(&spec, live, shape)).transpose()?;
    let stream = stream.map(|times| Stream { microseconds_per_step: 1000.0 * median(&times) });
    let peak_gflops = peak_gflops(&Pool::new(threads)?, config.backend_options.simd)?;
    let description = backend.description();
    let flops = spec.layer_flops() as f64;
    let (forward, backward) = (median(&record.forward), median(&record.backward));
    let per_batch = (rows * steps) as f64;
    Ok(BenchReport {
        backend: description.name.into(),
        device: description.device,
        scan: record.scan.clone(),
        why_composed: backend.why_composed(),
        threads,
        batch: rows,
        time_steps: steps,
        train: timing(&record.whole, per_batch),
        inference: timing(&inference, per_batch),
        stream,
        peak_memory_bytes: memory::peak(),
        page_faults_per_step,
        simd: config.backend_options.simd.resolve()?.to_string(),
        peak_gflops,
        layer_gflops: 3.0 * flops * per_batch / (1e6 * (forward + backward)),
        breakdown: record.breakdown(),
    })
}

#[derive(Default)]
struct Record {
    data: Vec<f64>,
    whole: Vec<f64>,
    forward: Vec<f64>,
    backward: Vec<f64>,
    optimizer: Vec<f64>,
    scan: String,
}

impl Record {
    fn push(&mut self, data: f64, whole: f64, times: StepTimes) {
        self.data.push(data);
        self.whole.push(whole);
        self.forward.push(1000.0 * times.forward);
        self.backward.push(1000.0 * times.backward);
        self.optimizer.push(1000.0 * times.optimizer);
    }

    fn breakdown(&self) -> Breakdown {
        let (forward, backward, optimizer) =
            (median(&self.forward), median(&self.backward), median(&self.optimizer));
        let other = (median(&self.whole) - forward - backward - optimizer).max(0.0);
        Breakdown { data: median(&self.data), forward, backward, optimizer, other }
    }
}

fn ms(began: Instant) -> f64 {
    1000.0 * began.elapsed().as_secs_f64()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn timing(values: &[f64], tokens: f64) -> Timing {
    let ms_per_step = median(values);
    Timing {
        ms_per_step,
        ms_min: values.iter().copied().fold(f64::INFINITY, f64::min),
        ms_max: values.iter().copied().fold(0.0, f64::max),
        tokens_per_second: 1000.0 * tokens / ms_per_step,
    }
}

/// What made-up batches look like.
#[derive(Debug, Clone, Copy)]
struct Shape {
    /// Tokens (else spikes)?
    tokens: bool,
    /// What is predicted.
    predicts: Predicts,
    /// Sequences, or pairs of them.
    rows: usize,
    steps: usize,
    /// Leading steps that are not predicted, of recorded neurons.
    burn_in: usize,
}

/// Random tokens or spikes with random targets.
fn random_batch(spec: &impl ModelSpec, shape: Shape, place: u64) -> Batch {
    let mut draws = Draws::new(0, Purpose::MadeUp, [place, 1]);
    let (channels, classes) = (spec.inputs() as u32, spec.logits() as u32);
    let steps = shape.steps;
    let rows = if shape.predicts == Predicts::Pairs { 2 * shape.rows } else { shape.rows };
    let mut ids = |count, end| (0..count).map(|_| draws.below(end)).collect::<Vec<u32>>();
    let values = |count: usize| {
        let mut draws = Draws::new(0, Purpose::MadeUp, [place, 2]);
        (0..count * classes as usize).map(|_| draws.symmetric(1.0)).collect::<Vec<f32>>()
    };
    let target = match shape.predicts {
        Predicts::EveryStep | Predicts::ClassEveryStep => {
            Target::EveryStep { labels: ids(steps * rows, classes), lengths: None }
        }
        Predicts::Pairs => Target::Pairs { labels: ids(shape.rows, classes), lengths: None },
        Predicts::LastStep => Target::LastStep { labels: ids(rows, classes), lengths: None },
        Predicts::Values => Target::ValuesLastStep { values: values(rows), lengths: None },
        Predicts::ValuesEveryStep => {
            let outputs = classes as usize;
            Target::ValuesEveryStep { values: values(steps * rows), outputs, lengths: None }
        }
        Predicts::SpikeAndSoma => {
            let spike = ids(steps * rows, SILENT).iter().map(|&id| f32::from(u8::from(id == 0))).collect();
            let soma = values(steps * rows).split_off(steps * rows);
            Target::SpikeAndSoma { spike, soma, burn_in: shape.burn_in, place: None }
        }
    };
    if shape.tokens {
        return Batch { rows, steps, input: HostInput::Tokens(ids(steps * rows, channels).into()), target };
    }
    let active = ((f64::from(channels) * ACTIVE) as u32).max(1);
    let mut events = Events { starts: vec![0], entries: Vec::new() };
    let stride = (channels / active).max(1);
    for _ in 0..steps {
        for row in 0..rows as u32 {
            let each =
                (0..active).map(|i| i * stride + draws.below(stride)).filter(|&channel| channel < channels);
            events.entries.extend(each.map(|channel| Event { row, channel, count: 1.0 }));
        }
        events.starts.push(events.entries.len() as u32);
    }
    Batch { rows, steps, input: HostInput::Events(events.into()), target }
}

/// Times of forward passes in ms.
fn infer<B: Backend>(
    backend: &B,
    spec: &impl ModelSpec,
    model: &dyn Model<B>,
    shape: Shape,
    count: usize,
) -> Result<Vec<f64>> {
    let mut times = Vec::with_capacity(count);
    for step in 0..WARM_UP + count {
        let batch = random_batch(spec, shape, step as u64);
        let state = model.start_state(backend, batch.rows)?;
        let began = Instant::now();
        let answers = model.forward(backend, &batch.sequences(), &Pass::plain(&state))?;
        let last = answers.last().context("a model has at least one layer")?;
        let logits = match shape.predicts {
            Predicts::EveryStep
            | Predicts::ClassEveryStep
            | Predicts::ValuesEveryStep
            | Predicts::SpikeAndSoma => logits_of_all_steps(backend, model, &last.activity)?,
            Predicts::Pairs => logits_of_pairs(backend, model, &last.activity, None)?,
            Predicts::LastStep | Predicts::Values => {
                logits_of_last_step(backend, model, &last.activity, None)?
            }
        };
        backend.values(&logits)?;
        if step >= WARM_UP {
            times.push(ms(began));
        }
    }
    Ok(times)
}

/// Times in ms of single time steps of one sample.
fn stream(spec: &impl ModelSpec, mut live: LiveNetwork, shape: Shape) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    for step in 0..STREAMED_WARM_UP + STREAMED {
        let batch = random_batch(spec, Shape { rows: 1, steps: 1, ..shape }, step as u64);
        let began = Instant::now();
        match &batch.input {
            HostInput::Tokens(ids) => live.step(LiveInput::Token(ids[0]))?,
            HostInput::Events(events) => {
                let spikes: Vec<_> =
                    events.entries.iter().map(|event| (event.channel, event.count)).collect();
                live.step(LiveInput::Events(&spikes))?
            }
            HostInput::Dense(values) => live.step(LiveInput::Dense(values))?,
        };
        if step >= STREAMED_WARM_UP {
            times.push(ms(began));
        }
    }
    Ok(times)
}

impl std::fmt::Display for BenchReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let BenchReport { backend, device, scan, threads, batch, time_steps, .. } = self;
        writeln!(
            f,
            "{backend} {device}, {scan} scan, {threads} threads, batch {batch}, {time_steps} time steps"
        )?;
        for reason in &self.why_composed {
            writeln!(f, "composed step by step, which is slow: {reason}")?;
        }
        for (name, t) in [("training", &self.train), ("inference", &self.inference)] {
            writeln!(
                f,
                "{name:<10} {:>10.2} ms per step ({:.2} to {:.2}), {:.0} time steps x samples per second",
                t.ms_per_step, t.ms_min, t.ms_max, t.tokens_per_second
            )?;
        }
        if let Some(stream) = &self.stream {
            writeln!(f, "streaming  {:>10.1} µs per time step of one sample", stream.microseconds_per_step)?;
        }
        let b = &self.breakdown;
        writeln!(
            f,
            "of a training step: forward {:.1}, backward {:.1}, optimizer {:.1}, other {:.1} ms; data {:.1} ms before it",
            b.forward, b.backward, b.optimizer, b.other, b.data
        )?;
        write!(
            f,
            "layers: {:.1} GFLOP/s of {:.0} at most with {}",
            self.layer_gflops, self.peak_gflops, self.simd
        )?;
        if let Some(bytes) = self.peak_memory_bytes {
            write!(f, "; peak memory {:.0} MiB", bytes as f64 / 1048576.0)?;
        }
        match self.page_faults_per_step {
            Some(faults) => write!(f, ", {faults:.0} page faults per training step"),
            None => Ok(()),
        }
    }
}
