//! What `elm bench` answers, as `--json` prints it.

use elm_core::spec::InputKind;
use serde::Serialize;

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
///
/// A card works behind: what it has not done of the way forward counts to the
/// way back, at the end of which it is waited for.
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

/// Floating-point operations of the layers over the time that something took,
/// in percent of the most that the threads reach.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PercentOfPeak {
    /// Of a whole training step, as 3 forward passes' worth.
    pub train: f64,
    /// Of a forward pass without gradients.
    pub inference: f64,
}

/// The recurrence of a layer in training, one way.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LayerPass {
    /// Median.
    pub ms: f64,
    /// Its operations over that time, in percent of the most that the threads
    /// reach; those of the way back are 2 forward passes' worth.
    pub percent_of_peak: f64,
}

/// Where a layer stands. A model that is not made of ELM layers tells one line
/// for all of it.
#[derive(Debug, Clone, Serialize)]
pub struct BenchedLayer {
    /// Its neurons; `None` where it is no ELM layer.
    pub neurons: Option<usize>,
    /// `fused` or `composed`.
    pub path: String,
    /// Why it is composed.
    pub reason: Option<String>,
    /// Instructions of the fused recurrence; `None` on a card.
    pub simd: Option<String>,
    /// In which form it gets its input.
    pub input: Option<InputKind>,
    /// Floating-point operations of one time step of one sample, forward.
    pub flops_per_step_forward: u64,
    /// Time forward; `None` on a card, which works behind.
    pub forward: Option<LayerPass>,
    /// The same back; `None` also where a library differentiates step by step.
    pub backward: Option<LayerPass>,
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
    /// Instructions of the fused recurrence; `None` on a card.
    pub simd: Option<String>,
    /// The most that fused multiply-adds reach on all threads, measured in
    /// this run; `None` on a card, whose own is not measured.
    pub peak_gflops: Option<f64>,
    /// Floating-point operations of all layers over the time of forward and
    /// backward, 3 forward passes' worth.
    pub layer_gflops: f64,
    /// Shares of that peak; `None` on a card.
    pub percent_of_peak: Option<PercentOfPeak>,
    /// Every layer, first to last.
    pub layers: Vec<BenchedLayer>,
    /// Where the time goes.
    pub breakdown: Breakdown,
}
