//! Every option of a layer, alone and in combination.

use super::case::{ScanCase, Seen};
use super::compare::{check, check_all};
use crate::backend::Backend;
use crate::conformance::tolerance::Result;
use crate::random::{Draws, Purpose};
use crate::spec::{Activation, LambdaMode, MlpActivation, Routing, Trace};

/// Each output activation, with each activation of the MLP.
pub fn scan_with_every_activation<B: Backend>(b: &B) -> Result<()> {
    for output in [Activation::Identity, Activation::Relu, Activation::Spike] {
        for hidden in [MlpActivation::Relu, MlpActivation::Silu, MlpActivation::ReluSquared] {
            check(
                b,
                &ScanCase::variation(format!("{output:?} after {hidden:?}"), |case| {
                    case.layer.neuron.activation = output;
                    case.layer.neuron.mlp_activation = hidden;
                }),
            )?;
        }
    }
    Ok(())
}

/// Both meanings of `λ`, with fixed and learnable timescales.
pub fn scan_with_every_lambda_mode<B: Backend>(b: &B) -> Result<()> {
    for mode in [LambdaMode::TimescaleRatio, LambdaMode::Scale] {
        for learnable in [false, true] {
            check(
                b,
                &ScanCase::variation(format!("{mode:?}, learnable {learnable}"), |case| {
                    case.layer.neuron.lambda_mode = mode;
                    case.layer.neuron.tau_learnable = learnable;
                }),
            )?;
        }
    }
    Ok(())
}

/// Branch and synapse traces.
pub fn scan_with_every_trace<B: Backend>(b: &B) -> Result<()> {
    let traces = [Trace::None, Trace::Branch(4.0), Trace::Synapse(2.0), Trace::Branch(1e-9)];
    for trace in traces {
        check(
            b,
            &ScanCase::variation(format!("trace {trace:?}"), |case| {
                case.layer.neuron.trace = trace;
                case.layer.neuron.input_scale = 0.5;
            }),
        )?;
    }
    Ok(())
}

/// With and without a high-pass.
pub fn scan_with_and_without_high_pass<B: Backend>(b: &B) -> Result<()> {
    for tau in [None, Some(0.5), Some(20.0)] {
        check(
            b,
            &ScanCase::variation(format!("high-pass {tau:?}"), |case| case.layer.neuron.high_pass_tau = tau),
        )?;
    }
    Ok(())
}

/// MLPs without, with one and with more hidden layers.
pub fn scan_with_every_depth<B: Backend>(b: &B) -> Result<()> {
    for depth in 0..4 {
        for activation in [MlpActivation::Relu, MlpActivation::Silu, MlpActivation::ReluSquared] {
            check(
                b,
                &ScanCase::variation(format!("{depth} hidden layers of {activation:?}"), |case| {
                    case.layer.neuron.hidden_layers = depth;
                    case.layer.neuron.mlp_activation = activation;
                }),
            )?;
        }
    }
    Ok(())
}

/// Several outputs per neuron, with each kind of state.
pub fn scan_with_several_outputs<B: Backend>(b: &B) -> Result<()> {
    for (neurons, outputs, tau) in [(1, 2, None), (1, 7, Some(3.0)), (2, 3, Some(3.0))] {
        check(
            b,
            &ScanCase::variation(format!("{neurons} neurons of {outputs} outputs"), |case| {
                case.layer.neurons = neurons;
                case.layer.outputs = outputs;
                case.layer.neuron.high_pass_tau = tau;
                case.layer.routing = Routing::Random { recurrent_connect: 0.0 };
                case.layer.neuron.trace = Trace::Branch(5.0);
            }),
        )?;
    }
    Ok(())
}

/// Each dropout mask alone, and all of them.
pub fn scan_with_dropout_masks<B: Backend>(b: &B) -> Result<()> {
    let masks = [[true, false, false], [false, true, false], [false, false, true], [true; 3]];
    for masked in masks {
        for seen in [Seen::Dense, Seen::Tokens, Seen::Events] {
            let name = format!("masks on input, activity, memory: {masked:?}, {seen:?}");
            check(
                b,
                &ScanCase::variation(name, |case| {
                    case.masked = masked;
                    case.seen = seen;
                }),
            )?;
        }
    }
    Ok(())
}

