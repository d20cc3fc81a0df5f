//! From raw timescales to what memory keeps and how strongly it is written.

use crate::backend::{Backend, Binary, Unary};
use crate::error::Result;
use crate::ops;
use crate::spec::neuron::{SHORTEST_TAU, WRITE_SCALE};
use crate::spec::{LambdaMode, NeuronSpec};

/// [`decay_and_write`] of timescales that are not trained, `[N * M]` each, in
/// f64: `1 - exp(-x)` of a long timescale loses a third of its digits in f32.
pub(super) fn fixed_decay_and_write(neuron: &NeuronSpec, tau_raw: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let of_one = |&raw: &f32| {
        let share = 1.0 / (1.0 + (-f64::from(raw)).exp());
        let tau = neuron.tau_low + (neuron.tau_high - neuron.tau_low) * share;
        let exponent = -neuron.delta_t / tau.max(SHORTEST_TAU);
        let write = match neuron.lambda_mode {
            LambdaMode::Scale => -neuron.lambda * exponent.exp_m1(),
            LambdaMode::TimescaleRatio => -(neuron.lambda * exponent).exp_m1(),
        };
        (exponent.exp() as f32, (WRITE_SCALE * write) as f32)
    };
    tau_raw.iter().map(of_one).unzip()
}

/// What memory keeps and how strongly it is written, from `tau_raw`.
pub(super) fn decay_and_write<B: Backend>(
    backend: &B,
    neuron: &NeuronSpec,
    tau_raw: &B::Tensor,
) -> Result<(B::Tensor, B::Tensor)> {
    let share = backend.unary(Unary::Sigmoid, tau_raw)?;
    let tau = backend.affine(&share, neuron.tau_high - neuron.tau_low, neuron.tau_low)?;
    // exp(-delta_t / max(tau, shortest)); max(x, c) = relu(x - c) + c
    let above = backend.unary(Unary::Relu, &backend.affine(&tau, 1.0, -SHORTEST_TAU)?)?;
    let tau = backend.affine(&above, 1.0, SHORTEST_TAU)?;
    let one = ops::zeros(backend, &backend.shape(&tau))?;
    let one = backend.affine(&one, 0.0, -neuron.delta_t)?;
    let exponent = backend.binary(Binary::Div, &one, &tau)?;
    let decay = backend.unary(Unary::Exp, &exponent)?;
    let write = match neuron.lambda_mode {
        LambdaMode::Scale => {
            backend.affine(&decay, -WRITE_SCALE * neuron.lambda, WRITE_SCALE * neuron.lambda)?
        }
        LambdaMode::TimescaleRatio => {
            let faster = backend.unary(Unary::Exp, &backend.affine(&exponent, neuron.lambda, 0.0)?)?;
            backend.affine(&faster, -WRITE_SCALE, WRITE_SCALE)?
        }
    };
    Ok((decay, write))
}
