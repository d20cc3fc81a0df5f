//! The folder of one run, locked against a second process.

use super::origins::Origins;
use crate::config::RunConfig;
use crate::config::effective::EffectiveSettings;
use crate::config::resolved::{TITLE, to_toml};
use anyhow::{Context, Result, bail};
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A run's folder; the lock is held as long as this value lives.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// Was it made for this run?
    made: bool,
    _lock: File,
}

/// A start that failed before there was anything to keep leaves no folder that
/// would be in the way of the next one.
impl Drop for RunFolder {
    fn drop(&mut self) {
        if self.made && !is_used(&self.path) {
            // Only what is empty but for the lock can be removed like this.
            let _ = fs::remove_file(self.path.join(LOCK));
            let _ = fs::remove_dir(&self.path);
        }
    }
}

const LOCK: &str = ".lock";

/// What names of files that are being written begin with.
const UNFINISHED: &str = ".unfinished-";

/// Removes the files that a process was writing when it was killed, of a run
/// also those of its source.
fn remove_unfinished(folder: &Path) {
    let inside = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries.flatten().map(|entry| entry.path()).collect()
    };
    let source = inside(&folder.join("source"));
    let below = source.iter().filter(|path| path.is_dir()).flat_map(|changed| inside(changed));
    for path in inside(folder).iter().chain(&source).cloned().chain(below) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(UNFINISHED) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Does the folder hold a run?
fn is_used(path: &Path) -> bool {
    ["config.toml", "metrics.jsonl", "checkpoints"].iter().any(|name| path.join(name).exists())
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
        let made = !path.exists();
        fs::create_dir_all(path)
            .with_context(|| format!("cannot create the run folder {}", path.display()))?;
        let lock = lock(path)?;
        if is_used(path) && !resume {
            bail!(
                "{}: a run is in this folder already; continue it with --resume, or choose another folder with --out",
                path.display()
            );
        }
        Ok(RunFolder { path: path.to_path_buf(), made, _lock: lock })
    }

    /// Does a process train in this folder?
    pub fn is_locked(path: &Path) -> bool {
        let Ok(file) = File::options().write(true).open(path.join(LOCK)) else { return false };
        matches!(file.try_lock(), Err(TryLockError::WouldBlock))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what the configuration was made from into `source/`, or, where a
    /// run continues with changed settings, into a folder below it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep_source(&self, config: &RunConfig, overrides: &[String], step: u64) -> Result<()> {
        let mut source = self.path.join("source");
        if step > 0 {
            source = source.join(format!("step-{step}"));
        }
        fs::create_dir_all(&source).with_context(|| format!("cannot create {}", source.display()))?;
        let name = config.file.file_name().unwrap_or_default();
        let original =
            fs::read(&config.file).with_context(|| format!("cannot read {}", config.file.display()))?;
        write_atomically(&source.join(name), &original)?;
        write_atomically(&source.join("overrides.txt"), overrides.join("\n").as_bytes())
    }

    /// Writes every setting that holds as `config.toml`, and where each value
    /// comes from beside what it was made from.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep_settings(&self, settings: &EffectiveSettings) -> Result<()> {
        Origins::of(settings).write(&self.path)?;
        let text = TITLE.to_string() + &to_toml(settings, false);
        write_atomically(&self.path.join("config.toml"), text.as_bytes())
    }

    /// Opens `metrics.jsonl`, `log.txt` and the like for reading elsewhere.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

/// Who asks whether a folder is locked holds the lock for a moment.
const PATIENCE: std::time::Duration = std::time::Duration::from_millis(20);

/// Locks a folder against a second process, as long as the file is open, and
/// removes what one before was writing when it was killed.
///
/// # Errors
/// When another process has locked it, or it cannot be written.
pub(crate) fn lock(path: &Path) -> Result<File> {
    let name = path.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .with_context(|| format!("cannot write into the run folder {}", path.display()))?;
    let locked = match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            std::thread::sleep(PATIENCE);
            file.try_lock()
        }
        other => other,
    };
    match locked {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            bail!("{}: another process is at work in this folder", path.display())
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("cannot lock {}", name.display()));
        }
    }
    remove_unfinished(path);
    Ok(file)
}

/// Replaces a file as a whole: it holds the old or the new bytes, never a part.
///
/// # Errors
/// When the file cannot be written; the old one is intact then.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        // As any file: readable by whom the umask lets read.
        let mut builder = tempfile::Builder::new();
        builder.prefix(UNFINISHED);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// The file that is meant by a name: behind a link the one that it leads to,
/// there or not, so that the link stays one.
///
/// # Errors
/// When it is a folder, a device, or anything else that is no file.
pub fn file_to_write(path: &Path) -> Result<PathBuf> {
    let behind = || Ok(path.parent().unwrap_or(Path::new("")).join(fs::read_link(path)?));
    let file = fs::canonicalize(path)
        .or_else(|_| behind())
        .or_else(|_: std::io::Error| std::path::absolute(path))?;
    if file.exists() && !file.is_file() {
        bail!("{}: this is no file", path.display());
    }
    Ok(file)
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
        assert!(!path.exists(), "nothing was kept");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("metrics.jsonl"), "").unwrap();
        let used = RunFolder::for_training(&path, false).unwrap_err().to_string();
        assert!(used.contains("--resume"), "{used}");
        assert!(RunFolder::for_training(&path, true).is_ok());
    }

    #[test]
    fn what_was_being_written_when_a_process_was_killed_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("source/step-8")).unwrap();
        let unfinished = [".unfinished-a", "source/.unfinished-b", "source/step-8/.unfinished-c"];
        let others = ["notes", "source/overrides.txt", "source/step-8/overrides.txt"];
        unfinished.iter().chain(&others).for_each(|name| fs::write(path(name), "").unwrap());
        RunFolder::for_training(folder.path(), false).unwrap();
        assert!(unfinished.iter().all(|name| !path(name).exists()));
        assert!(others.iter().all(|name| path(name).exists()));
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_may_be_read_as_the_umask_says() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        fs::write(folder.path().join("plain"), "").unwrap();
        write_atomically(&folder.path().join("replaced"), b"").unwrap();
        assert_eq!(mode("plain"), mode("replaced"));
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        assert!(RunFolder::for_training(&path, false).unwrap_err().to_string().contains("this is a file"));
    }
}
