//! A layer's recurrence on candle.

use crate::CandleBackend;
use crate::adjoint::{Value, given};
use crate::error::failed;
use crate::history::GraphTensor;
use crate::host::read;
use candle_core::Tensor;
use elm_core::Result;
use elm_core::kernel::Kernel;
use elm_core::scan::{
    self, FlatLayout, FusedScan, HeldArgs, HeldInput, HostTensors, Input, ScanArgs, ScanOutput, ScanPath,
    SegmentedScan,
};
use std::sync::Arc;

type Args<'a> = ScanArgs<'a, CandleBackend>;
type Output = ScanOutput<CandleBackend>;

/// Runs the recurrence as the backend's options say.
pub(crate) fn run(backend: &CandleBackend, args: &Args<'_>) -> Result<Output> {
    if let Some(kernel) = backend.kernel() {
        return by_kernel(backend, kernel, args);
    }
    if !args.want.gradient {
        // candle records a history wherever a variable is involved; without
        // one, nothing is kept of the steps.
        let held = HeldArgs::new(args, without_history);
        return scan::composed(backend, &held.as_args(&held.input.as_input()));
    }
    match scan::segment_length(args, backend.options().memory_budget) {
        None => scan::composed(backend, args),
        Some(length) => in_segments(backend, args, length),
    }
}

/// The fused recurrence as one operation.
fn by_kernel(backend: &CandleBackend, kernel: &Arc<Kernel>, args: &Args<'_>) -> Result<Output> {
    args.check(backend)?;
    let layout = FlatLayout::new(args);
    let mut flat = vec![0.0; layout.len()];
    let run = |host: HostTensors<'_>| scan::fused(kernel, args, host, &mut flat);
    let (monitors, history) =
        with_values(args.parameters, args.state, dense(args), run).map_err(failed("scan"))??;
    let inputs = differentiable(args);
    let flat = match history {
        None => Tensor::from_vec(flat, layout.len(), &candle_core::Device::Cpu),
        Some(history) => {
            let fused = FusedScan::new(kernel.clone(), HeldArgs::new(args, without_history), history);
            let value = Value::Host(flat, vec![layout.len()]);
            let adjoint =
                move |inputs: &[&Tensor], _: &Tensor, gradient: &Tensor| adjoint(&fused, inputs, gradient);
            given("scan", value, &tensors(&inputs), adjoint)
        }
    };
    let flat = GraphTensor::computed(flat.map_err(failed("scan"))?, &inputs)?;
    Ok(Output { monitors, ..layout.output(backend, &flat, ScanPath::Fused)? })
}

/// Gradients of a fused scan's inputs from that of its flat value.
fn adjoint(
    fused: &FusedScan<CandleBackend>,
    inputs: &[&Tensor],
    gradient: &Tensor,
) -> candle_core::Result<Vec<Tensor>> {
    let args = fused.args();
    let dense = match &args.input {
        HeldInput::Dense(x) => Some(x),
        _ => None,
    };
    let mut results: Vec<Vec<f32>> = inputs.iter().map(|x| vec![0.0; x.elem_count()]).collect();
    let mut slices: Vec<&mut [f32]> = results.iter_mut().map(Vec::as_mut_slice).collect();
    let done = with_values(&args.parameters, &args.state, dense, |host| {
        read(gradient, |gradient| fused.adjoint(host, gradient, &mut slices))
    });
    done??.map_err(candle_core::Error::wrap)?;
    let shaped = |(values, x): (Vec<f32>, &&Tensor)| Tensor::from_vec(values, x.dims(), x.device());
    results.into_iter().zip(inputs).map(shaped).collect()
}

/// Runs a function on the values of parameters, state and dense input.
fn with_values<R>(
    parameters: &GraphTensor,
    state: &GraphTensor,
    dense: Option<&GraphTensor>,
    run: impl FnOnce(HostTensors<'_>) -> R,
) -> candle_core::Result<R> {
    read(parameters.tensor(), |parameters| {
        read(state.tensor(), |state| match dense {
            None => Ok(run(HostTensors { parameters, state, dense: None })),
            Some(x) => read(x.tensor(), |x| run(HostTensors { parameters, state, dense: Some(x) })),
        })
    })??
}

/// The composed recurrence as one operation that keeps little.
fn in_segments(backend: &CandleBackend, args: &Args<'_>, length: usize) -> Result<Output> {
    args.check(backend)?;
    let layout = FlatLayout::new(args);
    let (segmented, flat) = SegmentedScan::run(backend, HeldArgs::new(args, without_history), length)?;
    let own = backend.clone();
    let adjoint = move |inputs: &[&Tensor], _: &Tensor, gradient: &Tensor| {
        let gradients = segmented.adjoint(&own, &GraphTensor::leaf(gradient.clone()));
        let gradients = gradients.map_err(candle_core::Error::wrap)?;
        Ok(gradients.iter().take(inputs.len()).map(|gradient| gradient.tensor().clone()).collect())
    };
    let inputs = differentiable(args);
    let flat = given("scan", flat.tensor().clone(), &tensors(&inputs), adjoint).map_err(failed("scan"))?;
    layout.output(backend, &GraphTensor::computed(flat, &inputs)?, ScanPath::Composed)
}

/// What a scan is differentiated by: parameters, state and, unless it is a
/// constant, dense input.
fn differentiable(args: &Args<'_>) -> Vec<GraphTensor> {
    let mut inputs = vec![args.parameters.clone(), args.state.clone()];
    inputs.extend(dense(args).filter(|x| x.tensor().track_op()).cloned());
    inputs
}

fn dense<'a>(args: &Args<'a>) -> Option<&'a GraphTensor> {
    match args.input {
        Input::Dense(x) => Some(x),
        _ => None,
    }
}

fn tensors(inputs: &[GraphTensor]) -> Vec<&Tensor> {
    inputs.iter().map(GraphTensor::tensor).collect()
}

fn without_history(x: &GraphTensor) -> GraphTensor {
    GraphTensor::leaf(x.tensor().detach())
}
