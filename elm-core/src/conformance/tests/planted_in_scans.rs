//! Defects of scans: options and arguments ignored, wrong answers.

use super::altered::{Altered, Planted, plant};
use super::each_is_caught;
use crate::backend::Backend;
use crate::error::Result;
use crate::reference::Reference;
use crate::scan::{ScanArgs, ScanOutput, composed};
use crate::spec::{
    Activation, Connectome, DropoutMasks, Events, Input, LambdaMode, LayerSpec, MlpActivation, NO_TOKEN,
    Routing, Trace, Want,
};

pub(super) type Args = ScanArgs<Altered>;
pub(super) type Output = ScanOutput<Altered>;

#[test]
fn ignored_options_are_caught() {
    each_is_caught(ignored_options());
}

#[test]
fn ignored_arguments_are_caught() {
    each_is_caught(ignored_arguments());
}

#[test]
fn wrong_answers_are_caught() {
    each_is_caught(wrong_answers());
}

/// Scans a changed layer.
fn with_layer(b: &Altered, args: &Args, change: fn(&mut LayerSpec)) -> Result<Output> {
    let mut args = args.clone();
    change(&mut args.layer);
    composed(b, &args)
}

/// Scans with changed masks.
fn with_masks(b: &Altered, args: &Args, change: fn(&mut DropoutMasks)) -> Result<Output> {
    let mut args = args.clone();
    change(&mut args.dropout);
    composed(b, &args)
}

/// Beyond what rounding may do through a recurrence.
pub(super) const FACTOR: f64 = 1.0003;

macro_rules! ignored {
    ($defect:literal, $caught_by:literal, |$layer:ident| $change:expr) => {
        plant($defect, $caught_by, |a| a.scan = |b, args| with_layer(b, args, |$layer| $change))
    };
}

pub(super) fn ignored_options() -> Vec<Planted> {
    vec![
        ignored!("spikes taken for relu", "scan_with_every_activation", |layer| {
            if layer.neuron.activation == Activation::Spike {
                layer.neuron.activation = Activation::Relu;
            }
        }),
        ignored!("output activation ignored", "scan_with_every_activation", |layer| {
            layer.neuron.activation = Activation::Relu
        }),
        ignored!("silu taken for relu", "scan_with_every_activation", |layer| {
            if layer.neuron.mlp_activation == MlpActivation::Silu {
                layer.neuron.mlp_activation = MlpActivation::Relu;
            }
        }),
        ignored!("relu taken for its square", "scan_with_every_depth", |layer| {
            if layer.neuron.mlp_activation == MlpActivation::Relu {
                layer.neuron.mlp_activation = MlpActivation::ReluSquared;
            }
        }),
        ignored!("lambda mode ignored", "scan_with_every_lambda_mode", |layer| {
            layer.neuron.lambda_mode = LambdaMode::TimescaleRatio
        }),
        ignored!("other lambda mode ignored", "scan_with_every_lambda_mode", |layer| {
            layer.neuron.lambda_mode = LambdaMode::Scale
        }),
        ignored!("branch trace decays otherwise", "scan_with_every_trace", |layer| {
            if let Trace::Branch(tau) = &mut layer.neuron.trace {
                *tau *= FACTOR;
            }
        }),
        ignored!("synapse trace decays otherwise", "scan_with_every_trace", |layer| {
            if let Trace::Synapse(tau) = &mut layer.neuron.trace {
                *tau *= FACTOR;
            }
        }),
        ignored!("fixed synapse weights otherwise", "scan_with_feedback", |layer| {
            if let Some(weight) = &mut layer.neuron.fixed_synapse_weight {
                *weight *= FACTOR;
            }
        }),
        ignored!("high-pass decays otherwise", "scan_with_and_without_high_pass", |layer| {
            if let Some(tau) = &mut layer.neuron.high_pass_tau {
                *tau *= FACTOR;
            }
        }),
        ignored!("rectification ignored", "scan_with_rectified_and_unconnected_synapses", |layer| {
            layer.neuron.rectified = false
        }),
        ignored!("input_scale ignored", "scan_with_other_constants", |layer| layer.neuron.input_scale = 1.0),
        ignored!("delta_t ignored", "scan_with_other_constants", |layer| layer.neuron.delta_t = 1.0),
        ignored!("lambda ignored", "scan_with_other_constants", |layer| layer.neuron.lambda = 5.0),
        ignored!("tau_low ignored", "scan_with_other_constants", |layer| layer.neuron.tau_low = 0.1),
        ignored!("tau_high ignored", "scan_with_other_constants", |layer| layer.neuron.tau_high = 158.0),
        plant("timescales of the first neuron for all", "scan_with_every_lambda_mode", |a| {
            a.scan = |b, args| {
                let (memory, neurons) = (args.layer.neuron.memory, args.layer.neurons);
                let fixed_tau_raw =
                    args.fixed_tau_raw.as_ref().map(|raw| raw[..memory].repeat(neurons).into());
                composed(b, &Args { fixed_tau_raw, ..args.clone() })
            }
        }),
        plant("raw timescales clamped to 10", "scan_with_learnable_timescales", |a| {
            a.scan = |b, args| {
                let clamp = |raw: &[f32]| raw.iter().map(|raw| raw.clamp(-10.0, 10.0)).collect();
                let fixed_tau_raw = args.fixed_tau_raw.as_deref().map(clamp);
                composed(b, &Args { fixed_tau_raw, ..args.clone() })
            }
        }),
    ]
}

