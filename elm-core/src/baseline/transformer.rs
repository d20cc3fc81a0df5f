//! The Transformer encoder (Vaswani et al. 2017, arXiv 1706.03762) in the form
//! that the Long Range Arena compares with (Tay et al. 2021, arXiv 2011.04006):
//! norms before the maps, GELU, one class per sequence.

use super::head::{HEAD, LinearHead};
use super::{sizes, tensors, variables};
use crate::backend::Backend;
use crate::device::BackendOptions;
use crate::error::{Error, Result};
use crate::model::count::NetworkCount;
use crate::model::{LayerAnswer, Model, ModelSpec, Pass, Sequences, StoredTensors, insert_named};
use crate::ops;
use crate::random::{Draws, Purpose};
use crate::spec::{NamedRange, ParameterLayout};
use serde::{Deserialize, Serialize};

mod block;
mod dropout;
mod positions;

pub use positions::Positions;

use block::{Block, columns, layer_norm};
use dropout::{Dropout, Site};
use positions::POSITIONS;

/// A Transformer encoder with every choice made.
///
/// # Equation
/// With columns `x` of width `W`, one for each step of each sequence:
/// ```text
/// x = W_e input + b_e + positions
/// each block: x += attention(norm1(x)),  x += W_2 gelu(W_1 norm2(x) + b_1) + b_2
/// y = norm(x), pooled over the steps of the sequence
/// ```
/// Every step attends to all steps of its sequence, padding excluded, so it
/// answers a sequence and not each step. Weights and names are those of
/// `torch.nn.TransformerEncoder` over `TransformerEncoderLayer(norm_first=True)`
/// with the GELU of `approximate="tanh"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transformer {
    /// Input channels (or symbols) `C`.
    pub inputs: usize,
    /// Width `W`.
    pub width: usize,
    /// Heads of the attention; they divide the width.
    pub heads: usize,
    /// Blocks, one on the other.
    pub depth: usize,
    /// Hidden units `F` of a block's maps.
    pub feed_forward: usize,
    /// How steps know where they are.
    pub positions: Positions,
    /// Steps of the longest sequence that learned positions are there for.
    #[serde(default)]
    pub max_steps: Option<usize>,
    /// What the head reads.
    pub pooling: Pooling,
    /// Factor on every input value.
    pub input_scale: f64,
    /// Share of the numbers dropped in training: of the embedded input, of
    /// hidden units, and of what attention and maps add.
    #[serde(default)]
    pub dropout: f64,
    /// Share of the attention's shares dropped in training.
    #[serde(default)]
    pub attention_dropout: f64,
    /// From pooled columns to logits.
    pub head: LinearHead,
}

/// What of a sequence the head reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The mean over its steps.
    Mean,
    /// Its last step.
    Last,
}

/// Layout of the maps into and out of the blocks.
fn linear(outputs: usize, inputs: usize) -> ParameterLayout {
    let mut layout = ParameterLayout::default();
    layout.push("weight", &[outputs, inputs]);
    layout.push("bias", &[outputs]);
    layout
}

/// Layout of a norm.
fn norm(width: usize) -> ParameterLayout {
    let mut layout = ParameterLayout::default();
    layout.push("weight", &[width]);
    layout.push("bias", &[width]);
    layout
}

impl Transformer {
    /// Checks that no size is beyond any machine and that heads divide the width.
    ///
    /// # Errors
    /// [`Error::Config`] naming the size.
    pub fn check(&self) -> Result<()> {
        sizes::check(&[
            ("model.num_input", self.inputs),
            ("model.transformer.width", self.width),
            ("model.transformer.heads", self.heads),
            ("model.transformer.feed_forward", self.feed_forward),
        ])?;
        sizes::check_layers(&[("model.transformer.depth", self.depth)])?;
        if !self.width.is_multiple_of(self.heads) {
            let reason = format!("{} heads do not divide the width {}", self.heads, self.width);
            return Err(Error::config("model.transformer.heads", reason));
        }
        for (key, share) in [("dropout", self.dropout), ("attention_dropout", self.attention_dropout)] {
            if !(0.0..1.0).contains(&share) {
                let reason = format!("{share} must be at least 0 and below 1");
                return Err(Error::config(format!("model.transformer.{key}"), reason));
            }
        }
        self.check_positions()?;
        self.head.check()
    }

    /// Learned positions need a number of them.
    fn check_positions(&self) -> Result<()> {
        let key = "model.transformer.max_steps";
        match (self.positions, self.max_steps) {
            (Positions::Learned, Some(steps)) => sizes::check(&[(key, steps)]),
            (Positions::Learned, None) => {
                Err(Error::config(key, "missing: how many steps has the longest sequence?"))
            }
            (_, Some(_)) => Err(Error::config(key, "only learned positions have a number of steps")),
            (_, None) => Ok(()),
        }
    }

