//! `elm export` on the command line.

use super::eval::CheckpointName;
use crate::answer::{Exit, print};
use crate::commands::export::{self, ExportRequest, Form};
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
    /// A network in one file that runs by itself, step by step: from Rust, C and Python
    Live,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Run folder
    run: PathBuf,
    /// What the file is for
    #[arg(long, value_enum, required_unless_present = "live")]
    to: Option<Target>,
    /// The same as --to live
    #[arg(long, conflicts_with = "to")]
    live: bool,
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
    let form = match args.to {
        Some(Target::Safetensors) => Form::Safetensors,
        Some(Target::PytorchNames) => Form::PyTorchNames,
        // One of both is required.
        Some(Target::Live) | None => Form::Live,
    };
    let request = ExportRequest { run: args.run, checkpoint: args.checkpoint.into(), form, out: args.out };
    let report = export::run::<S>(&request)?;
    print(args.json, &report, || report.text())?;
    Ok(Exit::Done)
}
