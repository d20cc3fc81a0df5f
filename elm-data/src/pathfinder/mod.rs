//! Pathfinder: do the two marked ends belong to the same dashed contour?
//!
//! [`Pathfinder::load`] reads the released folders as sequences of pixels,
//! [`make`] makes such folders after the published generator (Linsley et al.
//! 2018, "Learning long-range spatial dependencies with horizontal gated
//! recurrent units"), whose randomness has no seed, so that only the
//! distribution can be made again.

mod make;
mod metadata;
mod parameters;
mod picture;
mod png;
mod raster;
mod read;
mod snake;
mod tiles;

pub use make::make;
pub use parameters::{Difficulty, PathfinderSettings};
pub use picture::{Picture, PictureMaker};
pub use read::Pathfinder;
