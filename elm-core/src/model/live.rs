//! A network that goes through time step by step, for one sequence.

use super::built::flat_values;
use super::embedding::LiveEmbedding;
use super::network::{Head, NetworkSpec};
use super::stored::StoredTensors;
use crate::error::{Error, Result};
use crate::kernel::{LiveInput, LiveLayer, LiveWeights, Simd};
use crate::spec::Connectome;

/// Parameters of a layer for which waking one more thread, some tens of
/// microseconds, is less than the time it saves: they are 2 MB, which take about
/// 55 microseconds to come from memory at 36 GB/s. Reckoned, not tuned.
const WORTH_A_THREAD: usize = 500_000;

/// A trained network in a live program: input comes in as it happens, and
/// every step answers at once. No backend is needed, and nothing is allocated
/// after it was made. Dropout is off.
///
/// # Example
/// ```
/// use elm_core::kernel::{LiveInput, Simd};
/// use elm_core::model::{LiveNetwork, ModelKind, NetworkOptions, StoredTensors};
/// # fn main() -> elm_core::Result<()> {
/// # let options = NetworkOptions { kind: ModelKind::ElmNetwork, num_input: 4, num_output: 3,
/// #     num_hidden: Some(8), num_layers: None, embedding: None, head: None, feed_output_back: None,
/// #     layer: Default::default(), first_layer: None, last_layer: None };
/// # use elm_core::model::Network;
/// # let backend = elm_core::reference::Reference;
/// let spec = options.resolve()?;
/// let weights: StoredTensors = Network::from_seed(&backend, &spec, 7)?.to_stored(&backend)?;
/// let mut live = LiveNetwork::new(&spec, &weights, Simd::Auto, 1)?;
/// let logits = live.step(LiveInput::Events(&[(0, 1.0), (3, 1.0)]))?;
/// assert_eq!(logits.len(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LiveNetwork {
    embedding: Option<LiveEmbedding>,
    layers: Vec<LiveLayer>,
    head: Option<LiveHead>,
    logits: Vec<f32>,
}

#[derive(Debug)]
struct LiveHead {
    /// `[O, O]`, a row for each input.
    columns: Vec<f32>,
    bias: Vec<f32>,
}

impl LiveNetwork {
    /// A network with stored weights, named as in
    /// [`Network::to_stored`](super::Network::to_stored); state starts at zero.
    /// Large layers are shared by up to `threads` threads.
    ///
    /// # Errors
    /// [`Error::Stored`] when a tensor is missing or has
    /// another shape, [`Error::Config`] when the network compares pairs; else
    /// as [`LiveLayer::new`].
    pub fn new(spec: &NetworkSpec, stored: &StoredTensors, simd: Simd, threads: usize) -> Result<Self> {
        spec.check_sizes().map_err(|reason| Error::stored("the network", reason))?;
        let mut layers = Vec::with_capacity(spec.layers.len());
        for (l, layer) in spec.layers.iter().enumerate() {
            let (prefix, n, neuron) = (format!("layers.{l}"), layer.neurons, &layer.neuron);
            let fixed_tau_raw = match neuron.tau_learnable {
                true => None,
                false => Some(stored.floats(&format!("{prefix}.memory.tau_raw"), &[n, neuron.memory])?),
            };
            let parameters = flat_values(stored, &prefix, &layer.parameter_layout())?;
            let sources = stored.integers(&format!("{prefix}.connectome"), &[n, neuron.synapses()])?;
            let weights = LiveWeights {
                layer,
                connectome: &Connectome::new(layer, sources)?,
                parameters: &parameters,
                fixed_tau_raw,
                input_factor: if l == 0 { spec.embedding.factor() } else { 1.0 },
            };
            let threads = threads.min(parameters.len() / WORTH_A_THREAD).max(1);
            layers.push(LiveLayer::new(&weights, simd, threads)?);
        }
        let outputs = spec.outputs();
        let head = match spec.head {
            Head::None => None,
            Head::Linear => Some(LiveHead::new(&flat_values(stored, "head", &spec.head_layout())?, outputs)),
            Head::Pair { .. } => {
                return Err(Error::config(
                    "model.head",
                    "a network that compares two sequences cannot run on one",
                ));
            }
        };
        let embedding = LiveEmbedding::new(spec, stored)?;
        Ok(LiveNetwork { embedding, layers, head, logits: vec![0.0; outputs] })
    }

    /// Takes the network through one time step and answers its logits, `[O]`.
    ///
    /// # Errors
    /// As [`LiveLayer::step`]; [`Error::Config`] for events or values where
    /// the network has a learned embedding, which tokens alone can have.
    pub fn step(&mut self, input: LiveInput<'_>) -> Result<&[f32]> {
        let mut layers = self.layers.iter_mut();
        let Some(first) = layers.next() else { return Ok(&self.logits) };
        let mut activity = match &self.embedding {
            Some(embedding) => first.step(LiveInput::Dense(embedding.row(input)?))?,
            None => first.step(input)?,
        };
        for layer in layers {
            activity = layer.step(LiveInput::Dense(activity))?;
        }
        match &self.head {
            Some(head) => head.apply(activity, &mut self.logits),
            None => self.logits.copy_from_slice(activity),
        }
        Ok(&self.logits)
    }

    /// Back to the state before the first step: all zeros.
    pub fn reset(&mut self) {
        self.layers.iter_mut().for_each(LiveLayer::reset);
    }
}

impl LiveHead {
    fn new(values: &[f32], outputs: usize) -> Self {
        let (weight, bias) = values.split_at(outputs * outputs);
        let mut columns = vec![0.0; weight.len()];
        for (o, row) in weight.chunks_exact(outputs).enumerate() {
            for (i, &value) in row.iter().enumerate() {
                columns[i * outputs + o] = value;
            }
        }
        LiveHead { columns, bias: bias.to_vec() }
    }

    fn apply(&self, activity: &[f32], logits: &mut [f32]) {
        logits.copy_from_slice(&self.bias);
        for (column, &value) in self.columns.chunks_exact(logits.len()).zip(activity) {
            for (logit, weight) in logits.iter_mut().zip(column) {
                *logit += value * weight;
            }
        }
    }
}
