//! What a scan is asked for and fed with.

use super::case::{ScanCase, Seen};
use super::compare::{CALCULATED, compare};
use super::run::{Leaves, ScanGradients, ScanResult, TRAINING, loss, run, run_with, scan};
use crate::backend::Backend;
use crate::conformance::tolerance::{Failure, Result, Tolerance};
use crate::reference::Reference;
use crate::scan::ScanPath;
use crate::spec::Want;
use crate::spec::{Activation, MlpActivation, Trace};

/// Tokens (some absent), spike events (some steps silent) and dense values.
pub fn scan_of_every_input<B: Backend>(b: &B) -> Result<()> {
    for seen in [Seen::Dense, Seen::Tokens, Seen::Events] {
        for input_factor in [1.0, 3.0] {
            super::compare::check(
                b,
                &ScanCase::variation(format!("{seen:?} times {input_factor}"), |case| {
                    case.seen = seen;
                    case.input_factor = input_factor;
                }),
            )?;
        }
    }
    Ok(())
}

/// Without a gradient the values are the same, with or without magnitude.
pub fn scan_without_gradient<B: Backend>(b: &B) -> Result<()> {
    for magnitude in [false, true] {
        for seen in [Seen::Dense, Seen::Tokens, Seen::Events] {
            let case = ScanCase::variation(format!("no gradient, {seen:?}"), |case| {
                case.seen = seen;
                case.layer.neuron.trace = Trace::Synapse(5.0);
            });
            let want = Want { gradient: false, magnitude, monitors: false };
            compare(&case, &run(b, &case, want)?, &run(&Reference, &case, want)?, CALCULATED)?;
        }
    }
    Ok(())
}

/// Monitors hold every intermediate, with and without a gradient.
pub fn scan_with_monitors<B: Backend>(b: &B) -> Result<()> {
    for (gradient, trace) in [(false, Trace::None), (true, Trace::Branch(5.0)), (true, Trace::Synapse(5.0))] {
        let case = ScanCase::variation(format!("monitors, {trace:?}"), |case| {
            case.layer.neuron.trace = trace;
            case.masked = [true; 3];
        });
        let want = Want { gradient, magnitude: true, monitors: true };
        compare(&case, &run(b, &case, want)?, &run(&Reference, &case, want)?, CALCULATED)?;
    }
    Ok(())
}

/// A loss of the activity alone, of the end state alone, of the magnitude alone.
pub fn scan_with_a_loss_of_one_answer<B: Backend>(b: &B) -> Result<()> {
    for kept in 0..3 {
        let name = ["activity", "end state", "magnitude"][kept];
        let case = ScanCase::variation(format!("loss of the {name} alone"), |case| {
            case.layer.neuron.tau_learnable = true;
            case.masked = [false, false, true];
        });
        let mut data = case.data();
        let weights = [&mut data.activity_weights, &mut data.state_weights, &mut data.magnitude_weights];
        for (place, weights) in weights.into_iter().enumerate() {
            if place != kept {
                weights.fill(0.0);
            }
        }
        let wanted = run_with(&Reference, &case, &data, TRAINING)?;
        compare(&case, &run_with(b, &case, &data, TRAINING)?, &wanted, CALCULATED)?;
    }
    Ok(())
}

