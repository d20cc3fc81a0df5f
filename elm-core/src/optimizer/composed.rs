//! The optimiser's update from element-wise primitives.

use super::{Moments, OptimizerKind, Update, check_update};
use crate::backend::{Backend, Binary, Unary};
use crate::error::{Error, Result};
use crate::ops;
use std::ops::Range;

/// [`Backend::optimizer_update`] from element-wise primitives.
///
/// # Errors
/// As [`Backend::optimizer_update`].
pub fn composed_update<B: Backend>(
    backend: &B,
    update: &Update,
    parameters: &[B::Tensor],
    gradients: &[B::Tensor],
    moments: &mut [Moments<B>],
) -> Result<f64> {
    check_update(backend, update, parameters, gradients, moments)?;
    let gradients: Vec<_> = gradients.iter().map(|gradient| backend.detach(gradient)).collect();
    let norm = update.norm.map_or_else(|| global_norm(backend, &gradients), Ok)?;
    if !norm.is_finite() {
        return Err(Error::NonFinite { what: "gradient norm".into(), step: update.step, value: norm });
    }
    let clip = update.clip_factor(norm);
    for (v, ((parameter, gradient), moment)) in parameters.iter().zip(&gradients).zip(moments).enumerate() {
        let mut gradient = backend.affine(gradient, clip, 0.0)?;
        let mut value = backend.detach(parameter);
        if let Some(decay) = update.weight_decay.filter(|decay| !decay.ranges[v].is_empty()) {
            if update.kind == OptimizerKind::AdamW {
                value = on_decaying(backend, update, v, &value, |part, _| {
                    backend.affine(part, update.shrinking(), 0.0)
                })?;
            } else {
                gradient = on_decaying(backend, update, v, &gradient, |part, range| {
                    let weights = backend.narrow(&value, 0, range.start, range.len())?;
                    ops::add(backend, part, &backend.affine(&weights, decay.rate, 0.0)?)
                })?;
            }
        }
        let (next, step) = step_of(backend, update, &gradient, moment)?;
        backend.assign(parameter, &ops::sub(backend, &value, &step)?)?;
        *moment = next;
    }
    Ok(norm)
}

/// The moments after an update, and what is subtracted from the parameters.
fn step_of<B: Backend>(
    backend: &B,
    update: &Update,
    gradient: &B::Tensor,
    moment: &Moments<B>,
) -> Result<(Moments<B>, B::Tensor)> {
    let (correction1, correction2) = update.bias_corrections();
    if update.kind == OptimizerKind::Sgd {
        let first = ops::add(backend, &backend.affine(&moment.first, update.momentum, 0.0)?, gradient)?;
        let step = backend.affine(&first, update.learning_rate, 0.0)?;
        return Ok((Moments { first, second: moment.second.clone() }, step));
    }
    let first = mix(backend, &moment.first, gradient, Update::BETA1)?;
    let (second, divisor) = if update.kind == OptimizerKind::Adamax {
        let now = backend.affine(&backend.unary(Unary::Abs, gradient)?, 1.0, Update::EPSILON)?;
        let before = backend.affine(&moment.second, Update::BETA2, 0.0)?;
        // max(now, before) = before + relu(now - before)
        let rise = backend.unary(Unary::Relu, &ops::sub(backend, &now, &before)?)?;
        let second = ops::add(backend, &before, &rise)?;
        (second.clone(), second)
    } else {
        let squared = ops::mul(backend, gradient, gradient)?;
        let second = mix(backend, &moment.second, &squared, Update::BETA2)?;
        let root = backend.unary(Unary::Sqrt, &backend.affine(&second, 1.0 / correction2, 0.0)?)?;
        (second, backend.affine(&root, 1.0, Update::EPSILON)?)
    };
    let step = backend.binary(Binary::Div, &first, &divisor)?;
    let step = backend.affine(&step, update.learning_rate / correction1, 0.0)?;
    Ok((Moments { first, second }, step))
}

/// `x` of variable `v` with `change` made to the parts that decay; the others
/// are not touched, since they may be infinite.
fn on_decaying<B: Backend>(
    backend: &B,
    update: &Update,
    v: usize,
    x: &B::Tensor,
    change: impl Fn(&B::Tensor, &Range<usize>) -> Result<B::Tensor>,
) -> Result<B::Tensor> {
    let shape = backend.shape(x);
    let length = shape.iter().product();
    let mut parts = Vec::new();
    for (range, decays) in update.parts(v, length) {
        let part = backend.narrow(x, 0, range.start, range.len())?;
        parts.push(if decays { change(&part, &range)? } else { part });
    }
    backend.cat(&parts, 0)
}

/// Euclidean norm of all gradients together.
fn global_norm<B: Backend>(backend: &B, gradients: &[B::Tensor]) -> Result<f64> {
    let squares = gradients.iter().map(|gradient| square(backend, gradient)).collect::<Result<Vec<_>>>()?;
    Ok(ops::scalars(backend, &squares)?.into_iter().sum::<f64>().sqrt())
}

/// Sum of the squares of a gradient, `[]`.
pub(super) fn square<B: Backend>(backend: &B, gradient: &B::Tensor) -> Result<B::Tensor> {
    ops::sum_all(backend, &ops::mul(backend, gradient, gradient)?)
}

/// `decay * before + (1 - decay) * now`.
fn mix<B: Backend>(backend: &B, before: &B::Tensor, now: &B::Tensor, decay: f64) -> Result<B::Tensor> {
    ops::add(backend, &backend.affine(before, decay, 0.0)?, &backend.affine(now, 1.0 - decay, 0.0)?)
}
