//! Fields as filled contours or cells, and their scale of colours.

use super::frame::Frame;
use super::pen::{Align, Pen, tenth};
use super::ticks::Ticks;
use super::{Field, look};
use kuva::plot::ColorMap;

/// Colours of cells; few enough that runs of equal cells become one.
const SHADES: usize = 48;
/// Those of values of both signs: an odd number, so that one of them is zero's.
const SIGNED_SHADES: usize = 49;

/// Draws the field and what its colours mean.
pub(super) fn draw(field: &Field, frame: &Frame, pen: &mut Pen) {
    let values = || field.rows.iter().flatten().copied();
    let met = [values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max)];
    let [low, high] = field.range.unwrap_or(met);
    let high = if high > low { high } else { low + low.abs().max(1.0) };
    let of_cells = if field.signed { SIGNED_SHADES } else { SHADES };
    let shades = field.contours.unwrap_or(of_cells).clamp(2, 256);
    let shade = |at: usize| field.colour((at as f64 + 0.5) / shades as f64);
    let [left, top] = [frame.x.start, frame.y.end];
    pen.rectangle([left, top], [frame.x.end - left, frame.y.start - top], &shade(0), None);
    for at in 1..shades {
        let level = low + (high - low) * at as f64 / shades as f64;
        let outline = match field.contours {
            Some(_) => above(field, frame, level),
            None => {
                cells(field, frame, level, (at + 1 < shades).then(|| level + (high - low) / shades as f64))
            }
        };
        if !outline.is_empty() {
            pen.fill(outline, &shade(at), None);
        }
    }
    bar(field, frame, pen, [low, high], shades);
}

impl Field {
    /// The colour at a share of the scale.
    fn colour(&self, share: f64) -> String {
        if self.signed { diverging(share) } else { colour(share) }
    }
}

/// Viridis: even in lightness, also for those who do not see red and green.
pub(super) fn colour(share: f64) -> String {
    ColorMap::Viridis.map(share.clamp(0.0, 1.0))
}

/// ColorBrewer's blue and red around white, which those who do not see red and
/// green tell apart too.
fn diverging(share: f64) -> String {
    ColorMap::RedBlue.map(1.0 - share.clamp(0.0, 1.0))
}

fn bar(field: &Field, frame: &Frame, pen: &mut Pen, [low, high]: [f64; 2], shades: usize) {
    let (left, width) = (frame.x.end + 14.0, 16.0);
    let (top, bottom) = (frame.y.end, frame.y.start);
    let place = |share: f64| bottom + share * (top - bottom);
    for at in 0..shades {
        let ends = [place((at + 1) as f64 / shades as f64), place(at as f64 / shades as f64)];
        // A little too tall, so that no white shows between two.
        let height = ends[1] - ends[0] + if at > 0 { 0.5 } else { 0.0 };
        pen.rectangle(
            [left, ends[0]],
            [width, height],
            &field.colour((at as f64 + 0.5) / shades as f64),
            None,
        );
    }
    for (value, label) in Ticks::linear(low, high, 5).major {
        let y = place((value - low) / (high - low));
        pen.line([left + width, y], [left + width + 4.0, y], look::INK, 1.0);
        pen.text([left + width + 8.0, y + 5.0], &label, look::TICK_SIZE, Align::Left);
    }
    pen.text([look::SIZE[0] - 18.0, top - 20.0], &field.label, look::LABEL_SIZE, Align::Right);
}

/// Where the field is at least `level`: full cells in runs, and the cut part of
/// the others, with the cut where a linear function has the level.
fn above(field: &Field, frame: &Frame, level: f64) -> String {
    let xs: Vec<f64> = field.x.iter().map(|&x| frame.x.at(x)).collect();
    let ys: Vec<f64> = field.y.iter().map(|&y| frame.y.at(y)).collect();
    let mut path = String::new();
    for j in 0..ys.len().saturating_sub(1) {
        let mut run: Option<f64> = None;
        for i in 0..xs.len().saturating_sub(1) {
            let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
                .map(|(i, j)| (xs[i], ys[j], field.rows[j][i] - level));
            if corners.iter().all(|corner| corner.2 >= 0.0) {
                run.get_or_insert(xs[i]);
                continue;
            }
            if let Some(start) = run.take() {
                rectangle(&mut path, [start, xs[i]], [ys[j], ys[j + 1]]);
            }
            cut(&mut path, &corners);
        }
        if let Some(start) = run {
            rectangle(&mut path, [start, xs[xs.len() - 1]], [ys[j], ys[j + 1]]);
        }
    }
    path
}

/// The part of a cell where the height of its corners is not negative.
fn cut(path: &mut String, corners: &[(f64, f64, f64); 4]) {
    let mut inside = Vec::new();
    for at in 0..4 {
        let (from, to) = (corners[at], corners[(at + 1) % 4]);
        if from.2 >= 0.0 {
            inside.push((from.0, from.1));
        }
        if (from.2 >= 0.0) != (to.2 >= 0.0) {
            let share = from.2 / (from.2 - to.2);
            inside.push((from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1)));
        }
    }
    if inside.len() > 2 {
        *path += &super::pen::outline(&inside);
    }
}

/// Cells from `level` to below `next`, runs of a row in one piece.
fn cells(field: &Field, frame: &Frame, level: f64, next: Option<f64>) -> String {
    let rows = field.rows.len() as f64;
    let mut path = String::new();
    let edges = |from: f64, to: f64, at: f64| from + (to - from) * at;
    for (j, row) in field.rows.iter().enumerate() {
        let ys = [0.0, 1.0].map(|add| edges(frame.y.start, frame.y.end, (j as f64 + add) / rows));
        let mut start = 0;
        while start < row.len() {
            let within = |value: f64| value >= level && next.is_none_or(|next| value < next);
            let length = row[start..].iter().take_while(|&&value| within(value)).count();
            if length > 0 {
                let mut xs = [start, start + length]
                    .map(|i| edges(frame.x.start, frame.x.end, i as f64 / row.len() as f64));
                // A little too wide, so that what lies below does not shine through.
                xs[1] = (xs[1] + 0.4).min(frame.x.end);
                rectangle(&mut path, xs, [ys[0], (ys[1] - 0.4).max(frame.y.end)]);
            }
            start += length.max(1);
        }
    }
    path
}

fn rectangle(path: &mut String, xs: [f64; 2], ys: [f64; 2]) {
    let [left, right] = xs.map(tenth);
    let [bottom, top] = ys.map(tenth);
    *path += &format!("M{left} {bottom}H{right}V{top}H{left}Z");
}
