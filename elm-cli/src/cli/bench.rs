//! `elm bench` on the command line.

use super::ConfigArgs;
use crate::answer::{Exit, print};
use crate::commands::bench::BenchRequest;
use crate::config::RunConfig;
use crate::config::names::argument;
use crate::engine::Registry;
use crate::machine::say_how_it_was_built;
use crate::model::ConfiguredModel;
use anyhow::Result;
use clap::Args;
use elm_core::device::{Device, ScanChoice};
use elm_core::kernel::Simd;

#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Timed steps
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    steps: u32,
    /// Backend instead of the configured one
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// Device instead of the configured one
    #[arg(long)]
    device: Option<Device>,
    /// How the recurrence shall be computed
    #[arg(long, value_parser = argument::<ScanChoice>())]
    scan: Option<ScanChoice>,
    /// Instructions of the fused recurrence instead of the configured ones
    #[arg(long, value_parser = argument::<Simd>())]
    simd: Option<Simd>,
    /// Threads instead of the configured number
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    threads: Option<u32>,
}

pub(super) fn run<S: ConfiguredModel>(args: BenchArgs, registry: &Registry<S>) -> Result<Exit> {
    let mut config = RunConfig::load(&args.config.config, &args.config.overrides)?;
    config.backend = args.backend.unwrap_or(config.backend);
    let mut options = config.backend_options;
    options.device = args.device.unwrap_or(options.device);
    options.scan = args.scan.unwrap_or(options.scan);
    options.threads = args.threads.map(|threads| threads as usize).or(options.threads);
    options.simd = args.simd.unwrap_or(options.simd);
    config.backend_options = options;
    let engine = registry.get(&config.backend)?;
    if !args.config.json {
        say_how_it_was_built();
    }
    let report = engine.bench(options, &BenchRequest { config, steps: args.steps as usize })?;
    print(args.config.json, &report, || report.to_string())?;
    Ok(Exit::Done)
}