pub(super) fn ignored_arguments() -> Vec<Planted> {
    vec![
        plant("input factor ignored", "scan_of_every_input", |a| {
            a.scan = |b, args| composed(b, &Args { input_factor: 1.0, ..args.clone() })
        }),
        plant("input mask ignored", "scan_with_dropout_masks", |a| {
            a.scan = |b, args| with_masks(b, args, |masks| masks.input = None)
        }),
        plant("input mask ignored for tokens", "scan_with_dropout_masks", |a| {
            a.scan = |b, args| match &args.input {
                Input::Tokens(_) => with_masks(b, args, |masks| masks.input = None),
                _ => composed(b, args),
            }
        }),
        plant("recurrent mask ignored", "scan_with_dropout_masks", |a| {
            a.scan = |b, args| with_masks(b, args, |masks| masks.recurrent = None)
        }),
        plant("memory mask ignored", "scan_with_dropout_masks", |a| {
            a.scan = |b, args| with_masks(b, args, |masks| masks.memory = None)
        }),
        plant("absent tokens read as token 0", "scan_of_every_input", |a| {
            a.scan = |b, args| match &args.input {
                Input::Tokens(ids) => {
                    let ids = ids.iter().map(|&id| if id == NO_TOKEN { 0 } else { id }).collect();
                    composed(b, &Args { input: Input::Tokens(ids), ..args.clone() })
                }
                _ => composed(b, args),
            }
        }),
        plant("spike counts ignored", "scan_of_every_input", |a| {
            a.scan = |b, args| match &args.input {
                Input::Events(events) => {
                    let mut events: Events = (**events).clone();
                    events.entries.iter_mut().for_each(|event| event.count = 1.0);
                    composed(b, &Args { input: Input::Events(events.into()), ..args.clone() })
                }
                _ => composed(b, args),
            }
        }),
        plant("start state ignored", "scan_with_every_trace", |a| {
            a.scan = |b, args| {
                let state = Reference.affine(&args.state, 0.0, 0.0)?;
                composed(b, &Args { state, ..args.clone() })
            }
        }),
        plant("recurrence of several outputs ignored", "impossible_layers_are_refused", |a| {
            a.scan = |b, args| {
                with_layer(b, args, |layer| {
                    if layer.outputs > 1 {
                        layer.routing = Routing::Random { recurrent_connect: 0.0 };
                    }
                })
            }
        }),
        plant("register tiles of 16 branches at most", "scan_of_published_shapes", |a| {
            a.scan = |b, args| {
                with_layer(b, args, |layer| {
                    if layer.neuron.branches > 16 && layer.neuron.synapses_per_branch > 1 {
                        layer.neuron.input_scale *= 1.0003;
                    }
                })
            }
        }),
        plant("options depend on each other", "scan_with_drawn_options", |a| {
            a.scan = |b, args| {
                with_layer(b, args, |layer| {
                    let neuron = &mut layer.neuron;
                    if neuron.rectified && matches!(neuron.trace, Trace::Synapse(_)) {
                        neuron.rectified = false;
                    }
                })
            }
        }),
        plant("sources wrap around at 16 bits", "scan_of_many_sources", |a| {
            a.scan = |b, args| {
                let rows = args.rows as u32;
                let wrap = |source: &u32| (source * rows) % 65_536 / rows;
                let sources: Vec<u32> = args.connectome.sources().iter().map(wrap).collect();
                let index = b.index(&sources)?;
                let connectome = Connectome::new(&args.layer, sources)?;
                composed(b, &Args { connectome, index, ..args.clone() })
            }
        }),
        plant("tokens that do not exist skipped", "impossible_scans_are_refused", |a| {
            a.scan = |b, args| match &args.input {
                Input::Tokens(ids) => {
                    let channels = args.layer.inputs as u32;
                    let ids = ids.iter().map(|&id| if id < channels { id } else { NO_TOKEN }).collect();
                    composed(b, &Args { input: Input::Tokens(ids), ..args.clone() })
                }
                _ => composed(b, args),
            }
        }),
    ]
}

