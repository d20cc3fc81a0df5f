//! The arrays of the authors' Equinox programs, which have an order but no
//! names.
//!
//! A model is filed leaf by leaf in the order in which its classes declare
//! their fields: of each layer the synapse weights, weight and bias of each
//! map of the MLP, the readout's weight, its bias, the raw timescales and the
//! connectome; then weight and bias of the head. A single neuron has no axis
//! of neurons and, in place of a connectome, where it has a routing, channels
//! and mask.

use super::state_dict::single_neuron_weights;
use crate::error::{Error, Result};
use crate::model::{Head, ModelKind, NetworkSpec, StoredTensor, StoredTensors, StoredValues};
use crate::spec::{Role, Routing};

/// A leaf of the tree.
struct Leaf {
    /// Our name of it.
    name: String,
    shape: Vec<usize>,
    integers: bool,
}

/// The weights under our names from the arrays of the authors' network
/// (`elm_network`) or neuron (`elm_neuron`), in the order of its tree.
///
/// # Errors
/// [`Error::Stored`] naming the first array whose shape or type is not that of
/// the model, or when there are too few or too many.
pub fn weights_in_tree_order(network: &NetworkSpec, arrays: Vec<StoredTensor>) -> Result<StoredTensors> {
    let leaves = match network.kind {
        ModelKind::ElmNetwork => network_leaves(network),
        ModelKind::ElmNeuron => neuron_leaves(network)?,
        ModelKind::Elm | ModelKind::BranchElm => {
            let reason = "only networks and neurons of the second paper are filed in the order of a tree";
            return Err(Error::stored("the model", reason));
        }
    };
    if let Some((leaf, (at, array))) =
        leaves.iter().zip(arrays.iter().enumerate()).find(|(l, (_, a))| !fits(l, a))
    {
        let kind = if matches!(array.values, StoredValues::U32(_)) { "integers" } else { "floats" };
        let wanted = if leaf.integers { "integers" } else { "floats" };
        let reason = format!(
            "is {kind} of shape {:?}, {} of the model is {wanted} of shape {:?}",
            array.shape, leaf.name, leaf.shape
        );
        return Err(Error::stored(format!("array {at}"), reason));
    }
    if leaves.len() != arrays.len() {
        let next = leaves.get(arrays.len()).map(|leaf| format!("; {} comes next", leaf.name));
        let reason =
            format!("{} where the model has {}{}", arrays.len(), leaves.len(), next.unwrap_or_default());
        return Err(Error::stored("the number of arrays", reason));
    }
    let mut named = StoredTensors::default();
    for (leaf, array) in leaves.into_iter().zip(arrays) {
        named.tensors.insert(leaf.name, array);
    }
    match network.layers.as_slice() {
        [layer] if network.kind == ModelKind::ElmNeuron => single_neuron_weights(layer, &named),
        _ => Ok(named),
    }
}

fn fits(leaf: &Leaf, array: &StoredTensor) -> bool {
    array.shape == leaf.shape && matches!(array.values, StoredValues::U32(_)) == leaf.integers
}

fn network_leaves(network: &NetworkSpec) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    for (l, layer) in network.layers.iter().enumerate() {
        let (n, neuron) = (layer.neurons, &layer.neuron);
        let leaf = |name: String, shape: &[usize], integers| Leaf {
            name: format!("layers.{l}.{name}"),
            shape: shape.to_vec(),
            integers,
        };
        let trained = layer.parameter_layout().tensors.into_iter().filter(|named| named.name != Role::TauRaw);
        leaves.extend(trained.map(|named| leaf(named.name.to_string(), &named.shape, false)));
        leaves.push(leaf(Role::TauRaw.to_string(), &[n, neuron.memory], false));
        leaves.push(leaf("connectome".into(), &[n, neuron.synapses()], true));
    }
    if network.head != Head::None {
        let named = network.head_layout().tensors.into_iter();
        leaves.extend(named.map(|named| Leaf {
            name: format!("head.{}", named.name),
            shape: named.shape,
            integers: false,
        }));
    }
    leaves
}

fn neuron_leaves(network: &NetworkSpec) -> Result<Vec<Leaf>> {
    let [layer] = network.layers.as_slice() else {
        return Err(Error::stored("the model", "a single neuron is one layer"));
    };
    let neuron = &layer.neuron;
    let trained = layer.parameter_layout().tensors.into_iter().filter(|named| named.name != Role::TauRaw);
    let mut leaves: Vec<Leaf> = trained
        .map(|named| Leaf { name: named.name.to_string(), shape: named.shape[1..].to_vec(), integers: false })
        .collect();
    leaves.push(Leaf { name: Role::TauRaw.to_string(), shape: vec![neuron.memory], integers: false });
    if layer.routing != Routing::Direct {
        for name in ["routing.index", "routing.mask"] {
            leaves.push(Leaf { name: name.into(), shape: vec![neuron.synapses()], integers: true });
        }
    }
    Ok(leaves)
}
