//! `elm plot`: learning curves of one or several runs.
//!
//! Read in this order: `quantity` (what can be drawn), `curve` (from metrics to
//! points), `names` (what runs are called), `draw` (the chart).

mod curve;
mod draw;
pub(crate) mod names;
mod quantity;

pub use curve::Against;
pub use quantity::{Quantity, argument as quantity_argument};

use super::settings::RunSettings;
use crate::chart::Chart;
use crate::config::effective::EffectiveSettings;
use crate::config::{ConfigError, Predicts};
use crate::model::ConfiguredModel;
use crate::run::find::{is_run, runs_below};
use crate::run::{History, Progress, RunRecord};
use anyhow::{Result, bail};
use curve::Curves;
use draw::Named;
pub(crate) use draw::Style;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What to draw.
#[derive(Debug, Clone)]
pub struct PlotRequest {
    /// Runs, or folders of runs.
    pub runs: Vec<PathBuf>,
    /// What the vertical axis shows.
    pub quantity: Quantity,
    /// What the horizontal axis counts.
    pub against: Against,
    /// Updates to average training over.
    pub smooth: Option<f64>,
    /// Is the horizontal axis logarithmic?
    pub log_x: bool,
    /// Is the vertical one?
    pub log_y: bool,
    /// Folder for the pictures.
    pub out: Option<PathBuf>,
}

/// The document that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct PlotReport {
    /// The pictures.
    pub files: Vec<String>,
    /// What they show.
    pub metric: &'static str,
    /// What the horizontal axis counts.
    pub against: &'static str,
    /// The runs in their order.
    pub runs: Vec<PlottedRun>,
    /// What people should know.
    pub notes: Vec<String>,
}

/// A run on the picture.
#[derive(Debug, Clone, Serialize)]
pub struct PlottedRun {
    /// Its folder.
    pub run: String,
    /// What it is called there.
    pub name: String,
    /// Points of training.
    pub train_points: usize,
    /// Points of validation.
    pub valid_points: usize,
}

/// A run with what it measured.
pub(crate) struct Measured {
    run: PathBuf,
    pub(crate) history: History,
    settings: Option<EffectiveSettings>,
    /// `None` in runs of versions that did not keep it.
    predicts: Option<Predicts>,
}

/// Draws `curves.svg` and `curves.png`.
///
/// # Errors
/// When a folder holds no run, no run has measured what is asked for, or a
/// picture cannot be written.
pub fn run<S: ConfiguredModel>(request: &PlotRequest) -> Result<PlotReport> {
    let mut notes = Vec::new();
    let folders = folders(&request.runs)?;
    let mut progress = Progress::new("reading", 0, folders.len() as u64);
    let mut measured = Vec::new();
    for run in folders {
        progress.update(measured.len() as u64, String::new);
        measured.push(read::<S>(run, &mut notes)?);
    }
    drop(progress);
    let style = style(request);
    let (runs, chart) = drawn(&measured, &style, &mut notes)?;
    let folder = folder(request);
    let stem = match request.quantity {
        Quantity::LOSS => "curves".to_string(),
        other => format!("curves-{}", other.name()),
    };
    let files = chart.write(&folder, &stem)?.map(|file| file.display().to_string()).to_vec();
    use crate::config::names::Named as _;
    let (metric, against) = (request.quantity.name(), request.against.name());
    Ok(PlotReport { files, metric, against, runs, notes })
}

fn style(request: &PlotRequest) -> Style {
    let PlotRequest { quantity, against, smooth, log_x, log_y, .. } = *request;
    Style { quantity, against, smooth, log_x, log_y }
}

/// The runs that are meant, each once.
fn folders(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let (mut folders, mut seen) = (Vec::new(), BTreeSet::new());
    for folder in named {
        if !folder.is_dir() || (folder.join("config.toml").is_file() && !is_run(folder)) {
            bail!("{}: this is not the folder of a run", folder.display());
        }
        let found = runs_below(folder)?;
        if found.is_empty() {
            bail!("{}: there is no run in this folder", folder.display());
        }
        for run in found {
            // The same run may be named in several ways.
            if seen.insert(run.canonicalize().unwrap_or_else(|_| run.clone())) {
                folders.push(run);
            }
        }
    }
    Ok(folders)
}

/// Reads what a run measured and its settings. Settings that cannot be read
/// cost the run its name, no more.
pub(crate) fn read<S: ConfiguredModel>(run: PathBuf, notes: &mut Vec<String>) -> Result<Measured> {
    let history = History::read(&run)?;
    if history.damaged > 0 {
        notes.push(format!(
            "{}: {} lines of metrics.jsonl are damaged and left out",
            run.display(),
            history.damaged
        ));
    }
    let settings = RunSettings::of::<S>(&run, &[]);
    if let Err(error) = &settings {
        notes.push(format!("{}: settings are not known: {}", run.display(), crate::in_words(error)));
    }
    let predicts = RunRecord::read(&run).ok().and_then(|record| record.predicts);
    Ok(Measured { run, history, settings: settings.ok().map(|own| own.settings), predicts })
}

