//! A small matrix times the batch: the MLP's work, forward and backward.
//!
//! Weights are packed in panels of outputs, column by column, so that they are
//! read in one straight line while a panel's sums stay in registers. Batch
//! rows lie in the lanes of vectors and each weight is broadcast; but where a
//! row is only half as wide as the processor's vectors, outputs lie in the
//! lanes, inputs are broadcast, and sums are transposed at the end.

use super::ahead::Ahead;
use super::simd::{BLOCK, Element, Vector};
use super::span::{Span, SpanMut};
use super::tiles::with_count;
use std::ops::Range;

/// Batch rows of a tile with outputs in the lanes.
const COLUMNS: usize = BLOCK;

/// Inputs between turns of fetching; see `ahead` for how many turns that
/// makes. Not tuned apart from them.
const EVERY: usize = 8;

/// How the outputs of matrices are divided into panels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Panels {
    /// Lanes of a batch row's vectors.
    lanes: usize,
    /// Lanes of the widest vectors.
    widest: usize,
}

impl Panels {
    /// The division for so many lanes in a batch row's vectors and in the
    /// widest.
    #[inline(always)]
    pub(super) fn new(lanes: usize, widest: usize) -> Self {
        Panels { lanes, widest }
    }

    /// Do the outputs of a matrix lie in the lanes? Where a batch row fills
    /// half a vector only, a wide vector of outputs for eight batch rows takes
    /// as many steps as eight outputs in narrow vectors; sums have to be
    /// transposed, too.
    ///
    /// So padding may take up to 1.6 of the factor 2, an estimate. With it the
    /// spike network's forward pass took 14 % less than with outputs in the
    /// lanes always; with outputs in the lanes the text neuron's forward step
    /// fell from 1.45 to 1.22 microseconds.
    #[inline(always)]
    fn outputs_in_lanes(self, outputs: usize) -> bool {
        let possible = self.lanes == COLUMNS && self.widest == 2 * COLUMNS;
        possible && outputs.next_multiple_of(self.widest) * 5 < outputs * 8
    }

    /// Panels are multiples of so many outputs, and have at most so many of
    /// these: the sums of a tile, its inputs and weights fit the registers,
    /// sixteen or, with outputs in the lanes, thirty-two.
    #[inline(always)]
    fn grains(self, outputs: usize) -> (usize, usize) {
        if self.outputs_in_lanes(outputs) { (self.widest, 3) } else { (1, 12) }
    }

    /// Rows that the result of a matrix with so many outputs takes.
    #[inline(always)]
    pub(super) fn padded(self, outputs: usize) -> usize {
        outputs.next_multiple_of(self.grains(outputs).0)
    }

    /// Numbers in a packed matrix and its bias.
    pub(super) fn packed_len(self, inputs: usize, outputs: usize) -> usize {
        self.padded(outputs) * (inputs + 1)
    }

    /// Number of panels, as even as possible.
    #[inline(always)]
    fn count(self, outputs: usize) -> usize {
        let (grain, most) = self.grains(outputs);
        outputs.div_ceil(grain).div_ceil(most)
    }

    /// Rows of panel `i`.
    #[inline(always)]
    fn rows(self, outputs: usize, i: usize) -> Range<usize> {
        let (grain, count) = (self.grains(outputs).0, self.count(outputs));
        let grains = outputs.div_ceil(grain);
        grains * i / count * grain..grains * (i + 1) / count * grain
    }
}

