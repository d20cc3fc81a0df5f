//! Recordings of a data set in one compact file that is read row by row: made
//! once from the published file, since that takes seconds to read and its
//! payload carries no checksum.
//!
//! # Layout
//! All numbers are little endian.
//!
//! | bytes | |
//! |---|---|
//! | 8 | `ELMSPKS2` |
//! | 8 | length of the source file |
//! | 8, 8 | when its content and its inode were changed, in nanoseconds since 1970 |
//! | 32 | SHA-256 of the HDF5 file in it |
//! | 4, 4 | channels, bytes of a time (2 or 4) |
//! | 8, 8 | rows `R`, spikes |
//! | 8 | bytes of the recipe and the names of the classes |
//! | 4 R, 4 R | labels, speakers |
//! | 8 (R + 1) | first spike of each row |
//! | | recipe (empty where the file has none) and names of the classes, a line each |
//! | | row by row: times (half or single precision, seconds), units (u16) |
//! | 4 R | the latest time of each row |
//! | 32 | SHA-256 of all before |

use super::hdf5::SpikeRows;
use super::recording::Recording;
use crate::copies::{Scratch, Stamp, beside};
use crate::digest::hex;
use crate::error::{DataError, Result};
use crate::files::{self, format, io};
use half::f16;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

const MAGIC: &[u8; 8] = b"ELMSPKS2";
const HEADER: usize = 8 + 8 + 8 + 8 + 32 + 4 + 4 + 8 + 8 + 8;
const DIGEST: usize = 32;

/// An open packed file.
pub(super) struct Packed {
    path: PathBuf,
    file: Mutex<File>,
    pub stamp: Stamp,
    /// SHA-256 of the HDF5 file that this was made from.
    pub source_digest: [u8; 32],
    time_bytes: usize,
    pub labels: Vec<u32>,
    pub speakers: Vec<u32>,
    /// How the source was made, as far as it tells.
    pub recipe: String,
    /// Names of the classes, as far as the source tells.
    pub keys: Vec<String>,
    /// The latest time of each row in seconds, 0 without any.
    latest: Vec<f32>,
    starts: Vec<u64>,
    payload: u64,
}

/// Writes the rows of a file, which must be an HDF5 file with this digest.
///
/// # Errors
/// When a row is damaged or nothing can be written.
pub(super) fn pack(
    rows: &SpikeRows,
    channels: usize,
    stamp: Stamp,
    source_digest: [u8; 32],
    to: &Path,
) -> Result<()> {
    let time_bytes = if rows.time_bytes() == 2 { 2 } else { 4 };
    let mut starts = vec![0_u64];
    for row in 0..rows.len() {
        starts.push(starts[row] + rows.spikes_of(row) as u64);
    }
    let mut out = Scratch::create(&beside(to, "partial"))?;
    let mut digest = Sha256::new();
    let mut put = |bytes: &[u8]| {
        digest.update(bytes);
        out.write(bytes)
    };
    put(MAGIC)?;
    put(&stamp.len.to_le_bytes())?;
    put(&stamp.modified.to_le_bytes())?;
    put(&stamp.changed.to_le_bytes())?;
    put(&source_digest)?;
    put(&(channels as u32).to_le_bytes())?;
    put(&(time_bytes as u32).to_le_bytes())?;
    put(&(rows.len() as u64).to_le_bytes())?;
    put(&starts[rows.len()].to_le_bytes())?;
    let keys: String = rows.keys.iter().fold(rows.recipe.clone(), |text, key| text + "\n" + key);
    put(&(keys.len() as u64).to_le_bytes())?;
    for value in rows.labels.iter().chain(&rows.speakers) {
        put(&value.to_le_bytes())?;
    }
    for start in &starts {
        put(&start.to_le_bytes())?;
    }
    put(keys.as_bytes())?;
    let mut latest = Vec::with_capacity(rows.len());
    for row in 0..rows.len() {
        let (times, units) = rows.read(row, channels)?;
        latest.push(times.iter().copied().fold(0.0, f32::max));
        let mut bytes = Vec::with_capacity(times.len() * (time_bytes + 2));
        for &time in &times {
            match time_bytes {
                2 => bytes.extend(f16::from_f32(time).to_le_bytes()),
                _ => bytes.extend(time.to_le_bytes()),
            }
        }
        bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        put(&bytes)?;
    }
    for time in &latest {
        put(&time.to_le_bytes())?;
    }
    let digest = digest.finalize();
    out.write(&digest)?;
    out.keep_as(to)
}

