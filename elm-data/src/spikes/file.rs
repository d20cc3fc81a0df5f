//! A file of spikes in HDF5, and the compact copy of it that is read.

use super::hdf5::SpikeRows;
use super::heidelberg::{CHANNELS, Collection};
use super::packed::{Packed, pack};
use super::recording::Recording;
use crate::copies::{Scratch, Stamp, beside, is_about, places};
use crate::digest::hex;
use crate::error::{DataError, Result};
use crate::files::{self, format, io, missing};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// How many times larger than an archive its content may be; spikes hardly
/// shrink to a half.
const MOST_EXPANSION: u64 = 64;

/// Digests of the published files.
const PUBLISHED: [(&str, &str); 2] = [
    ("shd_train.h5", "2bddb4bd46732f09982b7d1631b7c29c19853c73d3d240e3eb32bba909bdd6c1"),
    ("shd_test.h5", "47d8621a092cb483bea9448a93c0a3375a6726d370045090c2f7a77f70f95df3"),
];

/// A file of recordings as published, read row by row from a compact copy that
/// is made when it is opened for the first time.
///
/// The copy lies beside the file, or, where nothing can be written there, in
/// `$XDG_CACHE_HOME/elm` (`~/.cache/elm`).
pub struct SpikeFile {
    path: PathBuf,
    packed: Packed,
    note: Option<String>,
}

impl SpikeFile {
    /// Opens `path`, an HDF5 file, or one in a `.gz` or `.zip`.
    ///
    /// # Errors
    /// [`DataError`] when the file is missing or damaged, or the copy cannot be
    /// written.
    pub fn open(path: &Path, collection: Collection) -> Result<Self> {
        files::open(path, "spikes in HDF5")?;
        let stamp = Stamp::of(path)?;
        let mut refused = None;
        for to in places(path, plain_name(path).trim_end_matches(".h5"), "spikes") {
            if let Ok(packed) = Packed::open(&to)
                && packed.stamp == stamp
            {
                return SpikeFile::of(packed, path);
            }
            match convert(path, collection, stamp, &to) {
                Ok(()) => return SpikeFile::of(Packed::open(&to)?, path),
                Err(error) if is_about(&error, path) => return Err(error),
                Err(error) => refused = Some(error),
            }
        }
        Err(refused
            .unwrap_or_else(|| missing(path, "there is no folder for a compact copy; set XDG_CACHE_HOME")))
    }

    /// Opens `path` and looks at the file itself: does the compact copy hold
    /// what is in it? If not, it is made again, and the second answer is true.
    ///
    /// # Errors
    /// As [`SpikeFile::open`].
    pub fn verified(path: &Path, collection: Collection) -> Result<(Self, bool)> {
        let file = SpikeFile::open(path, collection)?;
        if source_digest(path, file.packed.stamp.len)? == file.packed.source_digest {
            return Ok((file, false));
        }
        let to = file.copy().to_path_buf();
        convert(path, collection, Stamp::of(path)?, &to)?;
        Ok((SpikeFile::of(Packed::open(&to)?, path)?, true))
    }

    fn of(packed: Packed, path: &Path) -> Result<Self> {
        let published = PUBLISHED.iter().find(|(name, _)| plain_name(path) == *name);
        let found = hex(&packed.source_digest);
        let foreign = published.filter(|(_, digest)| *digest != found && packed.recipe.is_empty());
        let note = foreign
            .map(|_| format!("{}: not the file as published (SHA-256 {}...)", path.display(), &found[..12]));
        Ok(SpikeFile { path: path.to_path_buf(), packed, note })
    }

    /// Number of recordings.
    pub fn len(&self) -> usize {
        self.packed.labels.len()
    }

    /// True when there is no recording.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The file itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of spikes of a recording, and its latest in seconds.
    pub(super) fn extent(&self, row: usize) -> (u64, f32) {
        (self.packed.spikes_of(row), self.packed.latest(row))
    }

    /// Number of spikes of all recordings.
    pub fn spikes(&self) -> u64 {
        self.packed.spikes()
    }

    /// Class of each recording.
    pub fn labels(&self) -> &[u32] {
        &self.packed.labels
    }

    /// Speaker of each recording.
    pub fn speakers(&self) -> &[u32] {
        &self.packed.speakers
    }

    /// Names of the classes, as far as the file tells.
    pub fn class_names(&self) -> &[String] {
        &self.packed.keys
    }

    /// The compact copy.
    pub fn copy(&self) -> &Path {
        self.packed.path()
    }

    /// SHA-256 of the HDF5 file.
    pub(super) fn source_digest(&self) -> &[u8; 32] {
        &self.packed.source_digest
    }

    /// The same in letters.
    pub fn digest(&self) -> String {
        hex(&self.packed.source_digest)
    }

    /// How the file was made, where it says so, as those of
    /// [`write_shd`](super::write_shd) do.
    pub fn recipe(&self) -> &str {
        &self.packed.recipe
    }

    /// A word of warning: the content is not that of the published file (nor
    /// of one that names its recipe).
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Reads a recording.
    ///
    /// # Errors
    /// When the copy cannot be read any more.
    ///
    /// # Panics
    /// When `row` is not below [`SpikeFile::len`].
    pub fn read(&self, row: usize) -> Result<Recording> {
        self.packed.read(row)
    }
}