/// Packs `weight(output, input)` and `bias(output)`; rows beyond the outputs
/// are zero.
pub(super) fn pack<E: Element>(
    inputs: usize,
    outputs: usize,
    panels: Panels,
    weight: impl Fn(usize, usize) -> E,
    bias: impl Fn(usize) -> E,
    packed: &mut [E],
) {
    let mut places = packed.iter_mut();
    for i in 0..panels.count(outputs) {
        let rows = panels.rows(outputs, i);
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
/// `x`: `[inputs, width]`, `out`: `[padded(outputs), width]`.
///
/// # Safety
/// `packed` holds [`Panels::packed_len`] numbers in the panels of these
/// vectors, `width` is a multiple of `V::LANES`, the spans have these shapes,
/// and the processor has the vectors' instructions.
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
    let panels = Panels::new(V::LANES, W::LANES);
    let mut start = 0;
    for i in 0..panels.count(outputs) {
        let rows = panels.rows(outputs, i);
        let len = rows.len() * (inputs + 1);
        // SAFETY: panels lie one after the other and fill `packed`; the rows
        // of a panel are rows of `out`.
        unsafe {
            let weights = packed.part(start, len);
            let out = out.part(rows.start * width, rows.len() * width);
            if panels.outputs_in_lanes(outputs) {
                lane_panel::<W>(weights, inputs, rows.len(), x, out, width, ahead);
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
            let tile = OutputTile { rows, first, column, width };
            // SAFETY: the caller's promise; the tile's rows are the panel's.
            unsafe {
                with_count!(
                    end - first,
                    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
                    tile_product::<V, R, N>(weights, inputs, x, out, tile)
                );
            }
        }
    }
}

/// Where a tile lies in its panel and in the batch.
#[derive(Clone, Copy)]
struct OutputTile {
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
    tile: OutputTile,
) {
    // SAFETY: weights and bias of an output, inputs and outputs of a batch
    // column lie where `pack` and the shapes say.
    unsafe {
        let mut sums = [[V::splat(V::E::default()); N]; R];
        for r in 0..R {
            sums[r] = [weights.splat(tile.first + r); N];
        }
        for k in 0..inputs {
            let mut values = [sums[0][0]; N];
            for v in 0..N {
                values[v] = x.vector(k * tile.width + tile.column + v * V::LANES);
            }
            for r in 0..R {
                let weight: V = weights.splat((1 + k) * tile.rows + tile.first + r);
                for v in 0..N {
                    sums[r][v] = weight.mul_add(values[v], sums[r][v]);
                }
            }
        }
        for r in 0..R {
            for v in 0..N {
                let at = (tile.first + r) * tile.width + tile.column + v * V::LANES;
                out.put(at, sums[r][v]);
            }
        }
    }
}

/// One panel with outputs in the lanes.
///
/// # Safety
/// As [`product`], for one to three vectors of outputs.
#[inline(always)]
unsafe fn lane_panel<W: Vector>(
    weights: Span<'_, W::E>,
    inputs: usize,
    rows: usize,
    x: Span<'_, W::E>,
    out: SpanMut<'_, W::E>,
    width: usize,
    ahead: &mut Ahead,
) {
    for column in (0..width).step_by(COLUMNS) {
        // SAFETY: the caller's promise.
        unsafe {
            match rows / W::LANES {
                1 => lane_tile::<W, 1>(weights, inputs, x, out, column, width, ahead),
                2 => lane_tile::<W, 2>(weights, inputs, x, out, column, width, ahead),
                3 => lane_tile::<W, 3>(weights, inputs, x, out, column, width, ahead),
                count => unreachable!("no tile of {count} vectors was compiled"),
            }
        }
    }
}

/// `N` vectors of outputs for eight batch rows.
///
/// # Safety
/// As [`lane_panel`]; the panel has `N` vectors of outputs.
#[inline(always)]
unsafe fn lane_tile<W: Vector, const N: usize>(
    weights: Span<'_, W::E>,
    inputs: usize,
    x: Span<'_, W::E>,
    out: SpanMut<'_, W::E>,
    column: usize,
    width: usize,
    ahead: &mut Ahead,
) {
    // SAFETY: as in `tile_product`.
    unsafe {
        let mut sums = [[W::splat(W::E::default()); COLUMNS]; N];
        for v in 0..N {
            sums[v] = [weights.vector(v * W::LANES); COLUMNS];
        }
        for k in 0..inputs {
            if k % EVERY == 0 {
                ahead.turn();
            }
            let mut columns = [sums[0][0]; N];
            for v in 0..N {
                columns[v] = weights.vector(((1 + k) * N + v) * W::LANES);
            }
            for b in 0..COLUMNS {
                let value: W = x.splat(k * width + column + b);
                for v in 0..N {
                    sums[v][b] = columns[v].mul_add(value, sums[v][b]);
                }
            }
        }
        for v in 0..N {
            out.put_columns(v * W::LANES * width + column, width, sums[v]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_cover_all_outputs_in_grains() {
        for outputs in 1..100 {
            for panels in [Panels::new(8, 16), Panels::new(8, 8), Panels::new(16, 16), Panels::new(1, 1)] {
                let rows: Vec<_> = (0..panels.count(outputs)).map(|i| panels.rows(outputs, i)).collect();
                let (grain, most) = panels.grains(outputs);
                assert!(rows.iter().all(|rows| rows.len() <= most * grain));
                assert!(rows.iter().all(|rows| rows.start.is_multiple_of(grain)));
                assert!(rows.into_iter().flatten().eq(0..panels.padded(outputs)));
            }
        }
    }
}