/// The chart of these runs; those that have nothing to show are left out and
/// noted.
///
/// # Errors
/// When none has anything.
pub(crate) fn drawn(
    measured: &[Measured],
    style: &Style,
    notes: &mut Vec<String>,
) -> Result<(Vec<PlottedRun>, Chart)> {
    let mut shown: Vec<(&Measured, Curves)> = Vec::new();
    let mut empty = Vec::new();
    for run in measured {
        match curves_of(run, style, notes) {
            Ok(curves) => shown.push((run, curves)),
            Err(error) => empty.push(error),
        }
    }
    if shown.is_empty() && !empty.is_empty() {
        return Err(empty.swap_remove(0));
    }
    let first_line =
        |error: &anyhow::Error| crate::in_words(error).lines().next().unwrap_or_default().to_string();
    notes.extend(empty.iter().map(|error| format!("left out: {}", first_line(error))));
    notes.extend(different_tasks(&shown));
    let folders: Vec<PathBuf> = shown.iter().map(|(run, _)| run.run.clone()).collect();
    let settings: Vec<_> = shown.iter().map(|(run, _)| run.settings.as_ref()).collect();
    let names = names::names(&folders, &settings);
    let plotted = |((run, curves), name): (&(&Measured, Curves), &String)| PlottedRun {
        run: run.run.display().to_string(),
        name: name.clone(),
        train_points: curves.train.len(),
        valid_points: curves.valid.len(),
    };
    let plotted = shown.iter().zip(&names).map(plotted).collect();
    let first = shown.first().and_then(|(run, _)| run.predicts);
    let predicts = first.filter(|_| shown.iter().all(|(run, _)| run.predicts == first));
    let named: Vec<Named> =
        names.into_iter().zip(shown).map(|(name, (_, curves))| Named { name, curves }).collect();
    Ok((plotted, draw::chart(&named, style, predicts)))
}

/// The curves of a run.
///
/// # Errors
/// When it has none of what is asked for, naming what it has.
fn curves_of(run: &Measured, style: &Style, notes: &mut Vec<String>) -> Result<Curves> {
    let place = run.run.display();
    if run.history.lines.is_empty() {
        bail!("{place}: there is nothing to draw: the run has not measured anything yet");
    }
    let Some(mut curves) = Curves::of(&run.history, style.quantity, style.against) else {
        bail!("{place}: its metrics do not tell how many tokens were learned from; draw it against steps");
    };
    if curves.is_empty() {
        let has = |quantity: &Quantity| run.history.lines.iter().any(|line| quantity.of(line).is_some());
        let has: Vec<&str> = Quantity::all().filter(has).map(Quantity::name).collect();
        let message = format!("{place} has not measured it");
        let error = ConfigError::of(format!("--metric {}", style.quantity.name()), message);
        return Err(error.help(format!("it has {}", has.join(", "))).into());
    }
    let dropped = curves.drop_without_place(style.log_x, style.log_y);
    if curves.is_empty() {
        let message = format!("{place} has no positive value of {}", style.quantity.name());
        return Err(ConfigError::of("--log-y", message).help("draw it on an even axis").into());
    }
    if dropped > 0 {
        notes.push(format!("{place}: {dropped} points at or below 0 have no place on a logarithmic axis"));
    }
    Ok(curves)
}

/// A note where curves mean different things.
fn different_tasks(runs: &[(&Measured, Curves)]) -> Option<String> {
    let kind = |(run, _): &(&Measured, Curves)| run.settings.as_ref()?.get("data.kind")?.value.clone();
    let mut kinds: Vec<String> = runs.iter().filter_map(kind).collect();
    kinds.sort();
    kinds.dedup();
    (kinds.len() > 1)
        .then(|| format!("runs of different data ({}): their figures do not compare", kinds.join(", ")))
}

/// Where the pictures go: into the one run, else into the current folder.
fn folder(request: &PlotRequest) -> PathBuf {
    match (&request.out, request.runs.as_slice()) {
        (Some(out), _) => out.clone(),
        (None, [run]) if is_run(run) => run.join("plots"),
        (None, _) => Path::new(".").to_path_buf(),
    }
}

impl PlotReport {
    /// The pictures for people.
    pub fn text(&self) -> String {
        self.files.join("\n")
    }
}
