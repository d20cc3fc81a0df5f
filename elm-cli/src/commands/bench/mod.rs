//! `elm bench`: how fast the configured model trains and answers here, on
//! random data of the configured shape.
//!
//! Read in this order: [`report`] (what is answered), `made_up` (the data),
//! `measure` (what is timed), `record` (what is noted of it), `text` (the
//! answer for people).

mod made_up;
mod measure;
mod record;
pub mod report;
mod text;

pub use report::BenchReport;

use crate::config::RunConfig;
use crate::machine;
use crate::memory;
use crate::model::ConfiguredModel;
use anyhow::Result;
use elm_core::Backend;
use elm_core::device::{Device, ScanChoice};
use elm_core::kernel::{Pool, peak_gflops};
use elm_core::model::ModelSpec;
use elm_core::scan::ScanPath;
use elm_core::train::Trainer;
use made_up::Shape;
use measure::{infer, stream, train};
use record::{LayerRecord, Record, median, timing};
use report::{BenchedLayer, LayerPass, PercentOfPeak, Stream};

/// What to measure.
pub struct BenchRequest {
    /// The experiment.
    pub config: RunConfig,
    /// Timed training steps.
    pub steps: usize,
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
    let record = train(backend, &spec, &mut trainer, shape, request.steps)?;
    let trained = trainer.model();
    let inference = infer(backend, &spec, trained, shape, request.steps)?;
    let live = spec.live(&trained.to_stored(backend)?, config.backend_options.simd, threads)?;
    let stream = live.map(|live| stream(&spec, live, shape)).transpose()?;
    let yardstick = Yardstick::new(config, threads, shape)?;
    let description = backend.description();
    let per_batch = (rows * steps) as f64;
    let (train, inference) = (timing(&record.whole, per_batch), timing(&inference, per_batch));
    let flops = yardstick.per_batch(spec.layer_flops());
    let percent_of_peak = yardstick
        .percent(3.0 * flops, train.ms_per_step)
        .zip(yardstick.percent(flops, inference.ms_per_step));
    Ok(BenchReport {
        layers: layers(&spec, &record, &yardstick, backend),
        backend: description.name.into(),
        device: description.device,
        scan: record.scan.clone(),
        threads,
        batch: rows,
        time_steps: steps,
        train,
        inference,
        stream: stream.map(|times| Stream { microseconds_per_step: 1000.0 * median(&times) }),
        peak_memory_bytes: memory::peak(),
        page_faults_per_step: record.page_faults_per_step,
        simd: yardstick.simd.clone(),
        peak_gflops: yardstick.peak_gflops,
        layer_gflops: 3.0 * flops / (1e6 * record.passes()),
        percent_of_peak: percent_of_peak.map(|(train, inference)| PercentOfPeak { train, inference }),
        breakdown: record.breakdown(),
    })
}

/// What times are measured by.
struct Yardstick {
    /// Time steps of all sequences of a batch.
    steps: f64,
    scan: ScanChoice,
    device: Device,
    /// Instructions, and the most that all threads reach with them; `None` on
    /// a card.
    simd: Option<String>,
    peak_gflops: Option<f64>,
}

impl Yardstick {
    fn new(config: &RunConfig, threads: usize, shape: Shape) -> Result<Self> {
        let options = config.backend_options;
        let on_processor = options.device == Device::Cpu;
        let peak = || peak_gflops(&Pool::new(threads)?, options.simd);
        Ok(Yardstick {
            steps: (shape.sequences() * shape.steps) as f64,
            scan: options.scan,
            device: options.device,
            simd: on_processor.then(|| options.simd.resolve()).transpose()?.map(|simd| simd.to_string()),
            peak_gflops: on_processor.then(peak).transpose()?,
        })
    }

    /// Operations of a batch, from those of one time step of one sequence.
    fn per_batch(&self, flops: u64) -> f64 {
        flops as f64 * self.steps
    }

    /// Operations in so many ms, in percent of the peak.
    fn percent(&self, flops: f64, ms: f64) -> Option<f64> {
        self.peak_gflops.map(|peak| 100.0 * flops / (1e6 * ms) / peak)
    }

    /// Operations in so many ms, where the time is that of the work.
    fn pass(&self, flops: f64, ms: Option<f64>) -> Option<LayerPass> {
        let ms = ms?;
        Some(LayerPass { ms, percent_of_peak: self.percent(flops, ms)? })
    }
}

/// Where every layer stands.
fn layers<B: Backend>(
    spec: &impl ModelSpec,
    record: &Record,
    yardstick: &Yardstick,
    backend: &B,
) -> Vec<BenchedLayer> {
    let (count, reasons) = (spec.count(), backend.why_composed());
    let of_layer = |(l, layer): (usize, &LayerRecord)| {
        let counted = count.layers.get(l);
        let told = &layer.told;
        let fused = told.path == ScanPath::Fused;
        let flops = counted.map_or(spec.layer_flops(), |layer| layer.flops_per_step_forward);
        let operations = yardstick.per_batch(flops);
        let [forward, backward] = layer.passes();
        let unsaid = || match yardstick.scan {
            ScanChoice::Composed => "scan = \"composed\"".into(),
            _ if !reasons.is_empty() => reasons.join("; "),
            _ => format!("{} has no fused form of it on {}", backend.description().name, yardstick.device),
        };
        BenchedLayer {
            neurons: counted.map(|layer| layer.neurons),
            path: told.path.to_string(),
            reason: (!fused).then(|| told.reason.clone().unwrap_or_else(unsaid)),
            simd: if fused && counted.is_some() { yardstick.simd.clone() } else { None },
            input: told.input,
            flops_per_step_forward: flops,
            forward: yardstick.pass(operations, forward),
            backward: yardstick.pass(2.0 * operations, backward),
        }
    };
    record.layers.iter().enumerate().map(of_layer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// Nobody measures the processor for it, and nobody times what has only
    /// been handed over.
    #[test]
    fn a_card_is_not_measured_by_the_processor() {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs/quickstart.toml");
        let config = RunConfig::load(&config, &["backend.device=cuda:0".into()]).unwrap();
        let predicts = config.data.kind.properties().predicts;
        let shape = Shape { tokens: false, predicts, rows: 2, steps: 3, burn_in: 0 };
        let yardstick = Yardstick::new(&config, 1, shape).unwrap();
        assert_eq!((yardstick.simd.as_deref(), yardstick.peak_gflops), (None, None));
        assert!(yardstick.percent(1e9, 1.0).is_none() && yardstick.pass(1e9, Some(1.0)).is_none());
    }
}
