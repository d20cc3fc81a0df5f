//! The recurrence step by step from primitives: readable, differentiable on
//! every backend, and the definition of what a fused path must compute.

use super::decay::{decay_and_write, fixed_decay_and_write};
use super::densify::dense_steps;
use super::{ScanArgs, ScanOutput, ScanPath, check};
use crate::backend::{Backend, Unary};
use crate::error::{Error, Result};
use crate::ops;
use crate::spec::neuron::WRITE_SLOPE;
use crate::spec::{Monitors, ParameterLayout, Role, StateLayout, Trace};

/// Runs a layer over a sequence with the backend's primitives.
///
/// # Errors
/// When an argument does not have the shape that
/// [`LayerRun`](crate::spec::LayerRun) documents.
pub fn composed<B: Backend>(backend: &B, args: &ScanArgs<B>) -> Result<ScanOutput<B>> {
    check(backend, args)?;
    let cell = Cell::new(backend, args)?;
    let mut state = cell.start(&args.state)?;
    let mut record = Record::default();
    for x in dense_steps(backend, args)? {
        let step = cell.step(&x, &state)?;
        record.keep(&cell, &step)?;
        state = step.state;
    }
    record.finish(&cell, state)
}

/// What is carried from one step to the next.
struct CellState<B: Backend> {
    activity: B::Tensor,                // [N * O, B]
    memory: B::Tensor,                  // [N, M, B]
    readout_average: Option<B::Tensor>, // [N * O, B]
    trace: Option<B::Tensor>,           // [N * (K + F), B] or [N * (S + F), B]
}

/// The intermediates of one step.
struct CellStep<B: Backend> {
    state: CellState<B>,
    branch: B::Tensor,        // [N, K + F, B]
    mlp: B::Tensor,           // [N, M, B]
    readout: B::Tensor,       // [N * O, B]
    preactivation: B::Tensor, // [N * O, B]
}

/// A layer's weights, unpacked and prepared for stepping.
struct Cell<'a, B: Backend> {
    backend: &'a B,
    args: &'a ScanArgs<B>,
    states: StateLayout,
    synapses: B::Tensor,                 // [N * S, 1]
    feedback: Option<B::Tensor>,         // [N, F, 1]
    linear: Vec<(B::Tensor, B::Tensor)>, // [N, out, in], [N, out, 1]
    readout: B::Tensor,                  // [N, O, M]
    bias: B::Tensor,                     // [N * O, 1]
    decay: B::Tensor,                    // [N, M, 1]
    write: B::Tensor,                    // [N, M, 1], 1.7159 included
    zero_row: B::Tensor,                 // [1, B]
    recurrent_mask: Option<B::Tensor>,   // [N, B]
    memory_mask: Option<B::Tensor>,      // [N, M, B]
}

impl<'a, B: Backend> Cell<'a, B> {
    fn new(backend: &'a B, args: &'a ScanArgs<B>) -> Result<Self> {
        let layer = &args.layer;
        let (n, neuron, rows) = (layer.neurons, &layer.neuron, args.rows);
        let layout = layer.parameter_layout();
        let part = |role: Role, shape: &[usize]| unpack(backend, &args.parameters, &layout, role, shape);
        let weights = |role: Role, shape: &[usize]| {
            let weights = match neuron.fixed_synapse_weight {
                Some(value) => backend.tensor(&vec![value as f32; shape.iter().product()], shape)?,
                None => part(role, shape)?,
            };
            if neuron.rectified { backend.unary(Unary::Relu, &weights) } else { Ok(weights) }
        };
        let feeds_back = neuron.feedback > 0;
        let feedback = feeds_back.then(|| weights(Role::FeedbackWeight, &[n, neuron.feedback, 1]));
        let mut linear = Vec::new();
        for (j, (inputs, outputs)) in neuron.mlp_shapes().into_iter().enumerate() {
            let weight = part(Role::MlpWeight(j), &[n, outputs, inputs])?;
            linear.push((weight, part(Role::MlpBias(j), &[n, outputs, 1])?));
        }
        let shape = [n, neuron.memory, 1];
        let (decay, write) = match &args.fixed_tau_raw {
            Some(fixed) => {
                let (decay, write) = fixed_decay_and_write(neuron, fixed);
                (backend.tensor(&decay, &shape)?, backend.tensor(&write, &shape)?)
            }
            None => decay_and_write(backend, neuron, &part(Role::TauRaw, &shape)?)?,
        };
        let mask = |mask: &Option<std::sync::Arc<[f32]>>, shape: &[usize]| {
            mask.as_ref().map(|mask| backend.tensor(mask, shape)).transpose()
        };
        Ok(Cell {
            backend,
            args,
            states: layer.state_layout(),
            synapses: weights(Role::SynapseWeight, &[n * neuron.synapses(), 1])?,
            feedback: feedback.transpose()?,
            linear,
            readout: part(Role::ReadoutWeight, &[n, layer.outputs, neuron.memory])?,
            bias: part(Role::ReadoutBias, &[n * layer.outputs, 1])?,
            decay,
            write,
            zero_row: ops::zeros(backend, &[1, rows])?,
            recurrent_mask: mask(&args.dropout.recurrent, &[n, rows])?,
            memory_mask: mask(&args.dropout.memory, &[n, neuron.memory, rows])?,
        })
    }

