//! The libtorch backend of elm-core: processor and CUDA.
//!
//! ```no_run
//! use elm_backend_tch::TchBackend;
//! use elm_core::Backend;
//! use elm_core::device::BackendOptions;
//!
//! let backend = TchBackend::new(BackendOptions::default())?;
//! let x = backend.variable(&[1.0, 2.0], &[2])?;
//! let loss = backend.sum(&elm_core::ops::mul(&backend, &x, &x)?, 0)?;
//! let gradients = backend.backward(&loss)?;
//! let gradient = backend.gradient(&gradients, &x).map(|g| backend.values(&g)).transpose()?;
//! assert_eq!(gradient, Some(vec![2.0, 4.0]));
//! # Ok::<(), elm_core::Error>(())
//! ```
//!
//! Of tch only the fallible `f_*` methods are used. Optimisers, clipping,
//! initial weights and dropout are elm-core's, so that both backends compute
//! the same. What a program has to do to find libtorch when it runs is said in
//! this crate's build script.

mod backend;
mod card;
mod diagnose;
mod error;
mod given;
mod host;
mod layers;
mod threads;

pub use backend::{Index, TchBackend, TchTensor};
pub use card::Block;
pub use diagnose::diagnose;
pub use given::Gradients;
pub use threads::set_threads;
