//! Making folders of pictures in the released layout.

use super::picture::PictureMaker;
use super::{PathfinderSettings, png};
use crate::error::{DataError, Result};
use crate::files;
use crate::making::{Making, Outcome, Watch, pool};
use rayon::prelude::*;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Pictures of a list, and of a folder.
const BATCH: u64 = 1000;
/// Pictures made and noted at once; a batch has a whole number of these.
const CHUNK: u64 = 100;

/// Writes pictures and their lists into an empty folder, below it in the one
/// of their difficulty, or continues where an earlier call with the same
/// settings was stopped. The pictures depend on the settings alone, not on
/// `threads` (0: as many as there are processors).
///
/// # Errors
/// When there are no published parameters for the settings, the folder holds
/// something else, or it cannot be written.
pub fn make(
    folder: &Path,
    settings: &PathfinderSettings,
    threads: usize,
    watch: Watch<'_>,
) -> Result<Outcome> {
    settings.parameters()?;
    let Some(making) = Making::begin(folder, settings.recipe())? else { return Ok(Outcome::Finished) };
    let writer = Writer {
        maker: PictureMaker::new(settings)?,
        root: folder.join(settings.difficulty.folder()),
        side: settings.side,
    };
    let pool = pool(threads)?;
    let [mut done, _] = making.recorded()?;
    pool.install(|| writer.write(0..done.min(settings.pictures), true))?;
    while done < settings.pictures {
        let until = (done + CHUNK).min(settings.pictures);
        pool.install(|| writer.write(done..until, false))?;
        if until.is_multiple_of(BATCH) || until == settings.pictures {
            writer.list((until - 1) / BATCH, until)?;
        }
        done = until;
        making.record([done, 0])?;
        if watch(done, settings.pictures).is_break() {
            return Ok(Outcome::Stopped);
        }
    }
    if writer.unfinished_lists().exists() {
        files::rename(&writer.unfinished_lists(), &writer.root.join("metadata"))?;
    }
    making.finish()?;
    Ok(Outcome::Finished)
}

struct Writer {
    maker: PictureMaker,
    root: PathBuf,
    side: usize,
}

impl Writer {
    /// Lists lie here until all pictures are there, so that nobody reads some
    /// for all.
    fn unfinished_lists(&self) -> PathBuf {
        self.root.join("metadata.part")
    }

    /// Writes pictures; `missing` only those that are not there, or empty
    /// since the power went.
    fn write(&self, indices: Range<u64>, missing: bool) -> Result<()> {
        for batch in indices.start / BATCH..indices.end.div_ceil(BATCH) {
            files::make_folder(&self.root.join(subfolder(batch)))?;
        }
        indices.into_par_iter().try_for_each(|index| {
            let path = self.root.join(subfolder(index / BATCH)).join(name(index));
            if missing && fs::metadata(&path).is_ok_and(|about| about.len() > 0) {
                return Ok(());
            }
            let picture = self.maker.picture(index);
            let bytes = png::write(&picture.levels, self.side).map_err(|error| DataError::Io {
                path: path.clone(),
                source: std::io::Error::other(error),
            })?;
            fs::write(&path, bytes).map_err(|source| files::io(&path, source))
        })
    }

    /// Writes the list of a batch whose last picture is before `end`.
    fn list(&self, batch: u64, end: u64) -> Result<()> {
        let parameters = self.maker.parameters();
        let mut text = String::new();
        for index in batch * BATCH..end {
            let plan = self.maker.plan(index);
            text += &format!(
                "{} {} {} {} {:?} {} {} {} {:?} {} 1\n",
                subfolder(batch),
                name(index),
                index % BATCH,
                plan.label,
                parameters.continuity,
                parameters.contour,
                parameters.distractor,
                parameters.paddle_length,
                parameters.paddle_thickness,
                plan.margin,
            );
        }
        files::make_folder(&self.unfinished_lists())?;
        files::replace(&self.unfinished_lists().join(format!("{batch}.npy")), text.as_bytes())
    }
}

fn subfolder(batch: u64) -> String {
    format!("imgs/{batch}")
}

fn name(index: u64) -> String {
    format!("sample_{}.png", index % BATCH)
}
