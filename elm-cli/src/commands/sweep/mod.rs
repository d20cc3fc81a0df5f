//! `elm sweep`: a set of runs, one process each.
//!
//! `folder`: the folder of a sweep. `listing`: what is said of runs without
//! starting any. `estimate`: what they will take. `slurm`: runs for a cluster.

mod estimate;
mod folder;
mod listing;
mod slurm;

use crate::answer::{Exit, print, tell};
use crate::config::ConfigError;
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use crate::run::signals::StopFlag;
use crate::sweep::results::{self, Outcome};
use crate::sweep::schedule::{self, Schedule};
use crate::sweep::{Plan, SweepFile, figure, table};
use anyhow::Result;
use elm_core::device::most_threads;
use estimate::Estimate;
use folder::SweepFolder;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What to do with a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Train what is not done.
    Train,
    /// Say what would be trained.
    DryRun,
    /// Submit what is not done to Slurm.
    Submit,
    /// Say what would be submitted.
    DrySubmit,
    /// Say the command of every run.
    List,
    /// Say how far every run is.
    Status,
    /// Write `results.csv` from the folders of the runs.
    Collect,
}

/// A sweep and what to do with it.
pub struct SweepRequest {
    /// The file, or the folder of a sweep that is there.
    pub sweep: PathBuf,
    /// The folder of the sweep.
    pub out: Option<PathBuf>,
    /// What to do.
    pub wish: Wish,
    /// Go on with the folder?
    pub resume: bool,
    /// Runs at a time.
    pub jobs: Option<usize>,
    /// End when a run has failed?
    pub fail_fast: bool,
    /// Print one JSON document?
    pub json: bool,
}

/// The document that `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    /// The folder of the sweep.
    sweep: String,
    finished: usize,
    failed: usize,
    runs: &'a [Outcome],
}

/// Does what is asked for.
///
/// # Errors
/// When the sweep is wrong, its folder cannot be used, or an answer cannot be
/// written.
pub fn run<S: ConfiguredModel>(request: &SweepRequest, registry: &Registry<S>) -> Result<Exit> {
    let (plan, file) = plan::<S>(request)?;
    let folder = folder_of(request);
    match request.wish {
        Wish::DryRun => {
            let jobs = jobs(request.jobs, &plan, most_threads()?);
            let outcomes = results::outcomes(&plan, &folder);
            let estimate = Estimate::of(&plan, &outcomes, jobs, registry);
            listing::dry_run(&plan, &folder, &estimate, request.json)?;
        }
        Wish::List => listing::commands(&plan, &folder, request.json)?,
        Wish::Submit | Wish::DrySubmit => {
            let dry = request.wish == Wish::DrySubmit;
            slurm::submit(&plan, file.as_ref(), &folder, request.json, dry)?;
        }
        Wish::Status => {
            let outcomes = slurm::outcomes(&plan, &folder)?;
            print(request.json, &document(&folder, &outcomes), || listing::states(&outcomes))?;
        }
        Wish::Collect => {
            let folder = SweepFolder::open(&folder, true)?;
            folder.keep(&plan, file.as_ref())?;
            let outcomes = slurm::outcomes(&plan, folder.path())?;
            finish(&plan, &outcomes, folder.path(), request.json)?;
        }
        Wish::Train => return train(request, &plan, file.as_ref(), &folder),
    }
    Ok(Exit::Done)
}

/// The runs: of the file, or as a folder keeps them.
fn plan<S: ConfiguredModel>(request: &SweepRequest) -> Result<(Plan, Option<SweepFile>)> {
    if request.sweep.is_dir() {
        let kept = Plan::read(&request.sweep)?;
        let message = "this is not the folder of a sweep (there is no points.json)";
        let help = "name the sweep file as well: elm sweep SWEEP.toml --out DIR --resume writes it anew and keeps \
                    what is finished";
        let missing = || ConfigError::of(request.sweep.display().to_string(), message).help(help);
        let kept = kept.ok_or_else(missing)?;
        return Ok((kept, None));
    }
    let file = SweepFile::read(&request.sweep)?;
    let mut notice = |note: &str| tell(format_args!("note: {note}"));
    let plan = Plan::of::<S>(&file, matches!(request.wish, Wish::Train | Wish::Submit), &mut notice)?;
    Ok((plan, Some(file)))
}

