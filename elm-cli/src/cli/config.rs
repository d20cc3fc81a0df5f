//! `elm config` on the command line.

use crate::answer::{Exit, print};
use crate::commands::eval::config_of;
use crate::config::RunConfig;
use crate::config::effective::{Effective, EffectiveSettings, Found};
use crate::config::resolved::to_toml;
use crate::model::ConfiguredModel;
use crate::run::origins::Origins;
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
    let of_run = args.run.is_dir();
    let config = match of_run {
        true => config_of(&args.run, &args.overrides)?,
        false => RunConfig::load(&args.run, &args.overrides)?,
    };
    let demand = config.demand_without_data();
    let model = demand.map(|demand| S::configured(&config, demand)).transpose()?;
    let model = model.and_then(|model| model.settings(&config));
    let mut settings = config.effective(&Found { demand, turn: None, model });
    if of_run {
        Origins::read(&args.run)?.restore(&mut settings);
    }
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
