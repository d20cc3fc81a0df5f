//! A network with weights on a backend, and how it runs over a batch.

use super::embedding::embedded;
use super::logits;
use super::network::{Embedding, Head, NetworkSpec};
use super::per_step::PerStep;
use super::stored::StoredTensors;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::ops;
use crate::scan::{Clock, ScanArgs, ScanPath};
use crate::spec::{
    Connectome, DropoutMasks, Input, InputKind, LayerSpec, Monitors, NamedRange, ParameterLayout, Want,
};
use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

/// A layer with its weights.
pub struct Layer<B: Backend> {
    /// What it is made of.
    pub spec: LayerSpec,
    /// All trainable parameters, one flat variable `[P]`.
    pub parameters: B::Tensor,
    /// The timescales where they are not trained, `[N * M]`.
    pub fixed_tau_raw: Option<Arc<[f32]>>,
    /// What each synapse reads.
    pub connectome: Connectome,
    /// The connectome on the device.
    pub index: B::Index,
}

/// A network with its weights.
pub struct Network<B: Backend> {
    /// What it is made of.
    pub spec: NetworkSpec,
    /// Its layers, first to last.
    pub layers: Vec<Layer<B>>,
    /// Weight and bias of the head, one flat variable.
    pub head: Option<B::Tensor>,
    /// The learned table of the embedding, one flat variable `[V * W]`.
    pub embedding: Option<B::Tensor>,
}

/// What a layer answers over a sequence.
pub struct LayerAnswer<B: Backend> {
    /// Activity over time, `[T, N * O, B]`.
    pub activity: B::Tensor,
    /// State after the last step, `[rows of the state layout, B]`.
    pub state: B::Tensor,
    /// Mean over time and memory units of `|o|`, `[N, B]`, where asked for.
    pub magnitude: Option<B::Tensor>,
    /// Every intermediate, where asked for.
    pub monitors: Option<Monitors>,
    /// Which implementation ran.
    pub path: ScanPath,
    /// Why that is not the fused one, where the backend says.
    pub reason: Option<String>,
    /// In which form the layer got its input, where the model says.
    pub read: Option<InputKind>,
    /// Wall-clock seconds of its recurrence, where the model says. On a card,
    /// which works behind, only those in which the work was handed over.
    pub forward: Option<f64>,
    /// The same of the way back, once it has been gone.
    pub backward: Option<Clock>,
}

impl<B: Backend> LayerAnswer<B> {
    /// An answer of activity and end state alone.
    pub fn new(activity: B::Tensor, state: B::Tensor, path: ScanPath) -> Self {
        let (magnitude, monitors, reason, read, forward, backward) = (None, None, None, None, None, None);
        LayerAnswer { activity, state, magnitude, monitors, path, reason, read, forward, backward }
    }
}

/// What goes into one run besides the input.
pub struct RunArgs<'a, B: Backend> {
    /// State to start from, one tensor per layer.
    pub state: &'a [B::Tensor],
    /// Masks of each layer.
    pub masks: &'a [DropoutMasks],
    /// What each layer shall answer.
    pub want: &'a [Want],
    /// Number of sequences `B`.
    pub rows: usize,
    /// Number of steps `T`.
    pub steps: usize,
}

impl NetworkSpec {
    /// Layout of the head's flat variable, empty without a head.
    pub fn head_layout(&self) -> ParameterLayout {
        let mut layout = ParameterLayout::default();
        if self.head != Head::None {
            layout.push("weight", &[self.logits(), self.head_inputs()]);
            layout.push("bias", &[self.logits()]);
        }
        layout
    }

    /// Names and layouts of all flat variables: `layers.0` …, then `head` and
    /// `embedding`.
    pub fn layouts(&self) -> Vec<(String, ParameterLayout)> {
        let of_layer =
            |(l, layer): (usize, &LayerSpec)| (format!("layers.{l}"), layer.parameter_layout().named());
        let mut layouts: Vec<_> = self.layers.iter().enumerate().map(of_layer).collect();
        if self.head != Head::None {
            layouts.push(("head".into(), self.head_layout()));
        }
        let embedding = self.embedding_layout();
        if !embedding.is_empty() {
            layouts.push(("embedding".into(), embedding));
        }
        layouts
    }

