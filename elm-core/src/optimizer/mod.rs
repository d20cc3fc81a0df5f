//! Adam, Adamax, AdamW and SGD with clipping by the global norm: composed
//! from primitives ([`composed`]), or as one loop over numbers on the host
//! ([`in_place`]). What shrinks by weight decay is said in [`decay`].

pub mod composed;
pub mod decay;
pub mod in_place;

pub use composed::composed_update;
pub use decay::WeightDecay;

use crate::backend::Backend;
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
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019).
    #[serde(rename = "adamw")]
    AdamW,
    /// Stochastic gradient descent, with or without momentum.
    Sgd,
}

/// First and second moment of one flat variable.
pub struct Moments<B: Backend> {
    /// Decaying mean of gradients; of SGD their decaying sum.
    pub first: B::Tensor,
    /// Decaying mean of squares (Adam, AdamW) or maximum (Adamax); SGD has
    /// none and leaves it as it is.
    pub second: B::Tensor,
}

/// The constants of one update.
///
/// # Equation
/// With the clipped gradient `g`, `t = step + 1`, the momentum `μ` and, in
/// tensors that decay, the weight decay `w` (elsewhere `w = 0`):
/// ```text
/// Adam, Adamax, SGD:  g += w x
/// AdamW:              x -= lr * w x
/// m = β1 m + (1 - β1) g;         m^ = m / (1 - β1^t)
/// Adam, AdamW:  v = β2 v + (1 - β2) g^2;  x -= lr * m^ / (sqrt(v / (1 - β2^t)) + ε)
/// Adamax:       u = max(|g| + ε, β2 u);   x -= lr * m^ / u
/// SGD:          m = μ m + g;              x -= lr * m
/// ```
/// These are PyTorch's definitions, gradients being clipped before the decay
/// comes in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Update<'a> {
    /// The rule.
    pub kind: OptimizerKind,
    /// Index of this update, from 0.
    pub step: u64,
    /// Learning rate of this update.
    pub learning_rate: f64,
    /// Gradients with a global norm of this or more are scaled down to it.
    pub clip_norm: Option<f64>,
    /// Momentum `μ` of SGD; no other rule reads it.
    pub momentum: f64,
    /// Weight decay; `None`: nothing decays.
    pub weight_decay: Option<WeightDecay<'a>>,
    /// Global norm of the gradients where it is known, see [`squares`], so
    /// that nobody has to wait for it again.
    pub norm: Option<f64>,
}

impl Update<'_> {
    /// Decay of the first moment.
    pub const BETA1: f64 = 0.9;
    /// Decay of the second moment.
    pub const BETA2: f64 = 0.999;
    /// Guard against division by zero.
    pub const EPSILON: f64 = 1e-8;

    /// An update without clipping, momentum and weight decay.
    pub fn new(kind: OptimizerKind, step: u64, learning_rate: f64) -> Self {
        Update { kind, step, learning_rate, clip_norm: None, momentum: 0.0, weight_decay: None, norm: None }
    }

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

    /// Factor that decoupled weight decay puts on parameters before the step.
    fn shrinking(&self) -> f64 {
        match (self.kind, self.weight_decay) {
            (OptimizerKind::AdamW, Some(decay)) => 1.0 - self.learning_rate * decay.rate,
            _ => 1.0,
        }
    }

    /// Share of the parameters that joins their gradients.
    fn joining(&self) -> f64 {
        match (self.kind, self.weight_decay) {
            (OptimizerKind::AdamW, _) | (_, None) => 0.0,
            (_, Some(decay)) => decay.rate,
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
    if in_reach(backend, parameters, moments)? {
        return in_place::update(backend, update, parameters, gradients, moments);
    }
    composed_update(backend, update, parameters, gradients, moments)
}

/// Can everything that an update changes be changed on the host?
fn in_reach<B: Backend>(backend: &B, parameters: &[B::Tensor], moments: &[Moments<B>]) -> Result<bool> {
    let mut all = true;
    for x in parameters.iter().chain(moments.iter().flat_map(|m| [&m.first, &m.second])) {
        all &= ops::in_reach(backend, x)?;
    }
    Ok(all)
}

/// The sum of squares of each gradient, `[]`, for whoever reads them together
/// with other numbers before a composed update: the root of their sum is
/// [`Update::norm`]. None where an update finds it on the host itself.
///
/// # Errors
/// When the backend refuses an operation.
pub fn squares<B: Backend>(
    backend: &B,
    parameters: &[B::Tensor],
    gradients: &[B::Tensor],
    moments: &[Moments<B>],
) -> Result<Vec<B::Tensor>> {
    if in_reach(backend, parameters, moments)? {
        return Ok(Vec::new());
    }
    gradients.iter().map(|gradient| composed::square(backend, &backend.detach(gradient))).collect()
}

/// Does every parameter have a gradient and moments of its shape, and does
/// weight decay act inside of them?
///
/// # Errors
/// [`Error::Shape`] for the first that does not fit.
pub fn check_update<B: Backend>(
    backend: &B,
    update: &Update,
    parameters: &[B::Tensor],
    gradients: &[B::Tensor],
    moments: &[Moments<B>],
) -> Result<()> {
    let counts = [parameters.len(), gradients.len(), moments.len()];
    if counts != [parameters.len(); 3] {
        let wanted = "as many gradients and moments as parameters";
        return Err(Error::shape("optimizer update", &counts, wanted));
    }
    let mut lengths = Vec::with_capacity(parameters.len());
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
        lengths.push(wanted.iter().product());
    }
    update.weight_decay.map_or(Ok(()), |decay| decay::check_ranges(&decay, &lengths))
}
