//! What layers and neurons are where settings say nothing.

use super::check::{check_neuron, check_size, dropout_spec};
use super::resolve::KeyOf;
use super::{DEFAULT_TAU_RANGE_SCALE, LayerOptions, NetworkOptions, NeuronOptions, RoutingName};
use crate::error::{Error, Result};
use crate::model::network::ModelKind;
use crate::spec::{Activation, LambdaMode, LayerSpec, MlpActivation, NeuronSpec, Routing, Trace};

/// A layer of a network, with the defaults of \[S2\].
pub(super) fn layer_spec(
    options: &LayerOptions,
    key: &KeyOf,
    inputs: usize,
    neurons: usize,
) -> Result<LayerSpec> {
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
    let [tau_low, tau_high] = o.memory_tau_bounds.unwrap_or([tau_min / range, tau_max * range.sqrt()]);
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
        tau_spacing: o.memory_tau_spacing.unwrap_or_default(),
        tau_low,
        tau_high,
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
pub(super) fn single_neuron_spec(options: &NetworkOptions) -> Result<LayerSpec> {
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
                "the neurons of the first paper bound their timescales by memory_tau_min and memory_tau_max, \
                 or by memory_tau_bounds",
            ));
        }
        neuron.mlp_activation = o.mlp_activation.unwrap_or(MlpActivation::Relu);
        neuron.lambda_mode = o.lambda_mode.unwrap_or(mode);
        neuron.trace = o.branch_tau.unwrap_or(Some(5.0)).map_or(Trace::None, trace);
        if o.memory_tau_bounds.is_none() {
            neuron.tau_low = neuron.tau_min;
            neuron.tau_high = if v1 { neuron.tau_max } else { neuron.tau_max.max(neuron.tau_min + 3e-6) };
        }
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
