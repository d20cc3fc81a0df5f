//! Settings as a user gives them, merged key by key and resolved to specs.
//!
//! Field names are the keys of a configuration; every field is optional and
//! [`NetworkOptions::resolve`] fills in the published defaults. `setters` has
//! a method for each field.

use super::network::{Embedding, Head, ModelKind, NetworkSpec};
use super::sizes::{self, MOST_LAYERS, Size};
use crate::error::{Error, Result};
use crate::spec::{
    Activation, DropoutSpec, InputDropoutMode, LambdaMode, LayerSpec, MlpActivation, NeuronSpec, Routing,
    Trace,
};
use serde::{Deserialize, Serialize};

/// How far beyond their bounds the timescales of a network may be trained,
/// where nothing else is said \[S2\].
pub const DEFAULT_TAU_RANGE_SCALE: f64 = 10.0;

/// Keys of `[model.neuron]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // each field is documented at the field of `NeuronSpec` it sets
pub struct NeuronOptions {
    pub num_memory: Option<usize>,
    pub num_branch: Option<usize>,
    pub num_synapse_per_branch: Option<usize>,
    pub mlp_hidden_layers: Option<usize>,
    pub mlp_hidden_units: Option<usize>,
    pub mlp_activation: Option<MlpActivation>,
    pub lambda: Option<f64>,
    pub lambda_mode: Option<LambdaMode>,
    pub memory_tau_min: Option<f64>,
    pub memory_tau_max: Option<f64>,
    pub memory_tau_range_scale: Option<f64>,
    pub memory_tau_learnable: Option<bool>,
    /// `Some(None)` switches an inherited high-pass off.
    pub high_pass_tau: Option<Option<f64>>,
    pub activation: Option<Activation>,
    pub input_scale: Option<f64>,
    /// `Some(None)` switches an inherited trace off.
    pub branch_tau: Option<Option<f64>>,
    pub delta_t: Option<f64>,
    pub synapse_init: Option<f64>,
    pub spike_bias: Option<f64>,
}

/// Keys of `[model.wiring]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WiringOptions {
    /// Probability that a synapse reads the layer's own activity; unset:
    /// `N / (C + N)`.
    pub recurrent_connect: Option<f64>,
    /// How a single neuron's synapses find their inputs.
    pub routing: Option<RoutingName>,
}

/// Names of the routings of a single neuron.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutingName {
    /// Synapse `j` reads channel `j`; needs as many synapses as channels.
    Direct,
    /// Uniform draws with replacement.
    Random,
    /// Overlapping windows over interleaved inputs \[S1\].
    Neuronio,
}

/// Keys of `[model.dropout]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // see `DropoutSpec`
pub struct DropoutOptions {
    pub input: Option<f64>,
    pub recurrent: Option<f64>,
    pub memory: Option<f64>,
    pub input_mode: Option<InputDropoutMode>,
}

/// Settings of a layer, or overrides of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct LayerOptions {
    #[serde(default)]
    pub neuron: NeuronOptions,
    #[serde(default)]
    pub wiring: WiringOptions,
    #[serde(default)]
    pub dropout: DropoutOptions,
}

/// Settings of a network: `[model]` and its sub-tables.
///
/// Only what differs from the published defaults has to be said; see
/// [`NetworkOptions::new`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkOptions {
    /// Which published model.
    pub kind: ModelKind,
    /// Input channels or token symbols.
    pub num_input: usize,
    /// Outputs (classes, symbols).
    pub num_output: usize,
    /// Neurons of each hidden layer; required with two layers or more.
    pub num_hidden: Option<usize>,
    /// Number of layers, the readout layer included; default 2.
    pub num_layers: Option<usize>,
    /// What becomes of the input; default none.
    pub embedding: Option<Embedding>,
    /// What turns the outputs of the last layer into logits; default nothing.
    pub head: Option<Head>,
    /// Does a single neuron read its own previous output? Default no, as
    /// released. The plain ELM then is the published one, whose synapse
    /// weights are not trained.
    #[serde(default)]
    pub feed_output_back: Option<bool>,
    /// Settings of every layer.
    pub layer: LayerOptions,
    /// Overrides of the first hidden layer.
    pub first_layer: Option<LayerOptions>,
    /// Overrides of the readout layer.
    pub last_layer: Option<LayerOptions>,
}

