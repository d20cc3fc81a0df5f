//! A single neuron's tensors under the names of the authors' PyTorch programs.

use crate::error::{Error, Result};
use crate::model::{ModelKind, NetworkSpec, StoredTensor, StoredTensors, StoredValues};
use crate::spec::{
    Activation, LambdaMode, LayerSpec, MlpActivation, NamedRange, ParameterLayout, Role, Routing, Trace,
};

/// What a state dict holds besides trained tensors and timescales.
const TRACES: [&str; 2] = ["tau_s", "tau_b"];
/// Which channel each synapse reads, as records and as state dicts name it.
const INDICES: [&str; 2] = ["routing.index", "input_to_synapse_indices"];
/// Which of these count.
const MASKS: [&str; 2] = ["routing.mask", "valid_indices_mask"];

/// Our name of a single neuron's tensor in the authors' state dict.
pub(super) fn our_name(name: &str) -> String {
    let linear = name.strip_prefix("mlp.network.").and_then(|rest| {
        let (index, part) = rest.split_once('.')?;
        Some(format!("mlp.{}.{part}", index.parse::<usize>().ok()? / 2))
    });
    match name {
        "_proto_w_s" => "synapse.weight".into(),
        "_proto_tau_m" => "memory.tau_raw".into(),
        "w_y.weight" => "readout.weight".into(),
        "w_y.bias" => "readout.bias".into(),
        _ => linear.unwrap_or_else(|| name.into()),
    }
}

/// The authors' name of a tensor.
fn their_name(role: Role) -> String {
    match role {
        Role::SynapseWeight => "_proto_w_s".into(),
        Role::MlpWeight(map) => format!("mlp.network.{}.weight", 2 * map),
        Role::MlpBias(map) => format!("mlp.network.{}.bias", 2 * map),
        Role::ReadoutWeight => "w_y.weight".into(),
        Role::ReadoutBias => "w_y.bias".into(),
        Role::TauRaw => "_proto_tau_m".into(),
        // The released neuron does not read its output; ours keeps its name.
        Role::FeedbackWeight => role.to_string(),
    }
}

/// The tensors of a neuron, timescales included whether they are trained or not.
fn layout(layer: &LayerSpec) -> ParameterLayout<Role> {
    let mut layout = layer.parameter_layout();
    if !layer.neuron.tau_learnable {
        layout.push(Role::TauRaw, &[1, layer.neuron.memory]);
    }
    layout
}

/// The weights of a single neuron under our names, from the authors' state
/// dict or a record.
///
/// # Errors
/// [`Error::Stored`] naming the tensor that is missing, is no tensor of such a
/// neuron, or does not fit it.
pub fn single_neuron_weights(layer: &LayerSpec, parameters: &StoredTensors) -> Result<StoredTensors> {
    let mut weights = StoredTensors::default();
    let layout = layout(layer).named();
    for (key, tensor) in &parameters.tensors {
        let name = our_name(key);
        match layout.get(name.as_str()) {
            Some(named) => {
                let values = floats_of(key, tensor, named)?;
                weights.insert(format!("layers.0.{name}"), &named.shape, values.to_vec());
            }
            None if TRACES.contains(&key.as_str()) => check_trace(layer, key, tensor)?,
            None if INDICES.contains(&key.as_str()) || MASKS.contains(&key.as_str()) => {}
            None => {
                let known: Vec<String> = layout.tensors.iter().map(|named| named.name.clone()).collect();
                let reason = format!("is no tensor of this neuron, which has {}", known.join(", "));
                return Err(Error::stored(key, reason));
            }
        }
    }
    for named in &layout.tensors {
        // Before anything is made that is as large as the settings say.
        if !weights.tensors.contains_key(&format!("layers.0.{}", named.name)) {
            return Err(Error::stored(&named.name, "the tensor is missing"));
        }
    }
    let connectome = connectome(layer, parameters)?;
    weights.insert_integers("layers.0.connectome", &[1, layer.neuron.synapses()], connectome);
    Ok(weights)
}

/// The floats of a tensor, whose shape may lack the axis of the one neuron.
fn floats_of<'a>(key: &str, tensor: &'a StoredTensor, named: &NamedRange) -> Result<&'a [f32]> {
    let StoredValues::F32(values) = &tensor.values else {
        return Err(Error::stored(key, "holds integers where floats are expected"));
    };
    if tensor.shape != named.shape && tensor.shape != named.shape[1..] {
        let reason = format!("has shape {:?}, the neuron needs {:?}", tensor.shape, &named.shape[1..]);
        return Err(Error::stored(key, reason));
    }
    Ok(values)
}

/// Timescales of traces are settings here: all have to be the one that is set.
fn check_trace(layer: &LayerSpec, key: &str, tensor: &StoredTensor) -> Result<()> {
    let neuron = &layer.neuron;
    let (wanted, tau) = match (key, neuron.trace) {
        ("tau_s", Trace::Synapse(tau)) => (neuron.synapses(), tau),
        ("tau_b", Trace::Branch(tau)) => (neuron.branches, tau),
        _ => return Err(Error::stored(key, format!("the neuron has another trace: {:?}", neuron.trace))),
    };
    if tensor.shape != [wanted] {
        let reason = format!("has shape {:?}, the neuron needs {:?}", tensor.shape, [wanted]);
        return Err(Error::stored(key, reason));
    }
    let StoredValues::F32(values) = &tensor.values else {
        return Err(Error::stored(key, "holds integers where floats are expected"));
    };
    match values.iter().find(|&&value| value != tau as f32) {
        None => Ok(()),
        Some(value) => {
            let reason = format!("holds {value}, the configuration says {tau} (tau_s_value, tau_b_value)");
            Err(Error::stored(key, reason))
        }
    }
}

