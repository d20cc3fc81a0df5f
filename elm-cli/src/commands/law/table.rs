//! A table of results as a file holds it: names and rows of text.

use crate::config::place::ConfigError;
use anyhow::{Context, Result};
use std::path::Path;

/// One CSV file.
pub(super) struct Table {
    /// The file, for messages.
    pub(super) name: String,
    /// Column names.
    pub(super) columns: Vec<String>,
    /// Line of the file and fields of every row.
    pub(super) rows: Vec<(u64, Vec<String>)>,
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or as [`parse`](Self::parse).
    pub(super) fn read(path: &Path) -> Result<Table> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let line =
                error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|&&b| b == b'\n').count()
                    + 1;
            ConfigError::of(format!("{name}:{line}"), "this is not text; a table of results is a CSV file")
        })?;
        Ok(Table::parse(&name, text.strip_prefix('\u{feff}').unwrap_or(&text))?)
    }

    /// # Errors
    /// [`ConfigError`] with file and line, if there is no row or rows have
    /// different numbers of fields.
    pub(super) fn parse(name: &str, text: &str) -> Result<Table, ConfigError> {
        if text.trim().is_empty() {
            let message = "the file is empty; a table of results begins with a line of column names";
            return Err(ConfigError::of(name, message));
        }
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let wrong = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            let message = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("{len} fields, but the table has {expected_len} columns")
                }
                _ => format!("this is not a CSV table: {error}"),
            };
            ConfigError::of(format!("{name}:{line}"), message)
        };
        let columns: Vec<String> = reader.headers().map_err(wrong)?.iter().map(String::from).collect();
        if let [only] = &columns[..]
            && let Some(other) = [';', '\t'].into_iter().find(|other| only.contains(*other))
        {
            let message = format!("fields are separated by {other:?}; a table of results has commas");
            return Err(ConfigError::of(format!("{name}:1"), message));
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(wrong)?;
            let line = record.position().map_or(0, csv::Position::line);
            rows.push((line, record.iter().map(String::from).collect()));
        }
        if rows.is_empty() {
            return Err(ConfigError::of(name, "the table has column names only, and no run"));
        }
        Ok(Table { name: name.to_string(), columns, rows })
    }

    /// Index of a column, if there is one.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// That a column is missing, with the one that may be meant.
    pub(super) fn missing(&self, name: &str, wanted: &str) -> ConfigError {
        let likeness = |column: &&String| strsim::jaro_winkler(column, name);
        let nearest = self.columns.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        let meant = nearest.filter(|column| likeness(column) > 0.75);
        let meant = meant.map_or(String::new(), |column| format!("; did you mean `{column}`?"));
        let message = format!("there is no column `{name}`, {wanted}{meant}");
        ConfigError::of(format!("{}:1", self.name), message)
            .help(format!("its columns are {}", self.columns.join(", ")))
    }

    /// A number of a row; an empty field is none.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and column, if it is none.
    pub(super) fn number(&self, row: usize, column: usize) -> Result<Option<f64>, ConfigError> {
        let (line, fields) = &self.rows[row];
        let text = fields[column].as_str();
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |_| {
            let message = format!("{} is {text:?}, which is no number", self.columns[column]);
            ConfigError::of(format!("{}:{line}", self.name), message)
        };
        text.parse().map(Some).map_err(wrong)
    }

    /// A number that says how large something is.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and column, if it is not positive.
    pub(super) fn size(&self, row: usize, column: usize) -> Result<f64, ConfigError> {
        match self.number(row, column)? {
            Some(value) if value.is_finite() && value > 0.0 => Ok(value),
            other => {
                let got = other.map_or("missing".to_string(), |value| value.to_string());
                let message = format!("{} is {got}; it must be a positive number", self.columns[column]);
                Err(ConfigError::of(format!("{}:{}", self.name, self.rows[row].0), message))
            }
        }
    }
}
