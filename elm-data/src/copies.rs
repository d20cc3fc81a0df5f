//! Compact copies of published files: where they may lie, of which state of
//! the file they are, and writing them whole or not at all.

use crate::digest::hex;
use crate::error::{DataError, Result};
use crate::files::{self, io};
use sha2::{Digest, Sha256};
use std::env;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// A file as it was when it was packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub len: u64,
    pub modified: u64,
    /// When the inode was changed, which nobody can set back; 0 where the
    /// system does not tell.
    pub changed: u64,
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let about = fs::metadata(path).map_err(|source| io(path, source))?;
        let modified = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified = modified.map_or(0, |time| time.as_nanos() as u64);
        Ok(Stamp { len: about.len(), modified, changed: changed(&about) })
    }
}

#[cfg(unix)]
fn changed(about: &fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    (about.ctime() as u64).wrapping_mul(1_000_000_000).wrapping_add(about.ctime_nsec() as u64)
}

#[cfg(not(unix))]
fn changed(_: &fs::Metadata) -> u64 {
    0
}

/// Where the compact copy of a file may lie: beside it or, where nothing can be
/// written there, in `$XDG_CACHE_HOME/elm` (`~/.cache/elm`).
pub(crate) fn places(path: &Path, stem: &str, end: &str) -> Vec<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| env::home_dir().map(|home| home.join(".cache")));
    let mut copies = vec![path.with_file_name(format!("{stem}.{end}"))];
    if let (Some(cache), Ok(whole)) = (cache, path.canonicalize()) {
        let place = hex(&Sha256::digest(whole.as_os_str().as_encoded_bytes())[..8]);
        copies.push(cache.join("elm").join(format!("{stem}-{place}.{end}")));
    }
    copies
}

/// Does an error concern this file (else its copy)?
pub(crate) fn is_about(error: &DataError, file: &Path) -> bool {
    match error {
        DataError::Missing { path, .. }
        | DataError::Format { path, .. }
        | DataError::Checksum { path, .. }
        | DataError::Io { path, .. } => path == file,
        DataError::TooFew { .. } | DataError::Setting { .. } => false,
    }
}

/// A name beside a file that no other process takes.
pub(crate) fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.{what}", std::process::id()));
    path.with_file_name(name)
}

/// A file under way, removed unless it is kept.
pub(crate) struct Scratch {
    pub path: PathBuf,
    writer: BufWriter<File>,
    kept: bool,
}

impl Scratch {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|source| io(path, source))?;
        Ok(Scratch { path: path.to_path_buf(), writer: BufWriter::with_capacity(1 << 20, file), kept: false })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.writer.write_all(bytes).map_err(|source| io(&self.path, source))
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        self.writer.flush().map_err(|source| io(&self.path, source))
    }

    /// Writes what is left to disk and renames.
    pub(crate) fn keep_as(mut self, to: &Path) -> Result<()> {
        self.flush()?;
        self.writer.get_ref().sync_all().map_err(|source| io(&self.path, source))?;
        files::rename(&self.path, to)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing can be done about a file that cannot be removed.
            let _ = fs::remove_file(&self.path);
        }
    }
}