/// Routing indices with masked synapses wired to nothing.
fn connectome(layer: &LayerSpec, parameters: &StoredTensors) -> Result<Vec<u32>> {
    // Without a routing the authors' programs file tensors without numbers.
    let find = |names: [&'static str; 2]| {
        let found = names.into_iter().find_map(|name| Some((name, parameters.tensors.get(name)?)));
        found.filter(|(_, tensor)| !tensor.values.is_empty())
    };
    let synapses = layer.neuron.synapses();
    let Some((name, index)) = find(INDICES) else {
        if layer.routing == Routing::Direct {
            return Ok((0..layer.inputs as u32).collect());
        }
        return Err(Error::stored(
            INDICES[1],
            "the tensor is missing: which channel does each synapse read?",
        ));
    };
    let StoredValues::U32(index) = &index.values else {
        return Err(Error::stored(name, "the indices are not integers"));
    };
    let mask: Vec<bool> = match find(MASKS).map(|(_, mask)| &mask.values) {
        None => vec![true; index.len()],
        Some(StoredValues::F32(mask)) => mask.iter().map(|&m| m != 0.0).collect(),
        Some(StoredValues::U32(mask)) => mask.iter().map(|&m| m != 0).collect(),
    };
    if index.len() != synapses || mask.len() != synapses {
        let reason = format!(
            "has {} entries (and its mask {}), the neuron has {synapses} synapses",
            index.len(),
            mask.len()
        );
        return Err(Error::stored(name, reason));
    }
    if let Some(synapse) = index.iter().position(|&channel| channel as usize >= layer.inputs) {
        let reason =
            format!("synapse {synapse} reads channel {}, there are {}", index[synapse], layer.inputs);
        return Err(Error::stored(name, reason));
    }
    if layer.routing == Routing::Direct && (0..).zip(index).any(|(channel, &index)| index != channel) {
        return Err(Error::stored(
            name,
            "holds a routing, the configuration has no input_to_synapse_routing",
        ));
    }
    let source = |(&i, &valid): (&u32, &bool)| if valid { i } else { layer.unconnected() };
    Ok(index.iter().zip(&mask).map(source).collect())
}

/// The state dict of the authors' PyTorch programs for a neuron of kind `elm`
/// or `branch_elm`, from weights under our names.
///
/// # Errors
/// [`Error::Unsupported`] naming what their programs do not have,
/// [`Error::Stored`] when the weights belong to another model.
pub fn single_neuron_state_dict(network: &NetworkSpec, weights: &StoredTensors) -> Result<StoredTensors> {
    let layer = theirs(network)?;
    let mut state = StoredTensors::default();
    for named in &layout(layer).tensors {
        let values = weights.floats(&format!("layers.0.{}", named.name), &named.shape)?;
        state.insert(their_name(named.name), &named.shape[1..], values.to_vec());
    }
    let (neuron, synapses) = (&layer.neuron, layer.neuron.synapses());
    match neuron.trace {
        Trace::Synapse(tau) => state.insert(TRACES[0], &[synapses], vec![tau as f32; synapses]),
        Trace::Branch(tau) => state.insert(TRACES[1], &[neuron.branches], vec![tau as f32; neuron.branches]),
        Trace::None => {}
    }
    if layer.routing == Routing::Direct {
        // As theirs are without a routing.
        state.insert(INDICES[1], &[0], Vec::new());
        state.insert(MASKS[1], &[0], Vec::new());
        return Ok(state);
    }
    let sources = weights.integers("layers.0.connectome", &[1, synapses])?;
    let last = layer.inputs.saturating_sub(1) as u32;
    let mask = sources.iter().map(|&source| u32::from(source <= last)).collect();
    // A synapse that reads nothing has the last channel, masked.
    state.insert_integers(INDICES[1], &[synapses], sources.iter().map(|&source| source.min(last)).collect());
    state.insert_integers(MASKS[1], &[synapses], mask);
    Ok(state)
}

/// The one neuron of a network, if their programs have its like.
fn theirs(network: &NetworkSpec) -> Result<&LayerSpec> {
    let lacks = |what: &str| {
        let reason = "the names of a neuron leave this out; the weights can be filed under our names";
        Err(Error::Unsupported {
            what: what.into(),
            backend: "the authors' PyTorch neuron".into(),
            reason: reason.into(),
        })
    };
    let mode = match network.kind {
        ModelKind::Elm => LambdaMode::Scale,
        ModelKind::BranchElm => LambdaMode::TimescaleRatio,
        ModelKind::ElmNetwork | ModelKind::ElmNeuron => return lacks("a model of the second paper"),
    };
    let [layer] = network.layers.as_slice() else { return lacks("more than one layer") };
    let neuron = &layer.neuron;
    let lacking = [
        ("model.neuron.branch_tau = \"none\"", neuron.trace == Trace::None),
        ("model.neuron.lambda_mode of the other kind", neuron.lambda_mode != mode),
        ("model.neuron.high_pass_tau", neuron.high_pass_tau.is_some()),
        ("model.neuron.activation", neuron.activation != Activation::Identity),
        ("model.neuron.input_scale", neuron.input_scale != 1.0),
        ("model.feed_output_back", neuron.feedback > 0),
        (
            "model.neuron.mlp_activation = \"relu_squared\"",
            neuron.mlp_activation == MlpActivation::ReluSquared,
        ),
    ];
    match lacking.into_iter().find(|(_, lacking)| *lacking) {
        None => Ok(layer),
        Some((what, _)) => lacks(what),
    }
}
