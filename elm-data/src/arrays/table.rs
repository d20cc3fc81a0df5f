//! Tables of a table program: CSV with commas, a line for each sample or step.

use crate::error::Result;
use crate::files;
use crate::npy::{NpyArray, NpyValues};
use csv::{ReaderBuilder, StringRecord, Trim};
use std::path::Path;

/// Cells beyond this number are refused.
const MOST_CELLS: usize = 1 << 32;

/// A table's cells, line by line.
#[derive(Debug)]
pub(super) struct Table {
    /// The first line, where it is no line of numbers but the others are.
    pub(super) header: Option<Vec<String>>,
    /// Cells of each line, all of one length.
    pub(super) rows: Vec<StringRecord>,
    /// Number of cells in a line.
    pub(super) columns: usize,
}

impl Table {
    /// Reads a whole table.
    ///
    /// # Errors
    /// When it is missing, empty, not UTF-8, or its lines have different
    /// numbers of cells.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let (file, _) = files::open(path, "a table, CSV with commas")?;
        let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::All).from_reader(file);
        let mut rows = Vec::new();
        for row in reader.records() {
            let row = row.map_err(|error| {
                let at =
                    error.position().map_or("file".into(), |position| format!("line {}", position.line()));
                files::format(path, at, error.to_string())
            })?;
            if (rows.len() + 1).saturating_mul(row.len()) > MOST_CELLS {
                return Err(files::format(path, "file", format!("more than {MOST_CELLS} cells")));
            }
            rows.push(row);
        }
        let columns = rows.first().map_or(0, StringRecord::len);
        if let Some(first) = rows.first().filter(|first| first.len() == 1)
            && let Some(other) = [';', '\t'].into_iter().find(|&other| first[0].contains(other))
        {
            let reason = format!("cells are separated by {other:?}; expected commas");
            return Err(files::format(path, "line 1", reason));
        }
        let is_header = rows.len() > 1 && is_header(&rows[0], &rows[1]);
        let header = is_header.then(|| rows.remove(0).iter().map(String::from).collect());
        if rows.is_empty() || columns == 0 {
            return Err(files::format(path, "file", "has no line of cells"));
        }
        Ok(Table { header, rows, columns })
    }

    /// The line in the file of a row.
    pub(super) fn line(&self, row: usize) -> u64 {
        self.rows[row].position().map_or(row as u64 + 1, csv::Position::line)
    }
}

/// Names over numbers, or one of the usual names over texts.
fn is_header(first: &StringRecord, second: &StringRecord) -> bool {
    let is_number = |cell: &str| cell.parse::<f64>().is_ok();
    let over_numbers =
        first.iter().zip(second).any(|(name, cell)| is_number(cell) && !is_number(name) && !name.is_empty());
    let usual = ["y", "label", "class", "target"];
    over_numbers || first.iter().all(|name| usual.contains(&name.to_lowercase().as_str()))
}

/// The table as an array: of reals where it is an input, else of integers or
/// reals where every cell is one, else of texts.
///
/// # Errors
/// As [`Table::read`], and for a cell of an input that is no number.
pub(super) fn array(path: &Path, input: bool) -> Result<NpyArray> {
    let table = Table::read(path)?;
    let shape = vec![table.rows.len(), table.columns];
    let cells = || table.rows.iter().flat_map(StringRecord::iter);
    let integers: Option<Vec<i64>> =
        if input { None } else { cells().map(|cell| cell.parse().ok()).collect() };
    if let Some(integers) = integers {
        return Ok(NpyArray { shape, values: NpyValues::Integer(integers) });
    }
    let reals: Option<Vec<f32>> = cells().map(|cell| cell.parse().ok()).collect();
    match reals {
        Some(reals) => Ok(NpyArray { shape, values: NpyValues::Real(reals) }),
        // Texts among numbers are no classes but a mistake.
        None if input || cells().any(|cell| cell.parse::<f32>().is_ok()) => Err(no_number(path, &table)),
        None => Ok(NpyArray { shape, values: NpyValues::Text(cells().map(String::from).collect()) }),
    }
}

/// The first cell that is no number.
fn no_number(path: &Path, table: &Table) -> crate::DataError {
    let wrong = |row: &StringRecord| row.iter().position(|cell| cell.parse::<f32>().is_err());
    let found = table.rows.iter().enumerate().find_map(|(row, cells)| Some((row, wrong(cells)?)));
    let (row, column) = found.unwrap_or_default();
    let at = format!("line {}, column {}", table.line(row), column + 1);
    files::format(path, at, format!("{:?} is no number", &table.rows[row][column]))
}
