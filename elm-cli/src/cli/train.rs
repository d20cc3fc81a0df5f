//! `elm train` on the command line.

use super::ConfigArgs;
use crate::answer::{Exit, print, tell};
use crate::commands::train::{Outcome, TrainRequest};
use crate::config::RunConfig;
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use crate::run::signals::StopFlag;
use anyhow::Result;
use clap::Args;
use elm_core::device::Device;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct TrainArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Run folder [default: runs/NAME-SEED]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in the folder; starts one if there is none
    #[arg(long)]
    resume: bool,
    /// Backend instead of the configured one
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// Device instead of the configured one, e.g. cuda:0
    #[arg(long)]
    device: Option<Device>,
    /// Stop after so many updates; schedules stay those of the configuration
    #[arg(long, value_name = "N")]
    max_steps: Option<u64>,
    /// Seed instead of the configured one
    #[arg(long)]
    seed: Option<u64>,
}

pub(super) fn run<S: ConfiguredModel>(args: TrainArgs, registry: &Registry<S>) -> Result<Exit> {
    let mut overrides = args.config.overrides;
    let flags = [
        args.backend.map(|name| format!("backend.kind=\"{name}\"")),
        args.device.map(|device| format!("backend.device=\"{device}\"")),
        args.seed.map(|seed| format!("training.seed={seed}")),
    ];
    overrides.extend(flags.into_iter().flatten());
    let config = RunConfig::load(&args.config.config, &overrides)?;
    let engine = registry.get(&config.backend)?;
    let options = config.backend_options;
    let default = || Path::new("runs").join(format!("{}-{}", config.name, config.training.seed));
    let out = args.out.unwrap_or_else(default);
    let request = TrainRequest {
        out: out.clone(),
        overrides,
        resume: args.resume,
        max_steps: args.max_steps,
        stop: StopFlag::install()?,
        config,
    };
    match engine.train(options, &request)? {
        Outcome::Done(summary) => {
            print(args.config.json, &summary, || summary.text())?;
            Ok(Exit::Done)
        }
        Outcome::Interrupted(step) => {
            tell(format_args!(
                "stopped after {step} updates, saved in {}; continue with --resume",
                out.display()
            ));
            Ok(Exit::Interrupted)
        }
    }
}
