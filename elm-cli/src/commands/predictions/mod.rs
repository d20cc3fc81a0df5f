//! Every prediction of an evaluation, in a file.
//!
//! Predictions are written as they come, so that no text is too long; the file
//! gets its name when it is complete. Read in this order: this file (what is
//! written), `places` (where a prediction belongs), `csv` and `npz` (how).

mod csv;
mod npz;
mod places;

use crate::config::Predicts;
use crate::task::{Purpose, Task};
use anyhow::{Context, Result};
use elm_core::train::Predicted;
use places::Places;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file for predictions, of a known form.
#[derive(Debug, Clone)]
pub struct PredictionsPath {
    path: PathBuf,
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Csv,
    Npz,
}

impl PredictionsPath {
    /// The form is told by the ending, `.csv` or `.npz`.
    ///
    /// # Errors
    /// [`elm_core::Error::Config`] with another ending.
    pub fn new(path: PathBuf) -> elm_core::Result<Self> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let form = match ending.as_str() {
            "csv" => Form::Csv,
            "npz" => Form::Npz,
            _ => {
                let reason = format!("{}: the name must end in .csv or .npz", path.display());
                return Err(elm_core::Error::config("--predictions", reason));
            }
        };
        Ok(PredictionsPath { path, form })
    }
}

/// What the columns are called.
struct Columns {
    /// Where a prediction belongs.
    place: &'static str,
    /// What was right.
    label: &'static str,
    /// The probability of what was right, or of each class.
    probabilities: &'static str,
    /// The names behind the numbers.
    names: &'static str,
}

const TEXT: Columns =
    Columns { place: "position", label: "symbol", probabilities: "probability", names: "symbols" };
const CLASSES: Columns =
    Columns { place: "sample", label: "label", probabilities: "probabilities", names: "classes" };

/// What was answered; the same in both kinds of files.
const PREDICTION: &str = "prediction";

/// Predictions side by side.
struct Rows<'a> {
    /// Where each belongs.
    places: &'a [u64],
    /// What was right.
    labels: &'a [u32],
    /// What was answered; `None` where a logit is not a number.
    answers: &'a [Option<u32>],
    /// `[R, P]`: the probability of what was right (`P` = 1), or of each class.
    probabilities: &'a [f32],
}

/// A file being written.
trait Table {
    /// Adds predictions.
    fn add(&mut self, rows: &Rows<'_>) -> Result<()>;
    /// The complete file, still under a temporary name.
    fn finish(self: Box<Self>) -> Result<NamedTempFile>;
}

/// The predictions of an evaluation on their way into a file.
pub(super) struct Predictions {
    path: PathBuf,
    table: Box<dyn Table>,
    places: Places,
    /// Only the probability of what was right (else those of all classes)?
    one: bool,
}

impl Predictions {
    /// Begins a file; one that is there stays until the end.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn create(path: &PredictionsPath, task: &Task, split: Purpose) -> Result<Self> {
        let PredictionsPath { path, form } = path;
        if path.is_dir() {
            anyhow::bail!("{}: this is a folder; predictions need the name of a file", path.display());
        }
        let one = task.properties().predicts == Predicts::EveryStep;
        let columns = if one { &TEXT } else { &CLASSES };
        let names = task.output_names();
        let begin = || -> Result<Box<dyn Table>> {
            let file = fresh_beside(path)?;
            Ok(match form {
                Form::Csv => Box::new(csv::CsvTable::begin(file, columns, names, one)?),
                Form::Npz => Box::new(npz::NpzTable::begin(file, folder_of(path), columns, names, one)?),
            })
        };
        let table = begin().with_context(|| cannot_write(path))?;
        let places = Places::new(task.properties().segmented.then(|| task.len(split)));
        Ok(Predictions { path: path.clone(), table, places, one })
    }

    /// Writes the predictions of the next batch.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn add(&mut self, predicted: &Predicted<'_>) -> Result<()> {
        let probabilities =
            if self.one { predicted.probabilities_of_labels() } else { predicted.probabilities() };
        let labels = predicted.target.labels().unwrap_or_default();
        let rows = Rows {
            places: &self.places.next(predicted.rows, labels.len()),
            labels: &labels,
            answers: &predicted.answers(),
            probabilities: &probabilities,
        };
        self.table.add(&rows).with_context(|| cannot_write(&self.path))
    }

    /// Gives the complete file its name, and tells it.
    ///
    /// # Errors
    /// When the file cannot be written; one of that name is as it was then.
    pub(super) fn finish(self) -> Result<String> {
        let Predictions { path, table, .. } = self;
        let put = || -> Result<()> {
            let file = table.finish()?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        put().with_context(|| cannot_write(&path))?;
        Ok(path.display().to_string())
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write the predictions {}", path.display())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file of no name yet in the same folder, readable as the umask says.
fn fresh_beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder_of(path))
}
