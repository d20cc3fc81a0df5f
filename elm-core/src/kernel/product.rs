//! A small matrix times the batch: the MLP's work, forward and backward.
//!
//! Batch rows lie in the lanes of vectors; each weight is broadcast. Weights
//! are packed in panels of up to [`PANEL`] outputs, column by column, so that
//! they are read in one straight line while a panel's sums stay in registers.

use super::simd::Vector;
use super::span::{Span, SpanMut};
use std::ops::Range;

/// Most outputs in a panel: with one vector of batch, their sums, a vector of
/// input and a weight fit sixteen registers.
const PANEL: usize = 12;

/// The outputs of each panel of a matrix, as even as possible.
#[inline(always)]
fn panel(outputs: usize, i: usize) -> Range<usize> {
    let panels = outputs.div_ceil(PANEL);
    outputs * i / panels..outputs * (i + 1) / panels
}

/// Numbers in a packed matrix and its bias.
pub(super) fn packed_len(inputs: usize, outputs: usize) -> usize {
    outputs * (inputs + 1)
}

/// Packs `weight(output, input)` and `bias(output)`.
pub(super) fn pack<E>(
    inputs: usize,
    outputs: usize,
    weight: impl Fn(usize, usize) -> E,
    bias: impl Fn(usize) -> E,
    packed: &mut [E],
) {
    let mut places = packed.iter_mut();
    for i in 0..outputs.div_ceil(PANEL) {
        let rows = panel(outputs, i);
        for (row, place) in rows.clone().zip(&mut places) {
            *place = bias(row);
        }
        for k in 0..inputs {
            for (row, place) in rows.clone().zip(&mut places) {
                *place = weight(row, k);
            }
        }
    }
}

/// `out = bias + weight x`.
///
/// # Shapes
/// `x`: `[inputs, width]`, `out`: `[outputs, width]`.
///
/// # Safety
/// `packed` holds [`packed_len`] numbers, `width` is a multiple of `V::LANES`,
/// the spans have these shapes, and the processor has `V`'s instructions.
#[inline(always)]
pub(super) unsafe fn product<V: Vector>(
    packed: Span<'_, V::E>,
    inputs: usize,
    outputs: usize,
    x: Span<'_, V::E>,
    out: SpanMut<'_, V::E>,
    width: usize,
) {
    let mut start = 0;
    for i in 0..outputs.div_ceil(PANEL) {
        let rows = panel(outputs, i);
        let len = rows.len() * (inputs + 1);
        // SAFETY: panels lie one after the other and fill `packed`; the rows
        // of a panel are rows of `out`.
        unsafe {
            let weights = packed.part(start, len);
            let out = out.part(rows.start * width, rows.len() * width);
            if width.is_multiple_of(2 * V::LANES) {
                panel_product::<V, 2>(weights, inputs, rows.len(), x, out, width);
            } else {
                panel_product::<V, 1>(weights, inputs, rows.len(), x, out, width);
            }
        }
        start += len;
    }
}

/// One panel, `N` vectors of batch at a time.
///
/// # Safety
/// As [`product`], and `width` is a multiple of `N * V::LANES`.
#[inline(always)]
unsafe fn panel_product<V: Vector, const N: usize>(
    weights: Span<'_, V::E>,
    inputs: usize,
    rows: usize,
    x: Span<'_, V::E>,
    out: SpanMut<'_, V::E>,
    width: usize,
) {
    let tile = (V::TILE / N).min(PANEL);
    let tiles = rows.div_ceil(tile);
    for column in (0..width).step_by(N * V::LANES) {
        for i in 0..tiles {
            let (first, end) = (rows * i / tiles, rows * (i + 1) / tiles);
            let place = Place { rows, first, column, width };
            // SAFETY: the caller's promise; the tile's rows are the panel's.
            unsafe {
                match end - first {
                    1 => tile_product::<V, 1, N>(weights, inputs, x, out, place),
                    2 => tile_product::<V, 2, N>(weights, inputs, x, out, place),
                    3 => tile_product::<V, 3, N>(weights, inputs, x, out, place),
                    4 => tile_product::<V, 4, N>(weights, inputs, x, out, place),
                    5 => tile_product::<V, 5, N>(weights, inputs, x, out, place),
                    6 => tile_product::<V, 6, N>(weights, inputs, x, out, place),
                    7 => tile_product::<V, 7, N>(weights, inputs, x, out, place),
                    8 => tile_product::<V, 8, N>(weights, inputs, x, out, place),
                    9 => tile_product::<V, 9, N>(weights, inputs, x, out, place),
                    10 => tile_product::<V, 10, N>(weights, inputs, x, out, place),
                    11 => tile_product::<V, 11, N>(weights, inputs, x, out, place),
                    _ => tile_product::<V, 12, N>(weights, inputs, x, out, place),
                }
            }
        }
    }
}

/// Where a tile lies in its panel and in the batch.
#[derive(Clone, Copy)]
struct Place {
    /// Outputs of the panel.
    rows: usize,
    /// First output of the tile.
    first: usize,
    /// First batch row.
    column: usize,
    width: usize,
}

/// `R` outputs for `N` vectors of batch, all sums in registers.
///
/// # Safety
/// As [`panel_product`]; outputs `first..first + R` are in the panel.
#[inline(always)]
unsafe fn tile_product<V: Vector, const R: usize, const N: usize>(
    weights: Span<'_, V::E>,
    inputs: usize,
    x: Span<'_, V::E>,
    out: SpanMut<'_, V::E>,
    place: Place,
) {
    // SAFETY: weights and bias of an output, inputs and outputs of a batch
    // column lie where `pack` and the shapes say.
    unsafe {
        let mut sums = [[V::splat(V::E::default()); N]; R];
        for r in 0..R {
            sums[r] = [weights.splat(place.first + r); N];
        }
        for k in 0..inputs {
            let mut values = [sums[0][0]; N];
            for v in 0..N {
                values[v] = x.vector(k * place.width + place.column + v * V::LANES);
            }
            for r in 0..R {
                let weight: V = weights.splat((1 + k) * place.rows + place.first + r);
                for v in 0..N {
                    sums[r][v] = weight.mul_add(values[v], sums[r][v]);
                }
            }
        }
        for r in 0..R {
            for v in 0..N {
                let at = (place.first + r) * place.width + place.column + v * V::LANES;
                out.put(at, sums[r][v]);
            }
        }
    }
}
