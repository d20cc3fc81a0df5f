//! A scan by the fused kernel, for backends whose tensors lie on the host.
//!
//! The backend supplies slices and a graph node; everything in between is here.

use super::arguments::{Input, Monitors, ScanArgs};
use super::flat::FlatLayout;
use super::held::HeldArgs;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::kernel::{Arguments, Cotangents, Gradients, History, Kernel, Outputs, Sequence};
use crate::shape;
use std::sync::Arc;

/// The values of a scan's tensors, contiguous.
#[derive(Clone, Copy)]
pub struct HostTensors<'a> {
    /// All trainable parameters, `[P]`.
    pub parameters: &'a [f32],
    /// State to start from, `[rows of the state layout, B]`.
    pub state: &'a [f32],
    /// A dense input, `[T, C, B]`.
    pub dense: Option<&'a [f32]>,
}

/// Runs a scan by the kernel and writes activity, end state and magnitude to
/// `flat` as [`FlatLayout`] has them. Answers every intermediate, if wanted,
/// and the history for [`FusedScan`], if a gradient is wanted.
///
/// # Errors
/// When an argument does not have the shape that [`ScanArgs`] documents, or
/// `flat` not the length of the layout.
pub fn fused<B: Backend>(
    kernel: &Kernel,
    args: &ScanArgs<'_, B>,
    tensors: HostTensors<'_>,
    flat: &mut [f32],
) -> Result<(Option<Monitors>, Option<History>)> {
    let layout = FlatLayout::new(args);
    shape::equal("answers of a scan", &[flat.len()], &[layout.len()])?;
    let (activity, rest) = flat.split_at_mut(layout.activity.end);
    let (state, magnitude) = rest.split_at_mut(layout.state.len());
    let mut monitors = args.want.monitors.then(Monitors::default);
    let outputs = Outputs {
        activity,
        state,
        magnitude: args.want.magnitude.then_some(magnitude),
        monitors: monitors.as_mut(),
    };
    let history = kernel.forward(&arguments(args, tensors)?, outputs, args.want.gradient)?;
    Ok((monitors, history))
}

/// What the differentiation of a fused scan needs besides the values of its
/// tensors.
pub struct FusedScan<B: Backend> {
    kernel: Arc<Kernel>,
    args: HeldArgs<B>,
    history: History,
}

impl<B: Backend> FusedScan<B> {
    /// Keeps the history of a forward pass with these arguments.
    pub fn new(kernel: Arc<Kernel>, args: HeldArgs<B>, history: History) -> Self {
        FusedScan { kernel, args, history }
    }

    /// The arguments, tensors without history.
    pub fn args(&self) -> &HeldArgs<B> {
        &self.args
    }

    /// From the gradient of the flat values to the gradients of parameters,
    /// start state and, if asked for, dense input, which are written to
    /// `results` in this order.
    ///
    /// # Errors
    /// When a slice does not fit.
    pub fn adjoint(
        &self,
        tensors: HostTensors<'_>,
        gradient: &[f32],
        results: &mut [&mut [f32]],
    ) -> Result<()> {
        let input = self.args.input.as_input();
        let args = self.args.as_args(&input);
        let layout = FlatLayout::new(&args);
        shape::equal("gradient of a scan", &[gradient.len()], &[layout.len()])?;
        let cotangents = Cotangents {
            activity: Some(&gradient[layout.activity]),
            state: Some(&gradient[layout.state]),
            magnitude: args.want.magnitude.then(|| &gradient[layout.magnitude]),
        };
        let (parameters, state, input) = match results {
            [parameters, state] => (parameters, state, None),
            [parameters, state, input] => (parameters, state, Some(&mut **input)),
            _ => return Err(Error::shape("gradients of a scan", &[results.len()], "2 or 3 slices")),
        };
        let gradients = Gradients { parameters, state, input };
        self.kernel.backward(&arguments(&args, tensors)?, &self.history, cotangents, gradients)
    }
}

/// The kernel's view of a scan's arguments.
fn arguments<'a, B: Backend>(args: &ScanArgs<'a, B>, tensors: HostTensors<'a>) -> Result<Arguments<'a>> {
    Ok(Arguments {
        layer: args.layer,
        sources: &args.wiring.sources,
        parameters: tensors.parameters,
        fixed_tau_raw: args.fixed_tau_raw,
        input: match (args.input, tensors.dense) {
            (Input::Tokens(ids), _) => Sequence::Tokens(ids),
            (Input::Events(events), _) => Sequence::Events(events),
            (Input::Dense(_), Some(values)) => Sequence::Dense(values),
            (Input::Dense(_), None) => return Err(Error::shape("values of a dense input", &[], "[T, C, B]")),
        },
        input_factor: args.input_factor,
        state: tensors.state,
        rows: args.rows,
        steps: args.steps,
        dropout: args.dropout,
    })
}
