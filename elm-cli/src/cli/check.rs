//! `elm check` on the command line.

use crate::answer::{Exit, print, tell};
use crate::commands::check::{Checked, check};
use crate::config::keys;
use crate::engine::Registry;
use crate::model::ConfiguredModel;
use crate::{in_words, is_usage_error};
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Configuration files
    #[arg(required_unless_present = "keys")]
    configs: Vec<PathBuf>,
    /// Override a setting in all of them
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Document every key
    #[arg(long, conflicts_with = "json")]
    keys: bool,
    /// Print one JSON document: a list with an entry for each configuration
    #[arg(long)]
    json: bool,
}

/// Every configuration is looked at, also after a bad one.
pub(super) fn run<S: ConfiguredModel>(args: &CheckArgs, registry: &Registry<S>) -> Result<Exit> {
    if args.keys {
        print(false, &(), keys::documentation)?;
        return Ok(Exit::Done);
    }
    let mut all = Vec::with_capacity(args.configs.len());
    let mut exit = Exit::Done;
    for path in &args.configs {
        let config = path.display().to_string();
        match check(path, &args.overrides, registry) {
            Ok(found) => {
                if !args.json {
                    print(false, &(), || format!("{config}: fine; {found}"))?;
                }
                all.push(Checked { config, ok: true, error: None, found: Some(found) });
            }
            Err(error) => {
                let words = in_words(&error);
                if !args.json {
                    tell(format_args!("error: {words}"));
                }
                let misused = is_usage_error(&error) || matches!(exit, Exit::Misused);
                exit = if misused { Exit::Misused } else { Exit::Failed };
                all.push(Checked { config, ok: false, error: Some(words), found: None });
            }
        }
    }
    if args.json {
        print(true, &all, String::new)?;
    }
    Ok(exit)
}
