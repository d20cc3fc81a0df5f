//! Values against the oracle, gradients against central differences, every
//! instruction set against f64.

use super::cases::{Case, Choices, Results, choices, kernel};
use super::oracle;
use crate::kernel::{Element, InstructionSet, Simd};
use crate::spec::Activation;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// No budget for records: every tile is computed again.
const NO_MEMORY: usize = 0;
const MUCH_MEMORY: usize = 1 << 30;

fn assert_close<A: Element, B: Element>(what: &str, got: &[A], wanted: &[B], tolerance: f64) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    let scale = wanted.iter().map(|x| x.to_f64().abs()).fold(1.0, f64::max);
    for (i, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        let (got, wanted) = (got.to_f64(), wanted.to_f64());
        let close = (got - wanted).abs() <= tolerance * scale;
        assert!(close, "{what}[{i}]: got {got}, wanted {wanted}, scale {scale}");
    }
}

fn assert_values<E: Element>(case: &Case, results: &Results<E>, tolerance: f64) {
    let wanted = oracle::run(case, &case.parameters, &case.dense, &case.state);
    assert_close("activity", &results.activity, &wanted.activity, tolerance);
    assert_close("state", &results.state, &wanted.state, tolerance);
    assert_close("magnitude", &results.magnitude, &wanted.magnitude, tolerance);
    let tolerance = tolerance.max(1e-6);
    assert_close("branch", &results.monitors.branch, &wanted.branch, tolerance);
    assert_close("mlp", &results.monitors.mlp, &wanted.mlp, tolerance);
    assert_close("memory", &results.monitors.memory, &wanted.memory, tolerance);
    assert_close("readout", &results.monitors.readout, &wanted.readout, tolerance);
    assert_close("preactivation", &results.monitors.preactivation, &wanted.preactivation, tolerance);
}

/// Compares gradients with the difference of losses along their own direction
/// and along single coordinates.
fn assert_gradients(case: &Case, results: &Results<f64>) {
    let parts = [("parameters", &results.parameters), ("state", &results.start), ("input", &results.input)];
    for (part, (name, gradient)) in parts.into_iter().enumerate() {
        if gradient.is_empty() {
            continue;
        }
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        let along: Vec<f64> = gradient.iter().map(|g| g / norm.max(1e-300)).collect();
        assert_slope(case, part, name, &along, norm);
        for i in (0..gradient.len()).step_by(gradient.len() / 4 + 1) {
            let mut single = vec![0.0; gradient.len()];
            single[i] = 1.0;
            assert_slope(case, part, &format!("{name}[{i}]"), &single, gradient[i]);
        }
    }
}

fn assert_slope(case: &Case, part: usize, name: &str, direction: &[f64], wanted: f64) {
    let step = 1e-6;
    let loss = |sign: f64| {
        let mut moved = [case.parameters.clone(), case.state.clone(), case.dense.clone()];
        moved[part].iter_mut().zip(direction).for_each(|(x, d)| *x += sign * step * d);
        let [parameters, state, dense] = moved;
        oracle::run(case, &parameters, &dense, &state).loss(case)
    };
    let slope = (loss(1.0) - loss(-1.0)) / (2.0 * step);
    let close = (slope - wanted).abs() <= 2e-6 * (1.0 + wanted.abs());
    assert!(close, "{name}: gradient {wanted}, central difference {slope}");
}

proptest! {
    // A fixed seed: long f32 recurrences are chaotic now and then, and tests
    // must not fail by chance.
    #![proptest_config(ProptestConfig {
        cases: 64,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn values_and_gradients_in_f64_are_exact(choices in choices()) {
        let case = choices.case();
        let results = case.results::<f64>(&kernel(1, Simd::Portable, MUCH_MEMORY));
        assert_values(&case, &results, 1e-12);
        if choices.activation != Activation::Spike {
            assert_gradients(&case, &results);
        }
    }

    #[test]
    fn every_instruction_set_agrees_with_f64(choices in choices()) {
        // A spike may flip where f32 rounds its drive across 0.
        let activation = match choices.activation {
            Activation::Spike => Activation::Identity,
            other => other,
        };
        let case = Choices { activation, ..choices }.case();
        let exact = case.results::<f64>(&kernel(1, Simd::Portable, MUCH_MEMORY));
        for simd in available() {
            let kernel = kernel(2, simd, MUCH_MEMORY);
            let results = case.results::<f32>(&kernel);
            assert_values(&case, &results, 3e-5);
            for (what, got, wanted) in [
                ("parameters", &results.parameters, &exact.parameters),
                ("start", &results.start, &exact.start),
                ("input", &results.input, &exact.input),
            ] {
                assert_close(&format!("{simd:?} gradient of {what}"), got, wanted, 2e-4);
            }
        }
    }

    #[test]
    fn results_repeat_and_survive_recomputation(choices in choices()) {
        let case = choices.case();
        let plenty = kernel(3, Simd::Auto, MUCH_MEMORY);
        let first = case.results::<f32>(&plenty);
        prop_assert_eq!(&first, &case.results::<f32>(&plenty));
        prop_assert_eq!(&first, &case.results::<f32>(&kernel(3, Simd::Auto, NO_MEMORY)));
        let mut without_history = Results::<f32>::default();
        case.forward(&plenty, false, &mut without_history);
        prop_assert_eq!(&first.activity, &without_history.activity);
        prop_assert_eq!(&first.state, &without_history.state);
    }

    #[test]
    fn a_history_is_read_by_a_kernel_of_another_budget(choices in choices()) {
        let case = choices.case();
        let (small, large) = (kernel(2, Simd::Auto, NO_MEMORY), kernel(2, Simd::Auto, MUCH_MEMORY));
        let wanted = case.results::<f32>(&large);
        for (forward, backward) in [(&small, &large), (&large, &small)] {
            let mut results = Results::<f32>::default();
            let history = case.forward(forward, true, &mut results).unwrap();
            case.backward(backward, &history, &mut results);
            prop_assert_eq!(&wanted, &results);
        }
    }
}

fn available() -> Vec<Simd> {
    [Simd::Avx512, Simd::Avx2, Simd::Portable].into_iter().filter(|simd| simd.resolve().is_ok()).collect()
}

#[test]
fn auto_takes_the_widest() {
    let widest = available()[0].resolve().unwrap();
    assert_eq!(Simd::Auto.resolve().unwrap(), widest);
    assert_eq!(Simd::Portable.resolve().unwrap(), InstructionSet::PORTABLE);
}
