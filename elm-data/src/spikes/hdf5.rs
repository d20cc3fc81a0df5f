//! Rows of spikes in HDF5 files as SHD and SSC have them: variable-length
//! `spikes/times` (seconds) and `spikes/units` (channels), `labels`, and
//! `extra/speaker`.

use crate::error::Result;
use crate::files::format;
use half::f16;
use hdf5_reader::messages::datatype::{Datatype, VarLenKind};
use hdf5_reader::{ByteOrder, Dataset, Hdf5File, OpenOptions};
use std::path::{Path, PathBuf};

/// Most bytes that one read may take: an index of 16 bytes a row.
const MOST_READ: usize = 256 << 20;

/// Where a file that is not a published one says how it was made.
pub(super) const RECIPE: &str = "extra/recipe";

/// An open file of spikes.
pub(super) struct SpikeRows {
    path: PathBuf,
    times: Ragged,
    units: Ragged,
    /// Class of each row.
    pub labels: Vec<u32>,
    /// Speaker of each row, 0 where the file does not tell a number.
    pub speakers: Vec<u32>,
    /// How the file was made, as far as it tells.
    pub recipe: String,
    /// Names of the classes, as far as the file tells.
    pub keys: Vec<String>,
}

/// A dataset of variable-length rows.
struct Ragged {
    dataset: Dataset,
    name: &'static str,
    number: Number,
    /// Places of the rows in the file.
    references: Vec<u8>,
    each: usize,
}

/// How numbers are stored.
#[derive(Clone, Copy)]
struct Number {
    bytes: usize,
    real: bool,
    signed: bool,
    big_endian: bool,
}

impl SpikeRows {
    /// Opens a file and reads its index.
    ///
    /// # Errors
    /// [`DataError::Format`](crate::DataError::Format) when it is no HDF5 file,
    /// a dataset is missing, or their lengths or types do not fit.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let options = OpenOptions { max_read_bytes: MOST_READ, ..OpenOptions::default() };
        let file = Hdf5File::open_with_options(path, options)
            .map_err(|error| format(path, "byte 0", format!("expected an HDF5 file: {error}")))?;
        let times = Ragged::open(path, &file, "spikes/times")?;
        let units = Ragged::open(path, &file, "spikes/units")?;
        if !times.number.real || units.number.real {
            let reason = "expected times as floating-point and units as whole numbers";
            return Err(format(path, "spikes", reason));
        }
        let labels = whole_numbers(path, &file, "labels")?;
        // The field is optional, and nothing is learned from it: names, or
        // numbers of other rows, are as good as none.
        let speakers = whole_numbers(path, &file, "extra/speaker").ok();
        let speakers = speakers.filter(|speakers| speakers.len() == labels.len());
        let speakers = speakers.unwrap_or_else(|| vec![0; labels.len()]);
        let rows = SpikeRows {
            recipe: lines(&file, RECIPE).join(" "),
            keys: lines(&file, "extra/keys"),
            path: path.to_path_buf(),
            times,
            units,
            labels,
            speakers,
        };
        for (name, len) in [("spikes/units", rows.units.len()), ("labels", rows.labels.len())] {
            if len != rows.times.len() {
                let reason = format!("{len} rows, but spikes/times has {}", rows.times.len());
                return Err(format(path, name, reason));
            }
        }
        Ok(rows)
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Number of spikes of a row, as the index has it.
    pub(super) fn spikes_of(&self, row: usize) -> usize {
        let count = self.times.reference(row).first_chunk();
        count.map_or(0, |count| u32::from_le_bytes(*count) as usize)
    }

    /// Bytes of a time in the file: 2 for the half precision of SHD.
    pub(super) fn time_bytes(&self) -> usize {
        self.times.number.bytes
    }

    /// Times and units of a row.
    ///
    /// # Errors
    /// [`DataError::Format`](crate::DataError::Format) when the row is
    /// damaged, a time is none, or a unit is not below `channels`.
    pub(super) fn read(&self, row: usize, channels: usize) -> Result<(Vec<f32>, Vec<u16>)> {
        let times = self.times.row(&self.path, row)?;
        let units = self.units.row(&self.path, row)?;
        let at = || format!("row {row}");
        if times.len() != self.spikes_of(row) * self.times.number.bytes {
            let reason = format!(
                "the index has {} spikes, the row {} bytes of times",
                self.spikes_of(row),
                times.len()
            );
            return Err(format(&self.path, at(), reason));
        }
        let width = (self.times.number.bytes, self.units.number.bytes);
        if times.len() / width.0 != units.len() / width.1 {
            let (times, units) = (times.len() / width.0, units.len() / width.1);
            return Err(format(&self.path, at(), format!("{times} times, but {units} units")));
        }
        let times: Vec<f32> =
            times.chunks_exact(width.0).map(|bytes| self.times.number.real(bytes)).collect();
        if let Some(time) = times.iter().find(|time| !(time.is_finite() && **time >= 0.0)) {
            let reason = format!("a spike at {time} s; expected a time from 0 s on");
            return Err(format(&self.path, at(), reason));
        }
        let mut channel = Vec::with_capacity(times.len());
        for bytes in units.chunks_exact(width.1) {
            let unit = self.units.number.whole(bytes);
            match u16::try_from(unit).ok().filter(|&unit| usize::from(unit) < channels) {
                Some(unit) => channel.push(unit),
                None => {
                    let reason = format!("unit {unit}; expected 0 to {}", channels - 1);
                    return Err(format(&self.path, at(), reason));
                }
            }
        }
        Ok((times, channel))
    }
}

