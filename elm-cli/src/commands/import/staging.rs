//! A run folder in the making, inside of the one that it becomes: what is not
//! finished is in nobody's way.

use crate::run::RunFolder;
use anyhow::{Context, Result};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// How the names of such folders begin.
const PREFIX: &str = ".import-";

/// A folder that is removed with all that is in it, unless it was moved out.
pub(super) struct Staging {
    // Unlocked before it is removed.
    pub(super) folder: RunFolder,
    place: TempDir,
}

impl Staging {
    /// Makes one inside of a run folder, in the place of those that were left
    /// behind when a process was killed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn below(run: &Path) -> Result<Self> {
        let cannot = || format!("cannot write into the run folder {}", run.display());
        for entry in fs::read_dir(run).with_context(cannot)? {
            let entry = entry.with_context(cannot)?;
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                fs::remove_dir_all(entry.path()).with_context(cannot)?;
            }
        }
        let place = tempfile::Builder::new().prefix(PREFIX).tempdir_in(run).with_context(cannot)?;
        Ok(Staging { folder: RunFolder::for_training(place.path(), false)?, place })
    }

    /// Moves all to where it belongs; the settings, without which there is no
    /// run, come last.
    ///
    /// # Errors
    /// When something cannot be moved.
    pub(super) fn move_out(self, run: &Path) -> Result<()> {
        let staged = self.place.path();
        let source = run.join("source");
        fs::create_dir_all(&source).with_context(|| format!("cannot create {}", source.display()))?;
        let mut names: Vec<String> = vec!["run.json".into(), "vocabulary.json".into()];
        for entry in fs::read_dir(staged.join("source")).with_context(|| "cannot read the sources")? {
            let entry = entry.with_context(|| "cannot read the sources")?;
            names.push(format!("source/{}", entry.file_name().to_string_lossy()));
        }
        names.extend(["checkpoints".into(), "config.toml".into()]);
        for name in names.iter().filter(|name| staged.join(name).exists()) {
            let to = run.join(name);
            fs::rename(staged.join(name), &to).with_context(|| format!("cannot write {}", to.display()))?;
        }
        Ok(())
    }
}
