//! The folder of one run, locked against a second process.

use crate::config::RunConfig;
use anyhow::{Context, Result, bail};
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A run's folder; the lock is held as long as this value lives.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _lock: File,
}

impl RunFolder {
    /// Opens a folder for training: a new one, or with `resume` a used one.
    ///
    /// # Errors
    /// When the folder is used and `resume` is not asked for, another process
    /// trains in it, or it cannot be written.
    pub fn for_training(path: &Path, resume: bool) -> Result<Self> {
        if path.exists() && !path.is_dir() {
            bail!("{}: this is a file; the output of a run is a folder", path.display());
        }
        fs::create_dir_all(path)
            .with_context(|| format!("cannot create the run folder {}", path.display()))?;
        let lock = lock(path)?;
        let used = path.join("config.toml").exists() || path.join("metrics.jsonl").exists();
        if used && !resume {
            bail!(
                "{}: a run is in this folder already; continue it with --resume, or choose another folder with --out",
                path.display()
            );
        }
        Ok(RunFolder { path: path.to_path_buf(), _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the resolved configuration and what it was made from.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep_config(&self, config: &RunConfig, overrides: &[String]) -> Result<()> {
        let source = self.path.join("source");
        fs::create_dir_all(&source).with_context(|| format!("cannot create {}", source.display()))?;
        let name = config.file.file_name().unwrap_or_default();
        let original =
            fs::read(&config.file).with_context(|| format!("cannot read {}", config.file.display()))?;
        write_atomically(&source.join(name), &original)?;
        write_atomically(&source.join("overrides.txt"), overrides.join("\n").as_bytes())?;
        write_atomically(&self.path.join("config.toml"), config.to_toml().as_bytes())
    }

    /// Opens `metrics.jsonl`, `log.txt` and the like for reading elsewhere.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

fn lock(path: &Path) -> Result<File> {
    let name = path.join(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .with_context(|| format!("cannot write into the run folder {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            bail!("{}: another process is training in this folder", path.display())
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", name.display()));
        }
    }
    Ok(file)
}

/// Replaces a file as a whole: it holds the old or the new bytes, never a part.
///
/// # Errors
/// When the file cannot be written; the old one is intact then.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_folder_needs_resume_and_a_locked_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let first = RunFolder::for_training(&path, false).unwrap();
        let second = RunFolder::for_training(&path, true).unwrap_err().to_string();
        assert!(second.contains("another process"), "{second}");
        drop(first);
        fs::write(path.join("metrics.jsonl"), "").unwrap();
        let used = RunFolder::for_training(&path, false).unwrap_err().to_string();
        assert!(used.contains("--resume"), "{used}");
        assert!(RunFolder::for_training(&path, true).is_ok());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        assert!(RunFolder::for_training(&path, false).unwrap_err().to_string().contains("this is a file"));
    }
}
