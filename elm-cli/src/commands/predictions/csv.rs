//! Predictions as comma-separated values, with names for numbers.

use super::{Cells, Kind, Layout, Table};
use anyhow::{Result, anyhow};
use csv::{Writer, WriterBuilder};
use tempfile::NamedTempFile;

pub(super) struct CsvTable {
    writer: Writer<NamedTempFile>,
    names: Vec<String>,
}

impl CsvTable {
    /// Writes the first line.
    pub(super) fn begin(file: NamedTempFile, layout: Layout) -> Result<Self> {
        let mut writer = WriterBuilder::new().from_writer(file);
        for column in layout.columns {
            match column.kind {
                Kind::Reals(names) => names.iter().try_for_each(|name| writer.write_field(name))?,
                Kind::Number | Kind::Class | Kind::Real => writer.write_field(column.name)?,
            }
        }
        writer.write_record(None::<&[u8]>)?;
        Ok(CsvTable { writer, names: layout.names.map(|(_, names)| names).unwrap_or_default() })
    }
}

impl Table for CsvTable {
    /// A missing answer is an empty cell.
    fn add(&mut self, cells: &[Cells<'_>]) -> Result<()> {
        let Some(Cells::Numbers(places)) = cells.first() else { return Ok(()) };
        let name = |class: Option<u32>| {
            class.and_then(|class| self.names.get(class as usize)).map_or("", String::as_str)
        };
        for row in 0..places.len() {
            for cells in cells {
                match cells {
                    Cells::Numbers(numbers) => self.writer.write_field(numbers[row].to_string())?,
                    Cells::Classes(classes) => self.writer.write_field(name(classes[row]))?,
                    Cells::Reals(values) => {
                        let width = values.len() / places.len();
                        let own = &values[row * width..(row + 1) * width];
                        own.iter().try_for_each(|value| self.writer.write_field(value.to_string()))?;
                    }
                }
            }
            self.writer.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<NamedTempFile> {
        self.writer.into_inner().map_err(|error| anyhow!(error.into_error()))
    }
}
