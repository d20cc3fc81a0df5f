//! A layer's recurrence on candle.

use crate::CandleBackend;
use crate::adjoint::given;
use crate::error::failed;
use crate::history::GraphTensor;
use candle_core::Tensor;
use elm_core::Result;
use elm_core::scan::{self, FlatLayout, HeldArgs, Input, ScanArgs, ScanOutput, ScanPath, SegmentedScan};

type Args<'a> = ScanArgs<'a, CandleBackend>;
type Output = ScanOutput<CandleBackend>;

/// Runs the recurrence as the backend's options say.
pub(crate) fn run(backend: &CandleBackend, args: &Args<'_>) -> Result<Output> {
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

/// The composed recurrence as one operation that keeps little.
fn in_segments(backend: &CandleBackend, args: &Args<'_>, length: usize) -> Result<Output> {
    args.check(backend)?;
    let layout = FlatLayout::new(args);
    let (segmented, flat) = SegmentedScan::run(backend, HeldArgs::new(args, without_history), length)?;
    let own = backend.clone();
    let adjoint = move |_: &[&Tensor], _: &Tensor, gradient: &Tensor| {
        let gradients = segmented.adjoint(&own, &GraphTensor::leaf(gradient.clone()));
        let gradients = gradients.map_err(candle_core::Error::wrap)?;
        Ok(gradients.iter().map(|gradient| gradient.tensor().clone()).collect())
    };
    let inputs = differentiable(args);
    let tensors: Vec<&Tensor> = inputs.iter().map(GraphTensor::tensor).collect();
    let flat = given("scan", flat.tensor().clone(), &tensors, adjoint).map_err(failed("scan"))?;
    layout.output(backend, &GraphTensor::computed(flat, &inputs)?, ScanPath::Composed)
}

/// What a scan can be differentiated by: parameters, state, dense input.
fn differentiable(args: &Args<'_>) -> Vec<GraphTensor> {
    let mut inputs = vec![args.parameters.clone(), args.state.clone()];
    if let Input::Dense(x) = args.input {
        inputs.push(x.clone());
    }
    inputs
}

fn without_history(x: &GraphTensor) -> GraphTensor {
    GraphTensor::leaf(x.tensor().detach())
}
