//! Compares two results of a case, tensor by tensor.

use super::case::{ScanCase, Seen};
use super::run::{ScanGradients, ScanResult, TRAINING, run};
use crate::backend::Backend;
use crate::conformance::tolerance::{Failure, Result, Tolerance};
use crate::reference::Reference;
use crate::spec::Monitors;

/// How strictly values and gradients are compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strictness {
    pub(crate) values: Tolerance,
    pub(crate) gradients: Tolerance,
}

/// Two ways to calculate the same.
pub(crate) const CALCULATED: Strictness =
    Strictness { values: Tolerance::Scan, gradients: Tolerance::ScanGradient };
/// The same calculation twice.
pub(crate) const REPEATED: Strictness = Strictness { values: Tolerance::Exact, gradients: Tolerance::Exact };

/// Compares the backend's scan with the composed scan of the reference.
pub(crate) fn check<B: Backend>(b: &B, case: &ScanCase) -> Result<()> {
    compare(case, &run(b, case, TRAINING)?, &run(&Reference, case, TRAINING)?, CALCULATED)
}

/// [`check`] for each case.
pub(crate) fn check_all<B: Backend>(b: &B, cases: &[ScanCase]) -> Result<()> {
    cases.iter().try_for_each(|case| check(b, case))
}

/// Compares everything that the wanted result has.
pub(crate) fn compare(
    case: &ScanCase,
    got: &ScanResult,
    wanted: &ScanResult,
    strictness: Strictness,
) -> Result<()> {
    let (layer, rows) = (&case.layer, case.rows);
    let what = |tensor: &str| format!("{tensor} of scan {:?}", case.name);
    let shape = [case.steps, layer.neurons * layer.outputs, rows];
    strictness.values.compare(&what("activity"), &shape, &got.activity, &wanted.activity)?;
    compare_end_state(case, strictness.values, got, wanted)?;
    if let Some(wanted) = &wanted.magnitude {
        let got = got.magnitude.as_ref().ok_or_else(|| Failure::broken(what("magnitude"), "missing"))?;
        strictness.values.compare(&what("magnitude"), &[layer.neurons, rows], got, wanted)?;
    }
    if let Some(wanted) = &wanted.monitors {
        let got = got.monitors.as_ref().ok_or_else(|| Failure::broken(what("monitors"), "missing"))?;
        compare_monitors(case, strictness.values, got, wanted)?;
    }
    match (&got.gradients, &wanted.gradients) {
        (Some(got), Some(wanted)) => compare_gradients(case, strictness.gradients, got, wanted),
        _ => Ok(()),
    }
}

/// The activity in the end state is that of the last step, so it is compared
/// with that: on its own it may be so small that only rounding is left of it.
fn compare_end_state(
    case: &ScanCase,
    tolerance: Tolerance,
    got: &ScanResult,
    wanted: &ScanResult,
) -> Result<()> {
    let shape = [case.layer.neurons * case.layer.outputs, case.rows];
    let elements = shape[0] * shape[1];
    if got.state.len() != wanted.state.len() {
        return Err(Failure::broken(
            "end state",
            format!("{} elements of scan {:?}", got.state.len(), case.name),
        ));
    }
    let what = format!("activity in the end state of scan {:?}", case.name);
    let last = &got.activity[(case.steps - 1) * elements..];
    Tolerance::Exact.compare(&what, &shape, &got.state[..elements], last)?;
    let mut state = got.state.clone();
    state[..elements].copy_from_slice(&wanted.state[..elements]);
    compare_state(case, "end state", tolerance, &state, &wanted.state)
}

/// Part by part: each has its own scale.
fn compare_state(
    case: &ScanCase,
    what: &str,
    tolerance: Tolerance,
    got: &[f32],
    wanted: &[f32],
) -> Result<()> {
    let layout = case.layer.state_layout();
    if got.len() != layout.rows() * case.rows {
        return Err(Failure::broken(what, format!("{} elements of scan {:?}", got.len(), case.name)));
    }
    for (part, range) in [
        ("activity", layout.activity),
        ("memory", layout.memory),
        ("readout average", layout.readout_average),
        ("trace", layout.trace),
    ] {
        let elements = range.start * case.rows..range.end * case.rows;
        let what = format!("{part} in the {what} of scan {:?}", case.name);
        let shape = [range.len(), case.rows];
        tolerance.compare(&what, &shape, &got[elements.clone()], &wanted[elements])?;
    }
    Ok(())
}

fn compare_monitors(case: &ScanCase, tolerance: Tolerance, got: &Monitors, wanted: &Monitors) -> Result<()> {
    let (n, neuron) = (case.layer.neurons, &case.layer.neuron);
    for (name, got, wanted, width) in [
        ("branch", &got.branch, &wanted.branch, neuron.all_branches()),
        ("mlp", &got.mlp, &wanted.mlp, neuron.memory),
        ("memory", &got.memory, &wanted.memory, neuron.memory),
        ("readout", &got.readout, &wanted.readout, case.layer.outputs),
        ("preactivation", &got.preactivation, &wanted.preactivation, case.layer.outputs),
    ] {
        let what = format!("monitor {name} of scan {:?}", case.name);
        tolerance.compare(&what, &[case.steps, n * width, case.rows], got, wanted)?;
    }
    Ok(())
}

fn compare_gradients(
    case: &ScanCase,
    tolerance: Tolerance,
    got: &ScanGradients,
    wanted: &ScanGradients,
) -> Result<()> {
    let (layer, rows) = (&case.layer, case.rows);
    let layout = layer.parameter_layout();
    let (got_flat, wanted_flat) =
        (filled(&got.parameters, layout.len()), filled(&wanted.parameters, layout.len()));
    if got_flat.len() != layout.len() {
        return Err(Failure::broken("gradient of the parameters", format!("{} elements", got_flat.len())));
    }
    for tensor in &layout.tensors {
        let what = format!("gradient of {} through scan {:?}", tensor.name, case.name);
        let range = tensor.range.clone();
        tolerance.compare(&what, &tensor.shape, &got_flat[range.clone()], &wanted_flat[range])?;
    }
    let elements = layer.state_layout().rows() * rows;
    let (got_state, wanted_state) = (filled(&got.state, elements), filled(&wanted.state, elements));
    compare_state(case, "gradient of the start state", tolerance, &got_state, &wanted_state)?;
    if case.seen == Seen::Dense {
        let shape = [case.steps, layer.inputs, rows];
        let elements = shape.iter().product();
        let (got, wanted) = (filled(&got.dense, elements), filled(&wanted.dense, elements));
        let what = format!("gradient of the input of scan {:?}", case.name);
        tolerance.compare(&what, &shape, &got, &wanted)?;
    }
    Ok(())
}

/// No gradient is a gradient of zeros.
fn filled(gradient: &Option<Vec<f32>>, elements: usize) -> Vec<f32> {
    gradient.clone().unwrap_or_else(|| vec![0.0; elements])
}
