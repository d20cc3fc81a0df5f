//! Where the named parameters of a layer lie in its one flat variable.

use super::layer::LayerSpec;
use std::ops::Range;

/// A named tensor inside a flat variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRange {
    /// Name within the layer, e.g. `mlp.0.weight`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its place.
    pub range: Range<usize>,
}

/// All trainable tensors of a layer or head, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParameterLayout {
    /// The tensors in order.
    pub tensors: Vec<NamedRange>,
}

impl ParameterLayout {
    /// Number of parameters altogether.
    pub fn len(&self) -> usize {
        self.tensors.last().map_or(0, |tensor| tensor.range.end)
    }

    /// True when nothing is trainable.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&NamedRange> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// Appends a tensor.
    pub fn push(&mut self, name: impl Into<String>, shape: &[usize]) {
        let start = self.len();
        let end = start + shape.iter().product::<usize>();
        self.tensors.push(NamedRange { name: name.into(), shape: shape.to_vec(), range: start..end });
    }
}

impl LayerSpec {
    /// The layer's trainable tensors, in this order:
    ///
    /// | name | shape |
    /// |---|---|
    /// | `synapse.weight` | `[N, S]` |
    /// | `mlp.J.weight`, `mlp.J.bias` for each linear map `J` | `[N, out, in]`, `[N, out]` |
    /// | `readout.weight`, `readout.bias` | `[N, O, M]`, `[N, O]` |
    /// | `memory.tau_raw` if learnable | `[N, M]` |
    pub fn parameter_layout(&self) -> ParameterLayout {
        let (n, neuron) = (self.neurons, &self.neuron);
        let mut layout = ParameterLayout::default();
        layout.push("synapse.weight", &[n, neuron.synapses()]);
        for (j, (inputs, outputs)) in neuron.mlp_shapes().into_iter().enumerate() {
            layout.push(format!("mlp.{j}.weight"), &[n, outputs, inputs]);
            layout.push(format!("mlp.{j}.bias"), &[n, outputs]);
        }
        layout.push("readout.weight", &[n, self.outputs, neuron.memory]);
        layout.push("readout.bias", &[n, self.outputs]);
        if neuron.tau_learnable {
            layout.push("memory.tau_raw", &[n, neuron.memory]);
        }
        layout
    }
}
