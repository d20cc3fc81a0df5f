//! Functions composed once from a backend's primitives.

use crate::backend::{Backend, Binary, Memory, Unary};
use crate::error::{Error, Result};
use crate::spec::neuron::SURROGATE_SLOPE;
use crate::spec::{Activation, MlpActivation};

/// `a + b`, broadcast.
pub fn add<B: Backend>(backend: &B, a: &B::Tensor, b: &B::Tensor) -> Result<B::Tensor> {
    backend.binary(Binary::Add, a, b)
}

/// `a - b`, broadcast.
pub fn sub<B: Backend>(backend: &B, a: &B::Tensor, b: &B::Tensor) -> Result<B::Tensor> {
    backend.binary(Binary::Sub, a, b)
}

/// `a * b`, broadcast.
pub fn mul<B: Backend>(backend: &B, a: &B::Tensor, b: &B::Tensor) -> Result<B::Tensor> {
    backend.binary(Binary::Mul, a, b)
}

/// A tensor of zeros.
pub fn zeros<B: Backend>(backend: &B, shape: &[usize]) -> Result<B::Tensor> {
    backend.tensor(&vec![0.0; shape.iter().product()], shape)
}

/// Sum of all elements, a scalar `[]`.
pub fn sum_all<B: Backend>(backend: &B, x: &B::Tensor) -> Result<B::Tensor> {
    let elements = backend.shape(x).iter().product();
    backend.sum(&backend.reshape(x, &[elements])?, 0)
}

/// Mean of all elements, a scalar `[]`.
pub fn mean_all<B: Backend>(backend: &B, x: &B::Tensor) -> Result<B::Tensor> {
    let elements: usize = backend.shape(x).iter().product();
    backend.affine(&sum_all(backend, x)?, 1.0 / elements as f64, 0.0)
}

/// The value of a tensor of one element.
pub fn scalar<B: Backend>(backend: &B, x: &B::Tensor) -> Result<f64> {
    Ok(backend.values(x)?.first().copied().map_or(f64::NAN, f64::from))
}

/// Runs a function on a tensor's numbers in host memory, row-major.
///
/// # Errors
/// When the backend cannot read them.
pub fn on_host<B: Backend, R>(backend: &B, x: &B::Tensor, read: impl FnOnce(&[f32]) -> R) -> Result<R> {
    backend.read(x, |memory| match memory {
        Memory::Host(numbers) => read(numbers),
    })
}

/// The non-linearity of a neuron's MLP.
pub fn mlp_activation<B: Backend>(backend: &B, kind: MlpActivation, x: &B::Tensor) -> Result<B::Tensor> {
    match kind {
        MlpActivation::Relu => backend.unary(Unary::Relu, x),
        MlpActivation::Silu => mul(backend, x, &backend.unary(Unary::Sigmoid, x)?),
        MlpActivation::ReluSquared => {
            let positive = backend.unary(Unary::Relu, x)?;
            mul(backend, &positive, &positive)
        }
    }
}

/// The non-linearity of a neuron's output.
pub fn activation<B: Backend>(backend: &B, kind: Activation, x: &B::Tensor) -> Result<B::Tensor> {
    match kind {
        Activation::Identity => Ok(x.clone()),
        Activation::Relu => backend.unary(Unary::Relu, x),
        Activation::Spike => spike(backend, x),
    }
}

/// 1 where `v > 0`, else 0, with the surrogate gradient `1 / (100 |v| + 1)^2`.
///
/// # Equation
/// `v / (100 |v| + 1)` has exactly that derivative, so its value is taken out
/// of the forward pass and its gradient left in.
fn spike<B: Backend>(backend: &B, v: &B::Tensor) -> Result<B::Tensor> {
    let width = backend.affine(&backend.unary(Unary::Abs, v)?, SURROGATE_SLOPE, 1.0)?;
    let surrogate = backend.binary(Binary::Div, v, &width)?;
    let nothing = sub(backend, &surrogate, &backend.detach(&surrogate))?;
    add(backend, &backend.unary(Unary::Step, v)?, &nothing)
}

/// Logarithm of the softmax along the first axis of `[O, R]`.
///
/// # Errors
/// [`Error::Shape`] unless there are two axes.
pub fn log_softmax<B: Backend>(backend: &B, logits: &B::Tensor) -> Result<B::Tensor> {
    let shape = backend.shape(logits);
    let [_, columns] = shape[..] else {
        return Err(Error::shape("log_softmax", &shape, "[outputs, columns]"));
    };
    let shifted = sub(backend, logits, &backend.max(logits, 0)?)?;
    let total = backend.sum(&backend.unary(Unary::Exp, &shifted)?, 0)?;
    let log_total = backend.reshape(&backend.unary(Unary::Log, &total)?, &[1, columns])?;
    sub(backend, &shifted, &log_total)
}