    /// Number of trainable parameters.
    pub fn trainable_parameters(&self) -> usize {
        self.layouts().iter().map(|(_, layout)| layout.len()).sum()
    }

    /// Initial weights, timescales and connectomes drawn from a seed; names
    /// as in [`Network::to_stored`].
    pub fn initial_weights(&self, seed: u64) -> StoredTensors {
        let mut stored = StoredTensors::default();
        for (l, layer) in self.layers.iter().enumerate() {
            let values = layer.initial_parameters(seed, l);
            insert_named(&mut stored, &format!("layers.{l}"), &layer.parameter_layout(), &values);
            let (n, neuron) = (layer.neurons, &layer.neuron);
            let sources = layer.draw_connectome(seed, l);
            stored.insert_integers(format!("layers.{l}.connectome"), &[n, neuron.synapses()], sources);
            if !neuron.tau_learnable {
                stored.insert(
                    format!("layers.{l}.memory.tau_raw"),
                    &[n, neuron.memory],
                    layer.initial_tau_raw(),
                );
            }
        }
        if self.head != Head::None {
            let layout = self.head_layout();
            insert_named(&mut stored, "head", &layout, &initial_head(self, seed, layout.len()));
        }
        insert_named(&mut stored, "embedding", &self.embedding_layout(), &self.initial_embedding(seed));
        stored
    }
}

impl<B: Backend> Network<B> {
    /// A network with initial weights drawn from a seed.
    ///
    /// # Errors
    /// When the backend refuses a tensor.
    pub fn from_seed(backend: &B, spec: &NetworkSpec, seed: u64) -> Result<Self> {
        Self::from_stored(backend, spec, &spec.initial_weights(seed))
    }

    /// A network with stored weights; names as in [`Network::to_stored`].
    ///
    /// # Errors
    /// [`Error::Stored`] when a tensor is missing or has another shape,
    /// [`Error::Index`] when the connectome points outside of the layer.
    pub fn from_stored(backend: &B, spec: &NetworkSpec, stored: &StoredTensors) -> Result<Self> {
        spec.check_sizes().map_err(|reason| Error::stored("the network", reason))?;
        let mut layers = Vec::with_capacity(spec.layers.len());
        for (l, layer) in spec.layers.iter().enumerate() {
            let prefix = format!("layers.{l}");
            let layout = layer.parameter_layout();
            let parameters = backend.variable(&flat_values(stored, &prefix, &layout)?, &[layout.len()])?;
            let (n, neuron) = (layer.neurons, &layer.neuron);
            let fixed_tau_raw = if neuron.tau_learnable {
                None
            } else {
                Some(stored.floats(&format!("{prefix}.memory.tau_raw"), &[n, neuron.memory])?.into())
            };
            let sources = stored.integers(&format!("{prefix}.connectome"), &[n, neuron.synapses()])?;
            let connectome = Connectome::new(layer, sources)?;
            let index = backend.index(sources)?;
            layers.push(Layer { spec: layer.clone(), parameters, fixed_tau_raw, connectome, index });
        }
        let head = if spec.head != Head::None {
            let layout = spec.head_layout();
            Some(backend.variable(&flat_values(stored, "head", &layout)?, &[layout.len()])?)
        } else {
            None
        };
        let layout = spec.embedding_layout();
        let embedding = match layout.is_empty() {
            true => None,
            false => Some(backend.variable(&flat_values(stored, "embedding", &layout)?, &[layout.len()])?),
        };
        Ok(Network { spec: spec.clone(), layers, head, embedding })
    }

