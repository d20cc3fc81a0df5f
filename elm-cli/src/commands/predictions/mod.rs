//! Every prediction of an evaluation, in a file.
//!
//! Predictions are written as they come, so that no text is too long; the file
//! gets its name when it is complete. Read in this order: this file (what is
//! written), `places` (where a prediction belongs), `windows` (those of
//! recorded neurons), `csv` and `npz` (how).

mod csv;
mod npz;
mod places;
mod windows;

use crate::config::{Predicts, Properties};
use crate::run::folder::file_to_write;
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

/// A column of the file.
struct Column {
    name: &'static str,
    kind: Kind,
}

/// What a column holds.
enum Kind {
    /// Places, counted from 0.
    Number,
    /// Classes or symbols by number; in CSV by name.
    Class,
    /// One real number.
    Real,
    /// Several, each with a name of its own in CSV.
    Reals(Vec<String>),
}

/// Cells of a column, row by row.
enum Cells<'a> {
    Numbers(&'a [u64]),
    /// `None` where there is no answer: a logit is not a number.
    Classes(&'a [Option<u32>]),
    Reals(&'a [f32]),
}

/// What a file of predictions looks like.
struct Layout {
    columns: Vec<Column>,
    /// The names behind the numbers of classes or symbols, and what they are
    /// called together.
    names: Option<(&'static str, Vec<String>)>,
}

impl Layout {
    fn of(task: &Task) -> Self {
        let predicts = task.properties().predicts;
        let mut columns = Vec::new();
        let mut add = |name, kind| columns.push(Column { name, kind });
        if predicts == Predicts::SpikeAndSoma {
            windows::NUMBERS.into_iter().for_each(|name| add(name, Kind::Number));
            windows::VALUES.into_iter().for_each(|name| add(name, Kind::Real));
            return Layout { columns, names: None };
        }
        let text = predicts == Predicts::EveryStep;
        add(if text { "position" } else { "sample" }, Kind::Number);
        if matches!(predicts, Predicts::ClassEveryStep | Predicts::ValuesEveryStep) {
            add("step", Kind::Number);
        }
        if matches!(predicts, Predicts::Values | Predicts::ValuesEveryStep) {
            let named = |name: &str| match task.demand().outputs {
                1 => Kind::Real,
                outputs => Kind::Reals((0..outputs).map(|output| format!("{name}_{output}")).collect()),
            };
            add("value", named("value"));
            add(PREDICTION, named(PREDICTION));
            return Layout { columns, names: None };
        }
        let names = task.output_names();
        add(if text { "symbol" } else { "label" }, Kind::Class);
        add(PREDICTION, Kind::Class);
        if text {
            add("probability", Kind::Real);
        } else {
            add("probabilities", Kind::Reals(names.iter().map(|name| format!("p_{name}")).collect()));
        }
        Layout { columns, names: Some((if text { "symbols" } else { "classes" }, names)) }
    }
}

/// What was answered; the same in all files.
const PREDICTION: &str = "prediction";

/// A file being written.
trait Table {
    /// Adds rows, column by column.
    fn add(&mut self, cells: &[Cells<'_>]) -> Result<()>;
    /// The complete file, still under a temporary name.
    fn finish(self: Box<Self>) -> Result<NamedTempFile>;
}

/// The predictions of an evaluation on their way into a file.
pub(super) struct Predictions {
    /// As it was given.
    path: PathBuf,
    /// What is behind it.
    file: PathBuf,
    table: Box<dyn Table>,
    places: Places,
    predicts: Predicts,
}

impl Predictions {
    /// Begins a file; one that is there stays until the end.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn create(path: &PredictionsPath, task: &Task, split: Purpose) -> Result<Self> {
        let PredictionsPath { path, form } = path;
        let file = file_to_write(path)?;
        let layout = Layout::of(task);
        let begin = || -> Result<Box<dyn Table>> {
            let fresh = fresh_beside(&file)?;
            Ok(match form {
                Form::Csv => Box::new(csv::CsvTable::begin(fresh, layout)?),
                Form::Npz => Box::new(npz::NpzTable::begin(fresh, folder_of(&file), layout)?),
            })
        };
        let table = begin().with_context(|| cannot_write(path))?;
        let Properties { predicts, segmented, .. } = task.properties();
        let places = Places::new(segmented.then(|| task.len(split)));
        Ok(Predictions { path: path.clone(), file, table, places, predicts })
    }

    /// Writes the predictions of the next batch.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn add(&mut self, predicted: &Predicted<'_>) -> Result<()> {
        if let Some(columns) = windows::Columns::of(predicted) {
            return self.table.add(&columns.cells()).with_context(|| cannot_write(&self.path));
        }
        let (places, steps) = match self.predicts {
            Predicts::ClassEveryStep | Predicts::ValuesEveryStep => {
                let samples = self.places.next(predicted.rows, predicted.rows);
                let at = |[step, row]: [u32; 2]| (samples[row as usize], u64::from(step));
                predicted.target.places(predicted.rows).into_iter().map(at).unzip()
            }
            _ => (self.places.next(predicted.rows, predicted.predictions as usize), Vec::new()),
        };
        let mut cells = vec![Cells::Numbers(&places)];
        if !steps.is_empty() {
            cells.push(Cells::Numbers(&steps));
        }
        let labels: Vec<Option<u32>>;
        let (answers, first, second);
        match (predicted.target.labels(), predicted.target.values()) {
            (Some(right), _) => {
                labels = right.iter().map(|&label| Some(label)).collect();
                answers = predicted.answers();
                first = match self.predicts {
                    Predicts::EveryStep => predicted.probabilities_of_labels(),
                    _ => predicted.probabilities(),
                };
                cells.extend([Cells::Classes(&labels), Cells::Classes(&answers), Cells::Reals(&first)]);
            }
            (None, values) => {
                let rows = predicted.predictions as usize;
                first = by_row(&values.unwrap_or_default(), rows);
                second = by_row(predicted.outputs, rows);
                cells.extend([Cells::Reals(&first), Cells::Reals(&second)]);
            }
        }
        self.table.add(&cells).with_context(|| cannot_write(&self.path))
    }

    /// Gives the complete file its name, and tells it.
    ///
    /// # Errors
    /// When the file cannot be written; one of that name is as it was then.
    pub(super) fn finish(self) -> Result<String> {
        let Predictions { path, file: to, table, .. } = self;
        let put = || -> Result<()> {
            let file = table.finish()?;
            file.as_file().sync_all()?;
            file.persist(&to)?;
            Ok(())
        };
        put().with_context(|| cannot_write(&path))?;
        Ok(path.display().to_string())
    }
}

/// `[O, R]` as `[R, O]`.
fn by_row(values: &[f32], rows: usize) -> Vec<f32> {
    let outputs = values.len() / rows.max(1);
    (0..values.len()).map(|at| values[at % outputs * rows + at / outputs]).collect()
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
