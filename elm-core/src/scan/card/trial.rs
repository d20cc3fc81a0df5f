//! Are the kernels right on this card? They are compiled where they run, by a
//! compiler and for a card that nobody may have tried them on, so the first run
//! of every kind is compared with the composed path: same layer, weights and
//! division of the work, over a few steps.

use super::{CardScan, OnCard};
use crate::error::Result;
use crate::scan::segments::{or_zeros, part, variable_of, weighed_sum};
use crate::scan::{ScanArgs, ScanOutput, composed, without_history};
use crate::spec::{Activation, Input};
use std::sync::Arc;

/// Steps that are compared: the fewest in which what alternates from step to
/// step comes round twice.
const STEPS: usize = 4;
/// Root mean square of the difference over that of the values, at most.
/// Sums in another order differ by 1e-6; where one of some thousand units then
/// falls on the other side of a kink, gradients differ by up to 1e-3. A fault
/// of one block among a hundred is 1e-1.
const TOLERANCE: f64 = 1e-2;
/// The same where a unit on the other side of a threshold is a spike more or
/// less, which others read.
const TOLERANCE_OF_SPIKES: f64 = 1e-1;

/// Compares values and, where they are wanted, gradients of the first steps.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn hold<B: OnCard>(
    scan: &Arc<CardScan<B>>,
    backend: &B,
    args: &ScanArgs<B>,
) -> Result<(), String> {
    let got = answers(backend, args, |short| scan.fused(backend, short));
    let got = got.map_err(|error| format!("the kernels do not run: {error}"))?;
    let expected = match answers(backend, args, |short| composed(backend, short)) {
        Ok(expected) => expected,
        Err(error) => {
            log::warn!("the kernels are used without having been compared with the composed path: {error}");
            return Ok(());
        }
    };
    let spikes = args.layer.neuron.activation == Activation::Spike;
    let tolerance = if spikes { TOLERANCE_OF_SPIKES } else { TOLERANCE };
    for ((name, expected), (_, got)) in expected.iter().zip(&got) {
        let deviation = deviation(expected, got);
        if deviation.is_nan() || deviation > tolerance {
            return Err(format!(
                "the kernels are wrong on this card: {name} differs from the composed path by {deviation:.1e} \
                 of its size (up to {tolerance:.0e} may come of rounding)"
            ));
        }
    }
    Ok(())
}

/// Names and numbers of what a scan answers.
type Answers = Vec<(&'static str, Vec<f32>)>;

/// Runs the first steps of a run from a state in which everything is at work.
fn answers<B: OnCard>(
    backend: &B,
    args: &ScanArgs<B>,
    scan: impl FnOnce(&ScanArgs<B>) -> Result<ScanOutput<B>>,
) -> Result<Answers> {
    let steps = args.steps.min(STEPS);
    let given = without_history(backend, args);
    let shape = [args.layer.state_layout().rows(), args.rows];
    let mut short = ScanArgs::<B> {
        steps,
        state: backend.tensor(&drawn(shape[0] * shape[1]), &shape)?,
        input: part(backend, &given, 0..steps)?,
        ..given
    };
    if args.want.gradient {
        short.parameters = variable_of(backend, &short.parameters)?;
        short.state = variable_of(backend, &short.state)?;
        if let Input::Dense(x) = &mut short.input {
            *x = variable_of(backend, x)?;
        }
    }
    let output = scan(&short)?;
    let mut named = vec![("activity", output.activity), ("state", output.state)];
    named.extend(output.magnitude.map(|magnitude| ("magnitude", magnitude)));
    let mut answers = Answers::new();
    for (name, tensor) in &named {
        answers.push((name, backend.values(tensor)?));
    }
    if args.want.gradient {
        let tensors = named.into_iter().map(|(_, tensor)| tensor).collect();
        answers.extend(gradients(backend, &short, tensors)?);
    }
    Ok(answers)
}

/// Gradients of a sum of the answers in which each number has another weight.
fn gradients<B: OnCard>(backend: &B, args: &ScanArgs<B>, answers: Vec<B::Tensor>) -> Result<Answers> {
    let weighed = answers.into_iter().map(|answer| {
        let shape = backend.shape(&answer);
        let weights = backend.tensor(&drawn(shape.iter().product()), &shape)?;
        Ok((answer, weights))
    });
    let loss = weighed_sum(backend, &weighed.collect::<Result<Vec<_>>>()?)?;
    let found = backend.backward(&loss)?;
    let mut inputs =
        vec![("gradient of the parameters", &args.parameters), ("gradient of the state", &args.state)];
    inputs.extend(args.input.dense().map(|x| ("gradient of the input", x)));
    let of = |(name, x): (&'static str, &B::Tensor)| {
        Ok((name, backend.values(&or_zeros(backend, backend.gradient(&found, x), x)?)?))
    };
    inputs.into_iter().map(of).collect()
}

/// Numbers between -1 and 1, always the same, without a pattern.
fn drawn(count: usize) -> Vec<f32> {
    (0..count).map(|place| (place as f32 * 1.7).sin()).collect()
}

/// Root mean square of the difference over that of the values; 0 where all
/// are equal.
fn deviation(expected: &[f32], got: &[f32]) -> f64 {
    let squares = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>();
    let of_values = squares(&mut expected.iter().map(|&x| f64::from(x)));
    let difference = squares(&mut expected.iter().zip(got).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    if difference == 0.0 && expected.len() == got.len() { 0.0 } else { (difference / of_values).sqrt() }
}