    /// All weights, timescales and connectomes: `layers.L.synapse.weight`,
    /// `layers.L.mlp.J.weight`, …, `layers.L.memory.tau_raw`,
    /// `layers.L.connectome`, `head.weight`, `head.bias`, `embedding.weight`.
    ///
    /// # Errors
    /// When the backend cannot copy a tensor to the host.
    pub fn to_stored(&self, backend: &B) -> Result<StoredTensors> {
        let mut stored = StoredTensors::default();
        for (variable, (prefix, layout)) in self.variables().iter().zip(self.spec.layouts()) {
            insert_named(&mut stored, &prefix, &layout, &backend.values(variable)?);
        }
        for (l, layer) in self.layers.iter().enumerate() {
            let (n, neuron) = (layer.spec.neurons, &layer.spec.neuron);
            if let Some(tau_raw) = &layer.fixed_tau_raw {
                stored.insert(format!("layers.{l}.memory.tau_raw"), &[n, neuron.memory], tau_raw.to_vec());
            }
            let sources = layer.connectome.sources().to_vec();
            stored.insert_integers(format!("layers.{l}.connectome"), &[n, neuron.synapses()], sources);
        }
        Ok(stored)
    }

    /// The flat trainable variables in the order of [`NetworkSpec::layouts`].
    pub fn variables(&self) -> Vec<B::Tensor> {
        let layers = self.layers.iter().map(|layer| layer.parameters.clone());
        layers.chain(self.head.clone()).chain(self.embedding.clone()).collect()
    }

    /// The state before a sequence: all zeros.
    ///
    /// # Errors
    /// When the backend refuses a tensor.
    pub fn zero_state(&self, backend: &B, rows: usize) -> Result<Vec<B::Tensor>> {
        let zeros = |layer: &Layer<B>| ops::zeros(backend, &[layer.spec.state_layout().rows(), rows]);
        self.layers.iter().map(zeros).collect()
    }

    /// Runs all layers over a batch, each on the one before.
    ///
    /// # Errors
    /// When input, state or masks do not fit the network.
    pub fn run(
        &self,
        backend: &B,
        input: Input<B::Tensor>,
        args: &RunArgs<'_, B>,
    ) -> Result<Vec<LayerAnswer<B>>> {
        self.run_layers(backend, input, args, None)
    }

    /// [`Network::run`] with per-step dropout on what the layers above the
    /// first read; the first one's belongs on the host input, or on the rows of
    /// a learned embedding.
    pub(super) fn run_layers(
        &self,
        backend: &B,
        input: Input<B::Tensor>,
        args: &RunArgs<'_, B>,
        per_step: Option<PerStep>,
    ) -> Result<Vec<LayerAnswer<B>>> {
        for (what, given) in
            [("states", args.state.len()), ("masks", args.masks.len()), ("wants", args.want.len())]
        {
            if given != self.layers.len() {
                return Err(Error::shape(
                    what,
                    &[given],
                    format!("one for each of {} layers", self.layers.len()),
                ));
            }
        }
        let mut answers: Vec<LayerAnswer<B>> = Vec::with_capacity(self.layers.len());
        let mut input = match (&self.embedding, self.spec.embedding, self.layers.first()) {
            (Some(table), Embedding::Learned { symbols, width, .. }, Some(first)) => {
                let rows = embedded(backend, table, [symbols, width], &input, [args.steps, args.rows])?;
                Input::Dense(match per_step {
                    Some(masks) => masks.on_activity(backend, &first.spec, 0, &rows)?,
                    None => rows,
                })
            }
            _ => input,
        };
        let mut input_factor = self.spec.embedding.factor();
        for (l, layer) in self.layers.iter().enumerate() {
            if let (Some(masks), Some(below)) = (per_step, answers.last()) {
                input = Input::Dense(masks.on_activity(backend, &layer.spec, l, &below.activity)?);
            }
            let (read, began) = (Some(input.kind()), Instant::now());
            let output = backend.elm_scan(&ScanArgs::<B> {
                layer: layer.spec.clone(),
                connectome: layer.connectome.clone(),
                index: layer.index.clone(),
                parameters: layer.parameters.clone(),
                fixed_tau_raw: layer.fixed_tau_raw.clone(),
                input,
                input_factor,
                state: args.state[l].clone(),
                rows: args.rows,
                steps: args.steps,
                dropout: args.masks[l].clone(),
                want: args.want[l],
            })?;
            let forward = Some(began.elapsed().as_secs_f64());
            input = Input::Dense(output.activity.clone());
            input_factor = 1.0;
            answers.push(LayerAnswer {
                activity: output.activity,
                state: output.state,
                magnitude: output.magnitude,
                monitors: output.monitors,
                path: output.path,
                reason: output.reason,
                read,
                forward,
                backward: output.backward,
            });
        }
        Ok(answers)
    }