impl Packed {
    /// Opens a packed file and checks its digest.
    ///
    /// # Errors
    /// [`DataError::Format`] and [`DataError::Checksum`] when it is damaged.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let (file, len) = files::open(path, "packed spikes")?;
        let cut = || format(path, format!("byte {len}"), "the file ends too early");
        if len < (HEADER + DIGEST) as u64 {
            return Err(cut());
        }
        check_digest(path, &file, len)?;
        let mut reader = BufReader::new(&file);
        reader.seek(SeekFrom::Start(0)).map_err(|source| io(path, source))?;
        let mut header = [0; HEADER];
        reader.read_exact(&mut header).map_err(|source| io(path, source))?;
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| header[at + i]));
        let short = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| header[at + i])) as usize;
        let (time_bytes, rows, spikes, names) = (short(68), word(72), word(80), word(88));
        let index =
            (rows.checked_mul(16)).and_then(|bytes| bytes.checked_add(names)?.checked_add(HEADER as u64 + 8));
        let end = spikes.checked_mul(time_bytes as u64 + 2).and_then(|bytes| bytes.checked_add(index?));
        let whole = end.and_then(|end| rows.checked_mul(4)?.checked_add(end)?.checked_add(DIGEST as u64));
        let known = &header[..8] == MAGIC && [2, 4].contains(&time_bytes);
        let (true, Some(payload), Some(end), true) = (known, index, end, whole == Some(len)) else {
            return Err(format(path, "byte 0", "expected packed spikes of this version"));
        };
        let mut bytes = vec![0; (payload - HEADER as u64) as usize];
        reader.read_exact(&mut bytes).map_err(|source| io(path, source))?;
        let rows = rows as usize;
        let (labels, rest) = bytes.split_at(4 * rows);
        let (speakers, rest) = rest.split_at(4 * rows);
        let (starts, keys) = rest.split_at(8 * (rows + 1));
        let keys = String::from_utf8_lossy(keys);
        let mut keys = keys.split('\n').map(String::from);
        let recipe = keys.next().unwrap_or_default();
        let shorts = |bytes: &[u8]| -> Vec<u32> {
            bytes.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect()
        };
        let (labels, speakers) = (shorts(labels), shorts(speakers));
        let starts: Vec<u64> = starts.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
        if !starts.is_sorted() || starts.first() != Some(&0) || starts.last() != Some(&spikes) {
            return Err(format(path, "index", "rows do not follow each other"));
        }
        let mut bytes = vec![0; 4 * rows];
        reader
            .seek(SeekFrom::Start(end))
            .and_then(|_| reader.read_exact(&mut bytes))
            .map_err(|source| io(path, source))?;
        let latest = bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        Ok(Packed {
            path: path.to_path_buf(),
            stamp: Stamp { len: word(8), modified: word(16), changed: word(24) },
            source_digest: std::array::from_fn(|i| header[32 + i]),
            time_bytes,
            labels,
            speakers,
            recipe,
            keys: keys.collect(),
            latest,
            starts,
            payload,
            file: Mutex::new(file),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Number of spikes of all rows.
    pub(super) fn spikes(&self) -> u64 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Number of spikes of a row.
    pub(super) fn spikes_of(&self, row: usize) -> u64 {
        self.starts[row + 1] - self.starts[row]
    }

    /// The latest time of a row in seconds.
    pub(super) fn latest(&self, row: usize) -> f32 {
        self.latest[row]
    }

    /// Reads a row.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub(super) fn read(&self, row: usize) -> Result<Recording> {
        let (start, end) = (self.starts[row], self.starts[row + 1]);
        let (len, each) = ((end - start) as usize, self.time_bytes + 2);
        let mut bytes = vec![0; len * each];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(self.payload + start * each as u64))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(|source| io(&self.path, source))?;
        }
        let (times, units) = bytes.split_at(len * self.time_bytes);
        let times = match self.time_bytes {
            2 => times.as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect(),
            _ => times.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
        };
        let units = units.as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect();
        Ok(Recording { times, units, label: self.labels[row], speaker: self.speakers[row] })
    }
}

fn check_digest(path: &Path, file: &File, len: u64) -> Result<()> {
    let mut reader = file;
    let mut digest = Sha256::new();
    let mut left = len - DIGEST as u64;
    let mut chunk = vec![0; 1 << 20];
    while left > 0 {
        let part = &mut chunk[..left.min(1 << 20) as usize];
        reader.read_exact(part).map_err(|source| io(path, source))?;
        digest.update(&*part);
        left -= part.len() as u64;
    }
    let mut expected = [0; DIGEST];
    reader.read_exact(&mut expected).map_err(|source| io(path, source))?;
    let found: [u8; DIGEST] = digest.finalize().into();
    if found == expected {
        return Ok(());
    }
    Err(DataError::Checksum { path: path.to_path_buf(), found: hex(&found), expected: hex(&expected) })
}