macro_rules! merge_fields {
    ($over:expr, $base:expr, $type:ident { $($field:ident),+ $(,)? }) => {
        $type { $($field: $over.$field.or($base.$field)),+ }
    };
}

impl LayerOptions {
    /// These settings where given, else those of `base`.
    #[must_use]
    pub fn or(self, base: &LayerOptions) -> LayerOptions {
        LayerOptions {
            neuron: merge_fields!(
                self.neuron,
                base.neuron,
                NeuronOptions {
                    num_memory,
                    num_branch,
                    num_synapse_per_branch,
                    mlp_hidden_layers,
                    mlp_hidden_units,
                    mlp_activation,
                    lambda,
                    lambda_mode,
                    memory_tau_min,
                    memory_tau_max,
                    memory_tau_range_scale,
                    memory_tau_learnable,
                    high_pass_tau,
                    activation,
                    input_scale,
                    branch_tau,
                    delta_t,
                    synapse_init,
                    spike_bias,
                }
            ),
            wiring: merge_fields!(self.wiring, base.wiring, WiringOptions { recurrent_connect, routing }),
            dropout: merge_fields!(
                self.dropout,
                base.dropout,
                DropoutOptions { input, recurrent, memory, input_mode }
            ),
        }
    }
}

impl NetworkOptions {
    /// Fills in the published defaults and checks every range.
    ///
    /// # Errors
    /// [`Error::Config`] with the key at fault, e.g. `model.neuron.num_memory`.
    pub fn resolve(&self) -> Result<NetworkSpec> {
        at_least_one("model.num_input", self.num_input)?;
        at_least_one("model.num_output", self.num_output)?;
        self.check_embedding()?;
        let layers = match self.kind {
            ModelKind::ElmNetwork if self.feed_output_back == Some(true) => {
                let reason = "a network has more than one neuron; \"elm\", \"branch_elm\" and \
                              \"elm_neuron\" can read their own output";
                return Err(Error::config("model.feed_output_back", reason));
            }
            ModelKind::ElmNetwork => self.network_layers()?,
            _ => vec![self.single_neuron()?],
        };
        let head = self.head.unwrap_or_default();
        let spec = NetworkSpec {
            kind: self.kind,
            embedding: self.embedding.unwrap_or(Embedding::None),
            layers,
            head,
        };
        let fits = sizes::check_head(head, spec.outputs());
        fits.map_err(|reason| Error::config("model.num_output", reason))?;
        Ok(spec)
    }

    fn check_embedding(&self) -> Result<()> {
        let Some(embedding) = self.embedding else { return Ok(()) };
        match embedding {
            Embedding::None => return Ok(()),
            Embedding::Scaled(scale) | Embedding::OneHot(scale) => finite("model.embedding_scale", scale)?,
            Embedding::Learned { symbols, width, scale } => {
                finite("model.embedding_scale", scale)?;
                at_least_one("model.embedding_width", width)?;
                if symbols != self.num_input {
                    let reason = format!("{} symbols, the embedding has {symbols}", self.num_input);
                    return Err(Error::config("model.num_input", reason));
                }
            }
        }
        sizes::check_embedding(embedding).map_err(|reason| Error::config("model.embedding_width", reason))
    }

    /// Channels that the first layer reads, and the key that says how many.
    fn channels(&self) -> (usize, &'static str) {
        match self.embedding {
            Some(Embedding::Learned { width, .. }) => (width, "model.embedding_width"),
            _ => (self.num_input, "model.num_input"),
        }
    }

