//! `elm export` on the command line.

use super::eval::CheckpointName;
use crate::answer::{Exit, print};
use crate::commands::export::{self, ExportRequest, Names};
use crate::model::ConfiguredModel;
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Target {
    /// Our names, as in the README; `elm import` takes it back
    Safetensors,
    /// The names of the authors' PyTorch neurons (elm, branch_elm), in safetensors; other models keep ours
    PytorchNames,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Run folder
    run: PathBuf,
    /// Names of the tensors
    #[arg(long, value_enum)]
    to: Target,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Which weights
    #[arg(long, value_enum, default_value = "best")]
    checkpoint: CheckpointName,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run<S: ConfiguredModel>(args: ExportArgs) -> Result<Exit> {
    let names = match args.to {
        Target::Safetensors => Names::Ours,
        Target::PytorchNames => Names::PyTorch,
    };
    let request = ExportRequest { run: args.run, checkpoint: args.checkpoint.into(), names, out: args.out };
    let report = export::run::<S>(&request)?;
    print(args.json, &report, || report.text())?;
    Ok(Exit::Done)
}
