//! Non-linearities of MLP and output, and their derivatives from what the
//! record keeps.

use super::simd::Vector;
use crate::spec::neuron::SURROGATE_SLOPE;
use crate::spec::{Activation, MlpActivation};

/// A constant of the number type.
///
/// # Safety
/// The processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn constant<V: Vector>(value: f64) -> V {
    use super::simd::Element;
    // SAFETY: the caller vouches for the processor.
    unsafe { V::splat(V::E::from_f64(value)) }
}

/// What the record keeps of a hidden unit: the input of silu, else the
/// rectified input.
///
/// # Safety
/// The processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn kept<V: Vector>(kind: MlpActivation, x: V) -> V {
    match kind {
        MlpActivation::Silu => x,
        // SAFETY: the caller vouches for the processor. `x` comes second so
        // that what is not a number stays so.
        MlpActivation::Relu | MlpActivation::ReluSquared => unsafe { V::splat(V::E::default()).max(x) },
    }
}

/// A hidden unit's value from what was kept.
///
/// # Safety
/// The processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn value<V: Vector>(kind: MlpActivation, kept: V) -> V {
    match kind {
        MlpActivation::Relu => kept,
        MlpActivation::ReluSquared => kept.mul(kept),
        // SAFETY: the caller vouches for the processor.
        MlpActivation::Silu => unsafe { kept.mul(sigmoid(kept)) },
    }
}

/// `gradient` times the derivative of a hidden unit.
///
/// # Safety
/// The processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn value_gradient<V: Vector>(kind: MlpActivation, kept: V, gradient: V) -> V {
    match kind {
        MlpActivation::Relu => gradient.where_positive(kept),
        MlpActivation::ReluSquared => gradient.mul(kept.add(kept)),
        // SAFETY: the caller vouches for the processor.
        MlpActivation::Silu => unsafe {
            let share = sigmoid(kept);
            let one: V = constant(1.0);
            // (x s)' = s (1 + x (1 - s))
            gradient.mul(share.mul(kept.mul_add(one.sub(share), one)))
        },
    }
}

/// # Safety
/// The processor has `V`'s instructions.
#[inline(always)]
unsafe fn sigmoid<V: Vector>(x: V) -> V {
    // SAFETY: the caller vouches for the processor.
    let (zero, one): (V, V) = unsafe { (V::splat(V::E::default()), constant(1.0)) };
    one.div(one.add(zero.sub(x).exp()))
}

/// A neuron's output.
///
/// # Safety
/// The processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn output<V: Vector>(kind: Activation, drive: V) -> V {
    match kind {
        Activation::Identity => drive,
        // SAFETY: the caller vouches for the processor.
        Activation::Relu => unsafe { V::splat(V::E::default()).max(drive) },
        // SAFETY: as above.
        Activation::Spike => unsafe { constant::<V>(1.0).where_positive(drive) },
    }
}

/// `gradient` times the derivative of the output. `seen` is the drive of a
/// spike, else the output itself.
///
/// # Safety
/// The processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn output_gradient<V: Vector>(kind: Activation, seen: V, gradient: V) -> V {
    match kind {
        Activation::Identity => gradient,
        Activation::Relu => gradient.where_positive(seen),
        // SAFETY: the caller vouches for the processor.
        Activation::Spike => unsafe {
            let width = seen.abs().mul_add(constant(SURROGATE_SLOPE), constant(1.0));
            gradient.div(width.mul(width))
        },
    }
}