    fn start(&self, state: &B::Tensor) -> Result<CellState<B>> {
        let part = |range: &std::ops::Range<usize>| self.backend.narrow(state, 0, range.start, range.len());
        let optional = |range: &std::ops::Range<usize>| {
            if range.is_empty() { Ok(None) } else { part(range).map(Some) }
        };
        let layer = &self.args.layer;
        let shape = [layer.neurons, layer.neuron.memory, self.args.rows];
        Ok(CellState {
            activity: part(&self.states.activity)?,
            memory: self.backend.reshape(&part(&self.states.memory)?, &shape)?,
            readout_average: optional(&self.states.readout_average)?,
            trace: optional(&self.states.trace)?,
        })
    }

    /// Packs a state back into `[rows of the layout, B]`.
    fn pack(&self, state: &CellState<B>) -> Result<B::Tensor> {
        let memory = self.backend.reshape(&state.memory, &[self.states.memory.len(), self.args.rows])?;
        let mut parts = vec![state.activity.clone(), memory];
        parts.extend(state.readout_average.clone());
        parts.extend(state.trace.clone());
        self.backend.cat(&parts, 0)
    }

    /// One step of the equation at [`NeuronSpec`](crate::spec::NeuronSpec).
    fn step(&self, x: &B::Tensor, state: &CellState<B>) -> Result<CellStep<B>> {
        let backend = self.backend;
        let (branch, trace) = self.branches(x, state)?; // [N, K + F, B]
        let kept = ops::mul(backend, &self.decay, &state.memory)?; // [N, M, B]
        let mlp = self.mlp(&branch, &kept)?; // [N, M, B]
        let bounded = backend.unary(Unary::Tanh, &backend.affine(&mlp, WRITE_SLOPE, 0.0)?)?;
        let memory = ops::add(backend, &kept, &ops::mul(backend, &self.write, &bounded)?)?;
        let outputs = self.args.layer.neurons * self.args.layer.outputs;
        let readout = backend.matmul(&self.readout, &memory)?; // [N, O, B]
        let readout = backend.reshape(&readout, &[outputs, self.args.rows])?;
        let (preactivation, readout_average) = self.high_pass(&readout, state)?;
        let biased = ops::add(backend, &preactivation, &self.bias)?;
        let activity = ops::activation(backend, self.args.layer.neuron.activation, &biased)?;
        let state = CellState { activity, memory, readout_average, trace };
        Ok(CellStep { state, branch, mlp, readout, preactivation })
    }

    /// Synapses, optional traces and branch sums, those of the feedback last.
    fn branches(&self, x: &B::Tensor, state: &CellState<B>) -> Result<(B::Tensor, Option<B::Tensor>)> {
        let (backend, n, rows) = (self.backend, self.args.layer.neurons, self.args.rows);
        let neuron = &self.args.layer.neuron;
        let decayed = |tau: f64| match &state.trace {
            Some(previous) => backend.affine(previous, neuron.decay(tau), 0.0).map(Some),
            None => Ok(None),
        };
        let mut u = self.synapses(x, state)?; // [N * (S + F), B]
        let mut trace = None;
        if let Trace::Synapse(tau) = neuron.trace
            && let Some(left) = decayed(tau)?
        {
            u = ops::add(backend, &left, &u)?;
            trace = Some(u.clone());
        }
        let mut fed = None;
        if neuron.feedback > 0 {
            let both = backend.reshape(&u, &[n, neuron.synapses() + neuron.feedback, rows])?;
            u = backend.narrow(&both, 1, 0, neuron.synapses())?;
            fed = Some(backend.narrow(&both, 1, neuron.synapses(), neuron.feedback)?); // [N, F, B]
        }
        let grouped = backend.reshape(&u, &[n * neuron.branches, neuron.synapses_per_branch, rows])?;
        let sums = backend.affine(&backend.sum(&grouped, 1)?, neuron.input_scale, 0.0)?; // [N * K, B]
        let mut branch = backend.reshape(&sums, &[n, neuron.branches, rows])?;
        if let Some(fed) = fed {
            branch = backend.cat(&[branch, fed], 1)?; // [N, K + F, B]
        }
        if let Trace::Branch(tau) = neuron.trace
            && let Some(left) = decayed(tau)?
        {
            let shape = [n, neuron.all_branches(), rows];
            branch = ops::add(backend, &backend.reshape(&left, &shape)?, &branch)?;
            trace = Some(backend.reshape(&branch, &[n * neuron.all_branches(), rows])?);
        }
        Ok((branch, trace))
    }

