//! `elm inspect` on the command line.

use super::eval::{CheckpointName, SplitName};
use crate::answer::{Exit, print};
use crate::commands::eval::config_of;
use crate::commands::inspect::InspectRequest;
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use crate::run::signals::StopFlag;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// Run folder
    run: PathBuf,
    /// Which part of the data
    #[arg(long, value_enum, default_value = "test")]
    split: SplitName,
    /// How many, from the beginning of the split; of a text, segments of training.seq_length symbols
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    examples: u32,
    /// Layer, counted from 0
    #[arg(long, value_name = "L", default_value_t = 0)]
    layer: usize,
    /// Neurons to look into, e.g. 0,3,7 [default: the three most active ones]
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    neurons: Option<Vec<usize>>,
    /// Which weights
    #[arg(long, value_enum, default_value = "best")]
    checkpoint: CheckpointName,
    /// Override a setting, e.g. data.path=/elsewhere
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Folder for pictures (SVG, PNG) and inspect.json [default: plots/inspect in the run folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run<S: ConfiguredModel>(args: InspectArgs, registry: &Registry<S>) -> Result<Exit> {
    let config = config_of(&args.run, &args.overrides)?;
    let engine = registry.get(&config.backend)?;
    let options = config.backend_options;
    let mut neurons = args.neurons;
    if let Some(neurons) = &mut neurons {
        neurons.sort_unstable();
        neurons.dedup();
    }
    let request = InspectRequest {
        out: args.out.unwrap_or_else(|| args.run.join("plots").join("inspect")),
        run: args.run,
        config,
        split: args.split.into(),
        checkpoint: args.checkpoint.into(),
        examples: args.examples as usize,
        layer: args.layer,
        neurons,
        stop: StopFlag::install()?,
    };
    let Some(report) = engine.inspect(options, &request)? else { return Ok(Exit::Interrupted) };
    print(args.json, &report, || report.text())?;
    Ok(Exit::Done)
}
