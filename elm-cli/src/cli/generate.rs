//! `elm generate` on the command line.

use crate::answer::{Exit, print};
use crate::commands::eval::config_of;
use crate::commands::generate::GenerateRequest;
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// Run folder
    run: PathBuf,
    /// Text to start from
    #[arg(long)]
    prompt: String,
    /// Symbols to add
    #[arg(long, default_value_t = 200)]
    length: usize,
    /// Boldness: 0 takes the likeliest symbol, 1 draws as the network says
    #[arg(long, default_value_t = 1.0)]
    temperature: f64,
    /// Seed of the draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(super) fn run<S: ConfiguredModel>(args: GenerateArgs, registry: &Registry<S>) -> Result<Exit> {
    let config = config_of(&args.run, &[])?;
    let engine = registry.get(&config.backend)?;
    let options = config.backend_options;
    if !(args.temperature.is_finite() && args.temperature >= 0.0) {
        let reason = format!("{} must be a number of at least 0", args.temperature);
        return Err(elm_core::Error::config("--temperature", reason).into());
    }
    let request = GenerateRequest {
        run: args.run,
        config,
        prompt: args.prompt.clone(),
        length: args.length,
        temperature: args.temperature,
        seed: args.seed,
    };
    let made = engine.generate(options, &request)?;
    print(false, &(), || format!("{}{made}", args.prompt))?;
    Ok(Exit::Done)
}