/// Parameters cut out of a larger variable, a state and an input that lie
/// transposed in memory: a scan reads what a tensor says, not how it is stored.
pub fn scan_of_views<B: Backend>(b: &B) -> Result<()> {
    let case = ScanCase::variation("views", |case| case.layer.neuron.trace = Trace::Branch(5.0));
    let data = case.data();
    let (channels, states) = (case.layer.inputs, case.layer.state_layout().rows());
    let [parameters, state, dense] = [&data.parameters, &data.state, &data.dense];
    let padded = [&[7.0; 3][..], parameters, &[7.0; 2]].concat();
    let padded = b.variable(&padded, &[padded.len()])?;
    let state = b.variable(&transposed(state, states, case.rows), &[case.rows, states])?;
    let dense =
        b.variable(&transposed(dense, case.steps, channels * case.rows), &[channels, case.rows, case.steps])?;
    let leaves = Leaves {
        parameters: b.narrow(&padded, 0, 3, parameters.len())?,
        state: b.transpose(&state, 0, 1)?,
        dense: b.transpose(&b.transpose(&dense, 1, 2)?, 0, 1)?, // [T, C, B]
    };
    let answer = scan(b, &case, &data, &leaves, TRAINING)?;
    let gradients = b.backward(&loss(b, &data, &answer)?)?;
    let gradient = |x| match b.gradient(&gradients, x) {
        Some(gradient) => Ok(b.values(&gradient)?),
        None => Err(Failure::broken("a leaf behind a view", "got no gradient")),
    };
    let got = ScanResult {
        activity: b.values(&answer.activity)?,
        state: b.values(&answer.state)?,
        magnitude: None,
        monitors: None,
        gradients: Some(ScanGradients {
            parameters: Some(gradient(&padded)?[3..3 + parameters.len()].to_vec()),
            state: Some(transposed(&gradient(&state)?, case.rows, states)),
            dense: Some(transposed(&gradient(&dense)?, channels * case.rows, case.steps)),
        }),
        path: answer.path,
    };
    let wanted = ScanResult { magnitude: None, ..run(&Reference, &case, TRAINING)? };
    compare(&case, &got, &wanted, CALCULATED)
}

/// `[rows, columns]` as `[columns, rows]`.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}

/// State and input without a gradient: the parameters' is the same.
pub fn scan_of_constants<B: Backend>(b: &B) -> Result<()> {
    let case = ScanCase::base("constant state and input");
    let data = case.data();
    let layer = &case.layer;
    let parameters = b.variable(&data.parameters, &[data.parameters.len()])?;
    let leaves = Leaves {
        parameters: parameters.clone(),
        state: b.tensor(&data.state, &[layer.state_layout().rows(), case.rows])?,
        dense: b.tensor(&data.dense, &[case.steps, layer.inputs, case.rows])?,
    };
    let answer = scan(b, &case, &data, &leaves, TRAINING)?;
    let gradients = b.backward(&loss(b, &data, &answer)?)?;
    for (what, leaf) in [("state", &leaves.state), ("input", &leaves.dense)] {
        if b.gradient(&gradients, leaf).is_some() {
            return Err(Failure::broken(what, "got a gradient although it is a constant"));
        }
    }
    let got = b.gradient(&gradients, &parameters).map(|gradient| b.values(&gradient)).transpose()?;
    let wanted = run(&Reference, &case, TRAINING)?.gradients.and_then(|gradients| gradients.parameters);
    let (got, wanted) = (got.unwrap_or_default(), wanted.unwrap_or_default());
    for tensor in &layer.parameter_layout().tensors {
        let own = |all: &[f32]| all.get(tensor.range.clone()).unwrap_or_default().to_vec();
        let what = format!("gradient of {} with a constant state and input", tensor.name);
        Tolerance::ScanGradient.compare(&what, &tensor.shape, &own(&got), &own(&wanted))?;
    }
    Ok(())
}

/// 16 384 steps where the scan is fused, forward, backward and freed on an
/// ordinary thread; 400 where it is composed, as graphs may recurse.
pub fn scan_of_a_long_sequence<B: Backend>(b: &B) -> Result<()> {
    let path = run(b, &ScanCase::base("a first run"), TRAINING)?.path;
    let case = ScanCase::variation("long", |case| {
        case.steps = if path == ScanPath::Fused { 16_384 } else { 400 };
        case.layer.neurons = 2;
        case.rows = 2;
        case.layer.neuron.tau_learnable = true;
        // Nothing with a kink, and weak synapses: over so many steps some value
        // comes so close to a kink that 32 bits fall on the other side than
        // 64, and a lively recurrence makes much of the smallest rounding.
        case.layer.neuron.activation = Activation::Identity;
        case.layer.neuron.mlp_activation = MlpActivation::Silu;
        case.layer.neuron.input_scale = 0.1;
        // A high-pass makes the terms of a gradient cancel over time.
        case.layer.neuron.high_pass_tau = None;
    });
    super::compare::check(b, &case)
}
