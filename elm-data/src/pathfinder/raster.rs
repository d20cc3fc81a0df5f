//! Drawing on square planes of bytes, twice as fine as the picture, and
//! bringing them to its size.

use std::ops::RangeInclusive;

/// Pixels of a fine plane per pixel of the picture.
pub(super) const FINE: i32 = 2;

/// A point or offset: row, column.
pub(super) type Point = (i32, i32);

/// The point at a distance in a direction; rounded up, as published.
pub(super) fn step(from: Point, angle: f64, distance: i32) -> Point {
    let along = |start: i32, share: f64| (f64::from(start) + f64::from(distance) * share).ceil() as i32;
    (along(from.0, angle.sin()), along(from.1, angle.cos()))
}

/// Offsets within a distance.
pub(super) fn disc(radius: i32) -> Vec<Point> {
    let square = (-radius..=radius).flat_map(|y| (-radius..=radius).map(move |x| (y, x)));
    square.filter(|(y, x)| y * y + x * x <= radius * radius).collect()
}

/// A plane with a straight line of some width, 255 on 0, without soft edges.
pub(super) fn line(side: usize, from: Point, to: Point, width: i32) -> Vec<u8> {
    let mut plane = vec![0; side * side];
    let mut paint = |y: i32, columns: RangeInclusive<i32>| {
        let inside = columns.filter(|x| (0..side as i32).contains(&y) && (0..side as i32).contains(x));
        inside.for_each(|x| plane[y as usize * side + x as usize] = 255);
    };
    if width == 1 {
        let (dy, dx) = (to.0 - from.0, to.1 - from.1);
        let steps = dy.abs().max(dx.abs());
        for step in 0..=steps {
            let part = |change: i32| (f64::from(change * step) / f64::from(steps.max(1))).round() as i32;
            let x = from.1 + part(dx);
            paint(from.0 + part(dy), x..=x);
        }
    } else {
        let corners = corners(from, to, width);
        let (rows, last) = (corners.map(|corner| corner.0), [1, 2, 3, 0]);
        for y in rows.into_iter().min().unwrap_or(0)..=rows.into_iter().max().unwrap_or(0) {
            let sides = (0..4).filter_map(|side| crossing(corners[side], corners[last[side]], y));
            let (left, right) = sides.fold((f64::MAX, f64::MIN), |(left, right), (first, second)| {
                (left.min(first).min(second), right.max(first).max(second))
            });
            paint(y, (left + 0.5).floor() as i32..=(right - 0.5).ceil() as i32);
        }
    }
    plane
}

/// Corners of a wide line, whole pixels as Pillow has them; an odd pixel of an
/// even width lies on one side.
fn corners(from: Point, to: Point, width: i32) -> [Point; 4] {
    let (dy, dx) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    let half_down = |value: f64| value.signum() * (value.abs() - 0.5).ceil().abs();
    let half = f64::from(width - 1) / 2.0;
    let (less, more) = (half_down(half) / dy.hypot(dx), half.round() / dy.hypot(dx));
    let before = ((more * dx).round() as i32, -half_down(less * dy) as i32);
    let behind = (-(less * dx).round() as i32, half_down(more * dy) as i32);
    let beside = |point: Point, by: Point| (point.0 + by.0, point.1 + by.1);
    [beside(from, before), beside(to, before), beside(to, behind), beside(from, behind)]
}

/// The columns in which a line crosses a row, if it does.
fn crossing(from: Point, to: Point, y: i32) -> Option<(f64, f64)> {
    if y < from.0.min(to.0) || y > from.0.max(to.0) {
        return None;
    }
    if from.0 == to.0 {
        return Some((from.1.into(), to.1.into()));
    }
    let share = f64::from(y - from.0) / f64::from(to.0 - from.0);
    let x = f64::from(from.1) + share * f64::from(to.1 - from.1);
    Some((x, x))
}

/// A plane with a filled circle, 255 on 0.
pub(super) fn circle(side: usize, centre: Point, radius: f64) -> Vec<u8> {
    let on = |place: usize| {
        let (y, x) = ((place / side) as i32 - centre.0, (place % side) as i32 - centre.1);
        f64::from(y * y + x * x) <= radius * radius
    };
    (0..side * side).map(|place| if on(place) { 255 } else { 0 }).collect()
}

