//! From the activity of the last layer to the logits of predictions.

use super::interface::Model;
use crate::backend::Backend;
use crate::error::{Error, Result};
use crate::ops;

/// Logits of every step: activity `[T, O, B]` to `[O, T * B]`.
///
/// # Errors
/// When the backend refuses an operation.
pub fn logits_of_all_steps<B: Backend>(
    backend: &B,
    model: &dyn Model<B>,
    activity: &B::Tensor,
) -> Result<B::Tensor> {
    let shape = backend.shape(activity);
    let by_output = backend.transpose(activity, 0, 1)?; // [O, T, B]
    let flat = backend.reshape(&by_output, &[shape[1], shape[0] * shape[2]])?;
    model.apply_head(backend, &flat)
}

/// Logits of each row's last step: activity `[T, O, B]` to `[O, B]`.
///
/// # Errors
/// [`Error::Index`] when a length is 0 or above `T`.
pub fn logits_of_last_step<B: Backend>(
    backend: &B,
    model: &dyn Model<B>,
    activity: &B::Tensor,
    lengths: Option<&[u32]>,
) -> Result<B::Tensor> {
    model.apply_head(backend, &last_step(backend, activity, lengths)?)
}

/// Logits of pairs of rows, `0..B/2` with `B/2..B`, by a head that compares
/// them: activity `[T, O, B]` to `[classes, B / 2]`.
///
/// # Errors
/// [`Error::Config`] when the model has another head, [`Error::Shape`]
/// when `B` is odd, [`Error::Index`] when a length is 0 or above `T`.
pub fn logits_of_pairs<B: Backend>(
    backend: &B,
    model: &dyn Model<B>,
    activity: &B::Tensor,
    lengths: Option<&[u32]>,
) -> Result<B::Tensor> {
    if !model.compares_pairs() {
        return Err(Error::config("model.head", "pairs of sequences need a head that compares them"));
    }
    let last = last_step(backend, activity, lengths)?;
    let shape = backend.shape(&last);
    let (rows, pairs) = (shape[1], shape[1] / 2);
    if rows != 2 * pairs {
        return Err(Error::shape("pairs of sequences", &shape, "[O, an even number]".to_string()));
    }
    let (x, y) = (backend.narrow(&last, 1, 0, pairs)?, backend.narrow(&last, 1, pairs, pairs)?);
    let (difference, product) = (ops::sub(backend, &x, &y)?, ops::mul(backend, &x, &y)?);
    model.apply_head(backend, &backend.cat(&[x, y, difference, product], 0)?)
}

/// The activity `[T, O, B]` at each row's last step, `[O, B]`.
fn last_step<B: Backend>(backend: &B, activity: &B::Tensor, lengths: Option<&[u32]>) -> Result<B::Tensor> {
    let shape = backend.shape(activity);
    let (steps, outputs, rows) = (shape[0], shape[1], shape[2]);
    match lengths {
        None => backend.reshape(&backend.narrow(activity, 0, steps - 1, 1)?, &[outputs, rows]),
        Some(lengths) => {
            if let Some(&bad) = lengths.iter().find(|&&length| length == 0 || length as usize > steps) {
                return Err(Error::Index {
                    what: "length of a sequence".into(),
                    index: bad as usize,
                    len: steps,
                });
            }
            let by_row = backend.reshape(&backend.transpose(activity, 1, 2)?, &[steps * rows, outputs])?;
            let place = |(row, &length): (usize, &u32)| (length - 1) * rows as u32 + row as u32;
            let places: Vec<u32> = lengths.iter().enumerate().map(place).collect();
            backend.transpose(&backend.select(&by_row, &backend.index(&places)?)?, 0, 1)
        }
    }
}
