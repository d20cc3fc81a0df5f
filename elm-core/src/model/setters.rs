//! Options said one after the other: a method for each field.
//!
//! ```
//! # use elm_core::model::*;
//! let network = NetworkOptions::new(140, 20)
//!     .num_hidden(64)
//!     .head(Head::Linear)
//!     .neuron(NeuronOptions::default().num_memory(5).memory_tau_max(150.0))
//!     .last_layer(LayerOptions::default().neuron(NeuronOptions::default().num_memory(10)))
//!     .resolve()?;
//! assert_eq!(network.layers[0].neuron.memory, 5);
//! # Ok::<(), elm_core::Error>(())
//! ```

use super::network::{Embedding, Head, ModelKind};
use super::options::{
    DropoutOptions, LayerOptions, NetworkOptions, NeuronOptions, RoutingName, WiringOptions,
};
use crate::spec::{Activation, InputDropoutMode, LambdaMode, MlpActivation, TauSpacing};

/// Methods that set an optional field and hand the options on.
macro_rules! setters {
    ($options:ident { $($(#[$about:meta])+ $field:ident: $value:ty;)+ }) => {
        impl $options {
            $(
                $(#[$about])+
                #[must_use]
                pub fn $field(mut self, $field: $value) -> Self {
                    self.$field = Some($field);
                    self
                }
            )+
        }
    };
}

setters! { NeuronOptions {
    /// Sets the memory units of a neuron.
    num_memory: usize;
    /// Sets the branches of a neuron.
    num_branch: usize;
    /// Sets the synapses of each branch.
    num_synapse_per_branch: usize;
    /// Sets the hidden layers of the neuron's MLP.
    mlp_hidden_layers: usize;
    /// Sets the units of each of them.
    mlp_hidden_units: usize;
    /// Sets their non-linearity.
    mlp_activation: MlpActivation;
    /// Sets how strongly the MLP writes into memory.
    lambda: f64;
    /// Sets what `lambda` scales.
    lambda_mode: LambdaMode;
    /// Sets the shortest timescale of memory, in the unit of `delta_t`.
    memory_tau_min: f64;
    /// Sets the longest timescale of memory, in the unit of `delta_t`.
    memory_tau_max: f64;
    /// Sets how the initial timescales lie in between.
    memory_tau_spacing: TauSpacing;
    /// Sets the lowest and the highest timescale that training can reach.
    memory_tau_bounds: [f64; 2];
    /// Sets how far learned timescales may leave that range.
    memory_tau_range_scale: f64;
    /// Sets whether timescales are learned.
    memory_tau_learnable: bool;
    /// Sets the timescale of the readout's high-pass; `None` switches it off.
    high_pass_tau: Option<f64>;
    /// Sets the output non-linearity.
    activation: Activation;
    /// Sets the factor of the input.
    input_scale: f64;
    /// Sets the timescale of the branches' trace; `None` switches it off.
    branch_tau: Option<f64>;
    /// Sets the length of a time step.
    delta_t: f64;
    /// Sets the initial weight of synapses, which are kept positive then.
    synapse_init: f64;
    /// Sets the bias of the spike output.
    spike_bias: f64;
} }

setters! { WiringOptions {
    /// Sets the probability that a synapse reads the layer's own activity.
    recurrent_connect: f64;
    /// Sets how a single neuron's synapses find their inputs.
    routing: RoutingName;
} }

setters! { DropoutOptions {
    /// Sets the probability that an input is dropped.
    input: f64;
    /// Sets the probability that a recurrent input is dropped.
    recurrent: f64;
    /// Sets the probability that a memory unit is dropped.
    memory: f64;
    /// Sets what a mask of the input lasts for.
    input_mode: InputDropoutMode;
} }

setters! { NetworkOptions {
    /// Sets the neurons of each hidden layer.
    num_hidden: usize;
    /// Sets the number of layers, the readout layer included.
    num_layers: usize;
    /// Sets what becomes of the input.
    embedding: Embedding;
    /// Sets what turns the outputs of the last layer into logits.
    head: Head;
    /// Sets whether a single neuron reads its own previous output.
    feed_output_back: bool;
    /// Sets what differs in the first hidden layer.
    first_layer: LayerOptions;
    /// Sets what differs in the readout layer.
    last_layer: LayerOptions;
} }

impl LayerOptions {
    /// Sets the options of its neurons.
    #[must_use]
    pub fn neuron(self, neuron: NeuronOptions) -> Self {
        LayerOptions { neuron, ..self }
    }

    /// Sets how they are wired.
    #[must_use]
    pub fn wiring(self, wiring: WiringOptions) -> Self {
        LayerOptions { wiring, ..self }
    }

    /// Sets what is dropped in training.
    #[must_use]
    pub fn dropout(self, dropout: DropoutOptions) -> Self {
        LayerOptions { dropout, ..self }
    }
}

impl NetworkOptions {
    /// An ELM network of two layers with everything else as published; how
    /// many neurons are hidden has to be said by [`NetworkOptions::num_hidden`].
    pub fn new(num_input: usize, num_output: usize) -> Self {
        NetworkOptions { num_input, num_output, ..Self::default() }
    }

    /// Sets which published model it is.
    #[must_use]
    pub fn kind(self, kind: ModelKind) -> Self {
        NetworkOptions { kind, ..self }
    }

    /// Sets the neurons of all layers.
    #[must_use]
    pub fn neuron(self, neuron: NeuronOptions) -> Self {
        NetworkOptions { layer: self.layer.neuron(neuron), ..self }
    }

    /// Sets the wiring of all layers.
    #[must_use]
    pub fn wiring(self, wiring: WiringOptions) -> Self {
        NetworkOptions { layer: self.layer.wiring(wiring), ..self }
    }

    /// Sets the dropout of all layers.
    #[must_use]
    pub fn dropout(self, dropout: DropoutOptions) -> Self {
        NetworkOptions { layer: self.layer.dropout(dropout), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every field that a method sets, as the options are written down.
    fn written(options: &impl serde::Serialize) -> serde_json::Value {
        serde_json::to_value(options).unwrap()
    }

    #[test]
    fn a_method_sets_the_field_of_its_name_and_no_other() {
        let mut expected = written(&NeuronOptions::default());
        let pairs = [
            ("num_memory", written(&NeuronOptions::default().num_memory(3)), 3.into()),
            ("lambda", written(&NeuronOptions::default().lambda(2.0)), 2.0.into()),
            ("delta_t", written(&NeuronOptions::default().delta_t(0.5)), 0.5.into()),
        ];
        for (name, got, value) in pairs {
            let before = std::mem::replace(&mut expected[name], value);
            assert_eq!(got, expected);
            expected[name] = before;
        }
        let off = NeuronOptions::default().high_pass_tau(None).branch_tau(None);
        assert_eq!((off.high_pass_tau, off.branch_tau), (Some(None), Some(None)));
    }

    #[test]
    fn options_said_in_turn_are_those_written_as_a_struct() {
        let neuron = NeuronOptions { num_memory: Some(3), ..Default::default() };
        let wiring = WiringOptions { recurrent_connect: Some(0.25), ..Default::default() };
        let dropout = DropoutOptions { input: Some(0.1), ..Default::default() };
        let last = LayerOptions { neuron, ..Default::default() };
        let written = NetworkOptions {
            kind: ModelKind::ElmNetwork,
            num_input: 5,
            num_output: 4,
            num_hidden: Some(6),
            num_layers: Some(3),
            embedding: Some(Embedding::OneHot(1.0)),
            head: Some(Head::Linear),
            feed_output_back: None,
            layer: LayerOptions { neuron, wiring, dropout },
            first_layer: None,
            last_layer: Some(last),
        };
        let said = NetworkOptions::new(5, 4)
            .num_hidden(6)
            .num_layers(3)
            .embedding(Embedding::OneHot(1.0))
            .head(Head::Linear)
            .last_layer(LayerOptions::default().neuron(NeuronOptions::default().num_memory(3)))
            .dropout(DropoutOptions::default().input(0.1))
            .neuron(NeuronOptions::default().num_memory(3))
            .wiring(WiringOptions::default().recurrent_connect(0.25));
        assert_eq!(said, written);
        assert_eq!(said.resolve().unwrap(), written.resolve().unwrap());
    }

    #[test]
    fn what_has_no_default_is_asked_for_by_its_key() {
        let missing = |options: NetworkOptions| options.resolve().unwrap_err().to_string();
        assert!(missing(NetworkOptions::default()).contains("model.num_input"));
        assert!(missing(NetworkOptions::new(3, 0)).contains("model.num_output"));
        assert!(missing(NetworkOptions::new(3, 2)).contains("model.num_hidden"));
        assert!(NetworkOptions::new(3, 2).kind(ModelKind::BranchElm).resolve().is_ok());
    }
}
