//! A scan by the fused kernel, which works on plain slices.

use super::flat::FlatLayout;
use super::policy::differentiable;
use super::{ScanAdjoint, ScanArgs, ScanOutput, ScanPath, without_history};
use crate::backend::{Backend, Value};
use crate::error::{Error, Result};
use crate::kernel::{Cotangents, Gradients, History, Kernel, Outputs};
use crate::ops::on_host;
use crate::shape;
use crate::spec::{Input, LayerRun, Monitors};
use std::sync::Arc;

/// The fused recurrence as one node of the graph.
///
/// # Errors
/// When an argument does not fit, or the backend refuses a hook.
pub(super) fn fused<B: Backend>(
    backend: &B,
    kernel: &Arc<Kernel>,
    args: &ScanArgs<B>,
) -> Result<ScanOutput<B>> {
    let layout = FlatLayout::new(args);
    let mut flat = zeros(layout.len())?;
    let mut monitors = args.want.monitors.then(Monitors::default);
    let history = with_slices(backend, args, |run| {
        let (activity, rest) = flat.split_at_mut(layout.activity.end);
        let (state, magnitude) = rest.split_at_mut(layout.state.len());
        let magnitude = args.want.magnitude.then_some(magnitude);
        kernel.forward(run, Outputs { activity, state, magnitude, monitors: monitors.as_mut() })
    })??;
    let (flat, backward) = match history {
        None => (backend.adopt(flat, &[layout.len()])?, None),
        Some(history) => {
            let scan = FusedScan { kernel: kernel.clone(), args: without_history(backend, args), history };
            let adjoint = ScanAdjoint::fused(scan);
            let clock = adjoint.clock();
            (backend.node(Value::Host(flat), &differentiable(args), adjoint)?, Some(clock))
        }
    };
    Ok(ScanOutput { monitors, backward, ..layout.output(backend, &flat, ScanPath::Fused)? })
}

/// Zeros for a kernel to write to.
///
/// # Errors
/// [`Error::Memory`] when there is none left.
fn zeros(len: usize) -> Result<Vec<f32>> {
    let mut zeros = Vec::new();
    let bytes = len.saturating_mul(size_of::<f32>());
    zeros.try_reserve_exact(len).map_err(|_| Error::Memory { bytes })?;
    zeros.resize(len, 0.0);
    Ok(zeros)
}

/// What the differentiation of a fused scan needs.
pub(super) struct FusedScan<B: Backend> {
    kernel: Arc<Kernel>,
    args: ScanArgs<B>,
    history: History,
}

impl<B: Backend> FusedScan<B> {
    /// From the gradient of the flat value to the gradients of parameters,
    /// start state and, where `count` is 3, dense input.
    pub(super) fn adjoint(&self, backend: &B, gradient: &B::Tensor, count: usize) -> Result<Vec<B::Tensor>> {
        let args = &self.args;
        let layout = FlatLayout::new(args);
        shape::equal("gradient of a scan", &backend.shape(gradient), &[layout.len()])?;
        // The kernel always has gradients of parameters and state.
        let shapes = differentiable(args).into_iter().take(count.max(2)).map(|x| backend.shape(x));
        let shapes: Vec<Vec<usize>> = shapes.collect();
        let mut results: Vec<Vec<f32>> =
            shapes.iter().map(|shape| zeros(shape.iter().product())).collect::<Result<_>>()?;
        on_host(backend, gradient, |gradient| {
            let cotangents = Cotangents {
                activity: Some(&gradient[layout.activity.clone()]),
                state: Some(&gradient[layout.state.clone()]),
                magnitude: args.want.magnitude.then(|| &gradient[layout.magnitude.clone()]),
            };
            let gradients = Gradients::of(&mut results)?;
            with_slices(backend, args, |run| self.kernel.backward(run, &self.history, cotangents, gradients))?
        })??;
        results.into_iter().zip(&shapes).map(|(values, shape)| backend.adopt(values, shape)).collect()
    }
}

/// Runs a function on the arguments with slices for tensors.
fn with_slices<B: Backend, R>(
    backend: &B,
    args: &ScanArgs<B>,
    run: impl FnOnce(&LayerRun<&[f32]>) -> R,
) -> Result<R> {
    on_host(backend, &args.parameters, |parameters| {
        on_host(backend, &args.state, |state| match &args.input {
            Input::Dense(x) => {
                on_host(backend, x, |x| run(&args.with((), parameters, state, Input::Dense(x))))
            }
            Input::Tokens(ids) => Ok(run(&args.with((), parameters, state, Input::Tokens(ids.clone())))),
            Input::Events(events) => {
                Ok(run(&args.with((), parameters, state, Input::Events(events.clone()))))
            }
        })
    })??
}