    fn network_layers(&self) -> Result<Vec<LayerSpec>> {
        let count = self.num_layers.unwrap_or(2);
        at_least_one("model.num_layers", count)?;
        if count > MOST_LAYERS {
            let reason = format!("{count} is too much: at most {MOST_LAYERS} layers are possible");
            return Err(Error::config("model.num_layers", reason));
        }
        if count == 1 && self.first_layer.is_some() {
            return Err(Error::config(
                "model.first_layer",
                "with one layer there is only the readout layer: use model.last_layer",
            ));
        }
        let (mut inputs, of_first) = self.channels();
        let mut layers = Vec::with_capacity(count);
        for position in 0..count {
            let last = position + 1 == count;
            let neurons = if last { self.num_output } else { self.hidden_neurons()? };
            let (options, key) = self.options_at(position, last);
            let layer = layer_spec(&options, &key, inputs, neurons)?;
            let inputs_are = if position == 0 { of_first } else { "model.num_hidden" };
            let neurons_are = if last { "model.num_output" } else { "model.num_hidden" };
            check_size(&layer, &options.neuron, &key, [inputs_are, neurons_are, "model.num_output"])?;
            layers.push(layer);
            inputs = neurons;
        }
        Ok(layers)
    }

    fn hidden_neurons(&self) -> Result<usize> {
        let neurons = self.num_hidden.ok_or_else(|| {
            Error::config("model.num_hidden", "missing: how many neurons has a hidden layer?")
        })?;
        at_least_one("model.num_hidden", neurons)?;
        Ok(neurons)
    }

    /// The merged settings of one layer, and where a setting came from.
    fn options_at(&self, position: usize, last: bool) -> (LayerOptions, KeyOf) {
        if last {
            let readout = LayerOptions {
                neuron: NeuronOptions {
                    high_pass_tau: Some(None),
                    activation: Some(Activation::Identity),
                    ..Default::default()
                },
                wiring: WiringOptions { recurrent_connect: Some(0.0), routing: None },
                ..Default::default()
            };
            let own = self.last_layer.unwrap_or_default();
            let merged = own.or(&readout.or(&self.layer));
            return (merged, KeyOf { prefix: "model.last_layer", own });
        }
        let own = if position == 0 { self.first_layer.unwrap_or_default() } else { Default::default() };
        let merged = own.or(&self.layer);
        (merged, KeyOf { prefix: "model.first_layer", own })
    }

    fn single_neuron(&self) -> Result<LayerSpec> {
        let unused = [
            ("model.num_hidden", self.num_hidden.is_some()),
            ("model.num_layers", self.num_layers.is_some()),
            ("model.first_layer", self.first_layer.is_some()),
            ("model.last_layer", self.last_layer.is_some()),
            ("model.wiring.recurrent_connect", self.layer.wiring.recurrent_connect.is_some()),
        ];
        if let Some((key, _)) = unused.iter().find(|(_, given)| *given) {
            return Err(Error::config(*key, "a single neuron has no such setting; remove it"));
        }
        single_neuron_spec(self)
    }
}

/// Names the configuration key that a merged setting came from.
struct KeyOf {
    prefix: &'static str,
    own: LayerOptions,
}

impl KeyOf {
    fn neuron(&self, name: &str, given: impl Fn(&NeuronOptions) -> bool) -> String {
        let prefix = if given(&self.own.neuron) { self.prefix } else { "model" };
        format!("{prefix}.neuron.{name}")
    }

    fn wiring(&self, name: &str) -> String {
        let prefix = if self.own.wiring.recurrent_connect.is_some() { self.prefix } else { "model" };
        format!("{prefix}.wiring.{name}")
    }

    fn dropout(&self, name: &str, given: impl Fn(&DropoutOptions) -> bool) -> String {
        let prefix = if given(&self.own.dropout) { self.prefix } else { "model" };
        format!("{prefix}.dropout.{name}")
    }
}

