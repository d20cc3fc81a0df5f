//! The Spiking Heidelberg Digits and Spiking Speech Commands as published
//! (Cramer, Stradmann, Schemmel, Zenke 2020, arXiv 1910.07407).

use super::hdf5::SpikeRows;
use super::late::Late;
use super::packed::{Packed, Scratch, Stamp, beside, pack};
use super::recording::{Binning, Recording};
use crate::digest::{Fingerprint, hex};
use crate::error::{DataError, Result};
use crate::files::{self, format, io, missing};
use crate::numpy_random::NumpyRandom;
use crate::samples::{Sample, SampleInput, Samples};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::env;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zip::ZipArchive;

/// Channels of the cochlea model that made both sets.
pub const CHANNELS: usize = 700;

/// Share of SHD's training recordings that the authors of ELM hold out.
const HELD_OUT: f64 = 0.2;

/// How many times larger than an archive its content may be; spikes hardly
/// shrink to a half.
const MOST_EXPANSION: u64 = 64;

/// Digests of the published files.
const PUBLISHED: [(&str, &str); 2] = [
    ("shd_train.h5", "2bddb4bd46732f09982b7d1631b7c29c19853c73d3d240e3eb32bba909bdd6c1"),
    ("shd_test.h5", "47d8621a092cb483bea9448a93c0a3375a6726d370045090c2f7a77f70f95df3"),
];

/// Which of the two sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// Spiking Heidelberg Digits: 20 classes, digits in English and German.
    Shd,
    /// Spiking Speech Commands: 35 classes.
    Ssc,
}

impl Collection {
    /// Number of classes.
    pub fn classes(self) -> usize {
        match self {
            Collection::Shd => 20,
            Collection::Ssc => 35,
        }
    }

