//! Defects of scans that only their gradients show.

use super::altered::{Altered, Planted, plant, scaled_gradient};
use super::each_is_caught;
use super::planted_in_scans::{Args, FACTOR, Output};
use crate::backend::Backend;
use crate::error::Result;
use crate::reference::{Reference, Tensor};
use crate::scan::{ScanOutput, ScanPath, composed};
use crate::spec::{Input, Role};

#[test]
fn wrong_gradients_are_caught() {
    each_is_caught(wrong_gradients());
}

/// Multiplies the gradient of the tensor `role` within the parameters.
fn with_gradient(b: &Altered, args: &Args, role: Role) -> Result<Output> {
    let layout = args.layer.parameter_layout();
    let mut parts = Vec::new();
    for tensor in &layout.tensors {
        let part = Reference.narrow(&args.parameters, 0, tensor.range.start, tensor.range.len())?;
        parts.push(if tensor.name == role { scaled_gradient(&part, FACTOR)? } else { part });
    }
    let parameters = Reference.cat(&parts, 0)?;
    composed(b, &Args { parameters, ..args.clone() })
}

pub(super) fn wrong_gradients() -> Vec<Planted> {
    macro_rules! scaled {
        ($name:literal, $role:expr, $caught_by:literal) => {
            plant(concat!("gradient of ", $name, " scaled"), $caught_by, |a| {
                a.scan = |b, args| with_gradient(b, args, $role)
            })
        };
    }
    vec![
        scaled!("synapse.weight", Role::SynapseWeight, "scan_with_every_depth"),
        scaled!("feedback.weight", Role::FeedbackWeight, "scan_with_feedback"),
        scaled!("mlp.0.weight", Role::MlpWeight(0), "scan_with_every_depth"),
        scaled!("mlp.0.bias", Role::MlpBias(0), "scan_with_every_activation"),
        scaled!("mlp.1.weight", Role::MlpWeight(1), "scan_with_every_trace"),
        scaled!("mlp.1.bias", Role::MlpBias(1), "scan_with_every_share_of_recurrence"),
        scaled!("mlp.2.weight", Role::MlpWeight(2), "scan_with_every_depth"),
        scaled!("readout.weight", Role::ReadoutWeight, "scan_with_several_outputs"),
        scaled!("readout.bias", Role::ReadoutBias, "scan_with_and_without_high_pass"),
        scaled!("memory.tau_raw", Role::TauRaw, "scan_with_learnable_timescales"),
        plant("gradient of the input scaled", "scan_of_every_input", |a| {
            a.scan = |b, args| match &args.input {
                Input::Dense(x) => {
                    let input = Input::Dense(scaled_gradient(x, FACTOR)?);
                    composed(b, &Args { input, ..args.clone() })
                }
                _ => composed(b, args),
            }
        }),
        plant("gradient of the start state scaled", "scan_with_every_trace", |a| {
            a.scan = |b, args| {
                let state = scaled_gradient(&args.state, FACTOR)?;
                composed(b, &Args { state, ..args.clone() })
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
            a.scan = |b, args| match &args.input {
                Input::Dense(x) => {
                    composed(b, &Args { input: Input::Dense(Reference.detach(x)), ..args.clone() })
                }
                _ => composed(b, args),
            }
        }),
        plant("parameters detached", "scan_gives_every_parameter_a_gradient", |a| {
            a.scan = |b, args| {
                let parameters = Reference.detach(&args.parameters);
                composed(b, &Args { parameters, ..args.clone() })
            }
        }),
        plant("gradient cut every 100 steps", "scan_of_a_long_sequence", |a| a.scan = cut_every_100_steps),
    ]
}

/// Truncates the gradient of long dense sequences.
fn cut_every_100_steps(b: &Altered, args: &Args) -> Result<Output> {
    let Input::Dense(x) = &args.input else { return composed(b, args) };
    let (mut state, mut parts, mut magnitude) = (args.state.clone(), Vec::new(), None::<Tensor>);
    for start in (0..args.steps).step_by(100) {
        let steps = (args.steps - start).min(100);
        let input = Input::Dense(Reference.narrow(x, 0, start, steps)?);
        if start > 0 {
            state = Reference.detach(&state);
        }
        let part = composed(b, &Args { input, state: state.clone(), steps, ..args.clone() })?;
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
    let path = ScanPath::Composed;
    Ok(ScanOutput { activity, state, magnitude, monitors: None, path, reason: None, backward: None })
}
