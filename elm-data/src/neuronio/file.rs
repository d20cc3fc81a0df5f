//! A published file and its compact copy.

use super::packed::{Packed, pack};
use super::pickled::Pickled;
use super::simulation::Simulation;
use crate::copies::{Stamp, is_about, places};
use crate::digest::hex;
use crate::error::Result;
use crate::files::{self, missing};
use std::path::{Path, PathBuf};

/// A file of simulations, read from a compact copy that is made when the file
/// is opened for the first time.
///
/// The copy lies beside the file with the ending `.neuronio`, or, where
/// nothing can be written there, in `$XDG_CACHE_HOME/elm` (`~/.cache/elm`).
pub struct NeuronFile {
    path: PathBuf,
    packed: Packed,
}

impl NeuronFile {
    /// Opens a published file.
    ///
    /// # Errors
    /// [`DataError`](crate::DataError) when it is missing or damaged, or the
    /// copy cannot be written.
    pub fn open(path: &Path) -> Result<Self> {
        files::open(path, "a pickle of NeuronIO")?;
        let stamp = Stamp::of(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut refused = None;
        for to in places(path, &name, "neuronio") {
            if let Ok(packed) = Packed::open(&to)
                && packed.stamp == stamp
            {
                return Ok(NeuronFile { path: path.to_path_buf(), packed });
            }
            match convert(path, stamp, &to) {
                Ok(()) => return Ok(NeuronFile { path: path.to_path_buf(), packed: Packed::open(&to)? }),
                Err(error) if is_about(&error, path) => return Err(error),
                Err(error) => refused = Some(error),
            }
        }
        Err(refused
            .unwrap_or_else(|| missing(path, "there is no folder for a compact copy; set XDG_CACHE_HOME")))
    }

    /// The published file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The compact copy.
    pub fn copy(&self) -> &Path {
        &self.packed.path
    }

    /// Number of dendritic segments; there are two input channels for each.
    pub fn segments(&self) -> usize {
        self.packed.segments
    }

    /// Time steps of each simulation, 1 ms each.
    pub fn steps(&self) -> usize {
        self.packed.steps
    }

    /// Number of simulations.
    pub fn simulations(&self) -> usize {
        self.packed.simulations
    }

    /// SHA-256, in lower-case letters, of what is used of the file.
    pub fn digest(&self) -> String {
        hex(&self.packed.digest)
    }

    /// Reads all simulations.
    ///
    /// # Errors
    /// When the copy is damaged or cannot be read any more.
    pub fn read(&self) -> Result<Vec<Simulation>> {
        self.packed.read()
    }
}

fn convert(path: &Path, stamp: Stamp, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        files::make_folder(folder)?;
    }
    pack(&Pickled::open(path)?, stamp, to)
}
