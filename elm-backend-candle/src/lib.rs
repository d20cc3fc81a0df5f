//! The candle backend of elm-core: processor, and CUDA with the feature `cuda`.
//!
//! ```
//! use elm_backend_candle::CandleBackend;
//! use elm_core::Backend;
//! use elm_core::device::BackendOptions;
//!
//! let backend = CandleBackend::new(BackendOptions::default())?;
//! let x = backend.variable(&[1.0, 2.0], &[2])?;
//! let loss = backend.sum(&elm_core::ops::mul(&backend, &x, &x)?, 0)?;
//! let gradients = backend.backward(&loss)?;
//! let gradient = backend.gradient(&gradients, &x).map(|g| backend.values(&g)).transpose()?;
//! assert_eq!(gradient, Some(vec![2.0, 4.0]));
//! # Ok::<(), elm_core::Error>(())
//! ```
//!
//! Differentiation is candle's own. Three of its habits are worked around:
//! * it recurses once per node in `backward` and when a history is dropped:
//!   see [`GraphTensor`];
//! * the adjoint of `narrow` fills the whole source with zeros, which makes
//!   splitting a sequence O(T^2): [`Backend::unstack`](elm_core::Backend::unstack)
//!   has its own adjoint;
//! * `relu` and `abs` have gradient 1 at 0, `sigmoid` is not there at all, and
//!   candle-nn's fast layers cut gradients silently: what is needed is made
//!   here with stated adjoints, and candle-nn is not used.

mod adjoint;
mod backend;
mod card;
mod diagnose;
mod elementwise;
mod error;
mod history;
mod host;
mod sequence;
mod threads;

pub use backend::{CandleBackend, Index};
pub use card::Block;
pub use diagnose::diagnose;
pub use history::GraphTensor;
pub use threads::set_threads;
