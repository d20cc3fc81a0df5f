//! Predictions as NumPy arrays: numbers, and the names behind them.
//!
//! An `.npz` is a zip of `.npy` files: a line of Python that describes an array
//! (written here, it is one line), then its bytes. Arrays grow side by side
//! but follow each other in the zip, so each waits in a file of its own.

use super::{Columns, PREDICTION, Rows, Table};
use anyhow::Result;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;
use tempfile::NamedTempFile;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub(super) struct NpzTable {
    file: NamedTempFile,
    names: (&'static str, Vec<String>),
    places: Array,
    labels: Array,
    answers: Array,
    probabilities: Array,
}

impl NpzTable {
    /// Opens a file for each array in `folder`; they vanish by themselves.
    pub(super) fn begin(
        file: NamedTempFile,
        folder: &Path,
        columns: &Columns,
        names: Vec<String>,
        one: bool,
    ) -> Result<Self> {
        let array = |name, kind, width| Array::begin(folder, name, kind, width);
        Ok(NpzTable {
            file,
            places: array(columns.place, "<i8", None)?,
            labels: array(columns.label, "<i4", None)?,
            answers: array(PREDICTION, "<i4", None)?,
            probabilities: array(columns.probabilities, "<f4", (!one).then_some(names.len()))?,
            names: (columns.names, names),
        })
    }
}

impl Table for NpzTable {
    /// A missing answer is -1.
    fn add(&mut self, rows: &Rows<'_>) -> Result<()> {
        let signed = |number: u32| i32::try_from(number).unwrap_or(-1);
        self.places.extend(rows.places.iter().map(|place| place.to_le_bytes()))?;
        self.labels.extend(rows.labels.iter().map(|&label| signed(label).to_le_bytes()))?;
        self.answers.extend(rows.answers.iter().map(|answer| answer.map_or(-1, signed).to_le_bytes()))?;
        self.probabilities.extend(rows.probabilities.iter().map(|share| share.to_le_bytes()))
    }

    fn finish(self: Box<Self>) -> Result<NamedTempFile> {
        let NpzTable { mut file, names: (title, names), places, labels, answers, probabilities } = *self;
        let mut zip = ZipWriter::new(BufWriter::new(&mut file));
        for array in [places, labels, answers, probabilities] {
            array.put(&mut zip)?;
        }
        put_texts(&mut zip, title, &names)?;
        zip.finish()?.into_inner().map_err(|error| error.into_error())?;
        Ok(file)
    }
}

/// Stored as they are, as `numpy.savez` does; they may be larger than 4 GiB.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored).large_file(true)
}

/// An array that grows by rows.
struct Array {
    name: &'static str,
    kind: &'static str,
    /// Entries of a row, `None` for an array of one axis.
    width: Option<usize>,
    entries: usize,
    waiting: BufWriter<File>,
}

impl Array {
    fn begin(folder: &Path, name: &'static str, kind: &'static str, width: Option<usize>) -> Result<Self> {
        let waiting = BufWriter::new(tempfile::tempfile_in(folder)?);
        Ok(Array { name, kind, width, entries: 0, waiting })
    }

    fn extend<const N: usize>(&mut self, entries: impl Iterator<Item = [u8; N]>) -> Result<()> {
        for entry in entries {
            self.waiting.write_all(&entry)?;
            self.entries += 1;
        }
        Ok(())
    }

    fn put<W: Write + Seek>(self, zip: &mut ZipWriter<W>) -> Result<()> {
        let shape = match self.width {
            None => format!("({},)", self.entries),
            Some(width) => format!("({}, {width})", self.entries / width.max(1)),
        };
        zip.start_file(format!("{}.npy", self.name), options())?;
        zip.write_all(&header(self.kind, &shape))?;
        let mut bytes = self.waiting.into_inner().map_err(|error| error.into_error())?;
        bytes.rewind()?;
        std::io::copy(&mut bytes, zip)?;
        Ok(())
    }
}

/// Texts as NumPy keeps them: four bytes for each character, zeros behind.
fn put_texts<W: Write + Seek>(zip: &mut ZipWriter<W>, name: &str, texts: &[String]) -> Result<()> {
    let longest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    zip.start_file(format!("{name}.npy"), options())?;
    zip.write_all(&header(&format!("<U{longest}"), &format!("({},)", texts.len())))?;
    for text in texts {
        let characters = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(longest);
        for character in characters {
            zip.write_all(&character.to_le_bytes())?;
        }
    }
    Ok(())
}

/// The header of version 1.0, padded to a multiple of 64 bytes.
fn header(kind: &str, shape: &str) -> Vec<u8> {
    let mut line = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let fixed = b"\x93NUMPY\x01\x00".len() + 2;
    let padding = (fixed + line.len() + 1).next_multiple_of(64) - (fixed + line.len() + 1);
    line.extend(std::iter::repeat_n(' ', padding));
    line.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    // The longest line here has about a hundred bytes.
    bytes.extend((line.len() as u16).to_le_bytes());
    bytes.extend(line.bytes());
    bytes
}
