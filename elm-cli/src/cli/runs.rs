//! `elm runs` on the command line.

use crate::answer::{Exit, print};
use crate::commands::runs::{self, RunsRequest, diff};
use crate::config::names::argument;
use crate::model::ConfiguredModel;
use crate::run::found::State;
use anyhow::Result;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct RunsArgs {
    /// Folder to look in, at any depth
    #[arg(default_value = "runs")]
    dir: PathBuf,
    /// Order: run, state, step, best, test, parameters, speed, time, started, or a setting
    #[arg(long, value_name = "KEY", default_value = "run")]
    sort: String,
    /// Turn the order round
    #[arg(long)]
    reverse: bool,
    /// Only runs in this state; several times for several
    #[arg(long, value_name = "STATE", value_parser = argument::<State>())]
    state: Vec<State>,
    /// Only runs with this value of a setting, e.g. training.seed=1
    #[arg(long, value_name = "KEY=VALUE")]
    filter: Vec<String>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<RunsCommand>,
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// Two runs side by side: settings with their origin, figures, what made them
    #[command(after_help = "Example: elm runs diff runs/quickstart-0 runs/text-0")]
    Diff {
        /// A run folder
        a: PathBuf,
        /// Another one
        b: PathBuf,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run<S: ConfiguredModel>(args: RunsArgs) -> Result<Exit> {
    if let Some(RunsCommand::Diff { a, b, json }) = args.command {
        let report = diff::run::<S>(&a, &b)?;
        print(json, &report, || report.text())?;
        return Ok(Exit::Done);
    }
    let RunsArgs { dir, sort, reverse, state: states, filter: filters, .. } = args;
    let report = runs::run::<S>(&RunsRequest { dir, sort, reverse, states, filters })?;
    print(args.json, &report, || report.text())?;
    Ok(Exit::Done)
}
