//! Predictions as comma-separated values, with names for numbers.

use super::{Columns, PREDICTION, Rows, Table};
use anyhow::{Result, anyhow};
use csv::{Writer, WriterBuilder};
use tempfile::NamedTempFile;

pub(super) struct CsvTable {
    writer: Writer<NamedTempFile>,
    names: Vec<String>,
    /// Probabilities of a row.
    width: usize,
}

impl CsvTable {
    /// Writes the first line. The probability of a class has the column
    /// `p_NAME`.
    pub(super) fn begin(
        file: NamedTempFile,
        columns: &Columns,
        names: Vec<String>,
        one: bool,
    ) -> Result<Self> {
        let mut writer = WriterBuilder::new().has_headers(false).from_writer(file);
        let mut header = [columns.place, columns.label, PREDICTION].map(String::from).to_vec();
        match one {
            true => header.push(columns.probabilities.into()),
            false => header.extend(names.iter().map(|name| format!("p_{name}"))),
        }
        writer.write_record(header)?;
        let width = if one { 1 } else { names.len() };
        Ok(CsvTable { writer, names, width })
    }
}

impl Table for CsvTable {
    fn add(&mut self, rows: &Rows<'_>) -> Result<()> {
        let name = |number: u32| self.names.get(number as usize).map_or("", String::as_str);
        let known = rows.places.iter().zip(rows.labels).zip(rows.answers);
        for (((place, &label), answer), row) in known.zip(rows.probabilities.chunks(self.width.max(1))) {
            self.writer.serialize((place, name(label), answer.map_or("", name), row))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<NamedTempFile> {
        self.writer.into_inner().map_err(|error| anyhow!(error.into_error()))
    }
}
