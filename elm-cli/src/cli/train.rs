//! `elm train` on the command line.

use crate::answer::{Exit, print, tell};
use crate::commands::eval::config_of;
use crate::commands::train::{Outcome, TrainRequest};
use crate::config::{ConfigError, RunConfig, keys};
use crate::engine::Registry;
use crate::machine::say_how_it_was_built;
use crate::model::ConfiguredModel;
use crate::run::signals::StopFlag;
use anyhow::Result;
use clap::Args;
use elm_core::device::Device;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct TrainArgs {
    /// Configuration file, or with --resume the folder of a run, which needs nothing else
    config: PathBuf,
    /// Override a setting, e.g. training.learning_rate=1e-3
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Run folder [default: runs/NAME-SEED, or the run that is continued]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in the folder with its own settings; starts one if there is none.
    /// What [backend], [checkpoint] and [logging] say may change, and the place of the data
    #[arg(long)]
    resume: bool,
    /// Continue although this setting is another than the run's (`data`: although the data is)
    #[arg(long, value_name = "KEY", requires = "resume")]
    allow_change: Vec<String>,
    /// Start a new run with the weights and symbols of this one (its best, else its last)
    #[arg(long, value_name = "RUN")]
    from: Option<PathBuf>,
    /// Backend instead of the configured one
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// Device instead of the configured one, e.g. cuda:0
    #[arg(long)]
    device: Option<Device>,
    /// Stop after so many updates; schedules stay those of the configuration
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..), allow_negative_numbers = true)]
    max_steps: Option<u64>,
    /// Seed instead of the configured one
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..), allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Tell at the end where the time went: data, forward, backward, checkpoints and so on
    #[arg(long)]
    profile: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run<S: ConfiguredModel>(args: TrainArgs, registry: &Registry<S>) -> Result<Exit> {
    let mut overrides = args.overrides;
    let flags = [
        args.backend.map(|name| format!("backend.kind=\"{name}\"")),
        args.device.map(|device| format!("backend.device=\"{device}\"")),
        args.seed.map(|seed| format!("training.seed={seed}")),
    ];
    overrides.extend(flags.into_iter().flatten());
    let of_run = args.config.is_dir();
    if of_run && !args.resume {
        let message =
            "this is a folder; a run is continued with --resume, a new one needs a configuration file";
        return Err(ConfigError::of(args.config.display().to_string(), message).into());
    }
    let config = match of_run {
        true => config_of(&args.config, &overrides)?,
        false => RunConfig::load(&args.config, &overrides)?,
    };
    for key in &args.allow_change {
        if key != "data" && keys::all().iter().all(|known| known.path != *key) {
            let message = format!("there is no setting `{key}`; `elm check --keys` lists all");
            return Err(ConfigError::of("--allow-change", message).into());
        }
    }
    let engine = registry.get(&config.backend)?;
    let options = config.backend_options;
    let default = || match of_run {
        true => args.config.clone(),
        false => Path::new("runs").join(format!("{}-{}", config.name, config.training.seed)),
    };
    let out = args.out.unwrap_or_else(default);
    let request = TrainRequest {
        out: out.clone(),
        overrides,
        resume: args.resume,
        from: args.from,
        allow_change: args.allow_change,
        max_steps: args.max_steps,
        threads: options.threads.unwrap_or_else(|| engine.report().threads),
        profile: args.profile,
        stop: StopFlag::install()?,
        config,
    };
    if !args.json {
        say_how_it_was_built();
    }
    match engine.train(options, &request)? {
        Outcome::Done(summary) => {
            print(args.json, &summary, || summary.text())?;
            Ok(Exit::Done)
        }
        Outcome::Interrupted(step) => {
            tell(format_args!(
                "stopped after {step} updates, saved in {}; continue with: elm train {} --resume",
                out.display(),
                out.display()
            ));
            Ok(Exit::Interrupted)
        }
    }
}
