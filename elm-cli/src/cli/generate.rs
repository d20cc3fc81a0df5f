//! `elm generate` on the command line.

use crate::answer::{Exit, print};
use crate::commands::eval::config_of;
use crate::commands::generate::{Choice, GenerateRequest};
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use std::io::{IsTerminal, Read};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// Run folder
    run: PathBuf,
    /// Text to start from; without it, or as `-`, it is read from standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    prompt: Option<String>,
    /// Symbols to add
    #[arg(long, default_value_t = 200, allow_negative_numbers = true)]
    length: usize,
    /// Boldness: 0 takes the likeliest symbol, 1 draws as the network says
    #[arg(long, default_value_t = 1.0, allow_hyphen_values = true)]
    temperature: f64,
    /// Draw among the K likeliest symbols only
    #[arg(long, value_name = "K", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    top_k: Option<u32>,
    /// Seed of the draws
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    seed: u64,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Generated {
    prompt: String,
    /// What was added to it.
    text: String,
}

pub(super) fn run<S: ConfiguredModel>(args: GenerateArgs, registry: &Registry<S>) -> Result<Exit> {
    if !(args.temperature.is_finite() && args.temperature >= 0.0) {
        let reason = format!("{} must be a number of at least 0", args.temperature);
        return Err(elm_core::Error::config("--temperature", reason).into());
    }
    let config = config_of(&args.run, &[])?;
    if !config.data.kind.properties().generates {
        bail!("{}: only networks trained on text can generate it", args.run.display());
    }
    let engine = registry.get(&config.backend)?;
    let options = config.backend_options;
    let prompt = prompt(args.prompt)?;
    let start = String::from_utf8_lossy(&prompt).into_owned();
    let request = GenerateRequest {
        run: args.run,
        prompt,
        length: args.length,
        choice: Choice { temperature: args.temperature, top_k: args.top_k.map(|k| k as usize) },
        seed: args.seed,
    };
    let made = Generated { prompt: start, text: engine.generate(options, &request)? };
    print(args.json, &made, || format!("{}{}", made.prompt, made.text))?;
    Ok(Exit::Done)
}

/// The prompt as given, or standard input without the end of its last line,
/// which `echo` and editors add.
fn prompt(given: Option<String>) -> Result<Vec<u8>> {
    let mut input = std::io::stdin();
    match given {
        Some(text) if text != "-" => return Ok(text.into_bytes()),
        None if input.is_terminal() => {
            let reason = "missing: give the text to start from, or hand it to standard input";
            return Err(elm_core::Error::config("--prompt", reason).into());
        }
        _ => {}
    }
    let mut text = Vec::new();
    input.read_to_end(&mut text).context("cannot read the prompt from standard input")?;
    if text.pop_if(|byte| *byte == b'\n').is_some() {
        text.pop_if(|byte| *byte == b'\r');
    }
    Ok(text)
}