/// Learnable timescales with finite and infinite raw values; an infinite one
/// has gradient 0.
pub fn scan_with_learnable_timescales<B: Backend>(b: &B) -> Result<()> {
    for infinite_every in [0, 3, 1] {
        for learnable in [false, true] {
            for mode in [LambdaMode::TimescaleRatio, LambdaMode::Scale] {
                let name = format!("learnable {learnable}, one in {infinite_every} infinite, {mode:?}");
                check(
                    b,
                    &ScanCase::variation(name, |case| {
                        case.infinite_every = infinite_every;
                        case.layer.neuron.tau_learnable = learnable;
                        case.layer.neuron.lambda_mode = mode;
                    }),
                )?;
            }
        }
    }
    Ok(())
}

/// Rectified synapses, of either sign; synapses wired to nothing.
pub fn scan_with_rectified_and_unconnected_synapses<B: Backend>(b: &B) -> Result<()> {
    for (rectified, unconnected_every) in [(true, 0), (false, 3), (true, 2), (false, 1)] {
        let name = format!("rectified {rectified}, one in {unconnected_every} unconnected");
        check(
            b,
            &ScanCase::variation(name, |case| {
                case.layer.neuron.rectified = rectified;
                case.unconnected_every = unconnected_every;
                case.masked = [true, true, false];
            }),
        )?;
    }
    Ok(())
}

/// Layers that never, partly or only read themselves.
pub fn scan_with_every_share_of_recurrence<B: Backend>(b: &B) -> Result<()> {
    for share in [0.0, 0.1, 0.8, 1.0] {
        check(
            b,
            &ScanCase::variation(format!("recurrent_connect {share}"), |case| {
                case.layer.routing = Routing::Random { recurrent_connect: share };
                case.steps = 9;
            }),
        )?;
    }
    check(
        b,
        &ScanCase::variation("direct routing", |case| {
            case.layer.routing = Routing::Direct;
            case.layer.inputs = case.layer.neuron.synapses();
        }),
    )
}

/// Every constant that enters the equation.
pub fn scan_with_other_constants<B: Backend>(b: &B) -> Result<()> {
    let changes: [(&str, fn(&mut ScanCase)); 8] = [
        ("input_scale", |case| case.layer.neuron.input_scale = -2.5),
        ("input_factor", |case| case.input_factor = 3.0),
        ("delta_t", |case| case.layer.neuron.delta_t = 2.5),
        ("small lambda", |case| case.layer.neuron.lambda = 0.3),
        ("large lambda", |case| case.layer.neuron.lambda = 12.0),
        ("tau_low", |case| case.layer.neuron.tau_low = 0.9),
        ("tau_high", |case| case.layer.neuron.tau_high = 60.0),
        ("timescales below the floor", |case| {
            case.layer.neuron.tau_low = 1e-9;
            case.layer.neuron.tau_high = 1.5e-6;
            case.layer.neuron.tau_min = 1e-9;
            case.layer.neuron.tau_max = 1.5e-6;
        }),
    ];
    for (name, change) in changes {
        for learnable in [false, true] {
            check(
                b,
                &ScanCase::variation(format!("{name}, learnable {learnable}"), |case| {
                    case.layer.neuron.tau_learnable = learnable;
                    change(case);
                }),
            )?;
        }
    }
    Ok(())
}

/// Sizes around the widths of vector registers and below, one by one.
pub fn scan_of_every_size<B: Backend>(b: &B) -> Result<()> {
    let mut cases = Vec::new();
    let mut size = |name: &str, values: &[usize], set: fn(&mut ScanCase, usize)| {
        for &value in values {
            cases.push(ScanCase::variation(format!("{name} {value}"), |case| set(case, value)));
        }
    };
    let widths = [1, 2, 7, 8, 9, 15, 16, 17, 32, 33];
    size("rows", &widths, |case, value| case.rows = value);
    size("memory units", &widths, |case, value| case.layer.neuron.memory = value);
    size("hidden units", &widths, |case, value| case.layer.neuron.hidden_units = value);
    size("branches", &widths, |case, value| case.layer.neuron.branches = value);
    size("synapses per branch", &[1, 3, 8, 15, 16], |case, value| {
        case.layer.neuron.synapses_per_branch = value;
    });
    size("neurons", &[1, 2, 4, 5, 33], |case, value| case.layer.neurons = value);
    size("inputs", &[1, 2, 17], |case, value| case.layer.inputs = value);
    size("steps", &[1, 2, 19, 20, 21, 41], |case, value| case.steps = value);
    check_all(b, &cases)
}

