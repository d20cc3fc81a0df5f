//! Non-linearities of MLP and output, and their derivatives from what the
//! record keeps.

use super::simd::{Element, Vector};
use crate::spec::neuron::SURROGATE_SLOPE;
use crate::spec::{Activation, MlpActivation};

/// A constant of the number type.
///
/// # Safety
/// The processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn constant<V: Vector>(value: f64) -> V {
    // SAFETY: the caller vouches for the processor.
    unsafe { V::splat(V::E::from_f64(value)) }
}

/// What the record keeps of a hidden unit: the input of silu, else the
/// rectified input.
#[inline(always)]
pub(super) fn kept<V: Vector>(kind: MlpActivation, x: V) -> V {
    match kind {
        MlpActivation::Silu => x,
        MlpActivation::Relu | MlpActivation::ReluSquared => rectified(x),
    }
}

/// A hidden unit's value from what was kept.
#[inline(always)]
pub(super) fn value<V: Vector>(kind: MlpActivation, kept: V) -> V {
    match kind {
        MlpActivation::Relu => kept,
        MlpActivation::ReluSquared => kept.mul(kept),
        MlpActivation::Silu => kept.mul(sigmoid(kept)),
    }
}

/// `gradient` times the derivative of a hidden unit.
#[inline(always)]
pub(super) fn value_gradient<V: Vector>(kind: MlpActivation, kept: V, gradient: V) -> V {
    match kind {
        // forward: value = kept = max(0, x)   so: d x = d value where kept > 0
        MlpActivation::Relu => gradient.where_positive(kept),
        // forward: value = kept^2             so: d x = d value * 2 kept,
        // which is 0 where x was negative, as kept is
        MlpActivation::ReluSquared => gradient.mul(kept.add(kept)),
        // forward: value = x s(x), x = kept   so: d x = d value * s (1 + x (1 - s))
        MlpActivation::Silu => {
            let share = sigmoid(kept);
            let one = one(kept);
            gradient.mul(share.mul(kept.mul_add(one.sub(share), one)))
        }
    }
}

/// A neuron's output.
#[inline(always)]
pub(super) fn output<V: Vector>(kind: Activation, drive: V) -> V {
    match kind {
        Activation::Identity => drive,
        Activation::Relu => rectified(drive),
        Activation::Spike => one(drive).where_positive(drive),
    }
}

/// `gradient` times the derivative of the output. `seen` is the drive of a
/// spike, else the output itself.
#[inline(always)]
pub(super) fn output_gradient<V: Vector>(kind: Activation, seen: V, gradient: V) -> V {
    match kind {
        // forward: output = v           so: d v = d output
        Activation::Identity => gradient,
        // forward: output = max(0, v)   so: d v = d output where output > 0
        Activation::Relu => gradient.where_positive(seen),
        // forward: output = [v > 0]     so: d v = d output / (100 |v| + 1)^2,
        // the surrogate: a step has no derivative of use
        Activation::Spike => {
            let slope = seen.same(V::E::from_f64(SURROGATE_SLOPE));
            let width = seen.abs().mul_add(slope, one(seen));
            gradient.div(width.mul(width))
        }
    }
}

/// `max(0, x)`; `x` comes second so that what is not a number stays so.
#[inline(always)]
fn rectified<V: Vector>(x: V) -> V {
    x.same(V::E::default()).max(x)
}

#[inline(always)]
fn sigmoid<V: Vector>(x: V) -> V {
    let zero = x.same(V::E::default());
    one(x).div(one(x).add(zero.sub(x).exp()))
}

/// Ones, in a vector of the kind that `like` is.
#[inline(always)]
fn one<V: Vector>(like: V) -> V {
    like.same(V::E::from_f64(1.0))
}
