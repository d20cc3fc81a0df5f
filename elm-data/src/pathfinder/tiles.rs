//! Paddles in every direction they can have, drawn once.

use super::parameters::Parameters;
use super::raster::{FINE, Point, dilate, disc, line, shrink, step};
use std::f64::consts::PI;

/// A pixel of a tile: row and column from the paddle's start, and its value.
pub(super) type Pixel = (i32, i32, u8);

/// A paddle in one direction.
pub(super) struct Tile {
    /// The paddle itself.
    pub(super) line: Vec<Pixel>,
    /// The room it takes, with its margin.
    pub(super) mask: Vec<Pixel>,
}

/// A possible first paddle.
pub(super) struct Start {
    pub(super) angle: f64,
    pub(super) tile: usize,
    /// Offsets from a place that must be free for it to start there; empty when
    /// it cannot start anywhere.
    pub(super) probe: Vec<Point>,
}

/// A possible next paddle.
pub(super) struct Turn {
    /// From the pivot to its far end.
    pub(super) offset: Point,
    /// Its direction.
    pub(super) angle: f64,
    pub(super) tile: usize,
}

/// All paddles of one margin.
pub(super) struct Tiles {
    pub(super) tiles: Vec<Tile>,
    /// One for each degree from -180 to 179.
    pub(super) starts: Vec<Start>,
    pub(super) turns: Vec<Turn>,
    pub(super) margin: i32,
    /// Offsets within the margin.
    pub(super) margin_disc: Vec<Point>,
}

impl Tiles {
    pub(super) fn new(parameters: &Parameters, margin: i32) -> Self {
        let mut tiles = Vec::new();
        let mut add = |angle: f64| {
            tiles.push(Tile::new(parameters, margin, angle));
            tiles.len() - 1
        };
        let angles = (-180..180).map(|degrees| f64::from(degrees).to_radians());
        let mut starts: Vec<Start> =
            angles.map(|angle| Start { angle, tile: add(angle), probe: Vec::new() }).collect();
        let reach = parameters.paddle_length + margin;
        let turns = offsets(reach).into_iter().map(|offset| {
            let angle = f64::from(offset.0).atan2(f64::from(offset.1));
            // It is drawn from its far end back towards the pivot.
            Turn { offset, angle, tile: add(flip(angle)) }
        });
        let turns = turns.collect();
        for start in &mut starts {
            start.probe = probe(&tiles[start.tile], reach);
        }
        Tiles { tiles, starts, turns, margin, margin_disc: disc(margin) }
    }
}

impl Tile {
    fn new(parameters: &Parameters, margin: i32, angle: f64) -> Self {
        let (length, thickness) = (parameters.paddle_length, parameters.paddle_thickness);
        let radius = length + thickness.ceil() as i32 + margin;
        let centre = FINE * radius;
        let (fine, side) = ((2 * centre + 1) as usize, (2 * radius + 1) as usize);
        let width = (f64::from(FINE) * thickness).round() as i32;
        let end = step((centre, centre), angle, FINE * length);
        let paddle = line(fine, (centre, centre), end, width);
        let room = dilate(&paddle, fine, &disc(FINE * margin));
        let pixels = |plane: &[u8]| {
            let small = shrink(plane, fine, side);
            let bright = small.iter().enumerate().filter(|(_, value)| **value > 0);
            bright
                .map(|(place, &value)| {
                    ((place / side) as i32 - radius, (place % side) as i32 - radius, value)
                })
                .collect()
        };
        Tile { line: pixels(&paddle), mask: pixels(&room) }
    }
}

/// The opposite direction.
pub(super) fn flip(angle: f64) -> f64 {
    if angle < 0.0 { angle + PI } else { angle - PI }
}

/// Offsets of the pixels of a circle, in order of rows and columns.
fn offsets(reach: i32) -> Vec<Point> {
    let reach = f64::from(reach);
    let apart = 1.0 / reach;
    // Whole numbers are cut off at a place in the picture, far from 0.
    let cut = |share: f64| (1024.0 + reach * share) as i32 - 1024;
    let angles = (0..).map(|sample| f64::from(sample) * apart).take_while(|&angle| angle < 2.0 * PI);
    let mut offsets: Vec<Point> = angles.map(|angle| (cut(angle.sin()), cut(angle.cos()))).collect();
    offsets.sort_unstable();
    offsets.dedup();
    offsets
}

/// Where the fully opaque room of a paddle is that starts one pixel below and
/// right of a place, within a square around it.
///
/// Nothing when there is a corner of the picture from which all of it would lie
/// outside: the published generator takes that for a picture without free
/// places. These quirks make many directions impossible for the first paddles
/// of small pictures and are part of the distribution.
fn probe(tile: &Tile, reach: i32) -> Vec<Point> {
    let opaque = tile.mask.iter().filter(|(_, _, value)| *value == 255);
    let shifted = opaque.map(|&(y, x, _)| (y + 1, x + 1));
    let probe: Vec<Point> = shifted.filter(|(y, x)| y.abs() <= reach && x.abs() <= reach).collect();
    let corners = [(1, 1), (1, -1), (-1, 1), (-1, -1)];
    let inside = |(down, right): Point| probe.iter().any(|(y, x)| y * down >= 0 && x * right >= 0);
    if corners.into_iter().all(inside) { probe } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::super::{Difficulty, PathfinderSettings};
    use super::*;

    fn tiles(side: usize, margin: i32) -> Tiles {
        let settings = PathfinderSettings { seed: 0, pictures: 1, side, difficulty: Difficulty::Hard };
        Tiles::new(&settings.parameters().unwrap(), margin)
    }

    /// Pixels of the published generator's paddles.
    #[test]
    fn paddles_of_32_have_the_published_pixels() {
        let tiles = tiles(32, 1);
        let sorted = |degrees: usize| {
            let mut pixels = tiles.tiles[degrees + 180].line.clone();
            pixels.sort_unstable();
            pixels
        };
        assert_eq!(sorted(0), [(0, -2, 2), (0, 0, 102), (0, 1, 135), (0, 2, 116)]);
        assert_eq!(sorted(90), [(-2, 0, 2), (0, 0, 102), (1, 0, 147), (2, 0, 116)]);
    }

    #[test]
    fn circles_have_the_published_pixels() {
        assert_eq!(offsets(3).len(), 18);
        let samples = [3, 6, 7, 8].map(|reach| (2.0 * PI * f64::from(reach)).ceil());
        assert_eq!(samples, [19.0, 38.0, 44.0, 51.0]);
    }

    #[test]
    fn small_pictures_have_few_directions_to_start_in() {
        let possible =
            |side, margin| tiles(side, margin).starts.iter().filter(|start| !start.probe.is_empty()).count();
        // Counted with Pillow 13, whose fixed-point filter differs by a level now and then.
        for ((side, margin), known) in
            [(32, 1), (64, 1), (128, 2), (128, 3), (256, 3)].into_iter().zip([30, 95, 354, 360, 360])
        {
            assert!(possible(side, margin).abs_diff(known) <= 8, "{side}: {}", possible(side, margin));
        }
    }
}
