//! Predictions as NumPy arrays: numbers, and the names behind them.
//!
//! An `.npz` is a zip of `.npy` files: a line of Python that describes an array
//! (written here, it is one line), then its bytes. Arrays grow side by side
//! but follow each other in the zip, so each waits in a file of its own.

use super::{Cells, Kind, Layout, Table};
use anyhow::Result;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;
use tempfile::NamedTempFile;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub(super) struct NpzTable {
    file: NamedTempFile,
    names: Option<(&'static str, Vec<String>)>,
    arrays: Vec<Array>,
}

impl NpzTable {
    /// Opens a file for each array in `folder`; they vanish by themselves.
    pub(super) fn begin(file: NamedTempFile, folder: &Path, layout: Layout) -> Result<Self> {
        let mut arrays = Vec::with_capacity(layout.columns.len());
        for column in layout.columns {
            let (kind, width) = match column.kind {
                Kind::Number => ("<i8", None),
                Kind::Class => ("<i4", None),
                Kind::Real => ("<f4", None),
                Kind::Reals(names) => ("<f4", Some(names.len())),
            };
            arrays.push(Array::begin(folder, column.name, kind, width)?);
        }
        Ok(NpzTable { file, names: layout.names, arrays })
    }
}

impl Table for NpzTable {
    /// A missing answer is -1.
    fn add(&mut self, cells: &[Cells<'_>]) -> Result<()> {
        let signed = |number: u32| i32::try_from(number).unwrap_or(-1);
        for (array, cells) in self.arrays.iter_mut().zip(cells) {
            match cells {
                Cells::Numbers(numbers) => array.extend(numbers.iter().map(|number| number.to_le_bytes()))?,
                Cells::Classes(classes) => {
                    array.extend(classes.iter().map(|class| class.map_or(-1, signed).to_le_bytes()))?;
                }
                Cells::Reals(values) => array.extend(values.iter().map(|value| value.to_le_bytes()))?,
            }
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<NamedTempFile> {
        let NpzTable { mut file, names, arrays } = *self;
        let mut zip = ZipWriter::new(BufWriter::new(&mut file));
        for array in arrays {
            array.put(&mut zip)?;
        }
        if let Some((title, names)) = names {
            put_texts(&mut zip, title, &names)?;
        }
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
