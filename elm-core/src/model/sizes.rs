//! Sizes that no computer can hold, refused before anything is multiplied:
//! behind this check the products of a layer's sizes fit into their integers.

use super::network::{Embedding, Head, NetworkSpec};
use crate::spec::LayerSpec;

/// Most parameters of a layer or head. As 32-bit floats these take 4 TiB; the
/// largest published network has 3.5 million.
const MOST_PARAMETERS: u128 = 1 << 40;
/// Most inputs and neurons of a layer together: synapses name them in 32 bits.
const MOST_SOURCES: u128 = u32::MAX as u128;
/// Most layers of a network, and hidden layers of a neuron's MLP.
pub(super) const MOST_LAYERS: usize = 1000;

/// A size that is too much.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge {
    /// Which of the sizes: the largest one that somebody gave.
    pub size: Size,
    /// Why.
    pub reason: String,
}

/// A size of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Inputs,
    Neurons,
    Outputs,
    Memory,
    Branches,
    SynapsesPerBranch,
    HiddenLayers,
    HiddenUnits,
}

/// Checks a layer; `given` says which sizes follow from no other ones.
pub(super) fn check_layer(layer: &LayerSpec, given: impl Fn(Size) -> bool) -> Result<(), TooLarge> {
    let neuron = &layer.neuron;
    let hidden_units = if neuron.hidden_layers == 0 { 0 } else { neuron.hidden_units };
    if neuron.hidden_layers > MOST_LAYERS {
        let reason = format!("{} is more than {MOST_LAYERS} hidden layers", neuron.hidden_layers);
        return Err(TooLarge { size: Size::HiddenLayers, reason });
    }
    let sources = [(Size::Inputs, layer.inputs), (Size::Neurons, layer.neurons)];
    let together = layer.inputs as u128 + layer.neurons as u128;
    if together >= MOST_SOURCES {
        let (size, value) = largest(&sources, &given);
        let reason = format!(
            "{value} is too much: the inputs and neurons of a layer are {together} together, less than 2^32 are possible"
        );
        return Err(TooLarge { size, reason });
    }
    let parameters = parameters(layer);
    if parameters > MOST_PARAMETERS {
        let (size, value) = largest(
            &[
                (Size::Neurons, layer.neurons),
                (Size::Outputs, layer.outputs),
                (Size::Memory, neuron.memory),
                (Size::Branches, neuron.branches),
                (Size::SynapsesPerBranch, neuron.synapses_per_branch),
                (Size::HiddenUnits, hidden_units),
            ],
            &given,
        );
        let reason = format!("{value} is too much: a layer would have {}", in_words(parameters));
        return Err(TooLarge { size, reason });
    }
    Ok(())
}

/// Checks what comes after the layers, whose sizes are right.
pub(super) fn check_head(head: Head, outputs: usize) -> Result<(), String> {
    let outputs = outputs as u128;
    let parameters = match head {
        Head::None => 0,
        Head::Linear => product([outputs, outputs]),
        Head::Pair { classes } => product([4, outputs, classes as u128]),
    };
    if parameters <= MOST_PARAMETERS {
        return Ok(());
    }
    Err(format!("{outputs} is too much: the head would have {}", in_words(parameters)))
}

/// Checks the table of a learned embedding.
pub(super) fn check_embedding(embedding: Embedding) -> Result<(), String> {
    let Embedding::Learned { symbols, width, .. } = embedding else { return Ok(()) };
    let parameters = product([symbols as u128, width as u128]);
    if parameters <= MOST_PARAMETERS && (symbols as u128) < MOST_SOURCES {
        return Ok(());
    }
    Err(format!("{width} is too much for {symbols} symbols: the table would have {}", in_words(parameters)))
}

impl NetworkSpec {
    /// Checks a network that nobody has resolved: one from a file.
    pub(crate) fn check_sizes(&self) -> Result<(), String> {
        if self.layers.len() > MOST_LAYERS {
            return Err(format!("{} layers are more than {MOST_LAYERS}", self.layers.len()));
        }
        if self.layers.is_empty() {
            return Err("no layer".into());
        }
        for (l, layer) in self.layers.iter().enumerate() {
            // Zero times anything is nothing, whatever else is too large.
            layer.check().map_err(|error| format!("layers[{l}]: {error}"))?;
            let wrong = |TooLarge { reason, .. }| format!("layers[{l}]: {reason}");
            check_layer(layer, |_| true).map_err(wrong)?;
        }
        for (l, pair) in self.layers.windows(2).enumerate() {
            let (before, reads) = (pair[0].neurons * pair[0].outputs, pair[1].inputs);
            if before != reads {
                return Err(format!("layers[{}] reads {reads} numbers, the one before has {before}", l + 1));
            }
        }
        if let (Embedding::Learned { width, .. }, Some(first)) = (self.embedding, self.layers.first())
            && width != first.inputs
        {
            return Err(format!("the embedding has {width} numbers, the first layer reads {}", first.inputs));
        }
        check_embedding(self.embedding)?;
        check_head(self.head, self.outputs())
    }
}

/// All that a layer has to learn, timescales included.
fn parameters(layer: &LayerSpec) -> u128 {
    let neuron = &layer.neuron;
    let [memory, branches, outputs] = [neuron.memory, neuron.branches, layer.outputs].map(|n| n as u128);
    let map = |inputs: u128, outputs: u128| product([inputs.saturating_add(1), outputs]);
    let feedback = neuron.feedback as u128;
    let read = branches.saturating_add(feedback).saturating_add(memory);
    let mlp = match neuron.hidden_layers as u128 {
        0 => map(read, memory),
        layers => {
            let hidden = neuron.hidden_units as u128;
            let between = product([layers - 1, map(hidden, hidden)]);
            [map(read, hidden), between, map(hidden, memory)].into_iter().fold(0, u128::saturating_add)
        }
    };
    let synapses = product([branches, neuron.synapses_per_branch as u128]);
    let of_neuron =
        [synapses, feedback, mlp, map(memory, outputs), memory].into_iter().fold(0, u128::saturating_add);
    product([layer.neurons as u128, of_neuron])
}

