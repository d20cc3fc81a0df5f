//! Weights under the names of the model that they are for.

use super::weights::Given;
use crate::config::{Demand, RunConfig};
use crate::model::ConfiguredModel;
use anyhow::Result;
use elm_core::Error;
use elm_core::model::StoredTensors;
use elm_core::records::{single_neuron_weights, weights_in_tree_order};

/// The weights as the model's checkpoints have them.
///
/// # Errors
/// Naming the tensor that is missing, of no use to the model, or of another
/// shape.
pub(super) fn to_model<S: ConfiguredModel>(
    given: Given,
    config: &RunConfig,
    demand: Demand,
    model: &S,
) -> Result<StoredTensors> {
    let named = match given {
        Given::InOrder(arrays) => return Ok(weights_in_tree_order(&config.network(demand)?, arrays)?),
        Given::Named(named) => named,
    };
    let layouts = model.layouts();
    let ours = |name: &String| layouts.iter().any(|(prefix, _)| name.starts_with(&format!("{prefix}.")));
    if !named.tensors.keys().any(ours) {
        let network = config.network(demand)?;
        let [layer] = network.layers.as_slice() else {
            let name = named.tensors.keys().next().map_or("nothing", String::as_str);
            let reason = "is no tensor of a network, whose names begin with layers.0, layers.1, … and head";
            return Err(Error::stored(name, reason).into());
        };
        return Ok(single_neuron_weights(layer, &named)?);
    }
    for (prefix, layout) in &layouts {
        // Before anything is made that is as large as the settings say.
        for tensor in &layout.tensors {
            named.floats(&format!("{prefix}.{}", tensor.name), &tensor.shape)?;
        }
    }
    let wanted = model.initial_weights(0);
    match named.tensors.keys().find(|name| !wanted.tensors.contains_key(*name)) {
        None => Ok(named),
        Some(unknown) => Err(Error::stored(unknown, "is no tensor of this model").into()),
    }
}
