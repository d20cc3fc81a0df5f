//! The optimiser's update as one loop over slices on the host.

use super::{Moments, OptimizerKind, Update, check_update};
use crate::backend::{Backend, MemoryMut};
use crate::error::{Error, Result};
use crate::ops::on_host;

/// [`Backend::optimizer_update`] for tensors whose numbers can be edited on
/// the host.
///
/// # Errors
/// As [`Backend::optimizer_update`].
pub(super) fn update<B: Backend>(
    backend: &B,
    update: &Update,
    parameters: &[B::Tensor],
    gradients: &[B::Tensor],
    moments: &mut [Moments<B>],
) -> Result<f64> {
    check_update(backend, update, parameters, gradients, moments)?;
    let mut squares = 0.0;
    for gradient in gradients {
        squares += on_host(backend, gradient, sum_of_squares)?;
    }
    let norm = squares.sqrt();
    if !norm.is_finite() {
        return Err(Error::NonFinite { what: "gradient norm".into(), step: update.step, value: norm });
    }
    let clip = update.clip_factor(norm);
    for (v, ((parameter, gradient), moments)) in parameters.iter().zip(gradients).zip(moments).enumerate() {
        separate(backend, moments)?;
        on_host(backend, gradient, |gradient| {
            edit(backend, parameter, |parameter| {
                edit(backend, &moments.first, |first| {
                    edit(backend, &moments.second, |second| {
                        for (part, decays) in update.parts(v, parameter.len()) {
                            update_in_place(
                                update,
                                clip,
                                decays,
                                &mut parameter[part.clone()],
                                &gradient[part.clone()],
                                &mut first[part.clone()],
                                &mut second[part],
                            );
                        }
                    })
                })
            })
        })????;
    }
    Ok(norm)
}

/// Gives the second moment numbers of its own where both are one tensor's:
/// they cannot be edited at the same time.
fn separate<B: Backend>(backend: &B, moments: &mut Moments<B>) -> Result<()> {
    let address = |x| on_host(backend, x, |numbers| numbers.as_ptr() as usize);
    if address(&moments.first)? == address(&moments.second)? {
        let shape = backend.shape(&moments.second);
        moments.second = backend.adopt(backend.values(&moments.second)?, &shape)?;
    }
    Ok(())
}

fn edit<B: Backend, R>(backend: &B, x: &B::Tensor, edit: impl FnOnce(&mut [f32]) -> R) -> Result<R> {
    backend.edit(x, |memory| match memory {
        MemoryMut::Host(numbers) => Ok(edit(numbers)),
        MemoryMut::Elsewhere => Err(Error::Unsupported {
            what: "changing numbers in place".into(),
            backend: backend.description().name.into(),
            reason: "they are not on the host".into(),
        }),
    })?
}

/// Sum of squares in f64, so that large tensors lose no digits.
pub fn sum_of_squares(values: &[f32]) -> f64 {
    // Partial sums of a chunk in f32 lanes would be faster and less exact;
    // eight f64 lanes already keep up with memory.
    let mut lanes = [0.0f64; 8];
    let mut chunks = values.chunks_exact(8);
    for chunk in &mut chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += f64::from(value) * f64::from(value);
        }
    }
    let rest: f64 = chunks.remainder().iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    lanes.iter().sum::<f64>() + rest
}

