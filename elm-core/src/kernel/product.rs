//! A small matrix times the batch: the MLP's work, forward and backward.
//!
//! Weights are packed in panels of outputs, column by column, so that they are
//! read in one straight line while a panel's sums stay in registers. Batch
//! rows lie in the lanes of vectors and each weight is broadcast; but where a
//! row is only half as wide as the processor's vectors, outputs lie in the
//! lanes as far as they fill whole vectors, inputs are broadcast, and sums are
//! transposed at the end.

use super::ahead::{Ahead, between_turns};
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

/// Vectors of outputs in a panel, at most: their sums for eight batch rows, an
/// input and the weights fit thirty-two registers.
const VECTORS: usize = 3;

/// Outputs in a panel with batch in the lanes, at most: one tile of registers.
const ROWS: usize = 12;

/// Outputs that are computed together.
struct Panel {
    rows: Range<usize>,
    /// Do outputs lie in the lanes, or the batch?
    outputs_in_lanes: bool,
}

impl Panels {
    /// The division for so many lanes in a batch row's vectors and in the
    /// widest.
    #[inline(always)]
    pub(super) fn new(lanes: usize, widest: usize) -> Self {
        Panels { lanes, widest }
    }

    /// Vectors of outputs, the rest of which have batch in the lanes. Outputs
    /// can lie in the lanes where a batch row fills half a vector only. A wide
    /// vector of them takes as long as sixteen narrow ones of batch, so that a
    /// last vector filled up with zeros pays from about twelve outputs on.
    #[inline(always)]
    fn vectors(self, outputs: usize) -> usize {
        let possible = self.lanes == COLUMNS && self.widest == 2 * COLUMNS;
        if !possible {
            return 0;
        }
        outputs / self.widest + usize::from(outputs % self.widest > ROWS)
    }

    /// Rows that the result of a matrix with so many outputs takes.
    #[inline(always)]
    pub(super) fn padded(self, outputs: usize) -> usize {
        outputs.max(self.vectors(outputs) * self.widest)
    }

    /// Numbers in a packed matrix and its bias.
    #[inline(always)]
    pub(super) fn packed_len(self, inputs: usize, outputs: usize) -> usize {
        self.padded(outputs) * (inputs + 1)
    }

    /// Number of panels.
    #[inline(always)]
    fn count(self, outputs: usize) -> usize {
        let vectors = self.vectors(outputs);
        let rest = outputs.saturating_sub(vectors * self.widest);
        vectors.div_ceil(VECTORS) + rest.div_ceil(ROWS)
    }

    /// Panel `i`: those with outputs in the lanes first, all as even as
    /// possible.
    #[inline(always)]
    fn panel(self, outputs: usize, i: usize) -> Panel {
        let vectors = self.vectors(outputs);
        let (wide, in_lanes) = (vectors.div_ceil(VECTORS), vectors * self.widest);
        if i < wide {
            let rows = vectors * i / wide * self.widest..vectors * (i + 1) / wide * self.widest;
            return Panel { rows, outputs_in_lanes: true };
        }
        let rest = outputs.saturating_sub(in_lanes);
        let (i, count) = (i - wide, rest.div_ceil(ROWS));
        let rows = in_lanes + rest * i / count..in_lanes + rest * (i + 1) / count;
        Panel { rows, outputs_in_lanes: false }
    }
}

/// A matrix in the caller's memory.
#[derive(Clone, Copy)]
pub(super) enum Matrix<'a, E> {
    /// `[outputs, inputs]`
    ByOutputs(&'a [E]),
    /// `[inputs, outputs]`
    ByInputs(&'a [E]),
}

/// Packs a matrix with its bias, zero where there is none, panel by panel, each
/// column by column, the bias first; rows beyond the outputs are zero.
pub(super) fn pack<E: Element>(
    inputs: usize,
    outputs: usize,
    panels: Panels,
    matrix: Matrix<'_, E>,
    bias: Option<&[E]>,
    packed: &mut [E],
) {
    let mut packed = packed;
    for i in 0..panels.count(outputs) {
        let rows = panels.panel(outputs, i).rows;
        let (count, filled) = (rows.len(), rows.end.min(outputs) - rows.start);
        let (panel, others) = packed.split_at_mut(count * (inputs + 1));
        packed = others;
        panel.fill(E::default());
        let (first, columns) = panel.split_at_mut(count);
        if let Some(bias) = bias {
            first[..filled].copy_from_slice(&bias[rows.start..][..filled]);
        }
        match matrix {
            Matrix::ByInputs(weights) => {
                for (column, weights) in columns.chunks_exact_mut(count).zip(weights.chunks_exact(outputs)) {
                    column[..filled].copy_from_slice(&weights[rows.start..][..filled]);
                }
            }
            Matrix::ByOutputs(weights) => {
                for (r, row) in weights[rows.start * inputs..].chunks_exact(inputs).take(filled).enumerate() {
                    for (column, &weight) in columns.chunks_exact_mut(count).zip(row) {
                        column[r] = weight;
                    }
                }
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
        let Panel { rows, outputs_in_lanes } = panels.panel(outputs, i);
        let len = rows.len() * (inputs + 1);
        // SAFETY: panels lie one after the other and fill `packed`; the rows
        // of a panel are rows of `out`.
        unsafe {
            let weights = packed.part(start, len);
            let out = out.part(rows.start * width, rows.len() * width);
            if outputs_in_lanes {
                lane_panel::<W>(weights, inputs, rows.len(), x, out, width, ahead);
            } else if width.is_multiple_of(2 * V::LANES) {
                panel_product::<V, 2>(weights, inputs, rows.len(), x, out, width, ahead);
            } else {
                panel_product::<V, 1>(weights, inputs, rows.len(), x, out, width, ahead);
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
    ahead: &mut Ahead,
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
                    tile_product::<V, R, N>(weights, inputs, x, out, tile, ahead)
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
    ahead: &mut Ahead,
) {
    // SAFETY: weights and bias of an output, inputs and outputs of a batch
    // column lie where `pack` and the shapes say.
    unsafe {
        let mut sums = [[V::splat(V::E::default()); N]; R];
        for r in 0..R {
            sums[r] = [weights.splat(tile.first + r); N];
        }
        for some in between_turns(inputs, 2 * EVERY) {
            ahead.turn();
            for k in some {
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
                let rows: Vec<_> = (0..panels.count(outputs)).map(|i| panels.panel(outputs, i)).collect();
                for Panel { rows, outputs_in_lanes } in &rows {
                    let (grain, most) = if *outputs_in_lanes { (panels.widest, VECTORS) } else { (1, ROWS) };
                    assert!(rows.len() <= most * grain && rows.len().is_multiple_of(grain));
                }
                let rows = rows.into_iter().map(|panel| panel.rows);
                assert!(rows.flatten().eq(0..panels.padded(outputs)));
            }
        }
    }
}
