//! Any recurrence over a whole sequence in bounded memory, for models that
//! bring their own: they say what happens in some consecutive steps, composed
//! from primitives, and what is kept of it is decided here.

use super::ScanAdjoint;
use super::segments::{or_zeros, variable_of, weighed_sum};
use crate::backend::{Backend, Value};
use crate::error::{Error, Result};
use crate::kernel::{DEFAULT_MEMORY_BUDGET, StepBytes, segment_steps};
use std::ops::Range;
use std::sync::Arc;

/// A recurrence, weights and state apart.
pub trait Recurrence<B: Backend>: Send + Sync {
    /// Floats that one step of so many sequences leaves behind in a training
    /// step, roughly: every intermediate, and what a library keeps of each
    /// step's share of a weight's gradient until all are summed.
    fn record_floats(&self, rows: usize) -> f64;

    /// Runs over some steps: with `parameters` `[P]` from `state` `[S, B]` on
    /// over `input` `[T, C, B]`.
    ///
    /// # Errors
    /// When the shapes do not fit, or the backend refuses an operation.
    fn steps(
        &self,
        backend: &B,
        parameters: &B::Tensor,
        state: &B::Tensor,
        input: &B::Tensor,
    ) -> Result<Walked<B>>;
}

/// What a recurrence answers.
pub struct Walked<B: Backend> {
    /// Activity over time, `[T, H, B]`.
    pub activity: B::Tensor,
    /// State after the last step, `[S, B]`.
    pub state: B::Tensor,
}

/// What a recurrence runs over.
pub struct WalkArgs<B: Backend> {
    /// Its parameters, one flat tensor `[P]`.
    pub parameters: B::Tensor,
    /// State to start from, `[S, B]`.
    pub state: B::Tensor,
    /// What it reads, `[T, C, B]`.
    pub input: B::Tensor,
}

impl<B: Backend> WalkArgs<B> {
    /// The same for whoever differentiates it: without history, not copied.
    fn without_history(&self, backend: &B) -> Self {
        WalkArgs {
            parameters: backend.alias(&self.parameters),
            state: backend.alias(&self.state),
            input: backend.alias(&self.input),
        }
    }
}

/// Runs a recurrence over a whole sequence. Where the history of all steps
/// would not fit into the backend's memory budget
/// ([`DEFAULT_MEMORY_BUDGET`] if it has none), only the states between segments
/// are kept, and each segment is run once more when it is differentiated. With
/// `gradient` unset no history is kept at all.
///
/// # Errors
/// [`Error::Shape`] unless the input has three axes and at least one step, and
/// when the backend refuses an operation.
pub fn walk<B: Backend>(
    backend: &B,
    recurrence: Arc<dyn Recurrence<B>>,
    args: &WalkArgs<B>,
    gradient: bool,
) -> Result<Walked<B>> {
    let shape = backend.shape(&args.input);
    let wrong = || Error::shape("input of a recurrence", &shape, "[T, C, B] with at least one step");
    let [steps, _, rows] = shape[..] else { return Err(wrong()) };
    if steps == 0 {
        return Err(wrong());
    }
    let state_floats: usize = backend.shape(&args.state).iter().product();
    let record = 4.0 * recurrence.record_floats(rows);
    let each = StepBytes { record, state: 4.0 * state_floats as f64 };
    let budget = backend.scan_options().memory_budget.unwrap_or(DEFAULT_MEMORY_BUDGET as u64);
    let length = segment_steps(steps, each, 1, budget as f64).map_or(steps, |length| length.min(steps));
    if gradient && length == steps {
        return recurrence.steps(backend, &args.parameters, &args.state, &args.input);
    }
    let bare = args.without_history(backend);
    let (segmented, walked) = SegmentedWalk::run(backend, recurrence, bare, length)?;
    if !gradient {
        return Ok(walked);
    }
    let shapes = [backend.shape(&walked.activity), backend.shape(&walked.state)];
    let flat = [walked.activity, walked.state].map(|x| {
        let elements = backend.shape(&x).iter().product();
        backend.reshape(&x, &[elements])
    });
    let [activity, state] = flat;
    let flat = backend.cat(&[activity?, state?], 0)?;
    let inputs = [&args.parameters, &args.state, &args.input];
    let flat = backend.node(Value::Tensor(flat), &inputs, ScanAdjoint::walked(segmented))?;
    parted(backend, &flat, &shapes)
}

