//! `elm sweep` on the command line.

use crate::answer::Exit;
use crate::commands::sweep::{SweepRequest, Wish};
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct SweepArgs {
    /// Sweep file, or the folder of a sweep, which needs nothing else
    sweep: PathBuf,
    /// Folder of the sweep [default: sweeps/NAME, or the folder that is continued]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Runs at a time [default: as many as the cores allow; 1 on another device]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), conflicts_with = "slurm")]
    jobs: Option<u16>,
    /// Go on with a folder: finished runs stay, others continue or are tried again
    #[arg(long)]
    resume: bool,
    /// End when a run has failed; the others save and stop
    #[arg(long, conflicts_with_all = ["slurm", "wish"])]
    fail_fast: bool,
    /// Submit what is missing to Slurm as one job array; with --dry-run only print its script
    #[arg(long, conflicts_with_all = ["list", "status", "collect"])]
    slurm: bool,
    /// Say what would be trained
    #[arg(long, group = "wish")]
    dry_run: bool,
    /// Print the command of every run, one a line, for GNU parallel or any other scheduler
    #[arg(long, group = "wish")]
    list: bool,
    /// Say how far every run is, also on a cluster
    #[arg(long, group = "wish")]
    status: bool,
    /// Write results.csv and summary.md from the folders of the runs
    #[arg(long, group = "wish")]
    collect: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run<S: ConfiguredModel>(args: SweepArgs, registry: &Registry<S>) -> Result<Exit> {
    let wishes = [
        (args.slurm && args.dry_run, Wish::DrySubmit),
        (args.slurm, Wish::Submit),
        (args.dry_run, Wish::DryRun),
        (args.list, Wish::List),
        (args.status, Wish::Status),
        (args.collect, Wish::Collect),
    ];
    let wish = wishes.into_iter().find(|(asked, _)| *asked).map_or(Wish::Train, |(_, wish)| wish);
    let request = SweepRequest {
        sweep: args.sweep,
        out: args.out,
        wish,
        resume: args.resume,
        jobs: args.jobs.map(usize::from),
        fail_fast: args.fail_fast,
        json: args.json,
    };
    crate::commands::sweep::run(&request, registry)
}
