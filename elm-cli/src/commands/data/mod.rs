//! `elm data`: what data sets there are, what a folder holds, whether it is
//! intact, making it, converting it.

mod check;
mod convert;
mod info;
mod list;
mod make;
mod picture;
mod read;

use crate::answer::Exit;
use anyhow::Result;
use clap::Subcommand;

/// The commands below `elm data`.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// List the data sets that can be read, and where they come from
    #[command(after_help = "Example: elm data list")]
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// What a file or folder holds, with a look at some samples
    #[command(after_help = "Examples:\n  elm data info /folder/of/shd\n  \
        elm data info pathfinder32 --samples 4 --out samples.png")]
    Info(info::InfoArgs),
    /// Read everything: is it intact? Exit code 0 if usable, 1 if not
    #[command(after_help = "Example: elm data check /folder/of/shd --json")]
    Check(check::CheckArgs),
    /// Make a data set that can be made
    #[command(after_help = "Examples:\n  elm data make listops --out data/listops-1000\n  \
        elm data make pathfinder --out data/pathfinder32 --pictures 200000\n  \
        elm data make spikes --out data/digits\n  \
        elm data make neuronio --out data/neuronio\n\nCtrl-C stops; the same command continues.")]
    Make {
        #[command(subcommand)]
        kind: make::MakeCommand,
    },
    /// Convert SHD or SSC files to the compact copies that training reads
    #[command(after_help = "Example: elm data convert /folder/of/shd")]
    Convert(convert::ConvertArgs),
}

impl DataCommand {
    /// Does what was said.
    ///
    /// # Errors
    /// Whatever the command fails with.
    pub(crate) fn run(self) -> Result<Exit> {
        match self {
            DataCommand::List { json } => list::run(json),
            DataCommand::Info(args) => info::run(&args),
            DataCommand::Check(args) => check::run(&args),
            DataCommand::Make { kind } => kind.run(),
            DataCommand::Convert(args) => convert::run(&args),
        }
    }
}
