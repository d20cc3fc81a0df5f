//! A live layer answers what a forward pass over a batch of one answers.

use super::cases::{Case, Choices, choices};
use super::oracle;
use crate::kernel::{LiveInput, LiveLayer, LiveWeights, Simd};
use crate::spec::{Activation, Connectome, DropoutMasks, LambdaMode, MlpActivation, NO_TOKEN, Trace};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// The first row's activity, step by step, `[T, N * O]`.
fn live(case: &Case, simd: Simd, threads: usize) -> Vec<f32> {
    let parameters: Vec<f32> = case.parameters.iter().map(|&x| x as f32).collect();
    let connectome = Connectome::new(&case.layer, &case.sources[..]).unwrap();
    let weights = LiveWeights {
        layer: &case.layer,
        connectome: &connectome,
        parameters: &parameters,
        fixed_tau_raw: case.fixed_tau_raw.as_deref(),
        input_factor: case.input_factor,
    };
    let mut layer = LiveLayer::divided(&weights, simd, threads).unwrap();
    // What came before a reset leaves no trace.
    layer.step(LiveInput::Dense(&vec![1.0; case.layer.inputs])).unwrap();
    layer.reset();
    let mut activity = Vec::new();
    for t in 0..case.steps {
        let first = |t: usize, channel: usize| (t * case.layer.inputs + channel) * case.rows;
        let dense: Vec<f32> = match (&case.tokens, &case.events) {
            (None, None) => (0..case.layer.inputs).map(|c| case.dense[first(t, c)] as f32).collect(),
            _ => Vec::new(),
        };
        let spikes: Vec<(u32, f32)> = match &case.events {
            Some(events) => {
                let here = events.starts[t] as usize..events.starts[t + 1] as usize;
                let own = events.entries[here].iter().filter(|event| event.row == 0);
                own.map(|event| (event.channel, event.count)).collect()
            }
            None => Vec::new(),
        };
        let input = match (&case.tokens, &case.events) {
            (Some(tokens), _) if tokens[t * case.rows] == NO_TOKEN => LiveInput::Silence,
            (Some(tokens), _) => LiveInput::Token(tokens[t * case.rows]),
            (None, Some(_)) => LiveInput::Events(&spikes),
            (None, None) => LiveInput::Dense(&dense),
        };
        activity.extend_from_slice(layer.step(input).unwrap());
    }
    activity
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, rng_seed: RngSeed::Fixed(5), ..ProptestConfig::default() })]

    #[test]
    fn live_layers_do_what_a_batch_of_one_does(choices in choices()) {
        // A spike may flip where f32 rounds its drive across 0.
        let activation = match choices.activation {
            Activation::Spike => Activation::Identity,
            other => other,
        };
        let mut case = Choices { activation, ..choices }.case();
        case.masks = DropoutMasks::default();
        case.state.fill(0.0);
        let wanted = oracle::run(&case, &case.parameters, &case.dense, &case.state).activity;
        let wanted: Vec<f64> = wanted.iter().step_by(case.rows).copied().collect();
        let scale = wanted.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
        for (simd, threads) in [(Simd::Auto, 1), (Simd::Auto, 3), (Simd::Portable, 2)] {
            for (i, (got, wanted)) in live(&case, simd, threads).iter().zip(&wanted).enumerate() {
                let error = (f64::from(*got) - wanted).abs();
                prop_assert!(error <= 2e-4 * scale, "[{i}]: got {got}, wanted {wanted}, scale {scale}");
            }
        }
    }
}

/// Spiking neurons that read each other and two channels.
fn plain() -> Choices {
    Choices {
        neurons: 5,
        outputs: 1,
        inputs: 2,
        memory: 3,
        branches: 2,
        per_branch: 3,
        hidden_layers: 1,
        hidden: 4,
        rows: 1,
        steps: 20,
        mlp_activation: MlpActivation::Relu,
        activation: Activation::Spike,
        lambda_mode: LambdaMode::TimescaleRatio,
        trace: Trace::None,
        high_pass: true,
        learnable: false,
        rectified: false,
        recurrent: true,
        feedback: false,
        fixed: false,
        masks: [false; 3],
        input: 2,
        seed: 3,
    }
}

#[test]
fn spikes_are_all_or_nothing() {
    let activity = live(&plain().case(), Simd::Auto, 2);
    assert!(activity.iter().all(|&spike| spike == 0.0 || spike == 1.0));
    assert!(activity.contains(&0.0) && activity.contains(&1.0));
}

#[test]
fn inputs_that_the_layer_does_not_have_are_refused_and_no_time_passes() {
    // Spikes might stay away whether time passes or not; numbers tell.
    let case = Choices { activation: Activation::Identity, ..plain() }.case();
    let parameters: Vec<f32> = case.parameters.iter().map(|&x| x as f32).collect();
    let connectome = Connectome::new(&case.layer, &case.sources[..]).unwrap();
    let weights = LiveWeights {
        layer: &case.layer,
        connectome: &connectome,
        parameters: &parameters,
        fixed_tau_raw: case.fixed_tau_raw.as_deref(),
        input_factor: 1.0,
    };
    let mut layer = LiveLayer::divided(&weights, Simd::Auto, 2).unwrap();
    let first = layer.step(LiveInput::Token(0)).unwrap().to_vec();
    assert_ne!(layer.step(LiveInput::Token(0)).unwrap(), first);
    layer.reset();
    let beyond = case.layer.inputs as u32;
    assert!(layer.step(LiveInput::Token(beyond)).is_err());
    assert!(layer.step(LiveInput::Events(&[(0, 1.0), (beyond, 1.0)])).is_err());
    assert!(layer.step(LiveInput::Dense(&[])).is_err());
    assert_eq!(layer.step(LiveInput::Token(0)).unwrap(), first);
    assert!(LiveLayer::new(&LiveWeights { parameters: &[], ..weights }, Simd::Auto, 1).is_err());
}
