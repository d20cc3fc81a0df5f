//! Sizes beyond any machine, refused before anything is multiplied.

use crate::error::{Error, Result};

/// Most inputs, units, width or classes. A square of them is still counted
/// without overflow, also when there are [`MOST_LAYERS`] layers of it.
const MOST: usize = 1 << 20;
/// Most layers.
const MOST_LAYERS: usize = 1000;

/// Checks sizes, each with the setting that gives it.
///
/// # Errors
/// [`Error::Config`] at the first that is 0 or too much.
pub(super) fn check(sizes: &[(&str, usize)]) -> Result<()> {
    within(sizes, MOST)
}

/// The same for numbers of layers.
///
/// # Errors
/// As [`check`].
pub(super) fn check_layers(layers: &[(&str, usize)]) -> Result<()> {
    within(layers, MOST_LAYERS)
}

fn within(sizes: &[(&str, usize)], most: usize) -> Result<()> {
    match sizes.iter().find(|(_, size)| !(1..=most).contains(size)) {
        None => Ok(()),
        Some((key, 0)) => Err(Error::config(*key, "must be at least 1")),
        Some((key, size)) => {
            Err(Error::config(*key, format!("{size} is too much: at most {most} are possible")))
        }
    }
}