impl Ragged {
    fn open(path: &Path, file: &Hdf5File, name: &'static str) -> Result<Self> {
        let wrong = |reason: String| format(path, name, reason);
        let dataset = dataset(path, file, name)?;
        let number = match dataset.dtype() {
            Datatype::VarLen { base, kind: VarLenKind::Sequence, .. } => Number::new(base),
            _ => None,
        };
        let number = number.ok_or_else(|| {
            wrong(format!("expected rows of numbers of variable length, found {}", in_words(dataset.dtype())))
        })?;
        let references = dataset.read_raw_bytes().map_err(|error| wrong(advice(&error)))?;
        let each = dataset.vlen_reference_size();
        Ok(Ragged { dataset, name, number, references, each })
    }

    fn len(&self) -> usize {
        self.references.len() / self.each
    }

    /// Number of elements and place of a row.
    fn reference(&self, row: usize) -> &[u8] {
        self.references.get(row * self.each..(row + 1) * self.each).unwrap_or_default()
    }

    /// The bytes of a row.
    fn row(&self, path: &Path, row: usize) -> Result<Vec<u8>> {
        self.dataset
            .resolve_vlen_reference_bytes(self.reference(row), self.number.bytes)
            .map_err(|error| format(path, format!("{}, row {row}", self.name), advice(&error)))
    }
}

impl Number {
    fn new(datatype: &Datatype) -> Option<Self> {
        let (bytes, real, signed, order) = match datatype {
            Datatype::FixedPoint { size, signed, byte_order } => (*size, false, *signed, byte_order),
            Datatype::FloatingPoint { size, byte_order } => (*size, true, true, byte_order),
            _ => return None,
        };
        let bytes = usize::from(bytes);
        let possible = if real { [2, 4, 8].contains(&bytes) } else { [1, 2, 4, 8].contains(&bytes) };
        possible.then_some(Number { bytes, real, signed, big_endian: matches!(order, ByteOrder::BigEndian) })
    }

    /// The bits of a number, the first byte being the lowest.
    fn bits(self, bytes: &[u8]) -> u64 {
        let join = |bits: u64, byte: &u8| bits << 8 | u64::from(*byte);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    fn real(self, bytes: &[u8]) -> f32 {
        let bits = self.bits(bytes);
        match self.bytes {
            2 => f16::from_bits(bits as u16).to_f32(),
            4 => f32::from_bits(bits as u32),
            _ => f64::from_bits(bits) as f32,
        }
    }

    fn whole(self, bytes: &[u8]) -> i64 {
        let unused = 64 - 8 * self.bytes as u32;
        let high = self.bits(bytes) << unused;
        if self.signed { high as i64 >> unused } else { (high >> unused) as i64 }
    }
}

/// A type of numbers or texts as people call it.
fn in_words(datatype: &Datatype) -> String {
    match datatype {
        Datatype::FixedPoint { size, .. } => format!("whole numbers of {size} bytes"),
        Datatype::FloatingPoint { size, .. } => format!("floating-point numbers of {size} bytes"),
        Datatype::String { .. } | Datatype::VarLen { kind: VarLenKind::String, .. } => "text".into(),
        Datatype::VarLen { base, .. } => format!("rows of {}", in_words(base)),
        _ => "another type".into(),
    }
}

/// What a reading error means, and what can be done about a compression that
/// is not that of every HDF5 library.
fn advice(error: &hdf5_reader::error::Error) -> String {
    const LZF: &str = "filter id 32000";
    match error {
        hdf5_reader::error::Error::UnsupportedFilter(filter) => {
            let name = if filter == LZF { "LZF, which only h5py knows" } else { filter };
            format!(
                "compressed with {name}; write the file again with compression=\"gzip\" or none (read each \
                 dataset with h5py and pass it to create_dataset of a new file)"
            )
        }
        other => other.to_string(),
    }
}

fn dataset(path: &Path, file: &Hdf5File, name: &str) -> Result<Dataset> {
    file.dataset(&format!("/{name}"))
        .map_err(|error| format(path, name, format!("there is no such dataset: {error}")))
}

/// The strings of an optional dataset, each in one line; none where it is
/// absent or not of strings.
fn lines(file: &Hdf5File, name: &str) -> Vec<String> {
    let strings = file.dataset(&format!("/{name}")).ok().and_then(|dataset| dataset.read_strings().ok());
    let in_a_line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    strings.unwrap_or_default().into_iter().map(in_a_line).collect()
}

/// A dataset of whole numbers from 0 on.
fn whole_numbers(path: &Path, file: &Hdf5File, name: &str) -> Result<Vec<u32>> {
    let dataset = dataset(path, file, name)?;
    let number = Number::new(dataset.dtype()).filter(|number| !number.real);
    let number = number.ok_or_else(|| {
        format(path, name, format!("expected whole numbers, found {}", in_words(dataset.dtype())))
    })?;
    let bytes = dataset.read_raw_bytes().map_err(|error| format(path, name, advice(&error)))?;
    let value = |(row, bytes): (usize, &[u8])| {
        let value = number.whole(bytes);
        u32::try_from(value)
            .map_err(|_| format(path, format!("{name}, row {row}"), format!("{value}; expected 0 or more")))
    };
    bytes.chunks_exact(number.bytes).enumerate().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compression_that_is_not_known_comes_with_a_remedy() {
        let lzf = advice(&hdf5_reader::error::Error::UnsupportedFilter("filter id 32000".into()));
        assert!(lzf.contains("compressed with LZF") && lzf.contains("compression=\"gzip\""), "{lzf}");
        let other = advice(&hdf5_reader::error::Error::UnsupportedFilter("filter id 32001".into()));
        assert!(other.contains("compressed with filter id 32001; write the file again"), "{other}");
    }
}
