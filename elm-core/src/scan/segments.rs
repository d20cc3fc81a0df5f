//! The composed recurrence in bounded memory: only the states between
//! segments of the sequence are kept, and each segment is run once more, with
//! its history, when it is differentiated.

use super::composed::composed;
use super::flat::FlatLayout;
use super::{ScanArgs, ScanOutput};
use crate::backend::Backend;
use crate::error::Result;
use crate::kernel::{StepBytes, segment_steps};
use crate::ops;
use crate::spec::{Input, LayerRun, LayerSpec, Want};
use std::ops::Range;

/// A composed scan over segments, with what its differentiation needs.
pub(super) struct SegmentedScan<B: Backend> {
    /// Its tensors have no history.
    args: ScanArgs<B>,
    /// Steps of a segment; the last may be shorter.
    length: usize,
    /// State before each segment.
    starts: Vec<B::Tensor>,
}

/// Steps of the segments that keep the history of the composed path within
/// `budget` bytes, if the whole sequence does not.
///
/// A scan of which all intermediates are wanted is not divided.
pub(super) fn segment_length<X, I>(args: &LayerRun<X, I>, budget: Option<u64>) -> Option<usize> {
    let each = composed_bytes(&args.layer, args.rows);
    let length = segment_steps(args.steps, each, 1, budget? as f64)?;
    (args.want.gradient && !args.want.monitors && length < args.steps).then_some(length)
}

/// Bytes that one step takes on the composed path, roughly: every intermediate
/// in 32-bit floats, or the state alone.
pub(crate) fn composed_bytes(layer: &LayerSpec, rows: usize) -> StepBytes {
    let neuron = &layer.neuron;
    let hidden: usize = neuron.mlp_shapes().iter().map(|&(_, outputs)| 4 * outputs).sum();
    let of_neuron = 3 * (neuron.synapses() + neuron.feedback)
        + 3 * neuron.all_branches()
        + (neuron.all_branches() + neuron.memory)
        + hidden
        + 6 * neuron.memory
        + 8 * layer.outputs;
    let floats = layer.neurons * of_neuron + 2 * layer.sources();
    let bytes = |floats: usize| 4.0 * floats as f64 * rows as f64;
    StepBytes { record: bytes(floats), state: bytes(layer.state_layout().rows()) }
}

impl<B: Backend> SegmentedScan<B> {
    /// Runs the scan without history; answers also its values, flat.
    ///
    /// `length` is at least 1.
    ///
    /// # Errors
    /// As [`composed`].
    pub(super) fn run(backend: &B, args: ScanArgs<B>, length: usize) -> Result<(Self, B::Tensor)> {
        let mut scan = SegmentedScan::<B> { length, starts: Vec::new(), args };
        let mut state = scan.args.state.clone();
        let mut activity = Vec::new();
        let mut magnitude: Option<B::Tensor> = None;
        for steps in scan.segments() {
            let input = part(backend, &scan.args, steps.clone())?;
            let answer =
                scan.run_segment(backend, input, &scan.args.parameters, &state, steps.len(), false)?;
            if let Some(mean) = answer.magnitude {
                let share = backend.affine(&mean, scan.share(&steps), 0.0)?;
                magnitude = Some(match magnitude {
                    Some(before) => ops::add(backend, &before, &share)?,
                    None => share,
                });
            }
            activity.push(answer.activity);
            scan.starts.push(std::mem::replace(&mut state, answer.state));
        }
        let mut parts = vec![backend.cat(&activity, 0)?, state];
        parts.extend(magnitude);
        let flat = scan.layout().join(backend, &parts)?;
        Ok((scan, flat))
    }

    /// From the gradient of the flat values to the gradients of parameters,
    /// start state and, if the input is dense, input.
    ///
    /// # Errors
    /// As [`composed`].
    pub(super) fn adjoint(&self, backend: &B, gradient: &B::Tensor) -> Result<Vec<B::Tensor>> {
        let mut given = self.layout().parts(backend, gradient)?;
        let mut of_answers = AnswerGradients {
            magnitude: if self.args.want.magnitude { given.pop() } else { None },
            state: given.remove(1),
            activity: given.remove(0),
        };
        let parameters = variable_of(backend, &self.args.parameters)?;
        let state = variable_of(backend, &self.args.state)?;
        let mut of_parameters: Option<B::Tensor> = None;
        let mut of_input = Vec::new();
        for segment in (0..self.starts.len()).rev() {
            backend.assign(&state, &self.starts[segment])?;
            let [now, before, input] =
                self.adjoint_of_segment(backend, segment, &parameters, &state, &of_answers)?;
            of_parameters = match (of_parameters, now) {
                (Some(sum), Some(now)) => Some(ops::add(backend, &sum, &now)?),
                (sum, now) => sum.or(now),
            };
            of_answers.state = or_zeros(backend, before, &state)?;
            of_input.extend(input);
        }
        let mut answer = vec![or_zeros(backend, of_parameters, &parameters)?, of_answers.state];
        if !of_input.is_empty() {
            of_input.reverse();
            answer.push(backend.cat(&of_input, 0)?);
        }
        Ok(answer)
    }