/// The largest value among the pixels at some offsets of each pixel.
pub(super) fn dilate(plane: &[u8], side: usize, offsets: &[Point]) -> Vec<u8> {
    let mut wide = vec![0u8; plane.len()];
    let bright = plane.iter().enumerate().filter(|(_, value)| **value > 0);
    for (place, &value) in bright {
        for (dy, dx) in offsets {
            let (y, x) = ((place / side) as i32 - dy, (place % side) as i32 - dx);
            if (0..side as i32).contains(&y) && (0..side as i32).contains(&x) {
                let there = &mut wide[y as usize * side + x as usize];
                *there = value.max(*there);
            }
        }
    }
    wide
}

/// A smaller plane by Lanczos' filter, rows before columns, each rounded to
/// bytes (as Pillow does).
pub(super) fn shrink(plane: &[u8], side: usize, small: usize) -> Vec<u8> {
    let taps = taps(side, small);
    let byte = |sum: f64| (sum + 0.5).floor().clamp(0.0, 255.0) as u8;
    let narrow: Vec<u8> = plane
        .chunks_exact(side)
        .flat_map(|row| {
            taps.iter().map(move |(first, weights)| {
                byte(
                    row[*first..].iter().zip(weights).map(|(&value, weight)| f64::from(value) * weight).sum(),
                )
            })
        })
        .collect();
    let mut result = Vec::with_capacity(small * small);
    for (first, weights) in &taps {
        for column in 0..small {
            let values = narrow[first * small + column..].iter().step_by(small);
            result.push(byte(values.zip(weights).map(|(&value, weight)| f64::from(value) * weight).sum()));
        }
    }
    result
}

/// First pixel and weights of every pixel of a row made shorter.
fn taps(side: usize, small: usize) -> Vec<(usize, Vec<f64>)> {
    let scale = side as f64 / small as f64;
    let reach = 3.0 * scale;
    let sinc =
        |x: f64| if x == 0.0 { 1.0 } else { (x * std::f64::consts::PI).sin() / (x * std::f64::consts::PI) };
    let lanczos = |x: f64| if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 };
    let tap = |pixel: usize| {
        let centre = (pixel as f64 + 0.5) * scale;
        let first = (centre - reach + 0.5).max(0.0) as usize;
        let last = ((centre + reach + 0.5) as usize).min(side);
        let weights: Vec<f64> = (first..last).map(|x| lanczos((x as f64 - centre + 0.5) / scale)).collect();
        let sum: f64 = weights.iter().sum();
        (first, weights.into_iter().map(|weight| weight / sum).collect())
    };
    (0..small).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discs_have_as_many_pixels_as_published() {
        assert_eq!([1, 2, 3, 4, 6].map(|radius| disc(radius).len()), [5, 13, 29, 49, 113]);
    }

    /// Pixels of the published generator's markers.
    #[test]
    fn a_small_marker_has_the_published_pixels() {
        let known = [
            0, 0, 0, 0, 0, 0, 0, 0, 0, 27, 64, 3, 1, 0, 0, 27, 228, 255, 134, 2, 4, 0, 65, 255, 255, 191, 5,
            3, 0, 0, 133, 179, 56, 1, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 1, 3, 0, 0u8,
        ];
        let made = shrink(&circle(14, (6, 6), 3.0), 14, 7);
        for (made, known) in made.iter().zip(known) {
            assert!(made.abs_diff(known) <= 1, "{made} instead of {known}");
        }
    }

    #[test]
    fn lines_have_their_width_and_ends() {
        let count = |width, to| line(21, (10, 10), to, width).iter().filter(|&&level| level > 0).count();
        assert_eq!([1, 2, 3, 4].map(|width| count(width, (10, 16))), [7, 14, 21, 28]);
        assert_eq!([1, 2, 3, 4].map(|width| count(width, (4, 10))), [7, 14, 21, 28]);
        assert_eq!(count(1, (16, 16)), 7);
    }
}
