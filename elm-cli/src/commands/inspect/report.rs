//! Every number that `elm inspect --json` tells: a field is a key. What is not
//! defined, the interval between the spikes of a silent neuron for instance, is
//! `null`; neurons, units, examples, branches are numbers from 0.

use elm_core::analysis::activity::Histogram;
use serde::Serialize;

/// The document.
#[derive(Debug, Clone, Serialize)]
pub struct InspectReport {
    /// The run folder.
    pub run: String,
    /// `train`, `valid` or `test`.
    pub split: &'static str,
    /// `best` or `last`.
    pub checkpoint: &'static str,
    /// Updates that the weights had.
    pub step: u64,
    /// Length of a time step in ms, where the data has a clock.
    pub step_ms: Option<f64>,
    /// `fused` or `composed`.
    pub scan: String,
    /// Scores over all examples.
    #[serde(flatten)]
    pub summary: Summary,
    /// What was answered to each.
    pub examples: Vec<ExampleReport>,
    /// What the neurons of the layer did.
    pub layer: LayerReport,
    /// The chosen neurons from inside.
    pub neurons: Vec<NeuronReport>,
    /// What is lost without parts of the layer.
    pub ablation: Option<AblationReport>,
    /// Files that were written.
    pub files: Vec<String>,
}

/// Scores over all examples that were looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Number of predictions.
    pub predictions: usize,
    /// Their mean loss, nats.
    pub loss: f64,
    /// Of a text, bits per character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bpc: Option<f64>,
    /// Share of right answers, where there are classes or symbols.
    pub accuracy: Option<f64>,
}

/// One example; what a task does not have is left out.
#[derive(Debug, Clone, Serialize)]
pub struct ExampleReport {
    /// Its number in the split, as of `elm eval --predictions`; of a text the
    /// number of the segment.
    pub example: usize,
    /// Time steps.
    pub steps: usize,
    /// Mean loss of its predictions, nats.
    pub loss: f64,
    /// Name of the right class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Name of the class that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prediction: Option<String>,
    /// Probability that the right class was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Was the answer right?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<bool>,
    /// Where there is an answer at every step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbols: Option<Vec<SymbolReport>>,
}

/// The answer at one step.
#[derive(Debug, Clone, Serialize)]
pub struct SymbolReport {
    /// Position in the text of the symbol that is predicted; else the step,
    /// from 1.
    pub position: usize,
    /// The symbol that comes there, or the right class.
    pub symbol: String,
    /// Its probability.
    pub probability: f64,
    /// The likeliest one.
    pub prediction: Option<String>,
    /// Its probability.
    pub probability_of_prediction: f64,
}

/// What the neurons of a layer did over all examples.
#[derive(Debug, Clone, Serialize)]
pub struct LayerReport {
    /// Its number.
    pub layer: usize,
    /// Number of layers, the readout layer included.
    pub layers: usize,
    /// Number of neurons.
    pub neurons: usize,
    /// Outputs of a neuron; lists below hold all outputs of all neurons.
    pub outputs: usize,
    /// `identity`, `relu` or `spike`.
    pub activation: &'static str,
    /// Time steps of all examples together.
    pub steps: usize,
    /// Mean activity of each output.
    pub mean: Vec<f64>,
    /// Its standard deviation over time.
    pub standard_deviation: Vec<f64>,
    /// Share of neurons and steps with an activity above 0; as what follows
    /// `null` where neurons have no threshold (`identity`).
    pub fraction_active: Option<f64>,
    /// The same of each output.
    pub fraction_active_of: Option<Vec<f64>>,
    /// Outputs that were never above 0.
    pub silent: Option<Vec<usize>>,
    /// Outputs above 0 in 99 % of all steps and more.
    pub saturated: Option<Vec<usize>>,
    /// Spikes, or beginnings of activity, and the intervals between them.
    pub events: Option<EventReport>,
    /// What the outputs have in common.
    #[serde(flatten)]
    pub likeness: LikenessReport,
    /// Timescales of memory.
    pub timescales: TimescaleReport,
}

/// Events in time.
#[derive(Debug, Clone, Serialize)]
pub struct EventReport {
    /// `spike`: a step with a spike; `onset`: a step with activity after one
    /// without.
    pub event: &'static str,
    /// Events of each neuron.
    pub number: Vec<usize>,
    /// Steps of a window that events are counted in for the Fano factor.
    pub window_steps: usize,
    /// Mean over neurons of variance over mean of the number of events in a
    /// window.
    pub fano_factor: Option<f64>,
    /// That of each neuron, `null` without events.
    pub fano_factor_of: Vec<Option<f64>>,
    /// Number of intervals between events of one neuron.
    pub intervals: usize,
    /// Their mean, in steps.
    pub mean_interval: Option<f64>,
    /// Their standard deviation over their mean.
    pub variation_of_intervals: Option<f64>,
    /// How long they are, in steps.
    pub interval_histogram: Option<Counts>,
}

