//! `elm verify` on the command line.

use crate::answer::{Exit, print};
use crate::commands::verify::{self, VerifyRequest, table};
use crate::config::names::{Named, argument};
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use anyhow::Result;
use clap::Args;
use elm_core::device::{BackendOptions, Device, ScanChoice};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Records (NAME.json beside NAME.safetensors), folders of them, or run folders; none: built-in ones
    paths: Vec<PathBuf>,
    /// Backend to check
    #[arg(long, default_value = "candle")]
    backend: String,
    /// Device to check
    #[arg(long, default_value = "cpu")]
    device: Device,
    /// How the recurrence shall be computed
    #[arg(long, value_parser = argument::<ScanChoice>(), default_value = ScanChoice::Auto.name())]
    scan: ScanChoice,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run<S: ConfiguredModel>(args: VerifyArgs, registry: &Registry<S>) -> Result<Exit> {
    let scan = args.scan;
    let options = BackendOptions { device: args.device, scan, ..BackendOptions::default() };
    let request = VerifyRequest::new(&args.paths, scan)?;
    let reports: Vec<verify::RecordReport> = registry.get(&args.backend)?.verify(options, &request)?;
    print(args.json, &reports, || table(&reports))?;
    Ok(if reports.iter().all(|report| report.ok) { Exit::Done } else { Exit::Failed })
}
