//! Scaled dot-product attention (Vaswani et al. 2017, arXiv 1706.03762).

use crate::backend::{Backend, Binary, Unary};
use crate::error::{Error, Result};
use crate::ops;
use crate::shape::equal;

/// What every head of an attention compares, over sequences of `T` steps.
pub struct Attention<'a, B: Backend> {
    /// What each step asks for, `[h, B, T, D]`.
    pub queries: &'a B::Tensor,
    /// What each step is found by, `[h, B, T, D]`.
    pub keys: &'a B::Tensor,
    /// What is taken of a step that is found, `[h, B, T, D]`.
    pub values: &'a B::Tensor,
    /// What is added to the scores of a sequence's steps, `[1, B, 1, T]`: very
    /// negative at padding. A constant; `None` without padding.
    pub padding: Option<&'a B::Tensor>,
}

impl<B: Backend> Attention<'_, B> {
    /// Do all shapes fit each other? Answers that of the queries.
    ///
    /// # Errors
    /// [`Error::Shape`] at the first that does not.
    pub fn check(&self, backend: &B) -> Result<[usize; 4]> {
        let shape = backend.shape(self.queries);
        let wrong = || Error::shape("queries of an attention", &shape, "[h, B, T, D], T and D at least 1");
        let [heads, rows, steps, each] = shape[..] else { return Err(wrong()) };
        if steps == 0 || each == 0 {
            return Err(wrong());
        }
        equal("keys of an attention", &backend.shape(self.keys), &shape)?;
        equal("values of an attention", &backend.shape(self.values), &shape)?;
        if let Some(padding) = self.padding {
            equal("padding of an attention", &backend.shape(padding), &[1, rows, 1, steps])?;
        }
        Ok([heads, rows, steps, each])
    }
}

/// Attention from a backend's primitives; `mask` `[h, B, T, T]` is a factor on
/// the shares.
///
/// # Equation
/// ```text
/// shares = softmax over steps of (queries keys^T / sqrt(D) + padding)
/// answer = (mask shares) values,  [h, B, T, D]
/// ```
///
/// # Errors
/// When the shapes do not fit, or the backend refuses an operation.
pub fn attention<B: Backend>(
    backend: &B,
    given: &Attention<'_, B>,
    mask: Option<&B::Tensor>,
) -> Result<B::Tensor> {
    let [.., each] = given.check(backend)?;
    let queries = backend.affine(given.queries, 1.0 / (each as f64).sqrt(), 0.0)?;
    let mut scores = backend.matmul(&queries, &backend.transpose(given.keys, 2, 3)?)?; // [h, B, T, T]
    if let Some(padding) = given.padding {
        scores = ops::add(backend, &scores, padding)?;
    }
    let mut shares = softmax(backend, &scores)?;
    if let Some(mask) = mask {
        shares = ops::mul(backend, &shares, mask)?;
    }
    backend.matmul(&shares, given.values)
}

/// Softmax along the last of four axes.
fn softmax<B: Backend>(backend: &B, scores: &B::Tensor) -> Result<B::Tensor> {
    let mut shape = backend.shape(scores);
    let powers = backend.unary(Unary::Exp, &ops::sub(backend, scores, &backend.max(scores, 3)?)?)?;
    shape[3] = 1;
    let total = backend.reshape(&backend.sum(&powers, 3)?, &shape)?;
    backend.binary(Binary::Div, &powers, &total)
}
