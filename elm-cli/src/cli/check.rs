//! `elm check` on the command line.

use crate::answer::{Exit, print, tell};
use crate::config::{RunConfig, keys};
use crate::model::ConfiguredModel;
use crate::task::{Purpose, Task};
use anyhow::{Context, Result};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Configuration files
    #[arg(required_unless_present = "keys")]
    configs: Vec<PathBuf>,
    /// Override a setting in all of them
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Document every key
    #[arg(long)]
    keys: bool,
}

pub(super) fn run<S: ConfiguredModel>(args: &CheckArgs) -> Result<Exit> {
    if args.keys {
        print(false, &(), keys::documentation)?;
        return Ok(Exit::Done);
    }
    for path in &args.configs {
        let config = RunConfig::load(path, &args.overrides)?;
        let task = Task::load(&config, &mut |note| tell(format_args!("note: {note}")))
            .with_context(|| format!("{}", path.display()))?;
        let model = S::configured(&config, task.demand())?;
        for purpose in [Purpose::Train, Purpose::Valid, Purpose::Test] {
            task.batches(&config, purpose)?;
        }
        let parameters = model.trainable_parameters();
        print(false, &(), || {
            format!("{}: fine; {}; {parameters} parameters", path.display(), task.description())
        })?;
    }
    Ok(Exit::Done)
}
