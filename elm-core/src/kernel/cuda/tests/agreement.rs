//! The emulated kernels against the CPU's in f64, in every order of threads.

use super::run::{MUCH_MEMORY, SHARED, TestKernel, kernel, plain, results};
use crate::kernel::Simd;
use crate::kernel::cuda::plan::Plan;
use crate::kernel::cuda::sizes::Sizes;
use crate::kernel::tests::cases::{self, Choices, Results, choices};
use crate::random::{Draws, Purpose};
use crate::spec::{Activation, LambdaMode, MlpActivation, Trace};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn error(got: &[f32], wanted: &[f64]) -> f64 {
    assert_eq!(got.len(), wanted.len());
    let scale = wanted.iter().map(|x| x.abs()).fold(1e-3, f64::max);
    let error = |(got, wanted): (&f32, &f64)| (f64::from(*got) - wanted).abs() / scale;
    got.iter().zip(wanted).map(error).fold(0.0, |worst, x| if x <= worst { worst } else { x })
}

/// The largest error of each result, as a share of its largest value.
fn errors(got: &Results<f32>, wanted: &Results<f64>) -> Vec<(&'static str, f64)> {
    vec![
        ("activity", error(&got.activity, &wanted.activity)),
        ("end state", error(&got.state, &wanted.state)),
        ("magnitude", error(&got.magnitude, &wanted.magnitude)),
        ("gradient of the parameters", error(&got.parameters, &wanted.parameters)),
        ("gradient of the start state", error(&got.start, &wanted.start)),
        ("gradient of the input", error(&got.input, &wanted.input)),
    ]
}

fn assert_agrees(name: &str, choices: &Choices, kernel: &TestKernel) {
    let case = choices.case();
    let wanted = case.results::<f64>(&cases::kernel(1, Simd::Portable, MUCH_MEMORY));
    kernel.driver().set_schedule(0);
    let got = results(&case, kernel).unwrap();
    for (what, error) in errors(&got, &wanted) {
        assert!(error < 2e-5, "{name}: {what} is off by {error:e} of its maximum");
    }
    for schedule in 1..3 {
        kernel.driver().set_schedule(schedule);
        assert!(got == results(&case, kernel).unwrap(), "{name}: schedule {schedule}");
    }
}

#[test]
fn every_option_agrees_with_f64_in_every_order_of_threads() {
    let Some(kernel) = kernel(4, SHARED, MUCH_MEMORY) else { return };
    let plain = plain();
    let named = [
        ("plain", plain.clone()),
        ("events, silu", Choices { input: 1, mlp_activation: MlpActivation::Silu, ..plain.clone() }),
        ("spikes", Choices { input: 1, activation: Activation::Spike, seed: 3, ..plain.clone() }),
        (
            "no hidden layer, dense, masks, fixed weights and timescales",
            Choices {
                hidden_layers: 0,
                input: 2,
                masks: [true; 3],
                fixed: true,
                learnable: false,
                ..plain.clone()
            },
        ),
        (
            "three hidden layers, traces of branches, rectified",
            Choices {
                hidden_layers: 3,
                mlp_activation: MlpActivation::ReluSquared,
                trace: Trace::Branch(3.0),
                lambda_mode: LambdaMode::Scale,
                rectified: true,
                rows: 7,
                ..plain.clone()
            },
        ),
        (
            "traces of synapses",
            Choices { trace: Trace::Synapse(4.0), input: 2, masks: [true; 3], ..plain.clone() },
        ),
        (
            "outputs fed back, traces of synapses",
            Choices {
                recurrent: false,
                outputs: 3,
                feedback: true,
                trace: Trace::Synapse(4.0),
                high_pass: false,
                rows: 3,
                ..plain.clone()
            },
        ),
        (
            "wide",
            Choices {
                neurons: 5,
                memory: 33,
                hidden: 40,
                branches: 40,
                per_branch: 2,
                rows: 8,
                ..plain.clone()
            },
        ),
    ];
    for (name, choices) in named {
        assert_agrees(name, &choices, &kernel);
    }
}

proptest! {
    // Each is compiled; a fixed seed, as chaos must not fail a test by chance.
    #![proptest_config(ProptestConfig {
        cases: 12,
        max_shrink_iters: 4,
        rng_seed: RngSeed::Fixed(2),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_layer_agrees_with_f64_however_its_work_is_divided(choices in choices(), pick in any::<u64>()) {
        // A spike may flip where f32 rounds its drive across 0.
        let activation = match choices.activation {
            Activation::Spike => Activation::Identity,
            other => other,
        };
        let choices = Choices { activation, steps: 1 + choices.steps % 5, rows: choices.rows.min(19), ..choices };
        if let Some(kernel) = kernel(6, SHARED, MUCH_MEMORY) {
            let plan = any_plan(&kernel, &choices, pick);
            let name = format!("{choices:?} {plan:?}");
            kernel.divide(plan);
            assert_agrees(&name, &choices, &kernel);
        }
    }
}

/// One of the divisions that fit the card.
fn any_plan(kernel: &TestKernel, choices: &Choices, pick: u64) -> Plan {
    use crate::kernel::cuda::driver::Driver;
    let (sizes, card) = (Sizes::new(&choices.case().layer, choices.rows), kernel.driver().card());
    let mut draws = Draws::new(pick, Purpose::MadeUp, [0, 0]);
    let mut plans = Plan::all(&sizes, card);
    plans.swap_remove(draws.below(plans.len() as u32) as usize)
}

#[test]
fn results_survive_recomputation_bit_for_bit() {
    let Some(mut kernel) = kernel(4, SHARED, MUCH_MEMORY) else { return };
    let long = Choices { steps: 23, trace: Trace::Branch(3.0), ..plain() };
    for choices in [long.clone(), Choices { recurrent: false, outputs: 2, feedback: true, input: 2, ..long }]
    {
        let case = choices.case();
        kernel.memory_budget = MUCH_MEMORY;
        let kept = results(&case, &kernel).unwrap();
        // One step at a time; a few; records that are kept and gradients in several goes.
        for budget in [0, 30_000, 100_000] {
            kernel.memory_budget = budget;
            assert!(kept == results(&case, &kernel).unwrap(), "{budget} bytes, {choices:?}");
        }
    }
}

#[test]
fn the_published_spike_layer_agrees_with_f64_as_a_large_card_divides_it() {
    let Some(kernel) = kernel(132, SHARED, MUCH_MEMORY) else { return };
    let spikes = Choices {
        neurons: 96,
        inputs: 700,
        memory: 5,
        branches: 30,
        per_branch: 10,
        hidden: 10,
        rows: 8,
        steps: 3,
        mlp_activation: MlpActivation::ReluSquared,
        masks: [true, true, false],
        input: 1,
        ..plain()
    };
    assert_agrees("spikes", &spikes, &kernel);
}
