//! Adam and Adamax with clipping by the global norm: composed from
//! primitives, or as one loop over numbers on the host ([`in_place`]).

pub mod in_place;

use crate::backend::{Backend, Binary, MemoryMut, Unary};
use crate::error::{Error, Result};
use crate::ops;
use serde::{Deserialize, Serialize};

/// Which rule turns gradients into steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptimizerKind {
    /// Adam (Kingma & Ba 2015), epsilon outside of the root.
    Adam,
    /// Adamax: the second moment is a decaying maximum.
    Adamax,
}

/// First and second moment of one flat variable.
pub struct Moments<B: Backend> {
    /// Decaying mean of gradients.
    pub first: B::Tensor,
    /// Decaying mean of squares (Adam) or maximum (Adamax).
    pub second: B::Tensor,
}

/// The constants of one update.
///
/// # Equation
/// With the clipped gradient `g` and `t = step + 1`:
/// ```text
/// m = β1 m + (1 - β1) g;   m^ = m / (1 - β1^t)
/// Adam:    v = β2 v + (1 - β2) g^2;  x -= lr * m^ / (sqrt(v / (1 - β2^t)) + ε)
/// Adamax:  u = max(|g| + ε, β2 u);   x -= lr * m^ / u
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Update {
    /// The rule.
    pub kind: OptimizerKind,
    /// Index of this update, from 0.
    pub step: u64,
    /// Learning rate of this update.
    pub learning_rate: f64,
    /// Gradients with a global norm of this or more are scaled down to it.
    pub clip_norm: Option<f64>,
}

impl Update {
    /// Decay of the first moment.
    pub const BETA1: f64 = 0.9;
    /// Decay of the second moment.
    pub const BETA2: f64 = 0.999;
    /// Guard against division by zero.
    pub const EPSILON: f64 = 1e-8;

    /// `1 - β^t` of both moments, in f64.
    pub fn bias_corrections(&self) -> (f64, f64) {
        let t = (self.step + 1) as f64;
        (1.0 - Self::BETA1.powf(t), 1.0 - Self::BETA2.powf(t))
    }

    /// Factor that clipping puts on gradients of this global norm.
    pub fn clip_factor(&self, norm: f64) -> f64 {
        match self.clip_norm {
            Some(limit) if norm >= limit => limit / norm,
            _ => 1.0,
        }
    }
}

/// [`Backend::optimizer_update`]: one loop over the numbers where they can be
/// edited on the host, else composed.
///
/// # Errors
/// As [`Backend::optimizer_update`].
pub fn update<B: Backend>(
    backend: &B,
    update: &Update,
    parameters: &[B::Tensor],
    gradients: &[B::Tensor],
    moments: &mut [Moments<B>],
) -> Result<f64> {
    let mut in_reach = true;
    for x in parameters.iter().chain(moments.iter().flat_map(|m| [&m.first, &m.second])) {
        in_reach &= backend.edit(x, |memory| matches!(memory, MemoryMut::Host(_)))?;
    }
    if in_reach {
        return in_place::update(backend, update, parameters, gradients, moments);
    }
    composed_update(backend, update, parameters, gradients, moments)
}

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
    check_update(backend, parameters, gradients, moments)?;
    let gradients: Vec<_> = gradients.iter().map(|gradient| backend.detach(gradient)).collect();
    let norm = global_norm(backend, &gradients)?;
    if !norm.is_finite() {
        return Err(Error::NonFinite { what: "gradient norm".into(), step: update.step, value: norm });
    }
    let clip = update.clip_factor(norm);
    let (correction1, correction2) = update.bias_corrections();
    for ((parameter, gradient), moment) in parameters.iter().zip(&gradients).zip(moments) {
        let gradient = backend.affine(gradient, clip, 0.0)?;
        let first = mix(backend, &moment.first, &gradient, Update::BETA1)?;
        let (second, divisor) = match update.kind {
            OptimizerKind::Adam => {
                let squared = ops::mul(backend, &gradient, &gradient)?;
                let second = mix(backend, &moment.second, &squared, Update::BETA2)?;
                let root = backend.unary(Unary::Sqrt, &backend.affine(&second, 1.0 / correction2, 0.0)?)?;
                (second, backend.affine(&root, 1.0, Update::EPSILON)?)
            }
            OptimizerKind::Adamax => {
                let now = backend.affine(&backend.unary(Unary::Abs, &gradient)?, 1.0, Update::EPSILON)?;
                let before = backend.affine(&moment.second, Update::BETA2, 0.0)?;
                // max(now, before) = before + relu(now - before)
                let rise = backend.unary(Unary::Relu, &ops::sub(backend, &now, &before)?)?;
                let second = ops::add(backend, &before, &rise)?;
                (second.clone(), second)
            }
        };
        let step = backend.binary(Binary::Div, &first, &divisor)?;
        let step = backend.affine(&step, update.learning_rate / correction1, 0.0)?;
        backend.assign(parameter, &ops::sub(backend, &backend.detach(parameter), &step)?)?;
        *moment = Moments { first, second };
    }
    Ok(norm)
}

/// Does every parameter have a gradient and moments of its shape?
///
/// # Errors
/// [`Error::Shape`] for the first that does not fit.
pub fn check_update<B: Backend>(
    backend: &B,
    parameters: &[B::Tensor],
    gradients: &[B::Tensor],
    moments: &[Moments<B>],
) -> Result<()> {
    let counts = [parameters.len(), gradients.len(), moments.len()];
    if counts != [parameters.len(); 3] {
        let wanted = "as many gradients and moments as parameters";
        return Err(Error::shape("optimizer update", &counts, wanted));
    }
    for ((parameter, gradient), moment) in parameters.iter().zip(gradients).zip(moments) {
        let wanted = backend.shape(parameter);
        for (what, tensor) in
            [("gradient", gradient), ("first moment", &moment.first), ("second moment", &moment.second)]
        {
            let got = backend.shape(tensor);
            if got != wanted {
                return Err(Error::shape(what, &got, format!("{wanted:?}")));
            }
        }
    }
    Ok(())
}

/// Euclidean norm of all gradients together.
fn global_norm<B: Backend>(backend: &B, gradients: &[B::Tensor]) -> Result<f64> {
    let mut squares = 0.0;
    for gradient in gradients {
        squares += ops::scalar(backend, &ops::sum_all(backend, &ops::mul(backend, gradient, gradient)?)?)?;
    }
    Ok(squares.sqrt())
}

/// `decay * before + (1 - decay) * now`.
fn mix<B: Backend>(backend: &B, before: &B::Tensor, now: &B::Tensor, decay: f64) -> Result<B::Tensor> {
    ops::add(backend, &backend.affine(before, decay, 0.0)?, &backend.affine(now, 1.0 - decay, 0.0)?)
}
