//! Which path a scan takes: decided here once for all backends.

use super::composed::composed;
use super::fused::fused;
use super::segments::{SegmentedScan, segment_length};
use super::{ScanArgs, ScanOutput, ScanPath, check, without_history};
use crate::backend::{Backend, ScanOptions, Value};
use crate::error::Result;
use crate::scan::{FlatLayout, ScanAdjoint};

/// Runs a scan as [`Backend::scan_options`] says: by the fused kernel if there
/// is one, else composed; in segments where the history would not fit into the
/// budget.
///
/// # Errors
/// When an argument does not have the shape that [`LayerRun`](crate::spec::LayerRun)
/// documents, or the backend refuses an operation.
pub fn run<B: Backend>(backend: &B, args: &ScanArgs<B>) -> Result<ScanOutput<B>> {
    check(backend, args)?;
    let ScanOptions { kernel, memory_budget } = backend.scan_options();
    match kernel {
        Some(kernel) => fused(backend, kernel, args),
        None => within(backend, args, memory_budget),
    }
}

/// The composed recurrence with a history of at most so many bytes.
pub(super) fn within<B: Backend>(
    backend: &B,
    args: &ScanArgs<B>,
    memory_budget: Option<u64>,
) -> Result<ScanOutput<B>> {
    if !args.want.gradient {
        // A library records a history wherever a variable is involved; without
        // one, nothing is kept of the steps.
        return composed(backend, &without_history(backend, args));
    }
    match segment_length(args, memory_budget) {
        None => composed(backend, args),
        Some(length) => in_segments(backend, args, length),
    }
}

/// The composed recurrence as one node of the graph that keeps little.
fn in_segments<B: Backend>(backend: &B, args: &ScanArgs<B>, length: usize) -> Result<ScanOutput<B>> {
    let (segmented, flat) = SegmentedScan::run(backend, without_history(backend, args), length)?;
    let adjoint = ScanAdjoint::segmented(segmented);
    let backward = Some(adjoint.clock());
    let flat = backend.node(Value::Tensor(flat), &differentiable(args), adjoint)?;
    let output = FlatLayout::new(args).output(backend, &flat, ScanPath::Composed)?;
    Ok(ScanOutput { backward, ..output })
}

/// What a scan is differentiated by: parameters, state and dense input.
pub(super) fn differentiable<X, I>(args: &crate::spec::LayerRun<X, I>) -> Vec<&X> {
    let mut inputs = vec![&args.parameters, &args.state];
    inputs.extend(args.input.dense());
    inputs
}
