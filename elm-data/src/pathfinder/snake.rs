//! Contours that grow paddle by paddle where there is room.

use super::parameters::Parameters;
use super::raster::{Point, step};
use super::tiles::{Start, Tile, Tiles, flip};
use crate::draws::Draws;
use std::f64::consts::{FRAC_PI_2, PI};

/// Values above are taken (0.3 of a byte's range).
const FREE: u8 = 76;
/// Rooms may overlap until their values add up to this (1.8 of that range).
const CROWDED: u32 = 459;
/// Tries to seed a contour, and to add a paddle.
const TRIES: usize = 3;

/// The room that is taken, 255 where it is wholly.
#[derive(Clone)]
pub(super) struct Room {
    pub(super) side: i32,
    pub(super) taken: Vec<u8>,
}

impl Room {
    /// Free but for a border.
    pub(super) fn new(side: usize, border: usize) -> Self {
        let inside = border..side - border;
        let free = |place: usize| inside.contains(&(place / side)) && inside.contains(&(place % side));
        let taken = (0..side * side).map(|place| if free(place) { 0 } else { 255 }).collect();
        Room { side: side as i32, taken }
    }

    pub(super) fn holds(&self, (y, x): Point) -> bool {
        (0..self.side).contains(&y) && (0..self.side).contains(&x)
    }

    fn place(&self, at: Point) -> Option<usize> {
        self.holds(at).then_some((at.0 * self.side + at.1) as usize)
    }

    /// Takes the room of a paddle.
    pub(super) fn take(&mut self, tile: &Tile, start: Point) {
        for &(y, x, value) in &tile.mask {
            if let Some(place) = self.place((start.0 + y, start.1 + x)) {
                self.taken[place] = self.taken[place].max(value);
            }
        }
    }

    /// Is there room for a paddle?
    fn has_room(&self, tile: &Tile, start: Point) -> bool {
        tile.mask.iter().all(|&(y, x, value)| {
            let place = self.place((start.0 + y, start.1 + x));
            place.is_none_or(|place| u32::from(self.taken[place]) + u32::from(value) < CROWDED)
        })
    }

    /// The largest value at some offsets of a point.
    fn most(&self, at: Point, offsets: &[Point]) -> u8 {
        let places = offsets.iter().filter_map(|(y, x)| self.place((at.0 + y, at.1 + x)));
        places.map(|place| self.taken[place]).max().unwrap_or(0)
    }

    /// Places where a paddle can start, away from the edge of the picture.
    /// None when less than a hundredth of the picture is free.
    pub(super) fn candidates(&self, start: &Start) -> Vec<Point> {
        let mut free: Vec<bool> = self.taken.iter().map(|&value| value <= FREE).collect();
        if start.probe.is_empty() || free.iter().filter(|free| **free).count() * 100 < free.len() {
            return Vec::new();
        }
        let last = self.side - 1;
        for (place, free) in free.iter_mut().enumerate() {
            let (y, x) = (place as i32 / self.side, place as i32 % self.side);
            *free &= (1..last).contains(&y) && (1..last).contains(&x);
        }
        let fits = |at: &Point| {
            let mut places = start.probe.iter().filter_map(|(y, x)| self.place((at.0 + y, at.1 + x)));
            places.all(|place| free[place])
        };
        (0..self.side).flat_map(|y| (0..self.side).map(move |x| (y, x))).filter(fits).collect()
    }
}

/// A paddle: which tile, and where.
pub(super) type Paddle = (usize, Point);

/// A contour.
pub(super) struct Snake {
    /// All its paddles; the last has not taken its room yet.
    pub(super) paddles: Vec<Paddle>,
    /// Its far end.
    pub(super) tip: Point,
    pivot: Point,
    angle: f64,
}

/// The paddles and rules of one picture.
pub(super) struct Rules<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) tiles: &'a Tiles,
}

