//! Element-wise functions whose gradients candle lacks or gets wrong at 0.

use crate::adjoint::given;
use candle_core::{Result, Tensor};
use elm_core::backend::{Binary, Unary};

pub(crate) fn unary(op: Unary, x: &Tensor) -> Result<Tensor> {
    match op {
        Unary::Exp => x.exp(),
        Unary::Log => x.log(),
        Unary::Sqrt => x.sqrt(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid => sigmoid(x),
        Unary::Relu => relu(x),
        // |x| = x sign(x): the product's adjoint is sign(x), 0 at 0.
        Unary::Abs => x.mul(&x.detach().sign()?),
        Unary::Step => x.detach().sign()?.relu(),
    }
}

pub(crate) fn binary(op: Binary, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    match op {
        Binary::Add => a.broadcast_add(b),
        Binary::Sub => a.broadcast_sub(b),
        Binary::Mul => a.broadcast_mul(b),
        Binary::Div => a.broadcast_div(b),
    }
}

/// candle's adjoint of `relu` is 1 at 0; here it is `sign(relu(x))`.
fn relu(x: &Tensor) -> Result<Tensor> {
    given("relu", x.detach().relu()?, &[x], |_, value, gradient| Ok(vec![gradient.mul(&value.sign()?)?]))
}

/// `1 / (1 + e^-x)` with adjoint `y (1 - y)`; differentiating the formula step
/// by step would give 0 times infinity at `-inf`.
fn sigmoid(x: &Tensor) -> Result<Tensor> {
    let value = x.detach().neg()?.exp()?.affine(1.0, 1.0)?.recip()?;
    given("sigmoid", value, &[x], |_, value, gradient| Ok(vec![gradient.mul(&value.sub(&value.sqr()?)?)?]))
}
