//! What to make, and the parameters of the released pictures.

use crate::error::{DataError, Result};

/// How long the contours are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difficulty {
    /// Contours of 6 paddles.
    Easy,
    /// Contours of 9 paddles.
    Intermediate,
    /// Contours of 14 paddles; what everybody reports.
    Hard,
}

impl Difficulty {
    /// Name of its folder.
    pub fn folder(self) -> &'static str {
        match self {
            Difficulty::Easy => "curv_baseline",
            Difficulty::Intermediate => "curv_contour_length_9",
            Difficulty::Hard => "curv_contour_length_14",
        }
    }
}

/// What to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathfinderSettings {
    /// Seed of everything.
    pub seed: u64,
    /// Number of pictures; the release has 200 000.
    pub pictures: u64,
    /// Side in pixels: 32, 64, 128 (Path-X) or 256.
    pub side: usize,
    /// Length of the contours.
    pub difficulty: Difficulty,
}

impl PathfinderSettings {
    /// The parameters of these pictures.
    ///
    /// # Errors
    /// [`DataError::Setting`] when there are none for this side.
    pub(super) fn parameters(&self) -> Result<Parameters> {
        if !(1..=10_000_000).contains(&self.pictures) {
            let reason = format!("{} pictures; takes 1 to 10000000", self.pictures);
            return Err(DataError::Setting { setting: "pictures".into(), reason });
        }
        let (contour, share) = match self.difficulty {
            Difficulty::Easy => (6, 2),
            Difficulty::Intermediate => (9, 3),
            Difficulty::Hard => (14, 4),
        };
        let parameters = |distractors: usize, base: Parameters| Parameters {
            contour,
            distractor: contour / 3,
            distractors: distractors / share,
            side: self.side,
            ..base
        };
        Ok(match self.side {
            32 => parameters(20, R32),
            64 => parameters(22, R64),
            128 => parameters(35, R128),
            256 => parameters(30, R256),
            other => {
                let reason = format!("pictures of side {other}; the published sides are 32, 64, 128 and 256");
                return Err(DataError::Setting { setting: "side".into(), reason });
            }
        })
    }

    pub(super) fn recipe(&self) -> String {
        format!(
            "pathfinder 1: seed {}, pictures {}, side {}, {}",
            self.seed,
            self.pictures,
            self.side,
            self.difficulty.folder()
        )
    }
}

/// Parameters of the published generator. Lengths are in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters {
    pub(super) side: usize,
    /// Width of the border that no contour enters.
    pub(super) padding: usize,
    /// Possible gaps between paddles; one is drawn for each picture.
    pub(super) margins: &'static [i32],
    pub(super) paddle_length: i32,
    pub(super) paddle_thickness: f64,
    /// Distance of the origins of the two long contours.
    pub(super) seed_distance: i32,
    pub(super) marker_radius: f64,
    /// Turns of 90 degrees divided by this and more do not occur.
    pub(super) continuity: f64,
    /// Paddles of the two long contours.
    pub(super) contour: usize,
    /// Paddles of a short contour.
    pub(super) distractor: usize,
    /// Wanted number of short contours.
    pub(super) distractors: usize,
    /// Brightness of a contour.
    pub(super) contour_contrast: f32,
    /// Brightness of the long contours' paddles relative to that.
    pub(super) paddle_contrast: f32,
}

const R32: Parameters = Parameters {
    side: 32,
    padding: 1,
    margins: &[1],
    paddle_length: 2,
    paddle_thickness: 0.5,
    seed_distance: 7,
    marker_radius: 1.5,
    continuity: 1.0,
    contour: 0,
    distractor: 0,
    distractors: 0,
    contour_contrast: 2.0,
    paddle_contrast: 0.75,
};
const R64: Parameters = Parameters {
    paddle_length: 5,
    paddle_thickness: 1.0,
    seed_distance: 12,
    marker_radius: 2.5,
    continuity: 1.8,
    contour_contrast: 0.8,
    paddle_contrast: 1.0,
    ..R32
};
const R128: Parameters = Parameters {
    margins: &[2, 3],
    paddle_thickness: 1.5,
    seed_distance: 20,
    marker_radius: 3.0,
    contour_contrast: 0.9,
    ..R64
};
const R256: Parameters = Parameters {
    padding: 22,
    margins: &[3],
    paddle_thickness: 2.0,
    seed_distance: 27,
    marker_radius: 5.0,
    contour_contrast: 1.0,
    ..R64
};
