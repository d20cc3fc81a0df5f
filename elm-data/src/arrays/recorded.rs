//! One long recording: a table with a line for each time step and a column for
//! each channel.

use super::table::Table;
use crate::digest::Fingerprint;
use crate::error::{DataError, Result};
use crate::files;
use crate::samples::{Answer, AnswerKind, Sample, SampleInput, Samples};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Consecutive windows of a recording; in each, the target columns are
/// predicted at every step from the other columns up to that step.
#[derive(Debug, Clone)]
pub struct Recorded {
    all: Arc<Recording>,
    window: usize,
    /// The lines of this split.
    steps: Range<usize>,
}

#[derive(Debug)]
struct Recording {
    /// `[T, C]`.
    inputs: Vec<f32>,
    channels: usize,
    targets: Targets,
    notes: Vec<String>,
}

#[derive(Debug)]
enum Targets {
    /// `[T, O]`.
    Values(Vec<f32>, usize),
    /// `[T]`, and their names.
    Classes(Vec<u32>, Vec<String>),
}

impl Recorded {
    /// Train, valid and test of a CSV file: consecutive shares of its lines in
    /// windows of `window` lines. `targets` are the columns to predict, by
    /// their names in the first line or by their numbers from 1: one column of
    /// integers or texts holds classes, others hold real values.
    ///
    /// # Errors
    /// [`DataError`] naming the line and column at fault, or the setting.
    pub fn load(
        path: &Path,
        targets: &[String],
        window: usize,
        fractions: [f64; 3],
        known: Option<&[String]>,
    ) -> Result<[Recorded; 3]> {
        let table = Table::read(path)?;
        if table.header.is_none() && table.rows.len() == 1 && is_of_names(&table.rows[0]) {
            return Err(files::format(
                path,
                "line 2",
                "missing: there are names of columns, but no line below",
            ));
        }
        let targets = columns(path, &table, targets)?;
        let all = Arc::new(Recording::of(path, &table, &targets, known)?);
        let lines = table.rows.len();
        let first = (lines as f64 * fractions[0]).round() as usize;
        let second = (lines as f64 * (fractions[0] + fractions[1])).round() as usize;
        let parts = [0..first, first..second.max(first), second.min(lines)..lines];
        if window == 0 || parts.iter().any(|part| part.len() < window) {
            let lengths = parts.map(|part| part.len());
            let reason =
                format!("windows of {window} lines; train, valid and test have {lengths:?} of {lines} lines");
            return Err(DataError::Setting { setting: "data.window".into(), reason });
        }
        let split = |steps| Recorded { all: all.clone(), window, steps };
        Ok(parts.map(split))
    }
}

fn is_of_names(row: &csv::StringRecord) -> bool {
    row.iter().all(|cell| cell.parse::<f64>().is_err())
}

/// The numbers of the target columns.
fn columns(path: &Path, table: &Table, targets: &[String]) -> Result<Vec<usize>> {
    let names = || table.header.as_ref().map_or("no names".into(), |names| names.join(", "));
    let wrong = |reason: String| DataError::Setting { setting: "data.target".into(), reason };
    let column = |target: &String| {
        let all = table.header.iter().flatten().filter(|name| *name == target).count();
        if all > 1 {
            return Err(wrong(format!(
                "{}: {all} columns are called {target:?}; give the number of one, from 1",
                path.display()
            )));
        }
        let named = table.header.as_ref().and_then(|names| names.iter().position(|name| name == target));
        let numbered =
            || target.parse().ok().filter(|n| (1..=table.columns).contains(n)).map(|n: usize| n - 1);
        named.or_else(numbered).ok_or_else(|| {
            let text = format!(
                "{}: there is no column {target:?}; its {} columns: {}",
                path.display(),
                table.columns,
                names()
            );
            wrong(text)
        })
    };
    let found = targets.iter().map(column).collect::<Result<Vec<usize>>>()?;
    if found.is_empty() {
        let reason = format!("missing: which column of {} is predicted? It has {}", path.display(), names());
        return Err(wrong(reason));
    }
    if let Some(twice) = (1..found.len()).find(|&place| found[..place].contains(&found[place])) {
        return Err(wrong(format!("{:?} is given twice", targets[twice])));
    }
    if found.len() >= table.columns {
        return Err(wrong(format!("{}: no column is left to predict from", path.display())));
    }
    Ok(found)
}