    /// Rows of a batch of so many samples.
    fn rows(&self, samples: usize) -> f64 {
        samples as f64 * if self.head.pairs { 2.0 } else { 1.0 }
    }

    /// Floats of one block that one step of one sequence among `steps` leaves
    /// behind: columns in several forms, and its row of every head's attention.
    fn record_floats(&self, steps: usize) -> f64 {
        24.0 * self.width as f64 + 10.0 * self.feed_forward as f64 + 5.0 * (self.heads as f64 * steps as f64)
    }

    /// Initial values of a tensor, as PyTorch draws them.
    fn initial(&self, tensor: &NamedRange, draws: &mut Draws) -> Vec<f32> {
        let count = tensor.range.len();
        let bound = match tensor.name.as_str() {
            "norm1.weight" | "norm2.weight" => return vec![1.0; count],
            "norm1.bias" | "norm2.bias" | "self_attn.in_proj_bias" | "self_attn.out_proj.bias" => {
                return vec![0.0; count];
            }
            "self_attn.in_proj_weight" => (6.0 / (4.0 * self.width as f64)).sqrt(),
            "linear2.weight" | "linear2.bias" => 1.0 / (self.feed_forward as f64).sqrt(),
            _ => 1.0 / (self.width as f64).sqrt(),
        };
        (0..count).map(|_| draws.symmetric(bound)).collect()
    }
}

impl ModelSpec for Transformer {
    fn inputs(&self) -> usize {
        self.inputs
    }

    fn logits(&self) -> usize {
        self.head.logits
    }

    /// `embedding`, `positions` if they are learned, `layers.0` …, `norm`, `head`.
    fn layouts(&self) -> Vec<(String, ParameterLayout)> {
        let mut layouts = vec![("embedding".into(), linear(self.width, self.inputs))];
        layouts.extend(positions::layout(self).map(|layout| (POSITIONS.into(), layout)));
        layouts.extend((0..self.depth).map(|l| (format!("layers.{l}"), block::layout(self))));
        layouts.push(("norm".into(), norm(self.width)));
        layouts.push((HEAD.into(), self.head.layout()));
        layouts
    }

    /// The operations are those of the maps; over `T` steps attention adds
    /// `4 T W` for each block and step.
    fn count(&self) -> NetworkCount {
        let parameters = self.trainable_parameters();
        NetworkCount {
            trainable_parameters: parameters,
            total_parameters: parameters,
            layers: Vec::new(), // these are the axes of ELM layers
            flops_per_step_forward: 2 * parameters as u64,
            state_floats: 0,
        }
    }

    fn layer_flops(&self) -> u64 {
        2 * (self.trainable_parameters() - self.head.layout().len()) as u64
    }

    fn training_memory_bytes(&self, samples: usize, steps: usize, _: &BackendOptions) -> u64 {
        let columns = self.rows(samples) * steps as f64;
        let history = columns * (self.depth as f64 * self.record_floats(steps) + 3.0 * self.inputs as f64);
        (4.0 * (8.0 * self.trainable_parameters() as f64 + history)) as u64
    }

    fn inference_memory_bytes(&self, samples: usize, steps: usize) -> u64 {
        let columns = self.rows(samples) * steps as f64;
        let one_block = columns * (self.record_floats(steps) + 3.0 * self.inputs as f64);
        (4.0 * (3.0 * self.trainable_parameters() as f64 + one_block)) as u64
    }

    /// As PyTorch draws them: attention's map into heads by Xavier's rule,
    /// other maps uniform in ±1/sqrt(inputs), norms 1 and 0; learned positions
    /// small.
    fn initial_weights(&self, seed: u64) -> StoredTensors {
        let mut stored = StoredTensors::default();
        for (v, (name, layout)) in self.layouts().iter().enumerate() {
            let mut draws = Draws::new(seed, Purpose::Weights, [v as u64, 0]);
            let bound = 1.0 / (self.inputs as f64).sqrt();
            let values: Vec<f32> = match name.as_str() {
                HEAD => self.head.initial(seed, v as u64),
                POSITIONS => positions::initial(layout.len(), &mut draws),
                "embedding" => (0..layout.len()).map(|_| draws.symmetric(bound)).collect(),
                "norm" => [vec![1.0; self.width], vec![0.0; self.width]].concat(),
                _ => layout.tensors.iter().flat_map(|tensor| self.initial(tensor, &mut draws)).collect(),
            };
            insert_named(&mut stored, name, layout, &values);
        }
        stored
    }