/// Cuts a flat tensor into activity and state of these shapes.
fn parted<B: Backend>(backend: &B, flat: &B::Tensor, shapes: &[Vec<usize>; 2]) -> Result<Walked<B>> {
    let [activity, state] = shapes.each_ref().map(|shape| shape.iter().product::<usize>());
    Ok(Walked {
        activity: backend.reshape(&backend.narrow(flat, 0, 0, activity)?, &shapes[0])?,
        state: backend.reshape(&backend.narrow(flat, 0, activity, state)?, &shapes[1])?,
    })
}

/// A recurrence over segments, with what its differentiation needs.
pub(super) struct SegmentedWalk<B: Backend> {
    recurrence: Arc<dyn Recurrence<B>>,
    /// Its tensors have no history.
    args: WalkArgs<B>,
    steps: usize,
    /// Steps of a segment; the last may be shorter.
    length: usize,
    /// State before each segment.
    starts: Vec<B::Tensor>,
    /// Shapes of activity and state.
    shapes: [Vec<usize>; 2],
}

impl<B: Backend> SegmentedWalk<B> {
    /// Runs without history; `length` is at least 1.
    fn run(
        backend: &B,
        recurrence: Arc<dyn Recurrence<B>>,
        args: WalkArgs<B>,
        length: usize,
    ) -> Result<(Self, Walked<B>)> {
        let steps = backend.shape(&args.input)[0];
        let mut state = args.state.clone();
        let (mut starts, mut activity) = (Vec::new(), Vec::new());
        for part in segments(steps, length) {
            let input = backend.narrow(&args.input, 0, part.start, part.len())?;
            let walked = recurrence.steps(backend, &args.parameters, &state, &input)?;
            activity.push(walked.activity);
            starts.push(std::mem::replace(&mut state, walked.state));
        }
        let walked = Walked { activity: backend.cat(&activity, 0)?, state };
        let shapes = [backend.shape(&walked.activity), backend.shape(&walked.state)];
        Ok((SegmentedWalk { recurrence, args, steps, length, starts, shapes }, walked))
    }

    /// From the gradient of the flat values to the gradients of parameters,
    /// start state and, where `count` is 3, input.
    ///
    /// # Errors
    /// As [`Recurrence::steps`].
    pub(super) fn adjoint(&self, backend: &B, gradient: &B::Tensor, count: usize) -> Result<Vec<B::Tensor>> {
        let given = parted(backend, gradient, &self.shapes)?;
        let parameters = variable_of(backend, &self.args.parameters)?;
        let state = variable_of(backend, &self.args.state)?;
        let (mut of_parameters, mut of_state): (Option<B::Tensor>, _) = (None, given.state);
        let mut of_input = Vec::new();
        let parts: Vec<Range<usize>> = segments(self.steps, self.length).collect();
        for (part, start) in parts.into_iter().zip(&self.starts).rev() {
            backend.assign(&state, start)?;
            let mut input = backend.narrow(&self.args.input, 0, part.start, part.len())?;
            if count > 2 {
                input = variable_of(backend, &input)?;
            }
            let walked = self.recurrence.steps(backend, &parameters, &state, &input)?;
            let of_activity = backend.narrow(&given.activity, 0, part.start, part.len())?;
            let pairs = [(walked.activity, of_activity), (walked.state, of_state)];
            let gradients = backend.backward(&weighed_sum(backend, &pairs)?)?;
            let now = backend.gradient(&gradients, &parameters);
            of_parameters = match (of_parameters, now) {
                (Some(sum), Some(now)) => Some(crate::ops::add(backend, &sum, &now)?),
                (sum, now) => sum.or(now),
            };
            of_state = or_zeros(backend, backend.gradient(&gradients, &state), &state)?;
            if count > 2 {
                of_input.push(or_zeros(backend, backend.gradient(&gradients, &input), &input)?);
            }
        }
        let mut answer = vec![or_zeros(backend, of_parameters, &parameters)?, of_state];
        if count > 2 {
            of_input.reverse();
            answer.push(backend.cat(&of_input, 0)?);
        }
        Ok(answer)
    }
}

/// Steps cut into segments.
fn segments(steps: usize, length: usize) -> impl Iterator<Item = Range<usize>> {
    (0..steps).step_by(length).map(move |first| first..(first + length).min(steps))
}
