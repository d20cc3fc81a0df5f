//! The tables `neuron`, `wiring` and `dropout` of a layer, below `model`,
//! `model.first_layer` and `model.last_layer`. What holds when a key is not
//! given is decided by `elm-core`, so defaults stand in words here; a test
//! compares them with the networks that come out.

use super::names::names;
use super::ranges::{
    Flag, Interval, OrNone, Probability, at_least_one, number, one_of, positive, share, size,
};
use super::section::{sections, settings};
use elm_core::model::options::{DropoutOptions, LayerOptions, NeuronOptions, RoutingName, WiringOptions};
use elm_core::model::{Activation, InputDropoutMode, LambdaMode, MlpActivation, TauSpacing};

names! {
    for MlpActivation { Relu = "relu", Silu = "silu", ReluSquared = "relu_squared" }
}
names! {
    for Activation { Identity = "identity", Relu = "relu", Spike = "spike" }
}
names! {
    for LambdaMode { TimescaleRatio = "timescale_ratio", Scale = "scale" }
}
names! {
    for TauSpacing { Log = "log", Even = "even" }
}
names! {
    for RoutingName { Direct = "direct", Random = "random", Neuronio = "neuronio" }
}
names! {
    for InputDropoutMode { Variational = "variational", PerStep = "per_step" }
}

sections! {
    for LayerOptions from settings {
        neuron: NeuronOptions, in "neuron";
        wiring: WiringOptions, in "wiring";
        dropout: DropoutOptions, in "dropout";
    }
}

settings! {
    for NeuronOptions {
        /// memory units d_m
        num_memory: Option<usize> = size(1), None, "10 in a network, 100 alone";
        /// dendritic branches d_b
        num_branch: Option<usize> = size(1), None,
            "2 mlp_hidden_units; 4 num_memory with a linear MLP; alone: num_input";
        /// synapses of a branch
        num_synapse_per_branch: Option<usize> = size(1), None, "num_branch; alone: 1";
        /// hidden layers of the neuron's MLP; 0 makes it linear
        mlp_hidden_layers: Option<usize> = size(0), None, "1";
        /// units d_h of a hidden layer
        mlp_hidden_units: Option<usize> = size(1), None, "2 num_memory";
        /// non-linearity of the MLP
        mlp_activation: Option<MlpActivation> = one_of::<MlpActivation>(), None,
            "\"relu_squared\"; \"relu\" for elm and branch_elm";
        /// strength of memory writes
        lambda: Option<f64> = positive(), None, "5.0";
        /// how lambda enters
        lambda_mode: Option<LambdaMode> = one_of::<LambdaMode>(), None,
            "\"timescale_ratio\"; \"scale\" for elm";
        /// shortest memory timescale
        memory_tau_min: Option<f64> = positive(), None, "1.0";
        /// longest memory timescale
        memory_tau_max: Option<f64> = positive(), None, "1000.0";
        /// how the initial timescales lie in between: evenly in their logarithm, or evenly
        memory_tau_spacing: Option<TauSpacing> = one_of::<TauSpacing>(), None, "\"log\"";
        /// lowest and highest timescale that training can reach
        memory_tau_bounds: Option<[f64; 2]> = Interval, None,
            "memory_tau_min and memory_tau_max; elm_network and elm_neuron by memory_tau_range_scale";
        /// how far beyond those bounds training may move timescales
        memory_tau_range_scale: Option<f64> = at_least_one(), None,
            "10.0; elm and branch_elm keep to the bounds";
        /// train the timescales
        memory_tau_learnable: Option<bool> = Flag, None, "false";
        /// timescale of the readout's high-pass
        high_pass_tau: Option<Option<f64>> = OrNone(positive()), None,
            "5.0 in hidden layers, else \"none\"";
        /// output non-linearity
        activation: Option<Activation> = one_of::<Activation>(), None,
            "\"relu\"; \"identity\" in readout layers and alone";
        /// factor on every branch
        input_scale: Option<f64> = number(), None, "1.0";
        /// timescale of the branch (elm: synapse) traces
        branch_tau: Option<Option<f64>> = OrNone(positive()), None,
            "\"none\"; 5.0 for elm and branch_elm";
        /// length of a time step in the unit of the timescales
        delta_t: Option<f64> = positive(), None, "1.0";
        /// start all synapses at this value over the root of num_synapse_per_branch, rectified
        synapse_init: Option<f64> = number(), None, "drawn; 0.5 for elm and branch_elm";
        /// first output's bias at the start
        spike_bias: Option<f64> = number(), None, "0.0";
    }
}

settings! {
    for WiringOptions {
        /// probability that a synapse reads the layer's own activity (N neurons, C inputs)
        recurrent_connect: Option<f64> = share(), None, "N / (C + N); 0.0 in readout layers";
        /// how a single neuron's synapses find their inputs
        routing: Option<RoutingName> = one_of::<RoutingName>(), None, "\"direct\"";
    }
}

settings! {
    for DropoutOptions {
        /// dropout of inputs
        input: Option<f64> = Probability, None, "0.0";
        /// dropout of the layer's own activity
        recurrent: Option<f64> = Probability, None, "0.0";
        /// dropout of memory writes
        memory: Option<f64> = Probability, None, "0.0";
        /// one input mask per sequence, or one per time step that also acts in evaluation
        input_mode: Option<InputDropoutMode> = one_of::<InputDropoutMode>(), None, "\"variational\"";
    }
}