impl Rules<'_> {
    /// A contour of one paddle of random direction at a place that `place`
    /// chooses; `None` when it finds none or they are too close to the edge.
    pub(super) fn seed(
        &self,
        room: &Room,
        draws: &mut Draws,
        mut place: impl FnMut(&Start, &mut Draws) -> Option<Point>,
    ) -> Option<Snake> {
        for _ in 0..TRIES {
            let start = &self.tiles.starts[draws.below(self.tiles.starts.len() as u32) as usize];
            let tail = place(start, draws)?;
            let length = self.parameters.paddle_length;
            let head = step(tail, start.angle, length);
            let pivot = step(head, flip(start.angle), length + self.tiles.margin);
            if room.holds(head) && room.holds(pivot) {
                return Some(Snake {
                    paddles: vec![(start.tile, tail)],
                    tip: head,
                    pivot,
                    angle: start.angle,
                });
            }
        }
        None
    }

    /// Adds a paddle; false when there is no room for one.
    pub(super) fn extend(&self, room: &mut Room, snake: &mut Snake, draws: &mut Draws) -> bool {
        let Tiles { tiles, turns, margin, .. } = self.tiles;
        let pivot = step(snake.pivot, snake.angle, self.parameters.paddle_length + 2 * margin);
        let shares = self.shares(room, pivot, snake.angle);
        let sum = shares.iter().sum::<f64>();
        if sum < 1e-4 {
            return false;
        }
        for _ in 0..TRIES {
            let mut left = draws.unit() * sum;
            let chosen = shares.iter().position(|share| {
                left -= share;
                left < 0.0
            });
            let Some(turn) = chosen.map(|chosen| &turns[chosen]) else { continue };
            let point = (pivot.0 + turn.offset.0, pivot.1 + turn.offset.1);
            if room.has_room(&tiles[turn.tile], point) {
                self.settle(room, snake);
                snake.paddles.push((turn.tile, point));
                (snake.pivot, snake.angle, snake.tip) = (pivot, turn.angle, point);
                return true;
            }
        }
        false
    }

    /// Takes the room of a contour's last paddle.
    pub(super) fn settle(&self, room: &mut Room, snake: &Snake) {
        if let Some(&(tile, start)) = snake.paddles.last() {
            room.take(&self.tiles.tiles[tile], start);
        }
    }

    /// Probability of each turn, not yet adding up to 1: straight on is
    /// likelier, and so is where there is room.
    fn shares(&self, room: &Room, pivot: Point, angle: f64) -> Vec<f64> {
        let share = |turn: &super::tiles::Turn| {
            let bend = (turn.angle - angle).abs() % (2.0 * PI);
            let bend = bend.min(2.0 * PI - bend) * self.parameters.continuity;
            let point = (pivot.0 + turn.offset.0, pivot.1 + turn.offset.1);
            if bend >= FRAC_PI_2 || !room.holds(point) {
                return 0.0;
            }
            bend.cos().powi(2) * (1.0 - f64::from(room.most(point, &self.tiles.margin_disc)) / 255.0)
        };
        self.tiles.turns.iter().map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Difficulty, PathfinderSettings};
    use super::*;

    /// Probabilities of the published generator.
    #[test]
    fn turns_are_as_likely_as_published() {
        let settings = PathfinderSettings { seed: 0, pictures: 1, side: 32, difficulty: Difficulty::Hard };
        let parameters = settings.parameters().unwrap();
        let tiles = Tiles::new(&parameters, 1);
        let rules = Rules { parameters: &parameters, tiles: &tiles };
        let shares = rules.shares(&Room::new(32, 0), (16, 16), 0.0);
        let sum: f64 = shares.iter().sum();
        let likely = tiles.turns.iter().zip(shares).filter(|(_, share)| share / sum > 1e-9);
        let found: Vec<_> = likely
            .map(|(turn, share)| {
                (turn.offset.0 + 16, turn.offset.1 + 16, (share / sum * 1000.0).round() as i32)
            })
            .collect();
        let known = [
            (13, 17, 23),
            (14, 18, 114),
            (15, 18, 182),
            (16, 18, 227),
            (16, 19, 227),
            (17, 18, 182),
            (18, 17, 45),
        ];
        assert_eq!(found, known);
    }
}
