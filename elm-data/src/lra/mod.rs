//! The Long Range Arena: text and retrieval, and what they have in common with
//! [`crate::listops`], [`crate::cifar`] and [`crate::pathfinder`].

mod characters;
mod grouped;
mod pixels;
mod preparation;
mod retrieval;
mod reviews;

pub use grouped::Grouped;
pub use pixels::Pixels;
pub use preparation::Preparation;
pub(crate) use preparation::{EOS, SPECIALS, UNKNOWN, by_frequency};
pub use retrieval::Pairs;
pub use reviews::Reviews;

use std::path::{Path, PathBuf};

/// The folder that holds `probe`: `path` itself or, since unpackings of the
/// release (and S4's `$DATA`) differ in their folders, one of these names in or
/// below it.
pub(crate) fn locate(path: &Path, names: &[&str], probe: &str) -> PathBuf {
    let outer = ["", "lra_release", "lra_release/lra_release"].map(|outer| path.join(outer));
    let below = outer.iter().flat_map(|outer| names.iter().map(move |name| outer.join(name)));
    let places = std::iter::once(path.to_path_buf()).chain(below);
    places.into_iter().find(|place| place.join(probe).exists()).unwrap_or_else(|| path.to_path_buf())
}