    /// Runs a segment with its history; gradients of parameters, state before
    /// it, and dense input (`None` where nothing flows).
    fn adjoint_of_segment(
        &self,
        backend: &B,
        segment: usize,
        parameters: &B::Tensor,
        state: &B::Tensor,
        of_answers: &AnswerGradients<B>,
    ) -> Result<[Option<B::Tensor>; 3]> {
        let first = segment * self.length;
        let steps = first..(first + self.length).min(self.args.steps);
        let mut input = part(backend, &self.args, steps.clone())?;
        let mut dense = None;
        if let Input::Dense(x) = &mut input {
            *x = variable_of(backend, x)?;
            dense = Some(x.clone());
        }
        let answer = self.run_segment(backend, input, parameters, state, steps.len(), true)?;
        let of_activity = backend.narrow(&of_answers.activity, 0, steps.start, steps.len())?;
        let mut weighed = vec![(answer.activity, of_activity), (answer.state, of_answers.state.clone())];
        if let (Some(mean), Some(gradient)) = (answer.magnitude, &of_answers.magnitude) {
            weighed.push((mean, backend.affine(gradient, self.share(&steps), 0.0)?));
        }
        let gradients = backend.backward(&weighed_sum(backend, &weighed)?)?;
        let of = |x: &B::Tensor| backend.gradient(&gradients, x);
        let of_dense = match &dense {
            Some(x) => Some(or_zeros(backend, of(x), x)?),
            None => None,
        };
        Ok([of(parameters), of(state), of_dense])
    }

    fn run_segment(
        &self,
        backend: &B,
        input: Input<B::Tensor>,
        parameters: &B::Tensor,
        state: &B::Tensor,
        steps: usize,
        gradient: bool,
    ) -> Result<ScanOutput<B>> {
        let want = Want { gradient, monitors: false, ..self.args.want };
        let args = self.args.with(self.args.index.clone(), parameters.clone(), state.clone(), input);
        composed(backend, &ScanArgs::<B> { steps, want, ..args })
    }

    fn layout(&self) -> FlatLayout {
        FlatLayout::new(&self.args)
    }

    /// The segments' steps.
    fn segments(&self) -> impl Iterator<Item = Range<usize>> + use<B> {
        let (steps, length) = (self.args.steps, self.length);
        (0..steps).step_by(length).map(move |first| first..(first + length).min(steps))
    }

    /// The share of the whole sequence that these steps are.
    fn share(&self, steps: &Range<usize>) -> f64 {
        steps.len() as f64 / self.args.steps as f64
    }
}

/// The input of some of the steps.
pub(super) fn part<B: Backend>(
    backend: &B,
    args: &ScanArgs<B>,
    steps: Range<usize>,
) -> Result<Input<B::Tensor>> {
    Ok(match &args.input {
        Input::Tokens(ids) => Input::Tokens(ids[steps.start * args.rows..steps.end * args.rows].into()),
        Input::Events(events) => Input::Events(events.part(steps).into()),
        Input::Dense(x) => Input::Dense(backend.narrow(x, 0, steps.start, steps.len())?),
    })
}

/// Gradients of a scan's answers.
struct AnswerGradients<B: Backend> {
    activity: B::Tensor,
    state: B::Tensor,
    magnitude: Option<B::Tensor>,
}

/// The gradient, or zeros where nothing flows.
pub(super) fn or_zeros<B: Backend>(
    backend: &B,
    gradient: Option<B::Tensor>,
    of: &B::Tensor,
) -> Result<B::Tensor> {
    gradient.map_or_else(|| ops::zeros(backend, &backend.shape(of)), Ok)
}

/// A variable with the values of `x`; the values stay on the device.
pub(super) fn variable_of<B: Backend>(backend: &B, x: &B::Tensor) -> Result<B::Tensor> {
    let shape = backend.shape(x);
    let variable = backend.variable(&vec![0.0; shape.iter().product()], &shape)?;
    backend.assign(&variable, x)?;
    Ok(variable)
}

/// Sum over all pairs and elements of value times weight.
pub(super) fn weighed_sum<B: Backend>(backend: &B, pairs: &[(B::Tensor, B::Tensor)]) -> Result<B::Tensor> {
    let sums = pairs.iter().map(|(value, weight)| ops::sum_all(backend, &ops::mul(backend, value, weight)?));
    let sums = sums.collect::<Result<Vec<_>>>()?;
    backend.sum(&backend.stack(&sums)?, 0)
}