    /// Names of its files: train, valid where there is one, test.
    pub fn files(self) -> &'static [&'static str] {
        match self {
            Collection::Shd => &["shd_train.h5", "shd_test.h5"],
            Collection::Ssc => &["ssc_train.h5", "ssc_valid.h5", "ssc_test.h5"],
        }
    }
}

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
        for to in copies(path) {
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

    /// SHA-256 of the HDF5 file, in letters.
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

/// Some recordings of a file, binned when they are read.
#[derive(Clone)]
pub struct Spoken {
    file: Arc<SpikeFile>,
    rows: Arc<[u32]>,
    binning: Binning,
    classes: usize,
    late: Option<String>,
}

impl Spoken {
    /// Train, valid and test of the files in `folder`.
    ///
    /// SHD has no published validation set; as the authors of ELM, each
    /// training recording is held out with a chance of 20 %:
    /// `numpy.random.default_rng(seed).binomial(1, 0.2)`, file order.
    ///
    /// # Errors
    /// As [`SpikeFile::open`], when a label is none of the classes, and when
    /// most spikes come after the time steps (their unit is not the second).
    pub fn load(folder: &Path, collection: Collection, binning: &Binning, seed: u64) -> Result<[Spoken; 3]> {
        let open = |name: &&str| SpikeFile::open(&find(folder, name)?, collection).map(Arc::new);
        let files = collection.files().iter().map(open).collect::<Result<Vec<_>>>()?;
        let part = |name, file: &Arc<SpikeFile>, wanted: &dyn Fn(usize) -> bool| {
            let rows = (0..file.len()).filter(|row| wanted(*row)).map(|row| row as u32).collect();
            Spoken::of(name, file.clone(), rows, binning, collection)
        };
        let all = |_| true;
        let [train, valid, test] = match &files[..] {
            [train, valid, test] => {
                [part("train", train, &all), part("valid", valid, &all), part("test", test, &all)]
            }
            [train, test] => {
                let held_out = held_out(train.len(), seed);
                [
                    part("train", train, &|row| !held_out[row]),
                    part("valid", train, &|row| held_out[row]),
                    part("test", test, &all),
                ]
            }
            _ => return Err(missing(folder, format!("expected {}", collection.files().join(", ")))),
        };
        Ok([train?, valid?, test?])
    }

    /// All recordings of one file.
    ///
    /// # Errors
    /// As [`Spoken::load`].
    pub fn whole(path: &Path, collection: Collection, binning: &Binning) -> Result<Spoken> {
        let file = Arc::new(SpikeFile::open(path, collection)?);
        let rows = (0..file.len() as u32).collect();
        Spoken::of("file", file, rows, binning, collection)
    }

    /// The file the recordings are from.
    pub fn file(&self) -> &SpikeFile {
        &self.file
    }

    /// Some recordings of a file, under the name of their split.
    fn of(
        name: &str,
        file: Arc<SpikeFile>,
        rows: Arc<[u32]>,
        binning: &Binning,
        collection: Collection,
    ) -> Result<Spoken> {
        let late = Late::count(&file, &rows, binning)?.note(&file, name, binning.end())?;
        Ok(Spoken { file, rows, binning: binning.clone(), classes: collection.classes(), late })
    }
}

impl Samples for Spoken {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn channels(&self) -> usize {
        CHANNELS
    }

    fn classes(&self) -> usize {
        self.classes
    }

    /// Those of `extra/keys`; classes that it does not name are numbers.
    fn class_names(&self) -> Option<Vec<String>> {
        let keys = self.file.class_names();
        let name = |class: usize| keys.get(class).cloned().unwrap_or_else(|| class.to_string());
        (!keys.is_empty()).then(|| (0..self.classes).map(name).collect())
    }

    /// Of the digest of the HDF5 file and the rows of the split.
    fn digest(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::of("spikes");
        fingerprint.add(&self.file.packed.source_digest);
        self.rows.iter().for_each(|&row| fingerprint.number(u64::from(row)));
        Ok(fingerprint.finish())
    }

    fn notes(&self) -> Vec<String> {
        self.file.note().map(String::from).into_iter().chain(self.late.clone()).collect()
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let recording = self.file.read(self.rows[index] as usize)?;
        let input =
            SampleInput::Events { steps: self.binning.steps(), events: self.binning.events(&recording) };
        Ok(Sample { input, label: recording.label })
    }
}

/// Which training recordings are held out.
fn held_out(len: usize, seed: u64) -> Vec<bool> {
    let mut random = NumpyRandom::new(seed);
    (0..len).map(|_| random.random() > 1.0 - HELD_OUT).collect()
}

/// `shd_train.h5` of `shd_train.h5.gz`.
fn plain_name(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    [".gz", ".zip"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// The file of this name in a folder, plain, `.gz` or `.zip`.
///
/// # Errors
/// [`DataError::Missing`] when there is none.
pub fn find(folder: &Path, name: &str) -> Result<PathBuf> {
    let names = ["", ".gz", ".zip"].map(|end| folder.join(format!("{name}{end}")));
    names.into_iter().find(|path| path.exists()).ok_or_else(|| {
        missing(
            &folder.join(name),
            "there is no such file (nor .gz or .zip); get it from zenkelab.org/datasets",
        )
    })
}

/// Where the compact copy of a file may lie.
fn copies(path: &Path) -> Vec<PathBuf> {
    let stem = plain_name(path).trim_end_matches(".h5");
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| env::home_dir().map(|home| home.join(".cache")));
    let mut copies = vec![path.with_file_name(format!("{stem}.spikes"))];
    if let (Some(cache), Ok(whole)) = (cache, path.canonicalize()) {
        let place = hex(&Sha256::digest(whole.as_os_str().as_encoded_bytes())[..8]);
        copies.push(cache.join("elm").join(format!("{stem}-{place}.spikes")));
    }
    copies
}

/// Does an error concern this file (else its copy)?
fn is_about(error: &DataError, file: &Path) -> bool {
    match error {
        DataError::Missing { path, .. }
        | DataError::Format { path, .. }
        | DataError::Checksum { path, .. }
        | DataError::Io { path, .. } => path == file,
        DataError::Setting { .. } => false,
    }
}

/// Makes the compact copy.
fn convert(path: &Path, collection: Collection, stamp: Stamp, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        files::make_folder(folder)?;
    }
    let plain = plain_name(path) == path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if plain {
        let (file, _) = files::open(path, "spikes in HDF5")?;
        let digest = copy(path, file, u64::MAX, |_| Ok(()))?;
        return convert_plain(path, path, collection, stamp, digest, to);
    }
    let mut unpacked = Scratch::create(&beside(to, "h5"))?;
    let digest = unpack(path, stamp.len, |bytes| unpacked.write(bytes))?;
    unpacked.flush()?;
    convert_plain(&unpacked.path, path, collection, stamp, digest, to)
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
    let mut archive = open_zip(path, file)?;
    let wanted = plain_name(path);
    let at = (0..archive.len())
        .find(|&at| matches!(archive.name_for_index(at), Some(Ok(name)) if name.rsplit('/').next() == Some(wanted)))
        .ok_or_else(|| format(path, "directory", format!("holds no {wanted}")))?;
    let content = archive.by_index(at).map_err(|error| format(path, wanted, error.to_string()))?;
    copy(path, content, most, write)
}

fn open_zip(path: &Path, file: File) -> Result<ZipArchive<File>> {
    ZipArchive::new(file).map_err(|error| format(path, "byte 0", format!("expected a zip archive: {error}")))
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

    #[test]
    fn the_held_out_recordings_are_those_of_the_authors() {
        let places = |seed| -> Vec<usize> {
            let held_out = held_out(8156, seed);
            (0..8156).filter(|&row| held_out[row]).collect()
        };
        let (zero, published) = (places(0), places(12345));
        assert_eq!((zero.len(), published.len()), (1642, 1577));
        assert_eq!(zero[..12], [4, 5, 9, 10, 12, 16, 26, 27, 37, 38, 45, 49]);
        assert_eq!(zero[zero.len() - 3..], [8145, 8151, 8154]);
        assert_eq!(published[..12], [9, 11, 15, 25, 30, 32, 34, 35, 37, 43, 68, 70]);
        assert_eq!(published[published.len() - 3..], [8143, 8149, 8152]);
    }
}