/// A layer of a network, with the defaults of \[S2\].
fn layer_spec(options: &LayerOptions, key: &KeyOf, inputs: usize, neurons: usize) -> Result<LayerSpec> {
    let o = &options.neuron;
    let memory = o.num_memory.unwrap_or(10);
    let hidden_layers = o.mlp_hidden_layers.unwrap_or(1);
    let hidden_units = o.mlp_hidden_units.unwrap_or(memory.saturating_mul(2));
    let of_branches =
        if hidden_layers == 0 { memory.saturating_mul(4) } else { hidden_units.saturating_mul(2) };
    let branches = o.num_branch.unwrap_or(of_branches);
    let mut neuron = s2_neuron(o, memory, branches, o.num_synapse_per_branch.unwrap_or(branches));
    neuron.high_pass_tau = o.high_pass_tau.unwrap_or(Some(5.0));
    neuron.activation = o.activation.unwrap_or(Activation::Relu);
    check_neuron(&neuron, o, key)?;
    let fraction =
        options.wiring.recurrent_connect.unwrap_or(neurons as f64 / (inputs as f64 + neurons as f64));
    if !(0.0..=1.0).contains(&fraction) {
        return Err(Error::config(key.wiring("recurrent_connect"), format!("{fraction} is not in 0..=1")));
    }
    if options.wiring.routing.is_some() {
        return Err(Error::config("model.wiring.routing", "only single neurons have a routing"));
    }
    let routing = Routing::Random { recurrent_connect: fraction };
    let dropout = dropout_spec(&options.dropout, key)?;
    Ok(LayerSpec { inputs, neurons, outputs: 1, neuron, routing, dropout })
}

/// The neuron of \[S2\] with the defaults that layers and single neurons share.
fn s2_neuron(o: &NeuronOptions, memory: usize, branches: usize, synapses_per_branch: usize) -> NeuronSpec {
    let (tau_min, tau_max) = (o.memory_tau_min.unwrap_or(1.0), o.memory_tau_max.unwrap_or(1000.0));
    let range = o.memory_tau_range_scale.unwrap_or(DEFAULT_TAU_RANGE_SCALE);
    NeuronSpec {
        memory,
        branches,
        synapses_per_branch,
        feedback: 0,
        hidden_layers: o.mlp_hidden_layers.unwrap_or(1),
        hidden_units: o.mlp_hidden_units.unwrap_or(memory.saturating_mul(2)),
        mlp_activation: o.mlp_activation.unwrap_or(MlpActivation::ReluSquared),
        activation: o.activation.unwrap_or(Activation::Identity),
        lambda: o.lambda.unwrap_or(5.0),
        lambda_mode: o.lambda_mode.unwrap_or(LambdaMode::TimescaleRatio),
        tau_min,
        tau_max,
        tau_low: tau_min / range,
        tau_high: tau_max * range.sqrt(),
        tau_margin: 0.0,
        tau_learnable: o.memory_tau_learnable.unwrap_or(false),
        high_pass_tau: o.high_pass_tau.unwrap_or(None),
        trace: o.branch_tau.flatten().map_or(Trace::None, Trace::Branch),
        rectified: o.synapse_init.is_some(),
        synapse_init: o.synapse_init.map(|value| value / (synapses_per_branch as f64).sqrt()),
        fixed_synapse_weight: None,
        spike_bias: o.spike_bias.unwrap_or(0.0),
        readout_bias_drawn: false,
        input_scale: o.input_scale.unwrap_or(1.0),
        delta_t: o.delta_t.unwrap_or(1.0),
    }
}

