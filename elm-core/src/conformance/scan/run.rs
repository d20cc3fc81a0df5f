//! Runs a case on any backend and brings everything to the host.

use super::case::{ScanCase, ScanData, Seen};
use crate::backend::Backend;
use crate::conformance::call::weighted_sum;
use crate::conformance::tolerance::{Failure, Result};
use crate::ops;
use crate::scan::{ScanArgs, ScanOutput, ScanPath};
use crate::spec::{Connectome, Input, Monitors, Want};

/// What a scan gave.
#[derive(Debug, Clone)]
pub(crate) struct ScanResult {
    /// `[T, N * O, B]`
    pub(crate) activity: Vec<f32>,
    /// `[rows of the state layout, B]`
    pub(crate) state: Vec<f32>,
    /// `[N, B]`
    pub(crate) magnitude: Option<Vec<f32>>,
    pub(crate) monitors: Option<Monitors>,
    /// Absent where the backend has none.
    pub(crate) gradients: Option<ScanGradients>,
    pub(crate) path: ScanPath,
}

/// Gradients of the weighted sum of activity, end state and magnitude.
#[derive(Debug, Clone)]
pub(crate) struct ScanGradients {
    /// `[P]`
    pub(crate) parameters: Option<Vec<f32>>,
    /// As the start state.
    pub(crate) state: Option<Vec<f32>>,
    /// `[T, C, B]` of a dense input.
    pub(crate) dense: Option<Vec<f32>>,
}

/// Gradients and magnitude, no monitors.
pub(crate) const TRAINING: Want = Want { gradient: true, magnitude: true, monitors: false };

/// Runs a case with its own numbers.
pub(crate) fn run<B: Backend>(b: &B, case: &ScanCase, want: Want) -> Result<ScanResult> {
    run_with(b, case, &case.data(), want)
}

/// Runs a case with other numbers.
pub(crate) fn run_with<B: Backend>(
    b: &B,
    case: &ScanCase,
    data: &ScanData,
    want: Want,
) -> Result<ScanResult> {
    attempt(b, case, data, want)
        .map_err(|source| Failure::Refused { what: format!("scan {:?}", case.name), source })
}

/// What a case differentiates for, on a backend.
pub(crate) struct Leaves<B: Backend> {
    /// `[P]`
    pub(crate) parameters: B::Tensor,
    /// `[rows of the state layout, B]`
    pub(crate) state: B::Tensor,
    /// `[T, C, B]`
    pub(crate) dense: B::Tensor,
}

/// [`run_with`] with the backend's own error.
pub(crate) fn attempt<B: Backend>(
    b: &B,
    case: &ScanCase,
    data: &ScanData,
    want: Want,
) -> crate::Result<ScanResult> {
    let leaf = |values: &[f32], shape: &[usize]| {
        if want.gradient { b.variable(values, shape) } else { b.tensor(values, shape) }
    };
    let leaves = Leaves {
        parameters: leaf(&data.parameters, &[data.parameters.len()])?,
        state: leaf(&data.state, &[case.layer.state_layout().rows(), case.rows])?,
        dense: leaf(&data.dense, &[case.steps, case.layer.inputs, case.rows])?,
    };
    let answer = scan(b, case, data, &leaves, want)?;
    let mut gradients = None;
    if want.gradient {
        let all = b.backward(&loss(b, data, &answer)?)?;
        let gradient = |x| b.gradient(&all, x).map(|gradient| b.values(&gradient)).transpose();
        let (parameters, state) = (gradient(&leaves.parameters)?, gradient(&leaves.state)?);
        gradients = Some(ScanGradients { parameters, state, dense: gradient(&leaves.dense)? });
    }
    Ok(ScanResult {
        activity: b.values(&answer.activity)?,
        state: b.values(&answer.state)?,
        magnitude: answer.magnitude.as_ref().map(|magnitude| b.values(magnitude)).transpose()?,
        monitors: answer.monitors,
        gradients,
        path: answer.path,
    })
}

/// Scans a case from these leaves.
pub(crate) fn scan<B: Backend>(
    b: &B,
    case: &ScanCase,
    data: &ScanData,
    leaves: &Leaves<B>,
    want: Want,
) -> crate::Result<ScanOutput<B>> {
    b.elm_scan(&arguments(b, case, data, leaves, want)?)
}

/// The arguments of a case with these leaves.
pub(crate) fn arguments<B: Backend>(
    b: &B,
    case: &ScanCase,
    data: &ScanData,
    leaves: &Leaves<B>,
    want: Want,
) -> crate::Result<ScanArgs<B>> {
    Ok(ScanArgs::<B> {
        layer: case.layer.clone(),
        connectome: Connectome::new(&case.layer, &data.sources[..])?,
        index: b.index(&data.sources)?,
        parameters: leaves.parameters.clone(),
        fixed_tau_raw: data.fixed_tau_raw.as_deref().map(Into::into),
        input: match case.seen {
            Seen::Dense => Input::Dense(leaves.dense.clone()),
            Seen::Tokens => Input::Tokens(data.tokens[..].into()),
            Seen::Events => Input::Events(data.events.clone().into()),
        },
        input_factor: case.input_factor,
        state: leaves.state.clone(),
        rows: case.rows,
        steps: case.steps,
        dropout: data.masks.clone(),
        want,
    })
}

/// The weighted sum of all answers that have a weight.
pub(crate) fn loss<B: Backend>(b: &B, data: &ScanData, answer: &ScanOutput<B>) -> crate::Result<B::Tensor> {
    let mut loss = ops::zeros(b, &[])?;
    let weighted = [
        (Some(&answer.activity), &data.activity_weights),
        (Some(&answer.state), &data.state_weights),
        (answer.magnitude.as_ref(), &data.magnitude_weights),
    ];
    for (answer, weights) in weighted {
        if let Some(answer) = answer.filter(|_| weights.iter().any(|&weight| weight != 0.0)) {
            loss = ops::add(b, &loss, &weighted_sum(b, answer, weights)?)?;
        }
    }
    Ok(loss)
}