impl Recording {
    fn of(path: &Path, table: &Table, targets: &[usize], known: Option<&[String]>) -> Result<Self> {
        let others: Vec<usize> = (0..table.columns).filter(|column| !targets.contains(column)).collect();
        let inputs = reals(path, table, &others)?;
        // Texts among numbers are no classes but a mistake, and told as one.
        let discrete = targets.len() == 1 && {
            let cells = || table.rows.iter().map(|row| &row[targets[0]]);
            cells().all(|cell| cell.parse::<i64>().is_ok())
                || cells().all(|cell| cell.parse::<f64>().is_err() && !cell.is_empty())
        };
        let targets = if discrete {
            classes(path, table, targets[0], known)?
        } else {
            Targets::Values(reals(path, table, targets)?, targets.len())
        };
        let what = match &targets {
            Targets::Values(_, outputs) => format!("{outputs} real values (regression)"),
            Targets::Classes(_, names) => format!("one of {} classes", names.len()),
        };
        let notes = vec![format!("{}: {what} at each of {} lines", path.display(), table.rows.len())];
        Ok(Recording { inputs, channels: others.len(), targets, notes })
    }
}

/// Some columns, `[T, columns]`.
fn reals(path: &Path, table: &Table, columns: &[usize]) -> Result<Vec<f32>> {
    let mut values = Vec::with_capacity(table.rows.len() * columns.len());
    for (row, cells) in table.rows.iter().enumerate() {
        for &column in columns {
            match cells[column].parse::<f32>() {
                Ok(value) if value.is_finite() => values.push(value),
                _ => {
                    let at = format!("line {}, column {}", table.line(row), column + 1);
                    let reason = format!("{:?}; expected a finite number", &cells[column]);
                    return Err(files::format(path, at, reason));
                }
            }
        }
    }
    Ok(values)
}

/// A column of classes; they are numbered in the order of numbers, or of the
/// alphabet.
fn classes(path: &Path, table: &Table, column: usize, known: Option<&[String]>) -> Result<Targets> {
    let names = match known {
        Some(known) => known.to_vec(),
        None => {
            let mut names: Vec<String> = table.rows.iter().map(|row| row[column].to_string()).collect();
            names.sort_unstable_by_key(|name| (name.parse::<i64>().ok(), name.clone()));
            names.dedup();
            names
        }
    };
    let number = |(row, cells): (usize, &csv::StringRecord)| {
        let found = names.iter().position(|name| *name == cells[column]);
        found.map(|class| class as u32).ok_or_else(|| {
            let at = format!("line {}, column {}", table.line(row), column + 1);
            let reason =
                format!("{:?} is none of the classes of the run: {}", &cells[column], names.join(", "));
            files::format(path, at, reason)
        })
    };
    let classes = table.rows.iter().enumerate().map(number).collect::<Result<Vec<u32>>>()?;
    Ok(Targets::Classes(classes, names))
}

impl Samples for Recorded {
    fn len(&self) -> usize {
        self.steps.len() / self.window
    }

    fn channels(&self) -> usize {
        self.all.channels
    }

    fn classes(&self) -> usize {
        match &self.all.targets {
            Targets::Values(_, outputs) => *outputs,
            Targets::Classes(_, names) => names.len(),
        }
    }

    fn answers(&self) -> AnswerKind {
        match self.all.targets {
            Targets::Values(..) => AnswerKind::ValuesEveryStep,
            Targets::Classes(..) => AnswerKind::ClassEveryStep,
        }
    }

    /// The classes, whose numbers were given here.
    fn symbols(&self) -> Option<Vec<String>> {
        self.class_names()
    }

    fn class_names(&self) -> Option<Vec<String>> {
        match &self.all.targets {
            Targets::Values(..) => None,
            Targets::Classes(_, names) => Some(names.clone()),
        }
    }

    /// Of its lines and how they are cut.
    fn digest(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::of("recording");
        fingerprint.number(self.window as u64);
        for index in 0..self.len() {
            let Sample { input, answer } = self.read(index)?;
            if let SampleInput::Dense { values, .. } = input {
                fingerprint.add(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>());
            }
            match answer {
                Answer::ClassEveryStep(classes) => {
                    classes.iter().for_each(|&class| fingerprint.number(u64::from(class)));
                }
                Answer::ValuesEveryStep(values) => {
                    fingerprint.add(&values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
                }
                Answer::Class(_) | Answer::Values(_) => {}
            }
        }
        Ok(fingerprint.finish())
    }

    fn notes(&self) -> Vec<String> {
        self.all.notes.clone()
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let steps = self.steps.start + index * self.window..self.steps.start + (index + 1) * self.window;
        let of = |values: &[f32], each: usize| values[steps.start * each..steps.end * each].to_vec();
        let input = SampleInput::Dense {
            channels: self.all.channels,
            values: of(&self.all.inputs, self.all.channels),
        };
        let answer = match &self.all.targets {
            Targets::Values(values, outputs) => Answer::ValuesEveryStep(of(values, *outputs)),
            Targets::Classes(classes, _) => Answer::ClassEveryStep(classes[steps].to_vec()),
        };
        Ok(Sample { input, answer })
    }
}
