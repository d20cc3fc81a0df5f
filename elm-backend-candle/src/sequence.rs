//! Splitting a sequence in time, with an adjoint that costs its size once.

use crate::adjoint::given;
use candle_core::{Result, Tensor};
use std::sync::{Arc, Mutex};

/// Splits along the first axis, which disappears.
///
/// candle's adjoint of `narrow` makes a zero-filled copy of the whole source
/// for every part. Here the parts hang on a token of one element instead: in
/// `backward` each part leaves its gradient in a slot and hands the token a
/// zero; the token comes after all parts and joins the slots.
pub(crate) fn unstack(x: &Tensor) -> Result<Vec<Tensor>> {
    let count = x.dim(0)?;
    let values = x.detach().contiguous()?;
    if !x.track_op() {
        return (0..count).map(|part| values.get(part)).collect();
    }
    let slots: Arc<Mutex<Vec<Option<Tensor>>>> = Arc::new(Mutex::new(vec![None; count]));
    let nothing = Tensor::zeros(1, x.dtype(), x.device())?;
    let filled = slots.clone();
    let token = given("unstack", nothing.clone(), &[x], move |x, _, _| Ok(vec![join(x[0], &filled)?]))?;
    let mut parts = Vec::with_capacity(count);
    for part in 0..count {
        let (slots, nothing) = (slots.clone(), nothing.clone());
        parts.push(given("part of unstack", values.get(part)?, &[&token], move |_, _, gradient| {
            if let Ok(mut slots) = slots.lock() {
                slots[part] = Some(gradient.clone());
            }
            Ok(vec![nothing.clone()])
        })?);
    }
    Ok(parts)
}

/// The gradients in the slots as one tensor of the shape of `x`; parts that
/// nobody used count as zero. Leaves the slots empty.
fn join(x: &Tensor, slots: &Mutex<Vec<Option<Tensor>>>) -> Result<Tensor> {
    let mut zero = None;
    let mut gradients = Vec::with_capacity(x.dim(0)?);
    let Ok(mut slots) = slots.lock() else { candle_core::bail!("unstack: another thread panicked") };
    for slot in slots.iter_mut() {
        gradients.push(match (slot.take(), &zero) {
            (Some(gradient), _) => gradient,
            (None, Some(zero)) => Tensor::clone(zero),
            (None, None) => zero.insert(Tensor::zeros(&x.dims()[1..], x.dtype(), x.device())?).clone(),
        });
    }
    Tensor::stack(&gradients, 0)
}