    fn build<B: Backend + 'static>(&self, backend: &B, weights: &StoredTensors) -> Result<Box<dyn Model<B>>> {
        self.check().map_err(|error| Error::stored("the model", error.to_string()))?;
        let variables = variables(backend, &self.layouts(), weights)?;
        Ok(Box::new(Built { spec: self.clone(), variables }))
    }
}

/// A Transformer with its weights.
struct Built<B: Backend> {
    spec: Transformer,
    variables: Vec<B::Tensor>,
}

impl<B: Backend> Built<B> {
    /// Input and positions as columns, `[W, T * B]`.
    fn embedded(&self, backend: &B, sequences: &Sequences<'_>) -> Result<B::Tensor> {
        let spec = &self.spec;
        let embedding = tensors(backend, &self.variables[0], &linear(spec.width, spec.inputs))?;
        let mut input = sequences.dense(backend, spec.inputs)?; // [T, C, B]
        if spec.input_scale != 1.0 {
            input = backend.affine(&input, spec.input_scale, 0.0)?;
        }
        let x = backend.matmul(&embedding[0], &columns(backend, &input)?)?;
        let x = ops::add(backend, &x, &embedding[1])?; // [W, T * B]
        let learned = positions::layout(spec).is_some().then(|| &self.variables[1]);
        positions::add(backend, spec, learned, &x, [sequences.steps, sequences.rows])
    }

    /// Where the blocks' variables begin.
    fn first_block(&self) -> usize {
        1 + usize::from(positions::layout(&self.spec).is_some())
    }

    /// What the head reads at the last step of each sequence, `[T, W, B]`, from
    /// columns `[W, T * B]`.
    fn pooled(&self, backend: &B, x: &B::Tensor, sequences: &Sequences<'_>) -> Result<B::Tensor> {
        let (width, steps, rows) = (self.spec.width, sequences.steps, sequences.rows);
        let over_time = backend.transpose(&backend.reshape(x, &[width, steps, rows])?, 0, 1)?; // [T, W, B]
        if self.spec.pooling == Pooling::Last {
            return Ok(over_time);
        }
        let share = |step: usize, row: usize| {
            let length = sequences.length(row);
            if step < length { 1.0 / length as f32 } else { 0.0 }
        };
        let shares: Vec<f32> = (0..steps * rows).map(|at| share(at / rows, at % rows)).collect();
        let shares = backend.tensor(&shares, &[steps, 1, rows])?;
        let mean = backend.sum(&ops::mul(backend, &over_time, &shares)?, 0)?; // [W, B]
        let mean = backend.reshape(&mean, &[1, width, rows])?;
        // The same at every step, as the last one differs from row to row.
        ops::add(backend, &mean, &ops::zeros(backend, &[steps, 1, 1])?)
    }
}

impl<B: Backend> Model<B> for Built<B> {
    fn layouts(&self) -> Vec<(String, ParameterLayout)> {
        self.spec.layouts()
    }

    fn variables(&self) -> Vec<B::Tensor> {
        self.variables.clone()
    }

    /// Nothing is carried from batch to batch.
    fn state_rows(&self) -> Vec<usize> {
        Vec::new()
    }

    fn forward(
        &self,
        backend: &B,
        sequences: &Sequences<'_>,
        pass: &Pass<'_, B>,
    ) -> Result<Vec<LayerAnswer<B>>> {
        sequences.check_lengths()?;
        let (spec, first) = (&self.spec, self.first_block());
        let dropout = Dropout::new(spec, pass);
        let mut x = dropout.on(backend, Site::Embedding, &self.embedded(backend, sequences)?)?;
        let block = Block::new(backend, spec, sequences, dropout)?;
        for (number, variable) in self.variables.iter().skip(first).take(spec.depth).enumerate() {
            let tensors = tensors(backend, variable, &block::layout(spec))?;
            x = block.run(backend, number, &tensors, &x)?;
        }
        let weights = tensors(backend, &self.variables[first + spec.depth], &norm(spec.width))?;
        let x = layer_norm(backend, &x, &weights[0], &weights[1])?;
        let activity = self.pooled(backend, &x, sequences)?;
        let state = ops::zeros(backend, &[1, sequences.rows])?;
        Ok(vec![LayerAnswer::new(activity, state, block.path(backend))])
    }

    fn apply_head(&self, backend: &B, rows: &B::Tensor) -> Result<B::Tensor> {
        self.spec.head.apply(backend, &self.variables[self.first_block() + 1 + self.spec.depth], rows)
    }

    fn compares_pairs(&self) -> bool {
        self.spec.head.pairs
    }
}