/// The single neurons: ELM v1, Branch-ELM v2 \[S1\] and that of \[S2\].
fn single_neuron_spec(options: &NetworkOptions) -> Result<LayerSpec> {
    let key = KeyOf { prefix: "model", own: LayerOptions::default() };
    let o = &options.layer.neuron;
    let memory = o.num_memory.unwrap_or(100);
    let (inputs, inputs_are) = options.channels();
    let branches = o.num_branch.unwrap_or(inputs);
    let mut neuron = s2_neuron(o, memory, branches, o.num_synapse_per_branch.unwrap_or(1));
    if options.kind != ModelKind::ElmNeuron {
        let v1 = options.kind == ModelKind::Elm;
        let (mode, trace) = if v1 {
            (LambdaMode::Scale, Trace::Synapse as fn(f64) -> Trace)
        } else {
            (LambdaMode::TimescaleRatio, Trace::Branch as fn(f64) -> Trace)
        };
        if o.memory_tau_range_scale.is_some() {
            return Err(Error::config(
                "model.neuron.memory_tau_range_scale",
                "the neurons of the first paper bound their timescales by memory_tau_min and memory_tau_max",
            ));
        }
        neuron.mlp_activation = o.mlp_activation.unwrap_or(MlpActivation::Relu);
        neuron.lambda_mode = o.lambda_mode.unwrap_or(mode);
        neuron.trace = o.branch_tau.unwrap_or(Some(5.0)).map_or(Trace::None, trace);
        neuron.tau_low = neuron.tau_min;
        neuron.tau_high = if v1 { neuron.tau_max } else { neuron.tau_max.max(neuron.tau_min + 3e-6) };
        neuron.tau_margin = 1e-6;
        neuron.rectified = true;
        neuron.synapse_init = Some(o.synapse_init.unwrap_or(0.5));
        neuron.readout_bias_drawn = true;
    }
    if options.feed_output_back == Some(true) {
        neuron.feedback = options.num_output;
        // The counts of [S1] have the plain ELM's synapse weights fixed.
        neuron.fixed_synapse_weight = neuron.synapse_init.filter(|_| options.kind == ModelKind::Elm);
    }
    check_neuron(&neuron, o, &key)?;
    let dropout = dropout_spec(&options.layer.dropout, &key)?;
    if dropout.recurrent > 0.0 {
        return Err(Error::config("model.dropout.recurrent", "a single neuron has no recurrent connections"));
    }
    // The routing is decided when the sizes are known to be ones.
    let mut layer = LayerSpec {
        inputs,
        neurons: 1,
        outputs: options.num_output,
        neuron,
        routing: Routing::Direct,
        dropout,
    };
    check_size(&layer, o, &key, [inputs_are, "model", "model.num_output"])?;
    layer.routing = single_routing(options, &layer)?;
    Ok(layer)
}

fn single_routing(options: &NetworkOptions, layer: &LayerSpec) -> Result<Routing> {
    let neuron = &layer.neuron;
    let (channels, synapses) = (layer.inputs, neuron.synapses());
    match options.layer.wiring.routing.unwrap_or(RoutingName::Direct) {
        RoutingName::Random => Ok(Routing::Random { recurrent_connect: 0.0 }),
        RoutingName::Direct if synapses == channels => Ok(Routing::Direct),
        RoutingName::Direct => Err(Error::config(
            "model.wiring.routing",
            format!(
                "direct routing needs one synapse per channel: {synapses} synapses, {channels} channels; set routing = \"random\" or \"neuronio\""
            ),
        )),
        RoutingName::Neuronio if channels % 2 == 1 => Err(Error::config(
            "model.wiring.routing",
            format!("neuronio routing pairs excitatory with inhibitory channels: {channels} is odd"),
        )),
        RoutingName::Neuronio if channels.div_ceil(neuron.branches) > neuron.synapses_per_branch => {
            Err(Error::config(
                "model.neuron.num_synapse_per_branch",
                format!(
                    "neuronio routing moves on by {} channels per branch, more than the {} synapses of a branch",
                    channels.div_ceil(neuron.branches),
                    neuron.synapses_per_branch
                ),
            ))
        }
        RoutingName::Neuronio => Ok(Routing::NeuronIo),
    }
}

fn check_neuron(neuron: &NeuronSpec, o: &NeuronOptions, key: &KeyOf) -> Result<()> {
    at_least_one(&key.neuron("num_memory", |n| n.num_memory.is_some()), neuron.memory)?;
    at_least_one(&key.neuron("num_branch", |n| n.num_branch.is_some()), neuron.branches)?;
    let name = key.neuron("num_synapse_per_branch", |n| n.num_synapse_per_branch.is_some());
    at_least_one(&name, neuron.synapses_per_branch)?;
    if neuron.hidden_layers > 0 {
        at_least_one(&key.neuron("mlp_hidden_units", |n| n.mlp_hidden_units.is_some()), neuron.hidden_units)?;
    }
    positive(&key.neuron("memory_tau_min", |n| n.memory_tau_min.is_some()), neuron.tau_min)?;
    let tau_max = key.neuron("memory_tau_max", |n| n.memory_tau_max.is_some());
    positive(&tau_max, neuron.tau_max)?;
    if neuron.tau_max < neuron.tau_min {
        let reason = format!("{} is below memory_tau_min = {}", neuron.tau_max, neuron.tau_min);
        return Err(Error::config(tau_max, reason));
    }
    if let Some(range) = o.memory_tau_range_scale
        && !(range.is_finite() && range >= 1.0)
    {
        let name = key.neuron("memory_tau_range_scale", |n| n.memory_tau_range_scale.is_some());
        return Err(Error::config(name, format!("{range} must be a number of at least 1")));
    }
    positive(&key.neuron("delta_t", |n| n.delta_t.is_some()), neuron.delta_t)?;
    positive(&key.neuron("lambda", |n| n.lambda.is_some()), neuron.lambda)?;
    finite(&key.neuron("input_scale", |n| n.input_scale.is_some()), neuron.input_scale)?;
    finite(&key.neuron("spike_bias", |n| n.spike_bias.is_some()), neuron.spike_bias)?;
    if let Some(value) = neuron.synapse_init {
        finite(&key.neuron("synapse_init", |n| n.synapse_init.is_some()), value)?;
    }
    if let Some(tau) = neuron.high_pass_tau {
        positive(&key.neuron("high_pass_tau", |n| n.high_pass_tau.is_some()), tau)?;
    }
    if let Trace::Branch(tau) | Trace::Synapse(tau) = neuron.trace {
        positive(&key.neuron("branch_tau", |n| n.branch_tau.is_some()), tau)?;
    }
    Ok(())
}

