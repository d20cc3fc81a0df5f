//! Settings that are impossible, named by their keys.

use super::resolve::KeyOf;
use super::{DropoutOptions, NeuronOptions};
use crate::error::{Error, Result};
use crate::model::sizes::{self, Size};
use crate::spec::{DropoutSpec, InputDropoutMode, LayerSpec, NeuronSpec, Trace};

pub(super) fn check_neuron(neuron: &NeuronSpec, o: &NeuronOptions, key: &KeyOf) -> Result<()> {
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
    if let Some([low, high]) = o.memory_tau_bounds {
        let name = key.neuron("memory_tau_bounds", |n| n.memory_tau_bounds.is_some());
        let initial = [neuron.tau_min, neuron.tau_max];
        if o.memory_tau_range_scale.is_some() {
            return Err(Error::config(name, "either these or memory_tau_range_scale, not both"));
        }
        if !(low >= 0.0 && low <= initial[0] && initial[1] <= high && low < high && high.is_finite()) {
            let reason = format!(
                "[{low}, {high}] must be an interval from 0 up that holds memory_tau_min = {} and memory_tau_max = {}",
                initial[0], initial[1]
            );
            return Err(Error::config(name, reason));
        }
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
pub(super) fn check_size(
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

pub(super) fn dropout_spec(o: &DropoutOptions, key: &KeyOf) -> Result<DropoutSpec> {
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

pub(super) fn at_least_one(key: &str, value: usize) -> Result<()> {
    if value == 0 { Err(Error::config(key, "must be at least 1")) } else { Ok(()) }
}

pub(super) fn finite(key: &str, value: f64) -> Result<()> {
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
