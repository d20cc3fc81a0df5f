//! Where a training begins: anew, with the weights of another run, or where it
//! was left.

use super::TrainRequest;
use crate::answer::tell;
use crate::commands::eval::config_of;
use crate::config::effective::{EffectiveSettings, Found};
use crate::model::ConfiguredModel;
use crate::run::changes::{self, Change};
use crate::run::origins::Origins;
use crate::run::record::{DataDigests, Parent};
use crate::run::state::{self, RunState};
use crate::run::{RunFolder, RunRecord, Symbols, Which};
use crate::task::Task;
use anyhow::{Context, Result, bail};
use elm_core::model::StoredTensors;
use elm_core::train::Snapshot;
use std::path::Path;

/// A run that continues.
pub(super) struct Kept<S> {
    pub(super) state: RunState<S>,
    pub(super) snapshot: Snapshot,
    pub(super) record: RunRecord,
    symbols: Option<Symbols>,
    settings: crate::config::RunConfig,
}

/// The weights of another run.
pub(super) struct Given<S> {
    pub(super) weights: StoredTensors,
    pub(super) parent: Parent,
    network: S,
    symbols: Option<Symbols>,
}

/// What a training begins with.
pub(super) enum Beginning<S> {
    /// Weights drawn from the seed.
    Drawn,
    /// The weights of another run.
    Given(Box<Given<S>>),
    /// Where this run was left.
    Kept(Box<Kept<S>>),
}

impl<S: ConfiguredModel> Beginning<S> {
    /// What there is in the run folder, else in the run that is asked for.
    ///
    /// # Errors
    /// When it is damaged or incomplete.
    pub(super) fn find(folder: &RunFolder, request: &TrainRequest) -> Result<Self> {
        let kept = kept(folder.path())?;
        Ok(match (kept, &request.from) {
            (Some(kept), from) => {
                if from.is_some() {
                    tell("note: the run goes on from its own checkpoint; --from is for its start");
                }
                Beginning::Kept(Box::new(kept))
            }
            (None, Some(run)) => Beginning::Given(Box::new(given(run)?)),
            (None, None) => Beginning::Drawn,
        })
    }

    /// The symbols that the weights know.
    pub(super) fn symbols(&self) -> Option<&Symbols> {
        match self {
            Beginning::Drawn => None,
            Beginning::Given(given) => given.symbols.as_ref(),
            Beginning::Kept(kept) => kept.symbols.as_ref(),
        }
    }
}

fn kept<S: ConfiguredModel>(run: &Path) -> Result<Option<Kept<S>>> {
    let settings = run.join("config.toml");
    let Some((state, snapshot, warnings)) = state::load_last::<S>(run)? else {
        let metrics = std::fs::metadata(run.join("metrics.jsonl")).map_or(0, |file| file.len());
        if settings.exists() || metrics > 0 {
            bail!(
                "{}: the checkpoints of this run are gone, so there is nothing to continue from; put them back \
                 into {}, or train in another folder with --out",
                run.display(),
                run.join("checkpoints").display()
            );
        }
        return Ok(None);
    };
    if !settings.is_file() {
        // The very first files of a run are written in this order.
        if state.position.step == 0 {
            return Ok(None);
        }
        bail!(
            "{}: config.toml of this run is gone, so what its checkpoints were trained with is not known; \
             put it back (`source` has what it was made from)",
            run.display()
        );
    }
    warnings.iter().for_each(|warning| tell(format_args!("warning: {warning}")));
    Ok(Some(Kept {
        state,
        snapshot,
        record: RunRecord::read(run)?,
        symbols: Symbols::read(run)?,
        settings: config_of(run, &[])?,
    }))
}

fn given<S: ConfiguredModel>(run: &Path) -> Result<Given<S>> {
    config_of(run, &[])?; // is it a run at all?
    let which = if crate::run::checkpoint::exists(run, Which::Best) { Which::Best } else { Which::Last };
    let saved = state::load_weights::<S>(run, which, None)?
        .with_context(|| format!("{}: this run has no checkpoint to start from", run.display()))?;
    saved.warnings.iter().for_each(|warning| tell(format_args!("warning: {warning}")));
    let absolute = std::path::absolute(run).unwrap_or_else(|_| run.to_path_buf());
    Ok(Given {
        weights: saved.weights,
        parent: Parent {
            run: absolute.display().to_string(),
            checkpoint: which.name().into(),
            step: saved.state.position.step,
        },
        network: saved.state.network,
        symbols: Symbols::read(run)?,
    })
}

impl<S: ConfiguredModel> Given<S> {
    /// Says in what the new model is another; the weights have to fit.
    pub(super) fn say_what_differs(&self, network: &S) {
        if self.network != *network {
            let differences = state::differences(&self.network, network);
            tell(format_args!("note: the model is not that of {}: {differences}", self.parent.run));
        }
    }
}

impl<S: ConfiguredModel> Kept<S> {
    /// What is another than in the run, if that may be.
    ///
    /// # Errors
    /// When it may not, with both values and the place.
    pub(super) fn changes(
        &self,
        request: &TrainRequest,
        task: &Task,
        network: &S,
        now: &EffectiveSettings,
    ) -> Result<Vec<Change>> {
        let settings = &self.settings;
        let found = Found {
            demand: Some(task.demand()),
            turn: Some(task.turn(settings)),
            model: self.state.network.settings(settings),
        };
        // As they were written: the file may have been edited since then.
        let written = Origins::read(&request.out)?.settings();
        let mut changes = changes::between(&written.unwrap_or_else(|| settings.effective(&found)), now);
        // What cannot have an effect, earlier versions have written down too.
        changes.retain(|change| request.config.counts(&change.key));
        if self.state.network == *network {
            // The same model, however it is described.
            changes.retain(|change| !change.key.starts_with("model."));
        } else if !changes.iter().any(|change| change.key.starts_with("model.")) {
            let differences = state::differences(&self.state.network, network);
            bail!("{}: the model is another: {differences}", request.out.display());
        }
        let explained =
            changes.iter().any(|change| change.key.starts_with("data.") && change.key != "data.path");
        match (&self.record.data, task.digests()?) {
            (Some(was), now) if !explained => {
                let differing = was.differing(&now);
                let told = |digests: &DataDigests| {
                    let split =
                        |split: &&str| format!("{split} data with digest {}", short(digests.of(split)));
                    differing.iter().map(split).collect::<Vec<_>>().join(", ")
                };
                if !differing.is_empty() {
                    let (was, now) = (Some(told(was)), Some(told(&now)));
                    changes.push(Change { key: "data".into(), was, now });
                }
            }
            (Some(_), _) => {}
            (None, _) => {
                tell("note: this run has no digest of its data; whether it is the same is not checked")
            }
        }
        let progress = changes::Progress {
            step: self.state.position.step,
            regardless_of_length: request.config.training.rate.of(0).regardless_of_total(),
        };
        changes::check(&changes, &request.allow_change, progress, &request.config)?;
        Ok(changes)
    }

    /// Where validations are others, the best one so far is no measure for
    /// those to come.
    pub(super) fn forget_best(&mut self) {
        self.state.best = None;
        self.state.without_gain = 0;
    }

    /// Where the batches are others, the position in them and the state that
    /// was carried from one to the next mean nothing: training goes on at the
    /// beginning of the next pass.
    pub(super) fn begin_pass(&mut self) {
        self.state.cursor = [self.state.cursor[0] + 1, 0];
        self.state.position.state_rows = None;
        self.snapshot.position.state_rows = None;
    }
}

/// The beginning of a digest.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