/// The shapes of the published text and spike layers, with fewer neurons and steps.
pub fn scan_of_published_shapes<B: Backend>(b: &B) -> Result<()> {
    let text = ScanCase::variation("text layer", |case| {
        let neuron = &mut case.layer.neuron;
        (neuron.branches, neuron.synapses_per_branch) = (50, 15);
        (neuron.memory, neuron.hidden_units) = (15, 30);
        neuron.input_scale = 10.0;
        (case.layer.inputs, case.layer.neurons) = (204, 40);
        case.layer.routing = Routing::Random { recurrent_connect: 0.8 };
        case.seen = Seen::Tokens;
        (case.input_factor, case.rows) = (3.0, 8);
    });
    let spikes = ScanCase::variation("spike layer", |case| {
        let neuron = &mut case.layer.neuron;
        (neuron.branches, neuron.synapses_per_branch) = (30, 10);
        (neuron.memory, neuron.hidden_units) = (5, 10);
        neuron.input_scale = 10.0;
        (case.layer.inputs, case.layer.neurons) = (70, 96);
        case.layer.routing = Routing::Random { recurrent_connect: 0.25 };
        case.seen = Seen::Events;
        (case.rows, case.masked) = (8, [true, true, false]);
    });
    check_all(b, &[text, spikes])
}

/// More sources, and more entries of the table, than 16 bits can number.
pub fn scan_of_many_sources<B: Backend>(b: &B) -> Result<()> {
    let mut cases = Vec::new();
    for (inputs, rows) in [(9_000, 8), (70_000, 1)] {
        for seen in [Seen::Dense, Seen::Tokens] {
            cases.push(ScanCase::variation(format!("{inputs} inputs, {rows} rows, {seen:?}"), |case| {
                (case.layer.inputs, case.rows, case.steps, case.seen) = (inputs, rows, 3, seen);
                case.layer.routing = Routing::Random { recurrent_connect: 0.3 };
            }));
        }
    }
    check_all(b, &cases)
}

/// Sixty layers with every option and size drawn at random.
pub fn scan_with_drawn_options<B: Backend>(b: &B) -> Result<()> {
    (0..60).try_for_each(|stream| {
        let mut draws = Draws::new(2, Purpose::MadeUp, [stream, 0]);
        let name = format!("drawn options {stream}");
        check(b, &drawn_case(&name, |count| draws.below(count as u32) as usize))
    })
}

/// A small layer with every option drawn by `pick`, which is given the
/// number of choices; the first choice is the plainest.
pub(crate) fn drawn_case(name: &str, mut pick: impl FnMut(usize) -> usize) -> ScanCase {
    let mut case = ScanCase::base(name);
    let neuron = &mut case.layer.neuron;
    neuron.memory = 1 + pick(6);
    neuron.branches = 1 + pick(5);
    neuron.synapses_per_branch = 1 + pick(4);
    neuron.hidden_layers = pick(3);
    neuron.hidden_units = 1 + pick(9);
    neuron.mlp_activation = [MlpActivation::Relu, MlpActivation::Silu, MlpActivation::ReluSquared][pick(3)];
    neuron.activation = [Activation::Identity, Activation::Relu][pick(2)];
    neuron.lambda_mode = [LambdaMode::TimescaleRatio, LambdaMode::Scale][pick(2)];
    neuron.lambda = [0.5, 1.0, 5.0][pick(3)];
    neuron.tau_learnable = pick(2) == 1;
    neuron.high_pass_tau = [None, Some(5.0)][pick(2)];
    neuron.trace = [Trace::None, Trace::Branch(5.0), Trace::Synapse(3.0)][pick(3)];
    neuron.rectified = pick(2) == 1;
    neuron.input_scale = [1.0, 0.5, 3.0][pick(3)];
    neuron.delta_t = [1.0, 2.0][pick(2)];
    case.layer.inputs = 1 + pick(7);
    case.layer.neurons = 1 + pick(5);
    case.layer.outputs = if pick(3) == 2 { 1 + pick(3) } else { 1 };
    let share = if case.layer.outputs > 1 { 0.0 } else { [0.0, 0.3, 0.9][pick(3)] };
    case.layer.routing = Routing::Random { recurrent_connect: share };
    case.seen = [Seen::Dense, Seen::Tokens, Seen::Events][pick(3)];
    case.input_factor = [1.0, 3.0][pick(2)];
    case.masked = [pick(3) == 2, pick(3) == 2, pick(3) == 2];
    case.unconnected_every = [0, 4][pick(2)];
    case.infinite_every = [0, 0, 5][pick(3)];
    case.rows = 1 + pick(10);
    case.steps = 1 + pick(12);
    case.stream = 1000 + pick(1000) as u64;
    let neuron = &mut case.layer.neuron;
    neuron.feedback = if pick(3) == 2 { case.layer.outputs } else { 0 };
    neuron.fixed_synapse_weight = [None, None, None, Some(0.4)][pick(4)];
    case
}
