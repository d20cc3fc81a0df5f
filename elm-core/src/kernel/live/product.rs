//! The products of a live neuron: one column of inputs, outputs in the lanes.

use crate::kernel::simd::Vector;
use crate::kernel::span::{Span, SpanMut};

/// `out = bias + weight x`, outputs in the lanes, columns in turn. Four
/// columns at a time have sums of their own, lest each wait for the last.
///
/// # Safety
/// `weights` holds `[inputs + 1, padded]`, `x` `inputs` and `out` `padded`
/// numbers, `padded` is a multiple of `V::LANES`, and the processor has `V`'s
/// instructions.
#[inline(always)]
pub(super) unsafe fn product<V: Vector<E = f32>>(
    weights: Span<'_, f32>,
    inputs: usize,
    padded: usize,
    x: Span<'_, f32>,
    out: SpanMut<'_, f32>,
) {
    let mut at = 0;
    // SAFETY: as the caller's.
    unsafe {
        while at < padded {
            if at + 2 * V::LANES <= padded {
                columns::<V, 2>(weights, inputs, padded, x, out, at);
                at += 2 * V::LANES;
            } else {
                columns::<V, 1>(weights, inputs, padded, x, out, at);
                at += V::LANES;
            }
        }
    }
}

/// `N` vectors of outputs from `at` on.
///
/// # Safety
/// As [`product`].
#[inline(always)]
unsafe fn columns<V: Vector<E = f32>, const N: usize>(
    weights: Span<'_, f32>,
    inputs: usize,
    padded: usize,
    x: Span<'_, f32>,
    out: SpanMut<'_, f32>,
    at: usize,
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut sums = [[V::splat(0.0); N]; 4];
        for v in 0..N {
            sums[0][v] = weights.vector(at + v * V::LANES);
        }
        let whole = inputs - inputs % 4;
        let mut k = 0;
        while k < inputs {
            // The last columns, fewer than four, go to the first sum.
            let side = if k < whole { 4 } else { 1 };
            for c in 0..4 {
                if c < side {
                    let value: V = x.splat(k + c);
                    for v in 0..N {
                        let weight: V = weights.vector((1 + k + c) * padded + at + v * V::LANES);
                        sums[c][v] = weight.mul_add(value, sums[c][v]);
                    }
                }
            }
            k += side;
        }
        for v in 0..N {
            let (first, second) = (sums[0][v].add(sums[1][v]), sums[2][v].add(sums[3][v]));
            out.put(at + v * V::LANES, first.add(second));
        }
    }
}
