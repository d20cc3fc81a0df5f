//! The folder of a sweep, locked against a second process.

use crate::answer::tell;
use crate::run::folder::{lock, write_atomically};
use crate::sweep::plan::POINTS;
use crate::sweep::{Plan, Point, SweepFile};
use anyhow::{Context, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The lock is held as long as this value lives.
pub(super) struct SweepFolder {
    path: PathBuf,
    _lock: File,
}

impl SweepFolder {
    /// Opens a folder: a new one, or with `resume` a used one.
    ///
    /// # Errors
    /// When it is used and `resume` is not asked for, another process works in
    /// it, or it cannot be written.
    pub(super) fn open(path: &Path, resume: bool) -> Result<Self> {
        if path.exists() && !path.is_dir() {
            bail!("{}: this is a file; the output of a sweep is a folder", path.display());
        }
        if path.join("config.toml").exists() {
            bail!("{}: this is the folder of a run; a sweep needs one of its own", path.display());
        }
        fs::create_dir_all(path)
            .with_context(|| format!("cannot create the folder of the sweep {}", path.display()))?;
        let lock = lock(path)?;
        if path.join(POINTS).exists() && !resume {
            bail!(
                "{}: a sweep is in this folder already; continue it with --resume, or choose another folder \
                 with --out",
                path.display()
            );
        }
        Ok(SweepFolder { path: path.to_path_buf(), _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the runs and the file they were made from. Says what is new in a
    /// folder that had others: those stay where they are.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(super) fn keep(&self, plan: &Plan, file: Option<&SweepFile>) -> Result<()> {
        let Some(file) = file else { return Ok(()) };
        if let Some(before) = Plan::read(&self.path)? {
            let missing =
                |from: &Plan, point: &&Point| from.points.iter().all(|other| other.name != point.name);
            let new = plan.points.iter().filter(|point| missing(&before, point)).count();
            let gone = before.points.iter().filter(|point| missing(plan, point)).count();
            if new + gone > 0 {
                tell(format_args!(
                    "the sweep has changed: {new} runs are new, {gone} are no longer part of it (their folders \
                     stay)"
                ));
            }
        }
        write_atomically(&self.path.join("sweep.toml"), file.source.text.as_bytes())?;
        plan.write(&self.path)
    }
}