/// `shd_train.h5` of `shd_train.h5.gz`.
fn plain_name(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    [".gz", ".zip"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// Is it the file itself, and no archive?
fn is_plain(path: &Path) -> bool {
    plain_name(path) == path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// Makes the compact copy.
fn convert(path: &Path, collection: Collection, stamp: Stamp, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        files::make_folder(folder)?;
    }
    if is_plain(path) {
        let digest = source_digest(path, stamp.len)?;
        return convert_plain(path, path, collection, stamp, digest, to);
    }
    let mut unpacked = Scratch::create(&beside(to, "h5"))?;
    let digest = unpack(path, stamp.len, |bytes| unpacked.write(bytes))?;
    unpacked.flush()?;
    convert_plain(&unpacked.path, path, collection, stamp, digest, to)
}

/// SHA-256 of the HDF5 file at a path of this length, or of that in it.
fn source_digest(path: &Path, len: u64) -> Result<[u8; 32]> {
    if !is_plain(path) {
        return unpack(path, len, |_| Ok(()));
    }
    let (file, _) = files::open(path, "spikes in HDF5")?;
    copy(path, file, u64::MAX, |_| Ok(()))
}

/// Makes the compact copy of an HDF5 file that came out of `source`.
fn convert_plain(
    path: &Path,
    source: &Path,
    collection: Collection,
    stamp: Stamp,
    digest: [u8; 32],
    to: &Path,
) -> Result<()> {
    // Whoever reads the error knows the file that was published, not the
    // scratch file.
    let named = |error| match error {
        DataError::Format { path: at_fault, at, reason } if at_fault == path => format(source, at, reason),
        other => other,
    };
    let rows = SpikeRows::open(path).map_err(named)?;
    let classes = collection.classes();
    if let Some(row) = rows.labels.iter().position(|&label| label as usize >= classes) {
        let reason = format!("{}; expected 0 to {}", rows.labels[row], classes - 1);
        return Err(format(source, format!("labels, row {row}"), reason));
    }
    pack(&rows, CHANNELS, stamp, digest, to).map_err(named)
}

/// Hands the content of an archive on, and tells its SHA-256.
fn unpack(path: &Path, len: u64, write: impl FnMut(&[u8]) -> Result<()>) -> Result<[u8; 32]> {
    let (file, _) = files::open(path, "spikes in HDF5")?;
    let most = len.saturating_mul(MOST_EXPANSION).max(1 << 20);
    if path.extension().is_some_and(|end| end == "gz") {
        return copy(path, MultiGzDecoder::new(file), most, write);
    }
    let mut archive = files::unzip(path, file, "a zip of an HDF5 file")?;
    let wanted = plain_name(path);
    let at = (0..archive.len())
        .find(|&at| matches!(archive.name_for_index(at), Some(Ok(name)) if name.rsplit('/').next() == Some(wanted)))
        .ok_or_else(|| format(path, "directory", format!("holds no {wanted}")))?;
    let content = archive.by_index(at).map_err(|error| format(path, wanted, error.to_string()))?;
    copy(path, content, most, write)
}

/// Hands `from` on in pieces, at most `most` bytes, and tells its SHA-256.
fn copy(
    path: &Path,
    mut from: impl Read,
    most: u64,
    mut write: impl FnMut(&[u8]) -> Result<()>,
) -> Result<[u8; 32]> {
    let mut digest = Sha256::new();
    let (mut chunk, mut done) = (vec![0; 1 << 20], 0_u64);
    loop {
        let len = match from.read(&mut chunk) {
            Ok(0) => return Ok(digest.finalize().into()),
            Ok(len) => len,
            Err(source) if source.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(io(path, source)),
        };
        done += len as u64;
        if done > most {
            let reason = format!("the content goes on beyond {most} bytes, far more than spikes can");
            return Err(format(path, format!("byte {most} of the content"), reason));
        }
        digest.update(&chunk[..len]);
        write(&chunk[..len])?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spikes::write_shd;
    use std::fs;

    #[test]
    fn a_copy_of_other_content_is_found_by_looking_at_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shd_train.h5");
        let write = |path: &Path, time| {
            let recording = Recording { times: vec![time], units: vec![1], ..Recording::default() };
            write_shd(path, &[recording], &[], "").unwrap();
        };
        write(&path, 0.5);
        let file = SpikeFile::open(&path, Collection::Shd).unwrap();
        // A copy of another file under the stamp of this one, as if nothing
        // but the content had changed.
        let other = folder.path().join("shd_test.h5");
        write(&other, 0.25);
        convert(&other, Collection::Shd, file.packed.stamp, file.copy()).unwrap();
        assert_eq!(SpikeFile::open(&path, Collection::Shd).unwrap().read(0).unwrap().times, [0.25]);
        let (file, renewed) = SpikeFile::verified(&path, Collection::Shd).unwrap();
        assert_eq!((renewed, file.read(0).unwrap().times), (true, vec![0.5]));
        assert!(!SpikeFile::verified(&path, Collection::Shd).unwrap().1);
        fs::remove_file(&path).unwrap();
        assert!(SpikeFile::verified(&path, Collection::Shd).is_err());
    }
}