fn product<const N: usize>(factors: [u128; N]) -> u128 {
    factors.into_iter().fold(1, u128::saturating_mul)
}

fn in_words(parameters: u128) -> String {
    format!("{:.1e} parameters, at most {:.1e} are possible", parameters as f64, MOST_PARAMETERS as f64)
}

/// The largest of the given ones of some sizes; of equals the last.
fn largest(sizes: &[(Size, usize)], given: &impl Fn(Size) -> bool) -> (Size, usize) {
    let given = sizes.iter().copied().filter(|&(size, _)| given(size));
    given.max_by_key(|(_, value)| *value).unwrap_or((Size::Neurons, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::BackendOptions;
    use crate::error::Error;
    use crate::model::{LayerOptions, ModelKind, NetworkOptions, NeuronOptions};

    fn options(num_hidden: usize, neuron: NeuronOptions) -> NetworkOptions {
        NetworkOptions {
            kind: ModelKind::ElmNetwork,
            num_input: 9,
            num_output: 9,
            num_hidden: Some(num_hidden),
            num_layers: None,
            embedding: None,
            head: Some(Head::Linear),
            feed_output_back: None,
            layer: LayerOptions { neuron, ..LayerOptions::default() },
            first_layer: None,
            last_layer: None,
        }
    }

    fn refused(options: &NetworkOptions) -> String {
        let Err(Error::Config { key, reason }) = options.resolve() else { panic!("{options:?}") };
        assert!(reason.contains("is too much"), "{reason}");
        key
    }

    #[test]
    fn sizes_beyond_any_machine_are_refused_by_name() {
        let plain = NeuronOptions::default();
        let huge = 9_000_000_000_000_000_000;
        for num_hidden in [1_000_000_000_000, huge, usize::MAX, 4_294_967_290, 4_000_000_000] {
            assert_eq!(refused(&options(num_hidden, plain)), "model.num_hidden", "{num_hidden}");
        }
        let set: [(&str, fn(&mut NeuronOptions, usize)); 4] = [
            ("num_memory", |neuron, size| neuron.num_memory = Some(size)),
            ("num_branch", |neuron, size| neuron.num_branch = Some(size)),
            ("num_synapse_per_branch", |neuron, size| neuron.num_synapse_per_branch = Some(size)),
            ("mlp_hidden_units", |neuron, size| neuron.mlp_hidden_units = Some(size)),
        ];
        for (name, set) in set {
            for size in [1 << 42, huge, usize::MAX] {
                let mut neuron = NeuronOptions { num_memory: Some(3), num_branch: Some(4), ..plain };
                neuron.mlp_hidden_units = Some(5);
                neuron.num_synapse_per_branch = Some(2);
                set(&mut neuron, size);
                assert_eq!(refused(&options(6, neuron)), format!("model.neuron.{name}"), "{size}");
            }
        }
        // What follows from it is larger still.
        let memory = NeuronOptions { num_memory: Some(huge), ..plain };
        assert_eq!(refused(&options(6, memory)), "model.neuron.num_memory");
        // Each of them is possible alone.
        let both = NeuronOptions {
            num_branch: Some(1 << 32),
            num_synapse_per_branch: Some(1 << 32),
            ..NeuronOptions::default()
        };
        refused(&options(6, both));
        let outputs = NetworkOptions { num_output: 3_000_000_000, ..options(6, plain) };
        assert_eq!(refused(&outputs), "model.num_output");
        let head = NetworkOptions {
            num_output: 2_000_000,
            ..options(6, NeuronOptions { num_memory: Some(1), ..plain })
        };
        assert_eq!(refused(&head), "model.num_output");
        let layers = NetworkOptions { num_layers: Some(huge), ..options(6, plain) };
        assert_eq!(refused(&layers), "model.num_layers");
        let deep = NeuronOptions { mlp_hidden_layers: Some(huge), ..plain };
        assert!(options(6, deep).resolve().is_err());
        for kind in [ModelKind::ElmNeuron, ModelKind::Elm, ModelKind::BranchElm] {
            let one =
                NetworkOptions { kind, num_hidden: None, head: None, num_input: huge, ..options(1, plain) };
            assert_eq!(refused(&one), "model.num_input");
        }
    }

    #[test]
    fn what_is_just_possible_is_counted_without_overflow() {
        let neuron = NeuronOptions {
            num_memory: Some(1),
            num_branch: Some(1),
            num_synapse_per_branch: Some(1),
            mlp_hidden_units: Some(1),
            ..NeuronOptions::default()
        };
        let spec = options(4_000_000_000, neuron).resolve().unwrap();
        assert!(spec.count().trainable_parameters > 4_000_000_000);
        for steps in [1, 1 << 40, usize::MAX] {
            for memory_budget in [None, Some(1), Some(u64::MAX)] {
                let options = BackendOptions { memory_budget, ..BackendOptions::default() };
                let needed = spec.training_memory_bytes(usize::MAX, steps, &options);
                assert!(needed > 1 << 60, "{needed}");
            }
        }
    }

    #[test]
    fn a_stored_network_of_such_sizes_is_refused() {
        let mut spec = options(6, NeuronOptions::default()).resolve().unwrap();
        assert_eq!(spec.check_sizes(), Ok(()));
        spec.layers[0].neuron.memory = 1 << 60;
        assert!(spec.check_sizes().is_err());
    }
}
