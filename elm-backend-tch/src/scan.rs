//! A layer's recurrence on libtorch.

use crate::backend::{TchBackend, TchTensor};
use crate::error::failed;
use crate::given::given;
use crate::host::{slice, slice_mut};
use elm_core::Result;
use elm_core::kernel::Kernel;
use elm_core::scan::{
    self, FlatLayout, FusedScan, HeldArgs, HeldInput, HostTensors, Input, ScanArgs, ScanOutput, ScanPath,
    SegmentedScan,
};
use std::sync::Arc;
use tch::{Kind, TchError, Tensor};

type Args<'a> = ScanArgs<'a, TchBackend>;
type Output = ScanOutput<TchBackend>;

/// Runs the recurrence as the backend's options say.
pub(crate) fn run(backend: &TchBackend, args: &Args<'_>) -> Result<Output> {
    if let Some(kernel) = backend.kernel() {
        return by_kernel(backend, kernel, args);
    }
    if !args.want.gradient {
        let _guard = tch::no_grad_guard();
        return scan::composed(backend, args);
    }
    match scan::segment_length(args, backend.options().memory_budget) {
        None => scan::composed(backend, args),
        Some(length) => in_segments(backend, args, length),
    }
}

/// The fused recurrence as one operation.
fn by_kernel(backend: &TchBackend, kernel: &Arc<Kernel>, args: &Args<'_>) -> Result<Output> {
    args.check(backend)?;
    let layout = FlatLayout::new(args);
    let mut flat = empty(&[layout.len() as i64]).map_err(failed("scan"))?;
    let values = Values::new(args.parameters, args.state, dense(args)).map_err(failed("scan"))?;
    let into = slice_mut(&mut flat).map_err(failed("scan"))?;
    let (monitors, history) = scan::fused(kernel, args, values.slices().map_err(failed("scan"))?, into)?;
    let flat = match history {
        None => flat,
        Some(history) => {
            let fused = FusedScan::new(kernel.clone(), HeldArgs::new(args, without_history), history);
            let inputs = differentiable(args);
            let shapes: Vec<Vec<i64>> = inputs.iter().map(|x| x.size()).collect();
            let adjoint = move |gradient: &Tensor| adjoint(&fused, &shapes, gradient);
            given(&flat, &inputs, Box::new(adjoint)).map_err(failed("scan"))?
        }
    };
    Ok(Output { monitors, ..layout.output(backend, &TchTensor::new(flat), ScanPath::Fused)? })
}

/// Gradients of a fused scan's inputs from that of its flat value.
fn adjoint(
    fused: &FusedScan<TchBackend>,
    shapes: &[Vec<i64>],
    gradient: &Tensor,
) -> std::result::Result<Vec<Tensor>, String> {
    let text = |error: TchError| error.to_string();
    let args = fused.args();
    let dense = match &args.input {
        HeldInput::Dense(x) => Some(x),
        _ => None,
    };
    let values = Values::new(&args.parameters, &args.state, dense).map_err(text)?;
    let results = shapes.iter().map(|shape| empty(shape)).collect::<std::result::Result<Vec<_>, _>>();
    let mut results = results.map_err(text)?;
    let slices = results.iter_mut().map(slice_mut).collect::<std::result::Result<Vec<_>, _>>();
    let done = fused.adjoint(
        values.slices().map_err(text)?,
        slice(gradient).map_err(text)?,
        &mut slices.map_err(text)?,
    );
    done.map_err(|error| error.to_string())?;
    Ok(results)
}

/// Room for values on the processor, not initialised.
fn empty(shape: &[i64]) -> std::result::Result<Tensor, TchError> {
    Tensor::f_empty(shape, (Kind::Float, tch::Device::Cpu))
}

/// Contiguous tensors of a scan.
struct Values {
    parameters: Tensor,
    state: Tensor,
    dense: Option<Tensor>,
}

impl Values {
    fn new(
        parameters: &TchTensor,
        state: &TchTensor,
        dense: Option<&TchTensor>,
    ) -> std::result::Result<Self, TchError> {
        let contiguous = |x: &TchTensor| x.tensor().f_detach()?.f_contiguous();
        Ok(Values {
            parameters: contiguous(parameters)?,
            state: contiguous(state)?,
            dense: dense.map(contiguous).transpose()?,
        })
    }

    fn slices(&self) -> std::result::Result<HostTensors<'_>, TchError> {
        Ok(HostTensors {
            parameters: slice(&self.parameters)?,
            state: slice(&self.state)?,
            dense: self.dense.as_ref().map(slice).transpose()?,
        })
    }
}

/// The composed recurrence as one operation that keeps little.
fn in_segments(backend: &TchBackend, args: &Args<'_>, length: usize) -> Result<Output> {
    args.check(backend)?;
    let layout = FlatLayout::new(args);
    let (segmented, flat) = SegmentedScan::run(backend, HeldArgs::new(args, without_history), length)?;
    let own = backend.clone();
    let inputs = differentiable(args);
    let count = inputs.len();
    let adjoint = move |gradient: &Tensor| {
        // libtorch differentiates without recording; the segments need a record.
        let gradient = TchTensor::new(gradient.shallow_clone());
        let gradients = tch::with_grad(|| segmented.adjoint(&own, &gradient));
        let gradients = gradients.map_err(|error| error.to_string())?;
        let detached = gradients.iter().take(count).map(|gradient| gradient.tensor().f_detach());
        detached.collect::<std::result::Result<_, _>>().map_err(|error| error.to_string())
    };
    let flat = given(flat.tensor(), &inputs, Box::new(adjoint)).map_err(failed("scan"))?;
    layout.output(backend, &TchTensor::new(flat), ScanPath::Composed)
}

/// What a scan is differentiated by: parameters, state and, unless it is a
/// constant, dense input.
fn differentiable<'a>(args: &Args<'a>) -> Vec<&'a Tensor> {
    let mut inputs = vec![args.parameters.tensor(), args.state.tensor()];
    inputs.extend(dense(args).map(TchTensor::tensor).filter(|x| x.requires_grad()));
    inputs
}

fn dense<'a>(args: &Args<'a>) -> Option<&'a TchTensor> {
    match args.input {
        Input::Dense(x) => Some(x),
        _ => None,
    }
}

/// The same values without history, not copied.
fn without_history(x: &TchTensor) -> TchTensor {
    x.tensor().f_detach().map_or_else(|_| x.clone(), TchTensor::new)
}
