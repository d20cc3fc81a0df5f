//! All runs of a sweep, checked before any of them starts.

use super::expand::combinations;
use super::figure::Figure;
use super::file::SweepFile;
use super::making::Making;
use super::pivot::Pivot;
use super::point::Point;
use crate::config::ConfigError;
use crate::model::ConfiguredModel;
use crate::run::Progress;
use crate::run::folder::write_atomically;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Where a sweep keeps its runs.
pub const POINTS: &str = "points.json";

/// The runs of a sweep: what `points.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The settings that vary or follow, in the order of the file.
    pub columns: Vec<String>,
    /// What the summary shows besides.
    pub table: Option<Pivot>,
    /// What is drawn.
    pub figure: Option<Figure>,
    /// The runs.
    pub points: Vec<Point>,
}

impl Plan {
    /// The runs of a file; `notice` is told what a user should know of them.
    /// With `strict`, data that cannot be read is an error.
    ///
    /// # Errors
    /// [`ConfigError`] at the place of what is wrong with the first bad run.
    pub fn of<S: ConfiguredModel>(
        file: &SweepFile,
        strict: bool,
        notice: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        let mut making = Making::new(file, strict, &mut *notice);
        let mut gathered = Gathered::default();
        let mut columns: Vec<String> = Vec::new();
        let combinations = combinations(file)?;
        let mut progress = Progress::new("checking", 0, combinations.len() as u64);
        for (i, combination) in combinations.iter().enumerate() {
            progress.update(i as u64, String::new);
            for column in combination.columns() {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
            for (point, path) in making.points::<S>(combination)? {
                gathered.add(file, point, path)?;
            }
        }
        drop(progress);
        if let Some(note) = gathered.note() {
            notice(&note);
        }
        Ok(Plan {
            table: file.table.as_ref().map(|table| table.checked(&columns)).transpose()?,
            figure: file.figure.as_ref().map(|figure| figure.checked(&columns)).transpose()?,
            columns,
            points: gathered.points,
        })
    }

    /// Keeps the runs in the folder of the sweep.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        write_atomically(&folder.join(POINTS), &serde_json::to_vec_pretty(self).context("the runs")?)
    }

    /// The runs that a folder keeps; `None`: it keeps none.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(POINTS);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(
                serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?,
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }
}

/// Runs as they are found: equal ones are done once.
#[derive(Default)]
struct Gathered {
    points: Vec<Point>,
    /// By digest: which of them it is, and where its data is.
    known: BTreeMap<String, (usize, Option<String>)>,
    twice: Vec<String>,
}

impl Gathered {
    fn add(&mut self, file: &SweepFile, point: Point, path: Option<String>) -> Result<(), ConfigError> {
        let Some((same, other)) = self.known.get(&point.digest) else {
            self.known.insert(point.digest.clone(), (self.points.len(), path));
            self.points.push(point);
            return Ok(());
        };
        let same = &self.points[*same].name;
        if *other != path {
            let message = format!("{same} and {} differ in nothing but the folder of their data", point.name);
            return Err(
                ConfigError::of(&file.source.name, message).help("give one of the files another name")
            );
        }
        self.twice.push(format!("{} is {same}", point.name));
        Ok(())
    }

    /// What a user should know.
    fn note(&self) -> Option<String> {
        let some: Vec<&str> = self.twice.iter().take(3).map(String::as_str).collect();
        let more = if self.twice.len() > 3 { ", …" } else { "" };
        let count = self.twice.len();
        (count > 0).then(|| {
            format!("{count} runs are the same as others and are done once: {}{more}", some.join(", "))
        })
    }
}