    /// The head on what it reads, `[head inputs, R]`: logits `[O, R]`.
    ///
    /// # Errors
    /// [`Error::Shape`] when these are not the rows that the head reads.
    pub fn apply_head(&self, backend: &B, rows: &B::Tensor) -> Result<B::Tensor> {
        let Some(head) = &self.head else { return Ok(rows.clone()) };
        let (inputs, logits) = (self.spec.head_inputs(), self.spec.logits());
        let shape = backend.shape(rows);
        if shape[0] != inputs {
            let wanted = format!("[{inputs}, R] for the head {:?}", self.spec.head);
            return Err(Error::shape("what the head reads", &shape, wanted));
        }
        let weight = backend.reshape(&backend.narrow(head, 0, 0, logits * inputs)?, &[logits, inputs])?;
        let bias = backend.reshape(&backend.narrow(head, 0, logits * inputs, logits)?, &[logits, 1])?;
        ops::add(backend, &backend.matmul(&weight, rows)?, &bias)
    }

    /// See [`logits_of_all_steps`](super::logits::logits_of_all_steps).
    ///
    /// # Errors
    /// As there.
    pub fn logits_of_all_steps(&self, backend: &B, activity: &B::Tensor) -> Result<B::Tensor> {
        logits::logits_of_all_steps(backend, self, activity)
    }

    /// See [`logits_of_last_step`](super::logits::logits_of_last_step).
    ///
    /// # Errors
    /// As there.
    pub fn logits_of_last_step(
        &self,
        backend: &B,
        activity: &B::Tensor,
        lengths: Option<&[u32]>,
    ) -> Result<B::Tensor> {
        logits::logits_of_last_step(backend, self, activity, lengths)
    }

    /// See [`logits_of_pairs`](super::logits::logits_of_pairs).
    ///
    /// # Errors
    /// As there.
    pub fn logits_of_pairs(
        &self,
        backend: &B,
        activity: &B::Tensor,
        lengths: Option<&[u32]>,
    ) -> Result<B::Tensor> {
        logits::logits_of_pairs(backend, self, activity, lengths)
    }
}

/// Files the named tensors of a flat variable as `PREFIX.NAME`.
pub fn insert_named<N: Display>(
    stored: &mut StoredTensors,
    prefix: &str,
    layout: &ParameterLayout<N>,
    values: &[f32],
) {
    for named in &layout.tensors {
        let name = format!("{prefix}.{}", named.name);
        stored.insert(name, &named.shape, values[named.range.clone()].to_vec());
    }
}

/// Collects the named tensors of a flat variable, filed as `PREFIX.NAME`.
///
/// # Errors
/// [`Error::Stored`] when a tensor is missing or has another shape.
pub fn flat_values<N: Display>(
    stored: &StoredTensors,
    prefix: &str,
    layout: &ParameterLayout<N>,
) -> Result<Vec<f32>> {
    let tensor = |named: &NamedRange<N>| stored.floats(&format!("{prefix}.{}", named.name), &named.shape);
    // All of them are found before anything is allocated.
    let tensors = layout.tensors.iter().map(tensor).collect::<Result<Vec<_>>>()?;
    Ok(tensors.concat())
}

/// Weight and bias of the head, uniform in ±1/sqrt(its inputs).
fn initial_head(spec: &NetworkSpec, seed: u64, count: usize) -> Vec<f32> {
    use crate::random::{Draws, Purpose};
    let mut draws = Draws::new(seed, Purpose::Weights, [spec.layers.len() as u64, 0]);
    let bound = 1.0 / (spec.head_inputs() as f64).sqrt();
    (0..count).map(|_| draws.symmetric(bound)).collect()
}