/// Where the runs are.
fn folder_of(request: &SweepRequest) -> PathBuf {
    let name = request.sweep.file_stem().unwrap_or_default();
    match &request.out {
        Some(out) => out.clone(),
        None if request.sweep.is_dir() => request.sweep.clone(),
        None => Path::new("sweeps").join(name),
    }
}

fn train(request: &SweepRequest, plan: &Plan, file: Option<&SweepFile>, folder: &Path) -> Result<Exit> {
    let folder = SweepFolder::open(folder, request.resume)?;
    slurm::check_nothing_is_queued(folder.path())?;
    folder.keep(plan, file)?;
    let stop = StopFlag::install()?;
    let cores = most_threads()?;
    let jobs = jobs(request.jobs, plan, cores);
    tell(format_args!("{} runs in {}, {jobs} at a time", plan.points.len(), folder.path().display()));
    let schedule = Schedule { jobs, cores, fail_fast: request.fail_fast, stop };
    let tally = schedule::run(plan, folder.path(), &schedule)?;
    let outcomes = results::outcomes(plan, folder.path());
    finish(plan, &outcomes, folder.path(), request.json)?;
    if tally.stopped {
        let done = tally.done;
        tell(format_args!("stopped after {done} of {} runs; --resume goes on", plan.points.len()));
        return Ok(Exit::Interrupted);
    }
    let undone: Vec<&Outcome> = outcomes.iter().filter(|outcome| !outcome.is_done()).collect();
    for Outcome { point, state, error, .. } in undone.iter().take(10) {
        let why = error.as_deref().and_then(|error| error.lines().next()).unwrap_or_default();
        tell(format_args!("{}: {state} {why}", point.folder(folder.path()).display()));
    }
    if undone.is_empty() {
        return Ok(Exit::Done);
    }
    tell(format_args!(
        "{} of {} runs are not done; --resume tries them again",
        undone.len(),
        plan.points.len()
    ));
    Ok(Exit::Failed)
}

/// Runs at a time: as many as the cores allow, unless fewer are wanted; on
/// another device one.
fn jobs(wanted: Option<usize>, plan: &Plan, cores: usize) -> usize {
    let threads = plan.points.iter().map(|point| point.threads).min().unwrap_or(1).max(1);
    let room = (cores / threads).max(1);
    let on_cpu = plan.points.iter().all(|point| point.on_cpu);
    let jobs = wanted.unwrap_or(if on_cpu { room } else { 1 });
    if jobs > room {
        tell(format_args!("note: {cores} cores and {threads} threads a run allow {room} runs at a time"));
    }
    jobs.min(room)
}

fn document<'a>(folder: &Path, outcomes: &'a [Outcome]) -> Document<'a> {
    let count = |state: &str| outcomes.iter().filter(|outcome| outcome.state == state).count();
    Document {
        sweep: folder.display().to_string(),
        finished: count("finished"),
        failed: count("failed"),
        runs: outcomes,
    }
}

/// Writes and prints what came out.
fn finish(plan: &Plan, outcomes: &[Outcome], folder: &Path, json: bool) -> Result<()> {
    results::write(plan, outcomes, folder)?;
    let summary = table::markdown(plan, outcomes);
    if let Some(summary) = &summary {
        crate::run::folder::write_atomically(&folder.join("summary.md"), summary.as_bytes())?;
    }
    if let Some(figure) = &plan.figure {
        figure::draw(figure, plan, outcomes, folder)?;
    }
    print(json, &document(folder, outcomes), || {
        let place = folder.join("results.csv").display().to_string();
        summary.unwrap_or_default() + &format!("results: {place}")
    })
}
