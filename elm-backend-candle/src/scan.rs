//! A layer's recurrence on candle.

use crate::CandleBackend;
use crate::history::GraphTensor;
use elm_core::Result;
use elm_core::scan::{self, Input, ScanArgs, ScanOutput};

/// Runs the recurrence as the backend's options say.
pub(crate) fn run(
    backend: &CandleBackend,
    args: &ScanArgs<'_, CandleBackend>,
) -> Result<ScanOutput<CandleBackend>> {
    if args.want.gradient {
        return scan::composed(backend, args);
    }
    // candle records a history wherever a variable is involved; without one,
    // nothing is kept of the steps.
    let without_history = |x: &GraphTensor| GraphTensor::leaf(x.tensor().detach());
    let dense = match args.input {
        Input::Dense(x) => Some(Input::Dense(without_history(x))),
        _ => None,
    };
    let (parameters, state) = (without_history(args.parameters), without_history(args.state));
    let input = dense.as_ref().unwrap_or(args.input);
    scan::composed(backend, &ScanArgs { parameters: &parameters, state: &state, input, ..*args })
}
