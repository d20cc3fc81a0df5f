//! Writing recordings as HDF5 in the layout of SHD.
//!
//! SHD keeps times in half precision, which the writing library does not know;
//! they are written in single precision, as readers take them too.

use super::hdf5::RECIPE;
use super::recording::Recording;
use crate::error::{DataError, Result};
use crate::files::{self, io};
use hdf5_writer::{ByteOrder, DatasetBuilder, Datatype, Hdf5Builder, Hdf5Writer, WriteOptions};
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Writes recordings as SHD has them: `spikes/times` in seconds,
/// `spikes/units`, `labels`, `extra/speaker`, and `extra/keys`, the word of
/// each class; and beside these `extra/recipe`, how they were made.
///
/// # Errors
/// [`DataError::Io`] when the file cannot be written, [`DataError::Format`]
/// when a recording does not fit the layout.
pub fn write_shd(path: &Path, recordings: &[Recording], keys: &[String], recipe: &str) -> Result<()> {
    let wrong = |error: hdf5_writer::Error| DataError::Format {
        path: path.to_path_buf(),
        at: "layout".into(),
        reason: error.to_string(),
    };
    let rows = recordings.len() as u64;
    let times = |recording: &Recording| -> Vec<u8> {
        recording.times.iter().flat_map(|&time| time.to_le_bytes()).collect()
    };
    let units = |recording: &Recording| -> Vec<u8> {
        recording.units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    };
    let single = Datatype::FloatingPoint { size: 4, byte_order: ByteOrder::LittleEndian };
    let short = Datatype::FixedPoint { size: 2, signed: false, byte_order: ByteOrder::LittleEndian };
    let numbers = |of: fn(&Recording) -> u32| -> Vec<u16> {
        recordings.iter().map(|recording| of(recording) as u16).collect()
    };
    let build = || {
        let mut file = Hdf5Builder::new()
            .dataset(DatasetBuilder::vlen_sequence_data(
                "spikes/times",
                single,
                [rows],
                recordings.iter().map(times).collect(),
            )?)
            .dataset(DatasetBuilder::vlen_sequence_data(
                "spikes/units",
                short,
                [rows],
                recordings.iter().map(units).collect(),
            )?)
            .dataset(DatasetBuilder::typed_data("labels", [rows], &numbers(|recording| recording.label))?)
            .dataset(DatasetBuilder::typed_data(
                "extra/speaker",
                [rows],
                &numbers(|recording| recording.speaker),
            )?);
        if !keys.is_empty() {
            file = file.dataset(DatasetBuilder::fixed_string_data("extra/keys", [keys.len() as u64], keys)?);
        }
        if !recipe.is_empty() {
            file = file.dataset(DatasetBuilder::fixed_string_data(RECIPE, [1], &[recipe.to_string()])?);
        }
        file.into_plan()
    };
    let plan = build().map_err(wrong)?;
    let partial = crate::copies::beside(path, "partial");
    let write = || -> Result<()> {
        let file = File::create(&partial).map_err(|source| io(&partial, source))?;
        let sink = BufWriter::new(file);
        let sink = Hdf5Writer::new(sink, WriteOptions::default()).finish(plan).map_err(wrong)?;
        let file = sink.into_inner().map_err(|error| io(&partial, error.into_error()))?;
        file.sync_all().map_err(|source| io(&partial, source))?;
        files::rename(&partial, path)
    };
    let written = write();
    if written.is_err() {
        // Nothing can be done about a file that cannot be removed.
        let _ = std::fs::remove_file(&partial);
    }
    written
}
