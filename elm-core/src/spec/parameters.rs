//! Where the tensors of a layer lie in its one flat variable.

use super::layer::LayerSpec;
use std::fmt;
use std::ops::Range;

/// What a trainable tensor of a layer is for; displayed, it is the name that
/// the tensor is stored under, e.g. `mlp.0.weight`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Synapse weights `w_s`, `[N, S]`.
    SynapseWeight,
    /// Weights of the synapses that feed a neuron's output back, `[N, F]`.
    FeedbackWeight,
    /// Weight of a linear map of the MLP, `[N, out, in]`.
    MlpWeight(usize),
    /// Its bias, `[N, out]`.
    MlpBias(usize),
    /// `W_y`, `[N, O, M]`.
    ReadoutWeight,
    /// `b`, `[N, O]`.
    ReadoutBias,
    /// Raw timescales, `[N, M]`.
    TauRaw,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Role::SynapseWeight => f.write_str("synapse.weight"),
            Role::FeedbackWeight => f.write_str("feedback.weight"),
            Role::MlpWeight(map) => write!(f, "mlp.{map}.weight"),
            Role::MlpBias(map) => write!(f, "mlp.{map}.bias"),
            Role::ReadoutWeight => f.write_str("readout.weight"),
            Role::ReadoutBias => f.write_str("readout.bias"),
            Role::TauRaw => f.write_str("memory.tau_raw"),
        }
    }
}

/// A tensor inside a flat variable, with its name or role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRange<N = String> {
    /// Name within the variable.
    pub name: N,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its place.
    pub range: Range<usize>,
}

/// All tensors of a flat variable, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterLayout<N = String> {
    /// The tensors in order.
    pub tensors: Vec<NamedRange<N>>,
}

impl<N> Default for ParameterLayout<N> {
    fn default() -> Self {
        ParameterLayout { tensors: Vec::new() }
    }
}

impl<N> ParameterLayout<N> {
    /// Number of parameters altogether.
    pub fn len(&self) -> usize {
        self.tensors.last().map_or(0, |tensor| tensor.range.end)
    }

    /// True when nothing is trainable.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tensor of that name.
    pub fn get<Q: ?Sized>(&self, name: &Q) -> Option<&NamedRange<N>>
    where
        N: PartialEq<Q>,
    {
        self.tensors.iter().find(|tensor| tensor.name == *name)
    }

    /// Appends a tensor.
    pub fn push(&mut self, name: impl Into<N>, shape: &[usize]) {
        let start = self.len();
        let end = start + shape.iter().product::<usize>();
        self.tensors.push(NamedRange { name: name.into(), shape: shape.to_vec(), range: start..end });
    }
}

impl<N: fmt::Display> ParameterLayout<N> {
    /// The same tensors under the names that they are stored under.
    pub fn named(&self) -> ParameterLayout {
        let named = |tensor: &NamedRange<N>| NamedRange {
            name: tensor.name.to_string(),
            shape: tensor.shape.clone(),
            range: tensor.range.clone(),
        };
        ParameterLayout { tensors: self.tensors.iter().map(named).collect() }
    }
}

impl LayerSpec {
    /// The layer's trainable tensors, in the order of [`Role`]; weight and
    /// bias of each linear map follow each other. Timescales are among them
    /// only where they are learnable, synapse weights where they are not
    /// fixed, those of the feedback where there is one.
    pub fn parameter_layout(&self) -> ParameterLayout<Role> {
        let (n, neuron) = (self.neurons, &self.neuron);
        let mut layout = ParameterLayout::default();
        if neuron.fixed_synapse_weight.is_none() {
            layout.push(Role::SynapseWeight, &[n, neuron.synapses()]);
            if neuron.feedback > 0 {
                layout.push(Role::FeedbackWeight, &[n, neuron.feedback]);
            }
        }
        for (map, (inputs, outputs)) in neuron.mlp_shapes().into_iter().enumerate() {
            layout.push(Role::MlpWeight(map), &[n, outputs, inputs]);
            layout.push(Role::MlpBias(map), &[n, outputs]);
        }
        layout.push(Role::ReadoutWeight, &[n, self.outputs, neuron.memory]);
        layout.push(Role::ReadoutBias, &[n, self.outputs]);
        if neuron.tau_learnable {
            layout.push(Role::TauRaw, &[n, neuron.memory]);
        }
        layout
    }
}
