//! A small matrix times the batch: the MLP's work, forward and backward.
//!
//! Batch rows lie in the lanes of vectors; each weight is broadcast. Weights
//! are packed in panels of outputs, column by column, so that they are read in
//! one straight line while a panel's sums stay in registers. Where a row is
//! only half as wide as the processor's vectors, two outputs share a vector:
//! their weights lie side by side and are broadcast as a pair.

use super::ahead::Ahead;
use super::simd::{Element, Vector, starts};
use super::span::{Span, SpanMut};
use std::ops::Range;

/// Most outputs in a panel, given the lanes of a batch row's vectors and of
/// the widest: with one vector of batch, their sums, a vector of input and a
/// weight fit the registers, sixteen or, with pairs, thirty-two.
#[inline(always)]
pub(super) fn most_outputs(lanes: usize, widest: usize) -> usize {
    if widest == 2 * lanes { 48 } else { 12 }
}

/// The outputs of each panel of a matrix: pairs of outputs, as even as
/// possible, at most `most` outputs each.
#[inline(always)]
fn panel(outputs: usize, most: usize, i: usize) -> Range<usize> {
    let pairs = outputs.div_ceil(2);
    let panels = panels(outputs, most);
    (pairs * i / panels * 2).min(outputs)..(pairs * (i + 1) / panels * 2).min(outputs)
}

#[inline(always)]
fn panels(outputs: usize, most: usize) -> usize {
    outputs.div_ceil(2).div_ceil(most / 2)
}

/// Rows that a matrix with so many outputs takes: an odd last one gets a
/// partner of zeros.
#[inline(always)]
pub(super) fn paired(outputs: usize) -> usize {
    outputs.next_multiple_of(2)
}

/// Numbers in a packed matrix and its bias.
pub(super) fn packed_len(inputs: usize, outputs: usize) -> usize {
    paired(outputs) * (inputs + 1)
}

/// Packs `weight(output, input)` and `bias(output)` in panels of up to `most`
/// outputs.
pub(super) fn pack<E: Element>(
    inputs: usize,
    outputs: usize,
    most: usize,
    weight: impl Fn(usize, usize) -> E,
    bias: impl Fn(usize) -> E,
    packed: &mut [E],
) {
    let mut places = packed.iter_mut();
    for i in 0..panels(outputs, most) {
        let rows = panel(outputs, most, i);
        let rows = rows.start..rows.start + paired(rows.len());
        for (row, place) in rows.clone().zip(&mut places) {
            *place = if row < outputs { bias(row) } else { E::default() };
        }
        for k in 0..inputs {
            for (row, place) in rows.clone().zip(&mut places) {
                *place = if row < outputs { weight(row, k) } else { E::default() };
            }
        }
    }
}

/// `out = bias + weight x`.
///
/// # Shapes
/// `x`: `[inputs, width]`, `out`: `[paired(outputs), width]`.
///
/// # Safety
/// `packed` holds [`packed_len`] numbers in panels of [`most_outputs`], `width` is a multiple of `V::LANES`, the spans have
/// these shapes, and the processor has the vectors' instructions.
#[inline(always)]
pub(super) unsafe fn product<V: Vector, W: Vector<E = V::E>>(
    packed: Span<'_, V::E>,
    inputs: usize,
    outputs: usize,
    x: Span<'_, V::E>,
    out: SpanMut<'_, V::E>,
    width: usize,
    ahead: &mut Ahead,
) {
    let pairs = W::LANES == 2 * V::LANES;
    let most = most_outputs(V::LANES, W::LANES);
    let mut start = 0;
    for i in 0..panels(outputs, most) {
        let rows = panel(outputs, most, i);
        let stride = paired(rows.len());
        let len = stride * (inputs + 1);
        // SAFETY: panels lie one after the other and fill `packed`; the rows
        // of a panel are rows of `out`.
        unsafe {
            let weights = packed.part(start, len);
            let out = out.part(rows.start * width, stride * width);
            if pairs {
                pair_panel::<V, W>(weights, inputs, stride, x, out, width);
            } else if width.is_multiple_of(2 * V::LANES) {
                panel_product::<V, 2>(weights, inputs, rows.len(), x, out, width);
            } else {
                panel_product::<V, 1>(weights, inputs, rows.len(), x, out, width);
            }
        }
        start += len;
        ahead.turn();
    }
}

