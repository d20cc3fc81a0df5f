//! The emulated kernels against the CPU's in f64.

use super::run::{kernel, results};
use crate::kernel::Simd;
use crate::kernel::tests::cases::{self, Choices, Results};
use crate::spec::{Activation, LambdaMode, MlpActivation, Trace};

const MUCH_MEMORY: usize = 1 << 30;
const SHARED: usize = 227 << 10;

/// A recurrent layer with tokens, one hidden layer, a high-pass.
fn plain() -> Choices {
    Choices {
        neurons: 9,
        outputs: 1,
        inputs: 4,
        memory: 4,
        branches: 5,
        per_branch: 3,
        hidden_layers: 1,
        hidden: 6,
        rows: 4,
        steps: 5,
        mlp_activation: MlpActivation::Relu,
        activation: Activation::Relu,
        lambda_mode: LambdaMode::TimescaleRatio,
        trace: Trace::None,
        high_pass: true,
        learnable: true,
        rectified: false,
        recurrent: true,
        feedback: false,
        fixed: false,
        masks: [false; 3],
        input: 0,
        seed: 1,
    }
}

fn error(got: &[f32], wanted: &[f64]) -> f64 {
    assert_eq!(got.len(), wanted.len());
    let scale = wanted.iter().map(|x| x.abs()).fold(1e-30, f64::max);
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

fn assert_agrees(name: &str, choices: &Choices, multiprocessors: usize) {
    let Some(kernel) = kernel(multiprocessors, SHARED, MUCH_MEMORY) else { return };
    let case = choices.case();
    let wanted = case.results::<f64>(&cases::kernel(1, Simd::Portable, MUCH_MEMORY));
    let got = results(&case, &kernel).unwrap();
    for (what, error) in errors(&got, &wanted) {
        assert!(error < 2e-5, "{name}: {what} is off by {error:e} of its maximum");
    }
    for schedule in 1..4 {
        kernel.driver().set_schedule(schedule);
        assert_eq!(got, results(&case, &kernel).unwrap(), "{name}: schedule {schedule}");
    }
}

#[test]
fn a_plain_layer_agrees_with_f64_in_every_order_of_threads() {
    assert_agrees("plain", &plain(), 3);
}
