//! `elm plot` on the command line.

use crate::answer::{Exit, print, tell};
use crate::commands::plot::{self, Against, PlotRequest, Quantity};
use crate::config::names::argument;
use crate::model::ConfiguredModel;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct PlotArgs {
    /// Run folders; a folder of runs stands for all in it
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// What is drawn, by its name in metrics.jsonl
    #[arg(long, value_name = "NAME", default_value = "loss", value_parser = plot::quantity_argument())]
    metric: Quantity,
    /// What the horizontal axis counts
    #[arg(long, value_name = "WHAT", default_value = "steps", value_parser = argument::<Against>())]
    against: Against,
    /// Average training exponentially over so many updates; what was measured stays as a pale line
    #[arg(long, value_name = "UPDATES", value_parser = updates)]
    smooth: Option<f64>,
    /// Make the horizontal axis logarithmic
    #[arg(long)]
    log_x: bool,
    /// Make the vertical axis logarithmic
    #[arg(long)]
    log_y: bool,
    /// Folder for the pictures [default: `plots` in the run; of several runs the current folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// A positive number of updates.
fn updates(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (1e-3..=1e12).contains(&value) => Ok(value),
        _ => Err("a number of updates above 0".to_string()),
    }
}

pub(super) fn run<S: ConfiguredModel>(args: PlotArgs) -> Result<Exit> {
    let request = PlotRequest {
        runs: args.runs,
        quantity: args.metric,
        against: args.against,
        smooth: args.smooth,
        log_x: args.log_x,
        log_y: args.log_y,
        out: args.out,
    };
    let report = plot::run::<S>(&request)?;
    report.notes.iter().for_each(|note| tell(format_args!("note: {note}")));
    print(args.json, &report, || report.text())?;
    Ok(Exit::Done)
}
