//! One picture: two long contours, short ones, and two markers.

use super::PathfinderSettings;
use super::parameters::Parameters;
use super::raster::{FINE, Point, circle, shrink};
use super::snake::{Paddle, Room, Rules, Snake};
use super::tiles::{Start, Tiles};
use crate::draws::Draws;
use crate::error::Result;

/// Attempts to place a short contour.
const SHORT_ATTEMPTS: usize = 5;

/// A made picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Grey levels, row by row.
    pub levels: Vec<u8>,
    /// 1 when both markers are on the same contour.
    pub label: u8,
    /// How often the long contours were begun.
    pub attempts: u64,
    /// How many short contours found room.
    pub distractors: usize,
}

/// Makes pictures by their index, in any order and from any thread.
pub struct PictureMaker {
    parameters: Parameters,
    seed: u64,
    /// For each margin.
    tiles: Vec<Tiles>,
}

/// What is drawn first for a picture.
pub(super) struct Plan {
    pub(super) label: u8,
    pub(super) margin: i32,
    /// Index of the margin.
    choice: usize,
    /// Which long contour has the first marker, at its origin.
    marked: usize,
    draws: Draws,
}

impl PictureMaker {
    /// Prepares the paddles.
    ///
    /// # Errors
    /// [`crate::DataError::Setting`] when there are no published parameters.
    pub fn new(settings: &PathfinderSettings) -> Result<Self> {
        let parameters = settings.parameters()?;
        let tiles = parameters.margins.iter().map(|&margin| Tiles::new(&parameters, margin)).collect();
        Ok(PictureMaker { parameters, seed: settings.seed, tiles })
    }

    pub(super) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    pub(super) fn plan(&self, index: u64) -> Plan {
        let mut draws = Draws::new(b"pathfind", self.seed, 0, index);
        let (label, marked) = (draws.below(2) as u8, draws.below(2) as usize);
        let choice = draws.below(self.tiles.len() as u32) as usize;
        Plan { label, margin: self.parameters.margins[choice], choice, marked, draws }
    }

    /// Picture `index` of the seed.
    pub fn picture(&self, index: u64) -> Picture {
        let Plan { label, choice, marked, mut draws, .. } = self.plan(index);
        let rules = Rules { parameters: &self.parameters, tiles: &self.tiles[choice] };
        let empty = Room::new(self.parameters.side, self.parameters.padding);
        let mut attempts = 0;
        let (snakes, mut room) = loop {
            attempts += 1;
            let mut room = empty.clone();
            if let Some(snakes) = long_contours(&rules, &mut room, &mut draws) {
                break (snakes, room);
            }
        };
        let mut image = vec![0f32; room.taken.len()];
        let contrast = self.parameters.contour_contrast;
        for snake in &snakes {
            self.draw(&mut image, rules.tiles, &snake.paddles, contrast * self.parameters.paddle_contrast);
        }
        let mut distractors = 0;
        for _ in 0..self.parameters.distractors {
            if let Some(paddles) = short_contour(&rules, &mut room, &mut draws) {
                self.draw(&mut image, rules.tiles, &paddles, contrast);
                distractors += 1;
            }
        }
        let other = if label == 1 { marked } else { 1 - marked };
        let origin = snakes[marked].paddles[0].1;
        for marker in [origin, snakes[other].tip] {
            self.mark(&mut image, marker);
        }
        Picture { levels: stretched(&image), label, attempts, distractors }
    }

    /// Draws paddles where they are brighter than what is there.
    fn draw(&self, image: &mut [f32], tiles: &Tiles, paddles: &[Paddle], contrast: f32) {
        let inside = 0..self.parameters.side as i32;
        for &(tile, start) in paddles {
            for &(y, x, value) in &tiles.tiles[tile].line {
                let (y, x) = (start.0 + y, start.1 + x);
                if inside.contains(&y) && inside.contains(&x) {
                    let pixel = &mut image[y as usize * self.parameters.side + x as usize];
                    *pixel = pixel.max(f32::from(value) / 255.0 * contrast);
                }
            }
        }
    }

    /// Draws a round marker.
    fn mark(&self, image: &mut [f32], at: Point) {
        let fine = FINE as usize * self.parameters.side;
        let radius = f64::from(FINE) * self.parameters.marker_radius;
        let disc = circle(fine, (FINE * at.0, FINE * at.1), radius);
        for (pixel, value) in image.iter_mut().zip(shrink(&disc, fine, self.parameters.side)) {
            *pixel = pixel.max(f32::from(value) / 255.0);
        }
    }
}

/// Two contours side by side, or `None` when one of them got stuck.
fn long_contours(rules: &Rules<'_>, room: &mut Room, draws: &mut Draws) -> Option<[Snake; 2]> {
    let distance = rules.parameters.seed_distance;
    let first = rules.seed(room, draws, |start, draws| middle(start, room.side, 2 * distance, draws))?;
    let origin = first.paddles[0].1;
    let second = rules.seed(room, draws, |_, draws| {
        let angle = f64::from(draws.below(360)).to_radians();
        let beside =
            |from: i32, share: f64| (f64::from(from) + f64::from(distance) * share).round_ties_even() as i32;
        Some((beside(origin.0, angle.sin()), beside(origin.1, angle.cos())))
    })?;
    let mut snakes = [first, second];
    for _ in 1..rules.parameters.contour {
        for snake in &mut snakes {
            if !rules.extend(room, snake, draws) {
                return None;
            }
        }
    }
    // As published, the last paddle of the first contour takes no room.
    rules.settle(room, &snakes[1]);
    Some(snakes)
}

/// A place in the middle of the picture from which a first paddle does not
/// reach into a band along the edges.
fn middle(start: &Start, side: i32, band: i32, draws: &mut Draws) -> Option<Point> {
    let mut choose = |reach: &dyn Fn(&Point) -> i32| {
        let least = start.probe.iter().map(reach).min()?;
        let most = start.probe.iter().map(reach).max()?;
        let (first, last) = ((band - least).max(0), (side - band - 1 - most).min(side - 1));
        (first <= last).then(|| first + draws.below((last - first + 1) as u32) as i32)
    };
    Some((choose(&|offset| offset.0)?, choose(&|offset| offset.1)?))
}

/// A short contour in the room that is left; gives up after some attempts.
fn short_contour(rules: &Rules<'_>, room: &mut Room, draws: &mut Draws) -> Option<Vec<Paddle>> {
    for _ in 0..SHORT_ATTEMPTS {
        let mut trial = room.clone();
        let seeded = rules.seed(room, draws, |start, draws| {
            let candidates = room.candidates(start);
            (!candidates.is_empty()).then(|| candidates[draws.below(candidates.len() as u32) as usize])
        });
        let Some(mut snake) = seeded else { continue };
        if (1..rules.parameters.distractor).all(|_| rules.extend(&mut trial, &mut snake, draws)) {
            rules.settle(&mut trial, &snake);
            *room = trial;
            return Some(snake.paddles);
        }
    }
    None
}

/// Levels from 0 at the darkest to 255 at the brightest pixel.
fn stretched(image: &[f32]) -> Vec<u8> {
    let (least, most) =
        image.iter().fold((f32::MAX, f32::MIN), |(least, most), &pixel| (least.min(pixel), most.max(pixel)));
    let scale = 255.0 / (most - least).max(f32::MIN_POSITIVE);
    image.iter().map(|pixel| ((pixel - least) * scale + 0.5) as u8).collect()
}
