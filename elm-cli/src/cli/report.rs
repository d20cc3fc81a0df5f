//! `elm report` on the command line.

use crate::answer::{Exit, print, tell};
use crate::commands::report::{self, ReportRequest};
use crate::model::ConfiguredModel;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Folder of a run or of a sweep
    #[arg(value_name = "RUN|SWEEP")]
    path: PathBuf,
    /// File to write [default: `report.html` in the folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run<S: ConfiguredModel>(args: ReportArgs) -> Result<Exit> {
    let report = report::run::<S>(&ReportRequest { path: args.path, out: args.out })?;
    report.notes.iter().for_each(|note| tell(format_args!("note: {note}")));
    print(args.json, &report, || report.file.clone())?;
    Ok(Exit::Done)
}