/// Updates numbers and their moments; all slices have one length. `decays`:
/// does weight decay act on them?
///
/// # Equation
/// That of [`Update`], with `g = clip * gradient`.
pub fn update_in_place(
    update: &Update,
    clip: f64,
    decays: bool,
    parameter: &mut [f32],
    gradient: &[f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    let (clip, joining) = (clip as f32, update.joining() as f32);
    // Without decay the product with a parameter, which may be infinite, is
    // not only 0 but absent.
    if decays && joining != 0.0 {
        let of = |x: f32, g: f32| g * clip + joining * x;
        step(update, update.shrinking() as f32, of, parameter, gradient, first, second);
    } else {
        let shrinking = if decays { update.shrinking() as f32 } else { 1.0 };
        step(update, shrinking, |_, g| g * clip, parameter, gradient, first, second);
    }
}

/// One step along the gradients that `of` makes of parameter and gradient, the
/// parameters being multiplied by `shrinking` before.
fn step(
    update: &Update,
    shrinking: f32,
    of: impl Fn(f32, f32) -> f32,
    parameter: &mut [f32],
    gradient: &[f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    let (correction1, correction2) = update.bias_corrections();
    let rate = (update.learning_rate / correction1) as f32;
    let (keep1, keep2) = (Update::BETA1 as f32, Update::BETA2 as f32);
    let (mix1, mix2) = ((1.0 - Update::BETA1) as f32, (1.0 - Update::BETA2) as f32);
    let epsilon = Update::EPSILON as f32;
    let scale2 = (1.0 / correction2) as f32;
    let moments = first.iter_mut().zip(second);
    let entries = parameter.iter_mut().zip(gradient).zip(moments);
    match update.kind {
        OptimizerKind::Adam | OptimizerKind::AdamW => {
            for ((x, &g), (m, v)) in entries {
                let g = of(*x, g);
                *m = keep1 * *m + mix1 * g;
                *v = keep2 * *v + mix2 * (g * g);
                *x = shrinking * *x - rate * (*m / ((*v * scale2).sqrt() + epsilon));
            }
        }
        OptimizerKind::Adamax => {
            for ((x, &g), (m, u)) in entries {
                let g = of(*x, g);
                *m = keep1 * *m + mix1 * g;
                *u = (g.abs() + epsilon).max(keep2 * *u);
                *x -= rate * (*m / *u);
            }
        }
        OptimizerKind::Sgd => {
            let (rate, momentum) = (update.learning_rate as f32, update.momentum as f32);
            for ((x, &g), (m, _)) in entries {
                *m = momentum * *m + of(*x, g);
                *x -= rate * *m;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_steps_are_the_learning_rate_in_the_direction_of_the_gradient() {
        for kind in [OptimizerKind::Adam, OptimizerKind::Adamax, OptimizerKind::AdamW] {
            let update = Update::new(kind, 0, 0.1);
            let (mut x, mut m, mut v) = ([1.0f32, 1.0, 1.0], [0.0f32; 3], [0.0f32; 3]);
            update_in_place(&update, 0.5, false, &mut x, &[4.0, -4.0, 0.0], &mut m, &mut v);
            for (got, wanted) in x.iter().zip([0.9, 1.1, 1.0]) {
                assert!((got - wanted).abs() < 1e-6, "{kind:?}: {x:?}");
            }
            assert!((m[0] - 0.2).abs() < 1e-6, "{kind:?}: {m:?}");
        }
    }

    /// Raw timescales may be infinite.
    #[test]
    fn what_does_not_decay_may_be_infinite() {
        use super::super::WeightDecay;
        for kind in [OptimizerKind::Adam, OptimizerKind::Adamax, OptimizerKind::AdamW, OptimizerKind::Sgd] {
            let weight_decay = Some(WeightDecay { rate: 0.5, ranges: &[] });
            let update = Update { weight_decay, ..Update::new(kind, 0, 0.1) };
            let (mut x, mut m, mut v) = ([f32::INFINITY, 2.0], [0.0f32; 2], [0.0f32; 2]);
            update_in_place(&update, 1.0, false, &mut x, &[0.0, 0.0], &mut m, &mut v);
            assert_eq!(x, [f32::INFINITY, 2.0], "{kind:?}");
            update_in_place(&update, 1.0, true, &mut x[1..], &[0.0], &mut m[1..], &mut v[1..]);
            assert!(x[1] < 2.0, "{kind:?}: {x:?}");
        }
    }

    #[test]
    fn squares_are_summed_over_every_element() {
        for len in 0..40 {
            let values: Vec<f32> = (1..=len).map(|i| i as f32).collect();
            let wanted: i32 = (1..=len).map(|i| i * i).sum();
            assert_eq!(sum_of_squares(&values), f64::from(wanted), "{len} elements");
        }
    }
}
