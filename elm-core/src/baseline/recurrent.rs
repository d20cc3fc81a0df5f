//! What LSTM, GRU and LIF have in common: a stack of cells over time, dropout
//! and a linear head.

use super::cell::{Cell, CellArgs};
use super::head::{HEAD, LinearHead};
use super::{sizes, tensors, variables};
use crate::backend::Backend;
use crate::device::BackendOptions;
use crate::error::{Error, Result};
use crate::kernel::{DEFAULT_MEMORY_BUDGET, StepBytes, segment_steps};
use crate::model::count::NetworkCount;
use crate::model::dropout::mask;
use crate::model::{LayerAnswer, Model, ModelSpec, Pass, Sequences, StoredTensors, insert_named};
use crate::random::{Draws, Purpose};
use crate::scan::{Recurrence, ScanPath, WalkArgs, Walked, walk};
use crate::spec::{DropoutMasks, DropoutSpec, InputDropoutMode, ParameterLayout};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A recurrent baseline with every choice made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Recurrent<C: Cell> {
    /// What runs over time.
    pub cell: C,
    /// Factor on every input value.
    pub input_scale: f64,
    /// Dropout of every layer; that of memory does not exist here.
    pub dropout: DropoutSpec,
    /// From the last layer's activity to logits.
    pub head: LinearHead,
}

impl<C: Cell> Recurrent<C> {
    /// Checks that no size is beyond any machine.
    ///
    /// # Errors
    /// [`Error::Config`] naming the size.
    pub fn check(&self) -> Result<()> {
        sizes::check(&[("model.num_input", self.cell.inputs())])?;
        self.cell.check()?;
        self.head.check()
    }

    fn rows(&self, samples: usize) -> f64 {
        samples as f64 * if self.head.pairs { 2.0 } else { 1.0 }
    }

    /// Bytes of so many copies of input and activity over time.
    fn over_time(&self, samples: usize, steps: usize, copies: f64) -> f64 {
        let floats = (self.cell.inputs() + self.cell.outputs()) as f64;
        4.0 * copies * floats * self.rows(samples) * steps as f64
    }
}

/// Copies of the parameters that a training step holds: weights, gradients of
/// a segment and of all, two moments, short-lived ones.
const PARAMETER_COPIES: f64 = 8.0;

/// Copies of the recurrent weights that a composed step leaves behind: candle
/// keeps the product and the sum of every step until the gradient is complete.
const WEIGHT_COPIES: f64 = 2.0;

/// Floats that one step of so many sequences leaves behind in a training step.
fn step_floats(cell: &impl Cell, path: ScanPath, rows: f64) -> f64 {
    let weights = match path {
        ScanPath::Composed => WEIGHT_COPIES * cell.recurrent_weights() as f64,
        ScanPath::Fused => 0.0,
    };
    cell.record_floats(path) as f64 * rows + weights
}

/// Copies of input and activity: on the host, on the device, in another order,
/// and the gradient.
const ANSWER_COPIES: f64 = 4.0;

impl<C: Cell> ModelSpec for Recurrent<C> {
    fn inputs(&self) -> usize {
        self.cell.inputs()
    }

    fn logits(&self) -> usize {
        self.head.logits
    }

    fn layouts(&self) -> Vec<(String, ParameterLayout)> {
        vec![(C::NAME.into(), self.cell.layout()), (HEAD.into(), self.head.layout())]
    }

    fn count(&self) -> NetworkCount {
        let parameters = self.trainable_parameters();
        NetworkCount {
            trainable_parameters: parameters,
            total_parameters: parameters,
            layers: Vec::new(), // these are the axes of ELM layers
            flops_per_step_forward: self.cell.flops_per_step() + 2 * self.head.layout().len() as u64,
            state_floats: self.cell.state_rows(),
        }
    }

    fn layer_flops(&self) -> u64 {
        self.cell.flops_per_step()
    }

    /// Of the composed path, which takes more than a fused one.
    fn training_memory_bytes(&self, samples: usize, steps: usize, options: &BackendOptions) -> u64 {
        let rows = self.rows(samples);
        let record = 4.0 * step_floats(&self.cell, ScanPath::Composed, rows);
        let each = StepBytes { record, state: 4.0 * self.cell.state_rows() as f64 * rows };
        let budget = options.memory_budget.unwrap_or(DEFAULT_MEMORY_BUDGET as u64) as f64;
        let history = match segment_steps(steps, each, 1, budget) {
            None => steps as f64 * each.record,
            Some(length) => each.of_segments(steps, length.min(steps)),
        };
        let parameters = 4.0 * PARAMETER_COPIES * self.trainable_parameters() as f64;
        (parameters + self.over_time(samples, steps, ANSWER_COPIES) + history) as u64
    }

    fn inference_memory_bytes(&self, samples: usize, steps: usize) -> u64 {
        let parameters = 4.0 * 3.0 * self.trainable_parameters() as f64;
        (parameters + self.over_time(samples, steps, ANSWER_COPIES - 1.0)) as u64
    }

