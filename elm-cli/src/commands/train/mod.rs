//! `elm train`: from a request to a trained run.
//!
//! `open`: where it begins. `in_progress`: the loop around the trainer.
//! `reports`: what it writes down. `divergence`: what it says when it goes
//! astray. `finish`: how it ends.

mod divergence;
mod finish;
mod in_progress;
mod open;
mod reports;

use crate::answer::tell;
use crate::commands::eval::symbols_are_known;
use crate::config::RunConfig;
use crate::config::effective::Found;
use crate::machine;
use crate::model::ConfiguredModel;
use crate::run::changes::{batches_differ, validations_differ};
use crate::run::profile::{Part, Stopwatch};
use crate::run::signals::StopFlag;
use crate::run::{Provenance, RunFolder, Summary, found};
use crate::task::{Purpose, Task};
use anyhow::Result;
use elm_core::Backend;
use in_progress::Run;
use open::Beginning;
use std::path::{Path, PathBuf};

/// What to train.
pub struct TrainRequest {
    /// The experiment.
    pub config: RunConfig,
    /// Overrides it was read with, for the run folder.
    pub overrides: Vec<String>,
    /// The run folder.
    pub out: PathBuf,
    /// Continue what is there?
    pub resume: bool,
    /// The run whose weights a new one starts with.
    pub from: Option<PathBuf>,
    /// Settings that may be others than those of the run that is continued.
    pub allow_change: Vec<String>,
    /// Stop after so many updates; schedules do not change.
    pub max_steps: Option<u64>,
    /// Threads that the backend computes with, for the record.
    pub threads: usize,
    /// Tell where the time went?
    pub profile: bool,
    /// Set when the process is asked to stop.
    pub stop: StopFlag,
}

/// How training ended.
pub enum Outcome {
    /// All updates (or `max_steps`) done and tested.
    Done(Box<Summary>),
    /// Stopped by a signal; saved after this many updates.
    Interrupted(u64),
}

/// Trains on a backend.
///
/// # Errors
/// When data, run folder or numbers fail; the last checkpoint stays intact, and
/// why a run that had begun failed is kept in its folder.
pub fn run<B: Backend + 'static, S: ConfiguredModel>(backend: &B, request: &TrainRequest) -> Result<Outcome> {
    let folder = RunFolder::for_training(&request.out, request.resume)?;
    let outcome = within::<B, S>(backend, request, folder);
    // What was only asked for wrongly is no failure of the run.
    if let Err(error) = &outcome
        && request.out.join("config.toml").is_file()
        && !crate::is_usage_error(error)
        && let Err(error) = found::keep_failure(&request.out, &crate::in_words(error))
    {
        tell(format_args!("warning: {}", crate::in_words(&error)));
    }
    outcome
}

/// Trains in a folder that is locked.
fn within<B: Backend + 'static, S: ConfiguredModel>(
    backend: &B,
    request: &TrainRequest,
    folder: RunFolder,
) -> Result<Outcome> {
    let config = &request.config;
    let watch = Stopwatch::new(request.profile);
    let mut beginning = Beginning::<S>::find(&folder, request)?;
    let task = Task::load(config, beginning.symbols(), &mut |note| tell(format_args!("note: {note}")))?;
    if let Beginning::Kept(_) = &beginning {
        symbols_are_known(folder.path(), beginning.symbols(), &task)?;
    }
    let network = S::configured(config, task.demand())?;
    machine::can_train(config, &network)?;
    machine::can_evaluate(config, &network)?;
    let (source, _) = task.batches(config, Purpose::Train)?;
    task.batches(config, Purpose::Valid)?;
    task.batches(config, Purpose::Test)?;
    let turn = task.turn(config);
    let total = turn.saturating_mul(config.training.turns);
    if let Some(warning) = config.training.rate.warning(total) {
        tell(format_args!("warning: {warning}"));
    }
    let found = Found { demand: Some(task.demand()), turn: Some(turn), model: network.settings(config) };
    let settings = config.effective(&found);
    let changes = match &beginning {
        Beginning::Kept(kept) => kept.changes(request, &task, &network, &settings)?,
        Beginning::Given(given) => {
            given.say_what_differs(&network);
            Vec::new()
        }
        Beginning::Drawn => Vec::new(),
    };
    if let Beginning::Kept(kept) = &beginning
        && finish::is_over(&kept.state, config, total)
        && let Some(summary) = whole_summary(folder.path())
        && summary.steps >= kept.state.position.step
    {
        return Ok(Outcome::Done(Box::new(summary)));
    }
    if let Beginning::Kept(kept) = &mut beginning {
        if batches_differ(&changes) {
            kept.begin_pass();
        }
        if validations_differ(&changes) {
            kept.forget_best();
        }
    }
    machine::has_room(config, &network, folder.path(), total)?;
    let simd = config.backend_options.simd;
    let provenance = Provenance::now(&backend.description(), simd, request.threads, config.training.seed)?;
    let ends = [turn, total];
    let mut run =
        Run::start(backend, request, &watch, &task, source, folder, beginning, network, provenance, ends)?;
    run.keep(&settings, changes)?;
    found::forget_failure(&request.out);
    run.say_what_runs()?;
    watch.add_rest(Part::Start);
    let outcome = run.train()?;
    if let Some(profile) = run.profile() {
        tell(profile.table());
    }
    Ok(outcome)
}

/// The summary of a run; one that cannot be read is made anew, since everything
/// in it follows from the checkpoint.
fn whole_summary(run: &Path) -> Option<Summary> {
    Summary::read(run).unwrap_or_else(|error| {
        tell(format_args!("warning: {}; it is made anew", crate::in_words(&error)));
        None
    })
}
