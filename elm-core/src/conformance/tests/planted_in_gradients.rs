//! Defects of scans that only their gradients show.

use super::altered::{Altered, Planted, plant, scaled_gradient};
use super::each_is_caught;
use super::planted_in_scans::{Args, FACTOR, Output, copy};
use crate::backend::Backend;
use crate::error::Result;
use crate::reference::{Reference, Tensor};
use crate::scan::{Input, ScanArgs, ScanOutput, ScanPath, composed};

#[test]
fn wrong_gradients_are_caught() {
    each_is_caught(wrong_gradients());
}

/// Multiplies the gradient of the tensor `name` within the parameters.
fn with_gradient(b: &Altered, args: &Args<'_>, name: &str) -> Result<Output> {
    let layout = args.layer.parameter_layout();
    let mut parts = Vec::new();
    for tensor in &layout.tensors {
        let part = Reference.narrow(args.parameters, 0, tensor.range.start, tensor.range.len())?;
        parts.push(if tensor.name == name { scaled_gradient(&part, FACTOR)? } else { part });
    }
    let parameters = Reference.cat(&parts, 0)?;
    composed(b, &ScanArgs { parameters: &parameters, ..copy(args) })
}

pub(super) fn wrong_gradients() -> Vec<Planted> {
    macro_rules! scaled {
        ($name:literal, $caught_by:literal) => {
            plant(concat!("gradient of ", $name, " scaled"), $caught_by, |a| {
                a.scan = |b, args| with_gradient(b, args, $name)
            })
        };
    }
    vec![
        scaled!("synapse.weight", "scan_with_every_depth"),
        scaled!("mlp.0.weight", "scan_with_every_depth"),
        scaled!("mlp.0.bias", "scan_with_every_activation"),
        scaled!("mlp.1.weight", "scan_with_every_trace"),
        scaled!("mlp.1.bias", "scan_with_every_share_of_recurrence"),
        scaled!("mlp.2.weight", "scan_with_every_depth"),
        scaled!("readout.weight", "scan_with_several_outputs"),
        scaled!("readout.bias", "scan_with_and_without_high_pass"),
        scaled!("memory.tau_raw", "scan_with_learnable_timescales"),
        plant("gradient of the input scaled", "scan_of_every_input", |a| {
            a.scan = |b, args| match args.input {
                Input::Dense(x) => {
                    let input = Input::Dense(scaled_gradient(x, FACTOR)?);
                    composed(b, &ScanArgs { input: &input, ..copy(args) })
                }
                _ => composed(b, args),
            }
        }),
        plant("gradient of the start state scaled", "scan_with_every_trace", |a| {
            a.scan = |b, args| {
                let state = scaled_gradient(args.state, FACTOR)?;
                composed(b, &ScanArgs { state: &state, ..copy(args) })
            }
        }),
        plant("end state detached", "scan_in_parts_is_the_whole_scan", |a| {
            a.scan = |b, args| {
                let mut output = composed(b, args)?;
                output.state = Reference.detach(&output.state);
                Ok(output)
            }
        }),
        plant("magnitude detached", "scan_with_a_loss_of_one_answer", |a| {
            a.scan = |b, args| {
                let mut output = composed(b, args)?;
                output.magnitude = output.magnitude.map(|magnitude| Reference.detach(&magnitude));
                Ok(output)
            }
        }),
        plant("input detached", "scan_of_a_scan", |a| {
            a.scan = |b, args| match args.input {
                Input::Dense(x) => {
                    composed(b, &ScanArgs { input: &Input::Dense(Reference.detach(x)), ..copy(args) })
                }
                _ => composed(b, args),
            }
        }),
        plant("parameters detached", "scan_gives_every_parameter_a_gradient", |a| {
            a.scan = |b, args| {
                let parameters = Reference.detach(args.parameters);
                composed(b, &ScanArgs { parameters: &parameters, ..copy(args) })
            }
        }),
        plant("gradient cut every 100 steps", "scan_of_a_long_sequence", |a| a.scan = cut_every_100_steps),
    ]
}

/// Truncates the gradient of long dense sequences.
fn cut_every_100_steps(b: &Altered, args: &Args<'_>) -> Result<Output> {
    let Input::Dense(x) = args.input else { return composed(b, args) };
    let (mut state, mut parts, mut magnitude) = (args.state.clone(), Vec::new(), None::<Tensor>);
    for start in (0..args.steps).step_by(100) {
        let steps = (args.steps - start).min(100);
        let input = Input::Dense(Reference.narrow(x, 0, start, steps)?);
        if start > 0 {
            state = Reference.detach(&state);
        }
        let part = composed(b, &ScanArgs { input: &input, state: &state, steps, ..copy(args) })?;
        parts.push(part.activity);
        state = part.state;
        if let Some(own) = part.magnitude {
            let own = Reference.affine(&own, steps as f64 / args.steps as f64, 0.0)?;
            magnitude = Some(match magnitude {
                Some(sum) => crate::ops::add(b, &sum, &own)?,
                None => own,
            });
        }
    }
    let activity = Reference.cat(&parts, 0)?;
    Ok(ScanOutput { activity, state, magnitude, monitors: None, path: ScanPath::Composed })
}