    /// Weighted sources of each neuron's synapses, then its weighted outputs:
    /// `[N * (S + F), B]`.
    fn synapses(&self, x: &B::Tensor, state: &CellState<B>) -> Result<B::Tensor> {
        let (backend, layer, rows) = (self.backend, &self.args.layer, self.args.rows);
        let (n, neuron) = (layer.neurons, &layer.neuron);
        let mut activity = state.activity.clone();
        if !layer.is_recurrent() {
            activity = ops::zeros(backend, &[layer.neurons, rows])?;
        } else if let Some(mask) = &self.recurrent_mask {
            activity = ops::mul(backend, &activity, mask)?;
        }
        let table = backend.cat(&[x.clone(), activity, self.zero_row.clone()], 0)?; // [C + N + 1, B]
        let wired = ops::mul(backend, &backend.select(&table, &self.args.index)?, &self.synapses)?;
        let Some(weights) = &self.feedback else { return Ok(wired) };
        let outputs = backend.reshape(&state.activity, &[n, neuron.feedback, rows])?;
        let fed = ops::mul(backend, &outputs, weights)?;
        let wired = backend.reshape(&wired, &[n, neuron.synapses(), rows])?;
        let all = backend.cat(&[wired, fed], 1)?; // [N, S + F, B]
        backend.reshape(&all, &[n * (neuron.synapses() + neuron.feedback), rows])
    }

    fn mlp(&self, branch: &B::Tensor, kept: &B::Tensor) -> Result<B::Tensor> {
        let backend = self.backend;
        let mut z = backend.cat(&[branch.clone(), kept.clone()], 1)?; // [N, K + F + M, B]
        for (j, (weight, bias)) in self.linear.iter().enumerate() {
            z = ops::add(backend, &backend.matmul(weight, &z)?, bias)?; // [N, out, B]
            if j + 1 < self.linear.len() {
                z = ops::mlp_activation(backend, self.args.layer.neuron.mlp_activation, &z)?;
            }
        }
        match &self.memory_mask {
            Some(mask) => ops::mul(backend, &z, mask),
            None => Ok(z),
        }
    }

    /// Takes the readout's running average (the new one) off the readout.
    fn high_pass(&self, y: &B::Tensor, state: &CellState<B>) -> Result<(B::Tensor, Option<B::Tensor>)> {
        let neuron = &self.args.layer.neuron;
        let (Some(tau), Some(previous)) = (neuron.high_pass_tau, &state.readout_average) else {
            return Ok((y.clone(), None));
        };
        let (backend, decay) = (self.backend, neuron.decay(tau));
        let kept = backend.affine(previous, decay, 0.0)?;
        let average = ops::add(backend, &kept, &backend.affine(y, 1.0 - decay, 0.0)?)?;
        Ok((ops::sub(backend, y, &average)?, Some(average)))
    }
}

/// Cuts a tensor out of the flat parameters.
fn unpack<B: Backend>(
    backend: &B,
    flat: &B::Tensor,
    layout: &ParameterLayout<Role>,
    role: Role,
    shape: &[usize],
) -> Result<B::Tensor> {
    let Some(tensor) = layout.get(&role) else {
        return Err(Error::stored(role.to_string(), "the layer has no such parameter"));
    };
    let values = backend.narrow(flat, 0, tensor.range.start, tensor.range.len())?;
    backend.reshape(&values, shape)
}

/// What is kept of every step.
struct Record<B: Backend> {
    activity: Vec<B::Tensor>,
    magnitude: Option<B::Tensor>, // sum over time and memory units, [N, B]
    monitors: Monitors,
}

impl<B: Backend> Default for Record<B> {
    fn default() -> Self {
        Record { activity: Vec::new(), magnitude: None, monitors: Monitors::default() }
    }
}

impl<B: Backend> Record<B> {
    fn keep(&mut self, cell: &Cell<'_, B>, step: &CellStep<B>) -> Result<()> {
        let backend = cell.backend;
        self.activity.push(step.state.activity.clone());
        if cell.args.want.magnitude {
            let now = backend.sum(&backend.unary(Unary::Abs, &step.mlp)?, 1)?;
            self.magnitude = Some(match &self.magnitude {
                Some(before) => ops::add(backend, before, &now)?,
                None => now,
            });
        }
        if cell.args.want.monitors {
            self.monitors.branch.extend(backend.values(&step.branch)?);
            self.monitors.mlp.extend(backend.values(&step.mlp)?);
            self.monitors.memory.extend(backend.values(&step.state.memory)?);
            self.monitors.readout.extend(backend.values(&step.readout)?);
            self.monitors.preactivation.extend(backend.values(&step.preactivation)?);
        }
        Ok(())
    }

    fn finish(self, cell: &Cell<'_, B>, end: CellState<B>) -> Result<ScanOutput<B>> {
        let (backend, args) = (cell.backend, cell.args);
        let entries = (args.steps * args.layer.neuron.memory) as f64;
        let magnitude = self.magnitude.map(|sum| backend.affine(&sum, 1.0 / entries, 0.0)).transpose()?;
        Ok(ScanOutput {
            activity: backend.stack(&self.activity)?,
            state: cell.pack(&end)?,
            magnitude,
            monitors: args.want.monitors.then_some(self.monitors),
            path: ScanPath::Composed,
            reason: None,
            backward: None,
        })
    }
}
