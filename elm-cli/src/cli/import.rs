//! `elm import` on the command line.

use crate::answer::{Exit, print};
use crate::commands::import::{self, ImportRequest};
use crate::model::ConfiguredModel;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Weights: a PyTorch state dict (.pt), an Equinox model (.eqx) or .safetensors
    file: PathBuf,
    /// The model: the authors' model_config.json, or a configuration of ours; a file from `elm export` has it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Override a setting, e.g. data.path=/elsewhere
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Run folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run<S: ConfiguredModel>(args: ImportArgs) -> Result<Exit> {
    let request =
        ImportRequest { file: args.file, config: args.config, overrides: args.overrides, out: args.out };
    let report = import::run::<S>(&request)?;
    print(args.json, &report, || report.text())?;
    Ok(Exit::Done)
}
