//! Data sets under way: what is made, by which recipe and how far, so that an
//! interrupted generation continues and nothing half-made is taken for good.
//!
//! While a folder is being filled it holds `making.txt`, afterwards
//! `recipe.txt`. The first line of both is the recipe.

use crate::error::{DataError, Result};
use crate::files;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Told now and then how much is done of how much; may stop the work, which a
/// later call with the same settings continues.
pub type Watch<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

/// How a generation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is there.
    Finished,
    /// Stopped by the [`Watch`].
    Stopped,
}

/// A folder that is being filled.
pub(crate) struct Making {
    folder: PathBuf,
    recipe: String,
}

impl Making {
    /// Starts or continues filling a folder; `None` when it is complete.
    ///
    /// # Errors
    /// [`DataError::Setting`] when the folder holds anything else.
    pub(crate) fn begin(folder: &Path, recipe: String) -> Result<Option<Self>> {
        let making = Making { folder: folder.to_path_buf(), recipe };
        let other = |what: String| DataError::Setting {
            setting: "out".into(),
            reason: format!("{} {what}; take another folder or empty it", folder.display()),
        };
        for (file, complete) in [(making.finished(), true), (making.unfinished(), false)] {
            if !file.exists() {
                continue;
            }
            let text = String::from_utf8_lossy(&files::read(&file, "a recipe", 1 << 16)?).into_owned();
            return match text.lines().next() {
                Some(line) if line == making.recipe => Ok((!complete).then_some(making)),
                line => Err(other(format!("was made by another recipe ({})", line.unwrap_or_default()))),
            };
        }
        files::make_folder(folder)?;
        let mut entries = fs::read_dir(folder).map_err(|source| files::io(folder, source))?;
        if entries.next().is_some() {
            return Err(other("is not empty".into()));
        }
        making.record([0, 0])?;
        Ok(Some(making))
    }

    fn finished(&self) -> PathBuf {
        self.folder.join("recipe.txt")
    }

    fn unfinished(&self) -> PathBuf {
        self.folder.join("making.txt")
    }

    /// Notes how far the work is, in two numbers of the caller's meaning.
    pub(crate) fn record(&self, [first, second]: [u64; 2]) -> Result<()> {
        let text = format!("{}\n{first} {second}\n", self.recipe);
        files::replace(&self.unfinished(), text.as_bytes())
    }

    /// The two numbers noted last.
    pub(crate) fn recorded(&self) -> Result<[u64; 2]> {
        let file = self.unfinished();
        let text = String::from_utf8_lossy(&files::read(&file, "a recipe", 1 << 16)?).into_owned();
        let numbers = text.lines().nth(1).map(|line| line.split(' ').map(str::parse).collect());
        match numbers {
            Some(Ok::<Vec<u64>, _>(numbers)) if numbers.len() == 2 => Ok([numbers[0], numbers[1]]),
            _ => {
                Err(files::format(&file, "line 2", "expected two numbers; empty the folder and start again"))
            }
        }
    }

    /// Declares the folder complete.
    pub(crate) fn finish(self) -> Result<()> {
        files::replace(&self.unfinished(), format!("{}\n", self.recipe).as_bytes())?;
        files::rename(&self.unfinished(), &self.finished())
    }
}

/// A pool of `threads` threads (0: as many as there are processors).
pub(crate) fn pool(threads: usize) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| DataError::Setting { setting: "threads".into(), reason: error.to_string() })
}
