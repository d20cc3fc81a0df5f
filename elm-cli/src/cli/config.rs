//! `elm config` on the command line.

use crate::answer::{Exit, print};
use crate::commands::settings::RunSettings;
use crate::config::effective::{Effective, EffectiveSettings};
use crate::config::resolved::to_toml;
use crate::model::ConfiguredModel;
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct SettingsArgs {
    /// Run folder or configuration file
    run: PathBuf,
    /// Override a setting, e.g. training.learning_rate=1e-3
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Say where each value comes from: file and line, --set, default, the data
    #[arg(long)]
    origin: bool,
    /// Print one JSON document: {KEY: {value, origin}}
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Shown {
    value: serde_json::Value,
    origin: String,
}

pub(super) fn run<S: ConfiguredModel>(args: &SettingsArgs) -> Result<Exit> {
    let settings = RunSettings::of::<S>(&args.run, &args.overrides)?.settings;
    let shown: BTreeMap<&String, Shown> =
        settings.iter().map(|(key, setting)| (key, shown(setting))).collect();
    print(args.json, &shown, || text(&settings, args.origin))?;
    Ok(Exit::Done)
}

fn text(settings: &EffectiveSettings, origin: bool) -> String {
    to_toml(settings, origin).trim_start().to_string()
}

/// The value as JSON has it; `null` where nothing is set.
fn shown(setting: &Effective) -> Shown {
    let parsed = setting.value.as_ref().and_then(|text| text.parse::<toml::Value>().ok());
    let value = parsed.and_then(|value| serde_json::to_value(value).ok());
    Shown { value: value.unwrap_or_default(), origin: setting.origin.clone() }
}
