//! `elm law` on the command line.

use crate::answer::{Exit, print, tell};
use crate::commands::law::{self, LawRequest, Task};
use crate::config::names::argument;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct LawArgs {
    /// Tables of results: `results.csv` of `elm sweep`, or one with its columns; none: the published sweep of --task
    #[arg(value_name = "RESULTS.csv")]
    tables: Vec<PathBuf>,
    /// What was learned: sizes that a table does not tell are those of the published networks
    #[arg(long, value_parser = argument::<Task>())]
    task: Option<Task>,
    /// Figure of merit, such as bpc or accuracy, or one column, such as test_loss [default: the best known of the table]
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// Recommend how to split so many trainable parameters
    #[arg(long, value_name = "P", value_parser = parameters)]
    budget: Option<f64>,
    /// Folder for law.json, figures (SVG, PNG) and, with --budget and --task, recommended.toml
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Seed of everything drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// A number of parameters, also as `1e5`.
fn parameters(text: &str) -> Result<f64, String> {
    match text.replace('_', "").parse::<f64>() {
        Ok(value) if (1.0..=1e15).contains(&value) => Ok(value),
        _ => Err("a number of parameters, from 1 to 1e15".to_string()),
    }
}

pub(super) fn run(args: LawArgs) -> Result<Exit> {
    let request = LawRequest {
        tables: args.tables,
        task: args.task,
        metric: args.metric,
        budget: args.budget,
        out: args.out,
        seed: args.seed,
    };
    let report = law::run(&request)?;
    report.notes.iter().for_each(|note| tell(format_args!("note: {note}")));
    print(args.json, &report, || report.text())?;
    Ok(Exit::Done)
}
