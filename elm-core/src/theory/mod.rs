//! Why there is a best split of a budget between neurons and their complexity.
//!
//! \[S2\] explains its trade-off by two mechanisms: what a neuron says about its
//! input gets clearer with its complexity, but only so clear; and the more
//! neurons there are, the more they repeat each other. **The formulas here are
//! this project's own reading of that**, not the paper's; they are judged by
//! the error of their fit.
//!
//! # Derivation
//! Neuron `n` of `N` reports `y_n = s_n + ε_n` with Gaussian noise of variance
//! 1 and a Gaussian signal whose variance is its signal-to-noise ratio `q`.
//! Signals of two neurons have the correlation `ρ`, so their covariance is
//! `q Σ` with `Σ = (1-ρ) I + ρ 1 1ᵀ`. What the reports tell about the signals is
//! the mutual information of a Gaussian channel, `I = ½ ln det(I + q Σ)` nats.
//! `Σ` has the eigenvalue `1 + (N-1)ρ` once, along `1`, and `1-ρ` otherwise:
//!
//! ```text
//! I(N, q) = ½ [ (N-1) ln(1 + q (1-ρ)) + ln(1 + q (1 + (N-1) ρ)) ]
//! ```
//!
//! The ratio saturates in the learned numbers of a neuron without its
//! synapses, `k = k_e` (Hill 1910):
//!
//! ```text
//! q(k) = q_max k^β / (k_half^β + k^β)
//! ```
//!
//! and the loss falls as a power of the information: `L = L_inf + A I^-γ`.
//! Under `P = N (k_e + k_c) + rest`, few neurons sit where `q` has saturated
//! (a doubled `k` tells nothing new), many where each says little and all say
//! alike; in between is the optimum.

mod channel;
mod design;
mod fit;
#[cfg(test)]
mod tests;

pub use channel::{Channel, Limit, Theory};
pub use design::Design;
pub use fit::{Predicted, TheoryFit, TheoryPoint, fit_theory};
