//! Gradients of the MLP's linear maps, summed up in place step by step.
//!
//! forward: `y = bias + W x`
//! so: `d W += d y x^T`, `d bias += d y`, over all steps and batch rows
//!
//! Below, `y` stands for `d y`, the gradient of a map's outputs. Sums are kept
//! transposed, inputs by outputs, so that outputs fill the lanes and no vector
//! is ever summed over its lanes.

use super::ahead::Ahead;
use super::shape::Shape;
use super::simd::{BLOCK, CACHE_LINE, Vector};
use super::span::{Span, SpanMut};

/// Where a neuron's sums lie: for each map `[inputs + 1, stride]`, the last row
/// being the bias.
#[derive(Debug, Clone)]
pub(super) struct MapSums {
    /// First number of each map.
    pub maps: Vec<usize>,
    /// Outputs of each map, rounded up to whole vectors.
    pub strides: Vec<usize>,
    /// First row of each map's `y` among the rows of all.
    pub rows: Vec<usize>,
    /// Rows of all `y`.
    pub all_rows: usize,
    /// Numbers altogether, whole cache lines.
    pub len: usize,
}

/// Inputs between turns of fetching: twice those of `product`, as each takes
/// about twice as long here, where sums are read and written back. Not tuned.
const EVERY: usize = 16;

impl MapSums {
    pub(super) fn new(shape: &Shape) -> Self {
        let mut sums =
            MapSums { maps: Vec::new(), strides: Vec::new(), rows: Vec::new(), all_rows: 0, len: 0 };
        for &(inputs, outputs) in &shape.maps {
            let stride = outputs.next_multiple_of(shape.widest);
            sums.maps.push(sums.len);
            sums.strides.push(stride);
            sums.rows.push(sums.all_rows);
            sums.all_rows += stride;
            sums.len += (inputs + 1) * stride;
        }
        sums.len = sums.len.next_multiple_of(CACHE_LINE / size_of::<f32>());
        sums
    }
}

/// Adds one step of one map to its sums.
///
/// # Shapes
/// `y`: `[stride, width]`, of which rows beyond the outputs are zero;
/// `x`: `[inputs, width]`; `turned`: room for `[BLOCK, stride]`;
/// `sums`: `[inputs + 1, stride]`.
///
/// # Safety
/// The spans have these shapes, `stride` is a multiple of `W::LANES` and
/// `width` one of `V::LANES`, which are one or a multiple of eight, and the
/// processor has the vectors' instructions.
#[inline(always)]
pub(super) unsafe fn accumulate<V: Vector, W: Vector<E = V::E>>(
    y: Span<'_, V::E>,
    stride: usize,
    x: Span<'_, V::E>,
    inputs: usize,
    width: usize,
    turned: SpanMut<'_, V::E>,
    sums: SpanMut<'_, V::E>,
    ahead: &mut Ahead,
) {
    let columns = if V::LANES == 1 { 1 } else { BLOCK };
    for column in (0..width).step_by(columns) {
        // SAFETY: the caller's promise; every block of columns and lanes is
        // inside of the shapes above.
        unsafe {
            let y = y.part(column, stride * width - column);
            if columns == 1 {
                for r in 0..stride {
                    turned.part(r, 1).slice()[0] = y.get(r * width);
                }
            } else {
                let last = BLOCK - 1;
                for r in (0..stride).step_by(BLOCK) {
                    let from = y.part(r * width, last * width + BLOCK);
                    turned.part(r, last * stride + BLOCK).put_transposed::<V>(stride, from, width);
                }
            }
            let mut lane = 0;
            while lane < stride {
                let part = SumBlock { lane, stride, column, width, inputs };
                let turned = turned.into();
                if columns == 1 {
                    block::<W, 1, 1>(turned, x, sums, part, ahead);
                    lane += W::LANES;
                } else if W::LANES == 16 && lane + 32 <= stride {
                    block::<W, 2, BLOCK>(turned, x, sums, part, ahead);
                    lane += 32;
                } else {
                    block::<W, 1, BLOCK>(turned, x, sums, part, ahead);
                    lane += W::LANES;
                }
            }
        }
    }
}

/// What a block of lanes and columns covers.
#[derive(Clone, Copy)]
struct SumBlock {
    /// First output.
    lane: usize,
    stride: usize,
    /// First batch row.
    column: usize,
    width: usize,
    inputs: usize,
}

/// `N` vectors of outputs for `B` batch rows, whose gradients stay in
/// registers.
///
/// # Safety
/// As [`accumulate`].
#[inline(always)]
unsafe fn block<W: Vector, const N: usize, const B: usize>(
    turned: Span<'_, W::E>,
    x: Span<'_, W::E>,
    sums: SpanMut<'_, W::E>,
    part: SumBlock,
    ahead: &mut Ahead,
) {
    let SumBlock { lane, stride, column, width, inputs } = part;
    // SAFETY: as the caller's.
    unsafe {
        let mut y = [[W::splat(W::E::default()); N]; B];
        for b in 0..B {
            for v in 0..N {
                y[b][v] = turned.vector(b * stride + lane + v * W::LANES);
            }
        }
        for k in 0..inputs {
            if k % EVERY == 0 {
                ahead.turn();
            }
            let at = k * stride + lane;
            let mut sum = [y[0][0]; N];
            for v in 0..N {
                sum[v] = sums.vector(at + v * W::LANES);
            }
            for b in 0..B {
                let value: W = x.splat(k * width + column + b);
                for v in 0..N {
                    sum[v] = y[b][v].mul_add(value, sum[v]);
                }
            }
            for v in 0..N {
                sums.put(at + v * W::LANES, sum[v]);
            }
        }
        for v in 0..N {
            let at = inputs * stride + lane + v * W::LANES;
            let mut sum: W = sums.vector(at);
            for b in 0..B {
                sum = sum.add(y[b][v]);
            }
            sums.put(at, sum);
        }
    }
}