/// Calls `$tile::<.., R, ..>` with `$count`, which is one of the given, as `R`.
macro_rules! with_count {
    ($count:expr, [$($n:literal),*], $tile:ident::<$a:ty, R, $b:tt> $arguments:tt) => {
        match $count {
            $($n => $tile::<$a, $n, $b> $arguments,)*
            _ => debug_assert!(false, "a tile of {} outputs", $count),
        }
    };
    ($count:expr, [$($n:literal),*], $tile:ident::<$a:ty, $b:ty, R> $arguments:tt) => {
        match $count {
            $($n => $tile::<$a, $b, $n> $arguments,)*
            _ => debug_assert!(false, "a tile of {} outputs", $count),
        }
    };
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
    let tile = V::TILE / N;
    let tiles = rows.div_ceil(tile);
    for column in (0..width).step_by(N * V::LANES) {
        for i in 0..tiles {
            let (first, end) = (rows * i / tiles, rows * (i + 1) / tiles);
            let place = Place { rows: paired(rows), first, column, width };
            // SAFETY: the caller's promise; the tile's rows are the panel's.
            unsafe {
                with_count!(
                    end - first,
                    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
                    tile_product::<V, R, N>(weights, inputs, x, out, place)
                );
            }
        }
    }
}

/// Where a tile lies in its panel and in the batch.
#[derive(Clone, Copy)]
struct Place {
    /// Outputs of the panel with an odd one's partner.
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

/// One panel of `rows / 2` pairs.
///
/// # Safety
/// As [`product`], `W` being twice as wide as `V`.
#[inline(always)]
unsafe fn pair_panel<V: Vector, W: Vector<E = V::E>>(
    weights: Span<'_, V::E>,
    inputs: usize,
    rows: usize,
    x: Span<'_, V::E>,
    out: SpanMut<'_, V::E>,
    width: usize,
) {
    for column in starts::<V>(width) {
        let place = Place { rows, first: 0, column, width };
        // SAFETY: the caller's promise.
        unsafe {
            with_count!(
                rows / 2,
                [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24],
                pair_tile::<V, W, R>(weights, inputs, x, out, place)
            );
        }
    }
}

/// `R` pairs of outputs for one half-width vector of batch.
///
/// # Safety
/// As [`pair_panel`]; the panel has `R` pairs.
#[inline(always)]
unsafe fn pair_tile<V: Vector, W: Vector<E = V::E>, const R: usize>(
    weights: Span<'_, V::E>,
    inputs: usize,
    x: Span<'_, V::E>,
    out: SpanMut<'_, V::E>,
    place: Place,
) {
    // SAFETY: as in `tile_product`; a pair's two rows follow each other.
    unsafe {
        let mut sums = [W::splat(V::E::default()); R];
        for r in 0..R {
            sums[r] = weights.splat_pair(2 * r);
        }
        for k in 0..inputs {
            let values: W = x.vector_twice(k * place.width + place.column);
            for r in 0..R {
                let weight: W = weights.splat_pair((1 + k) * place.rows + 2 * r);
                sums[r] = weight.mul_add(values, sums[r]);
            }
        }
        for r in 0..R {
            out.put_pair(2 * r * place.width + place.column, place.width, sums[r]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_cover_all_outputs_in_pairs() {
        for outputs in 1..100 {
            for most in [2, 12, 48] {
                let rows: Vec<_> = (0..panels(outputs, most)).map(|i| panel(outputs, most, i)).collect();
                assert!(rows.iter().all(|rows| rows.len() <= most && rows.start.is_multiple_of(2)));
                assert!(rows.into_iter().flatten().eq(0..outputs));
            }
        }
    }
}
