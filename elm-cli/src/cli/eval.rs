//! `elm eval` on the command line.

use crate::answer::{Exit, print};
use crate::commands::eval::{EvalRequest, config_of};
use crate::commands::predictions::PredictionsPath;
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use crate::run::Which;
use crate::run::signals::StopFlag;
use crate::task::Purpose;
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SplitName {
    /// The training data, in order, evaluated as a validation
    Train,
    Valid,
    Test,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum CheckpointName {
    Best,
    Last,
}

impl From<SplitName> for Purpose {
    fn from(name: SplitName) -> Self {
        match name {
            SplitName::Train => Purpose::Seen,
            SplitName::Valid => Purpose::Valid,
            SplitName::Test => Purpose::Test,
        }
    }
}

impl From<CheckpointName> for Which {
    fn from(name: CheckpointName) -> Self {
        match name {
            CheckpointName::Best => Which::Best,
            CheckpointName::Last => Which::Last,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    /// Run folder
    run: PathBuf,
    /// Which part of the data
    #[arg(long, value_enum, default_value = "test")]
    split: SplitName,
    /// Which weights
    #[arg(long, value_enum, default_value = "best")]
    checkpoint: CheckpointName,
    /// Override a setting, e.g. data.path=/elsewhere
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Write every prediction; FILE ends in .csv or .npz
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run<S: ConfiguredModel>(args: EvalArgs, registry: &Registry<S>) -> Result<Exit> {
    let predictions = args.predictions.map(PredictionsPath::new).transpose()?;
    let config = config_of(&args.run, &args.overrides)?;
    let engine = registry.get(&config.backend)?;
    let options = config.backend_options;
    let request = EvalRequest {
        run: args.run,
        config,
        split: args.split.into(),
        checkpoint: args.checkpoint.into(),
        predictions,
        threads: options.threads.unwrap_or_else(|| engine.report().threads),
        stop: StopFlag::install()?,
    };
    let Some(report) = engine.eval(options, &request)? else { return Ok(Exit::Interrupted) };
    print(args.json, &report, || report.text())?;
    Ok(Exit::Done)
}