    fn initial_weights(&self, seed: u64) -> StoredTensors {
        let mut stored = StoredTensors::default();
        insert_named(&mut stored, C::NAME, &self.cell.layout(), &self.cell.initial(seed));
        insert_named(&mut stored, HEAD, &self.head.layout(), &self.head.initial(seed, 1));
        stored
    }

    fn build<B: Backend + 'static>(&self, backend: &B, weights: &StoredTensors) -> Result<Box<dyn Model<B>>> {
        self.check().map_err(|error| Error::stored("the model", error.to_string()))?;
        let variables = variables(backend, &self.layouts(), weights)?;
        Ok(Box::new(Built { spec: self.clone(), variables }))
    }
}

/// The model with its weights.
struct Built<B: Backend, C: Cell> {
    spec: Recurrent<C>,
    variables: Vec<B::Tensor>,
}

impl<B: Backend, C: Cell> Model<B> for Built<B, C> {
    fn layouts(&self) -> Vec<(String, ParameterLayout)> {
        self.spec.layouts()
    }

    fn variables(&self) -> Vec<B::Tensor> {
        self.variables.clone()
    }

    fn state_rows(&self) -> Vec<usize> {
        vec![self.spec.cell.state_rows()]
    }

    fn draw_masks(&self, seed: u64, began: u64, rows: usize) -> Vec<DropoutMasks> {
        let dropout = &self.spec.dropout;
        let variational = dropout.input_mode == InputDropoutMode::Variational;
        let layers = self.spec.cell.layers().into_iter().enumerate();
        let masks = layers.map(|(l, [inputs, units])| {
            let mut draws = Draws::new(seed, Purpose::Dropout, [l as u64, began]);
            let input = if variational { dropout.input } else { 0.0 };
            DropoutMasks {
                input: mask(&mut draws, input, inputs * rows, -1.0),
                recurrent: mask(&mut draws, dropout.recurrent, units * rows, -1.0),
                memory: None,
            }
        });
        masks.collect()
    }

    fn forward(
        &self,
        backend: &B,
        sequences: &Sequences<'_>,
        pass: &Pass<'_, B>,
    ) -> Result<Vec<LayerAnswer<B>>> {
        let (spec, channels) = (&self.spec, self.spec.cell.inputs());
        let [state] = pass.state else {
            return Err(Error::shape("states", &[pass.state.len()], "one"));
        };
        let masked = pass.per_step.and_then(|masks| masks.masked(&spec.dropout, channels, sequences));
        let seen = Sequences { input: masked.as_ref().unwrap_or(sequences.input), ..*sequences };
        let mut input = seen.dense(backend, channels)?;
        if spec.input_scale != 1.0 {
            input = backend.affine(&input, spec.input_scale, 0.0)?;
        }
        let (cell, masks) = (spec.cell.clone(), pass.masks.to_vec());
        let path = match masks.iter().any(|masks| masks.recurrent.is_some()) {
            true => ScanPath::Composed, // libraries drop nothing between steps
            false => cell.path(backend.fused_layers()),
        };
        let args = WalkArgs { parameters: self.variables[0].clone(), state: state.clone(), input };
        let recurrence = Masked { cell, masks, rows: sequences.rows, path };
        let Walked { activity, state } = walk(backend, Arc::new(recurrence), &args, pass.gradient)?;
        Ok(vec![LayerAnswer::new(activity, state, path)])
    }

    fn apply_head(&self, backend: &B, rows: &B::Tensor) -> Result<B::Tensor> {
        self.spec.head.apply(backend, &self.variables[1], rows)
    }

    fn compares_pairs(&self) -> bool {
        self.spec.head.pairs
    }
}

/// A cell with the dropout of one run.
struct Masked<C> {
    cell: C,
    masks: Vec<DropoutMasks>,
    rows: usize,
    path: ScanPath,
}

impl<B: Backend, C: Cell> Recurrence<B> for Masked<C> {
    fn record_floats(&self, rows: usize) -> f64 {
        step_floats(&self.cell, self.path, rows as f64)
    }

    fn steps(
        &self,
        backend: &B,
        parameters: &B::Tensor,
        state: &B::Tensor,
        input: &B::Tensor,
    ) -> Result<Walked<B>> {
        let tensors = tensors(backend, parameters, &self.cell.layout())?;
        let on_device = |mask: &Option<Arc<[f32]>>, length: usize| {
            mask.as_ref().map(|mask| backend.tensor(mask, &[length, self.rows])).transpose()
        };
        let mut masks = Vec::new();
        for (mask, [inputs, units]) in self.masks.iter().zip(self.cell.layers()) {
            masks.push([on_device(&mask.input, inputs)?, on_device(&mask.recurrent, units)?]);
        }
        let (masks, path) = (&masks, self.path);
        self.cell.steps(backend, &CellArgs { tensors: &tensors, masks, state, input, path })
    }
}