pub(super) fn wrong_answers() -> Vec<Planted> {
    vec![
        plant("magnitude is a sum", "scan_of_every_input", |a| {
            a.scan = |b, args| {
                let mut output = composed(b, args)?;
                let entries = (args.steps * args.layer.neuron.memory) as f64;
                output.magnitude =
                    output.magnitude.map(|mean| Reference.affine(&mean, entries, 0.0)).transpose()?;
                Ok(output)
            }
        }),
        plant("end state one step old", "scan_without_gradient", |a| {
            a.scan = |b, args| {
                let mut output = composed(b, args)?;
                if let (Input::Dense(x), true) = (&args.input, args.steps > 1) {
                    let input = Input::Dense(Reference.narrow(x, 0, 0, args.steps - 1)?);
                    output.state = composed(b, &Args { input, steps: args.steps - 1, ..args.clone() })?.state;
                }
                Ok(output)
            }
        }),
        plant("magnitude missing", "scan_without_gradient", |a| {
            a.scan = |b, args| Ok(ScanOutput { magnitude: None, ..composed(b, args)? })
        }),
        plant("monitors missing", "scan_with_monitors", |a| {
            a.scan =
                |b, args| composed(b, &Args { want: Want { monitors: false, ..args.want }, ..args.clone() })
        }),
        plant("monitored readout is the preactivation", "scan_with_monitors", |a| {
            a.scan = |b, args| {
                let mut output = composed(b, args)?;
                if let Some(monitors) = &mut output.monitors {
                    monitors.readout = monitors.preactivation.clone();
                }
                Ok(output)
            }
        }),
        plant("answers differ from run to run", "scan_is_deterministic", |a| {
            a.scan = |b, args| {
                let mut output = composed(b, args)?;
                let factor = 1.0 + 2e-7 * b.calls.get() as f64;
                output.activity = Reference.affine(&output.activity, factor, 0.0)?;
                Ok(output)
            }
        }),
        plant("the future leaks in", "scan_is_causal", |a| {
            a.scan = |b, args| {
                let mut output = composed(b, args)?;
                let future = crate::ops::sum_all(b, &output.activity)?;
                let leak = Reference.affine(&future, 1e-6, 0.0)?;
                output.activity = crate::ops::add(b, &output.activity, &leak)?;
                Ok(output)
            }
        }),
        plant("only the gradient of the future leaks in", "scan_is_causal", |a| {
            a.scan = |b, args| {
                let mut output = composed(b, args)?;
                let Input::Dense(x) = &args.input else { return Ok(output) };
                let leak = Reference.affine(&crate::ops::sum_all(b, x)?, 1e-3, 0.0)?;
                let nothing = crate::ops::sub(b, &leak, &Reference.detach(&leak))?;
                output.activity = crate::ops::add(b, &output.activity, &nothing)?;
                Ok(output)
            }
        }),
        plant("rows mix", "scan_keeps_rows_apart", |a| {
            a.scan = |b, args| {
                let mut output = composed(b, args)?;
                let rows = Reference.sum(&output.activity, 2)?;
                let shape = [args.steps, args.layer.neurons * args.layer.outputs, 1];
                let leak = Reference.affine(&Reference.reshape(&rows, &shape)?, 1e-6, 0.0)?;
                output.activity = crate::ops::add(b, &output.activity, &leak)?;
                Ok(output)
            }
        }),
        plant("rows depend on how many there are", "scan_of_a_batch_is_the_scan_of_its_rows", |a| {
            a.scan = |b, args| {
                let mut output = composed(b, args)?;
                let factor = 1.0 + 1e-4 * args.rows as f64;
                output.activity = Reference.affine(&output.activity, factor, 0.0)?;
                Ok(output)
            }
        }),
        plant("a bias inside of the MLP's answer", "scan_with_a_silent_mlp_only_decays", |a| {
            a.scan = |b, args| {
                let parameters = Reference.affine(&args.parameters, 1.0, 1e-4)?;
                composed(b, &Args { parameters, ..args.clone() })
            }
        }),
        plant("odd sizes end early", "scan_of_every_size", |a| {
            a.scan = |b, args| {
                let mut output = composed(b, args)?;
                if args.rows > 8 && args.rows % 8 != 0 {
                    let tail = args.rows - args.rows % 8;
                    let kept = Reference.narrow(&output.activity, 2, 0, tail)?;
                    let lost = Reference.narrow(&output.activity, 2, tail, args.rows - tail)?;
                    let lost = Reference.affine(&lost, 0.0, 0.0)?;
                    output.activity = Reference.cat(&[kept, lost], 2)?;
                }
                Ok(output)
            }
        }),
    ]
}
