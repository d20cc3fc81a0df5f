//! A layer's recurrence on libtorch.

use crate::backend::{TchBackend, TchTensor};
use crate::error::failed;
use crate::given::given;
use elm_core::Result;
use elm_core::scan::{self, FlatLayout, HeldArgs, Input, ScanArgs, ScanOutput, ScanPath, SegmentedScan};
use tch::Tensor;

type Args<'a> = ScanArgs<'a, TchBackend>;
type Output = ScanOutput<TchBackend>;

/// Runs the recurrence as the backend's options say.
pub(crate) fn run(backend: &TchBackend, args: &Args<'_>) -> Result<Output> {
    if !args.want.gradient {
        let _guard = tch::no_grad_guard();
        return scan::composed(backend, args);
    }
    match scan::segment_length(args, backend.options().memory_budget) {
        None => scan::composed(backend, args),
        Some(length) => in_segments(backend, args, length),
    }
}

/// The composed recurrence as one operation that keeps little.
fn in_segments(backend: &TchBackend, args: &Args<'_>, length: usize) -> Result<Output> {
    args.check(backend)?;
    let layout = FlatLayout::new(args);
    let (segmented, flat) = SegmentedScan::run(backend, HeldArgs::new(args, without_history), length)?;
    let own = backend.clone();
    let adjoint = move |gradient: &Tensor| {
        // libtorch differentiates without recording; the segments need a record.
        let gradient = TchTensor::new(gradient.shallow_clone());
        let gradients = tch::with_grad(|| segmented.adjoint(&own, &gradient));
        let gradients = gradients.map_err(|error| error.to_string())?;
        let detached = gradients.iter().map(|gradient| gradient.tensor().f_detach());
        detached.collect::<std::result::Result<_, _>>().map_err(|error| error.to_string())
    };
    let flat = given(flat.tensor(), &differentiable(args), Box::new(adjoint)).map_err(failed("scan"))?;
    layout.output(backend, &TchTensor::new(flat), ScanPath::Composed)
}

/// What a scan can be differentiated by: parameters, state, dense input.
fn differentiable<'a>(args: &Args<'a>) -> Vec<&'a Tensor> {
    let mut inputs = vec![args.parameters.tensor(), args.state.tensor()];
    if let Input::Dense(x) = args.input {
        inputs.push(x.tensor());
    }
    inputs
}

/// The same values without history, not copied.
fn without_history(x: &TchTensor) -> TchTensor {
    x.tensor().f_detach().map_or_else(|_| x.clone(), TchTensor::new)
}