/// Names the size that is beyond any machine; `inputs`, `neurons` and `outputs`
/// are the keys of those.
fn check_size(
    layer: &LayerSpec,
    o: &NeuronOptions,
    key: &KeyOf,
    [inputs, neurons, outputs]: [&str; 3],
) -> Result<()> {
    let given = |size| match size {
        Size::Inputs | Size::Neurons | Size::Outputs => true,
        Size::Memory => o.num_memory.is_some(),
        Size::Branches => o.num_branch.is_some(),
        Size::SynapsesPerBranch => o.num_synapse_per_branch.is_some(),
        Size::HiddenLayers => o.mlp_hidden_layers.is_some(),
        Size::HiddenUnits => o.mlp_hidden_units.is_some(),
    };
    sizes::check_layer(layer, given).map_err(|too_large| {
        let key = match too_large.size {
            Size::Inputs => inputs.to_string(),
            Size::Neurons => neurons.to_string(),
            Size::Outputs => outputs.to_string(),
            Size::Memory => key.neuron("num_memory", |n| n.num_memory.is_some()),
            Size::Branches => key.neuron("num_branch", |n| n.num_branch.is_some()),
            Size::SynapsesPerBranch => {
                key.neuron("num_synapse_per_branch", |n| n.num_synapse_per_branch.is_some())
            }
            Size::HiddenLayers => key.neuron("mlp_hidden_layers", |n| n.mlp_hidden_layers.is_some()),
            Size::HiddenUnits => key.neuron("mlp_hidden_units", |n| n.mlp_hidden_units.is_some()),
        };
        Error::config(key, too_large.reason)
    })
}

fn dropout_spec(o: &DropoutOptions, key: &KeyOf) -> Result<DropoutSpec> {
    let spec = DropoutSpec {
        input: o.input.unwrap_or(0.0),
        recurrent: o.recurrent.unwrap_or(0.0),
        memory: o.memory.unwrap_or(0.0),
        input_mode: o.input_mode.unwrap_or(InputDropoutMode::Variational),
    };
    probability(&key.dropout("input", |d| d.input.is_some()), spec.input)?;
    probability(&key.dropout("recurrent", |d| d.recurrent.is_some()), spec.recurrent)?;
    probability(&key.dropout("memory", |d| d.memory.is_some()), spec.memory)?;
    Ok(spec)
}

fn at_least_one(key: &str, value: usize) -> Result<()> {
    if value == 0 { Err(Error::config(key, "must be at least 1")) } else { Ok(()) }
}

fn finite(key: &str, value: f64) -> Result<()> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(Error::config(key, format!("{value} is not a finite number")))
    }
}

fn positive(key: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(Error::config(key, format!("{value} must be a number above 0")))
    }
}

fn probability(key: &str, value: f64) -> Result<()> {
    if (0.0..1.0).contains(&value) {
        Ok(())
    } else {
        Err(Error::config(key, format!("{value} must be a probability in 0..1 (1 excluded)")))
    }
}