/// What units have in common.
#[derive(Debug, Clone, Serialize)]
pub struct LikenessReport {
    /// Outputs that were compared, at even distances where there are many.
    pub units: usize,
    /// Pairs of them of which both vary.
    pub pairs: usize,
    /// Mean of Pearson's correlation over pairs.
    pub mean_correlation: Option<f64>,
    /// Mean of its size.
    pub mean_absolute_correlation: Option<f64>,
    /// How often it is how large.
    pub correlation_histogram: Option<Counts>,
    /// Participation ratio of the activity: in how many directions it moves.
    pub effective_rank: Option<f64>,
}

/// Timescales of all memory units of the layer, in time steps.
#[derive(Debug, Clone, Serialize)]
pub struct TimescaleReport {
    /// Were they trained? If not they are fixed, and `initial` is `null`.
    pub learnable: bool,
    /// Length of a time step in the unit of the settings `memory_tau_…`.
    pub delta_t: f64,
    /// The shortest.
    pub low: f64,
    /// The longest.
    pub high: f64,
    /// Before the first update; `null` too where the run began with weights of
    /// another one.
    pub initial: Option<Counts>,
    /// As they are now.
    pub trained: Counts,
}

/// How many values lie between edges.
#[derive(Debug, Clone, Serialize)]
pub struct Counts {
    /// One more than `counts`, rising.
    pub edges: Vec<f64>,
    /// Values between each two.
    pub counts: Vec<u64>,
}

impl From<Histogram> for Counts {
    fn from(histogram: Histogram) -> Self {
        Counts { edges: histogram.edges, counts: histogram.counts }
    }
}

/// One of the chosen neurons.
#[derive(Debug, Clone, Serialize)]
pub struct NeuronReport {
    /// Its number.
    pub neuron: usize,
    /// Loss without its output, less the loss of the network; `null` of a
    /// single neuron.
    pub loss_increase: Option<f64>,
    /// Its memory units.
    pub memory: Vec<MemoryReport>,
    /// Participation ratio of its memory.
    pub effective_rank_of_memory: Option<f64>,
    /// Its branches, without those that read its own output.
    pub branches: Vec<BranchReport>,
    /// Its strongest synapses.
    pub strongest: Vec<SynapseReport>,
}

/// One memory unit.
#[derive(Debug, Clone, Serialize)]
pub struct MemoryReport {
    /// Its timescale in time steps.
    pub tau_steps: f64,
    /// The one that the settings begin with.
    pub tau_steps_initial: f64,
    /// How much its value varies over time.
    pub standard_deviation: Option<f64>,
}

/// One branch.
#[derive(Debug, Clone, Serialize)]
pub struct BranchReport {
    /// Its number.
    pub branch: usize,
    /// Synapses that read inputs of the layer.
    pub inputs: usize,
    /// Synapses that read neurons of the layer.
    pub recurrent: usize,
    /// Mean size of its synapse weights.
    pub mean_absolute_weight: f64,
    /// How much what it tells the neuron varies over time, a standard
    /// deviation.
    pub drive: Option<f64>,
    /// Loss without its synapses, less that of the network; `null` of branches
    /// that were not taken away.
    pub loss_increase: Option<f64>,
}

/// One synapse.
#[derive(Debug, Clone, Serialize)]
pub struct SynapseReport {
    /// The branch it is on.
    pub branch: usize,
    /// `input 17` or `neuron 4`.
    pub source: String,
    /// Its weight.
    pub weight: f64,
}

/// The loss with parts of the layer silenced, one at a time.
#[derive(Debug, Clone, Serialize)]
pub struct AblationReport {
    /// Examples that it was measured on.
    pub examples: usize,
    /// Loss of the whole network on these, nats.
    pub loss: f64,
    /// Neurons with their outputs at 0: the most active and the chosen ones, in
    /// the order of what is lost without them.
    pub neurons: Vec<NeuronLoss>,
    /// Synapses that read nothing any more.
    pub groups: Vec<GroupLoss>,
}

/// What is lost without a neuron.
#[derive(Debug, Clone, Serialize)]
pub struct NeuronLoss {
    /// Its number.
    pub neuron: usize,
    /// Loss without it, less that of the network, nats.
    pub loss_increase: f64,
}

/// What is lost without a group of synapses.
#[derive(Debug, Clone, Serialize)]
pub struct GroupLoss {
    /// `input synapses` or `recurrent synapses`.
    pub group: &'static str,
    /// Their number.
    pub synapses: usize,
    /// Loss without them, less that of the network, nats.
    pub loss_increase: f64,
}
