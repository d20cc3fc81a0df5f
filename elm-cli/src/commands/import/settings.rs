//! The settings of what is imported, as a configuration file.

use super::ImportRequest;
use super::weights::{Given, WeightsFile};
use crate::config::DataKind;
use crate::config::effective::{Effective, EffectiveSettings};
use crate::config::names::Named;
use crate::config::resolved::to_toml;
use crate::config::section::Section;
use crate::run::folder::write_atomically;
use anyhow::{Context, Result};
use elm_core::model::{Embedding, Head, NetworkOptions};
use elm_core::records::{network_options, single_neuron_options};
use elm_core::{Error, Result as CoreResult};
use std::fs;
use std::path::{Path, PathBuf};

/// Keys that only the configuration of a network has.
const OF_NETWORKS: [&str; 6] = [
    "num_hidden",
    "num_layers",
    "layer_config",
    "first_layer_override",
    "last_layer_override",
    "output_embedding",
];

/// The kind of data whose neurons the authors published, with the inputs and
/// outputs of these.
const PUBLISHED: (&str, usize, usize) = ("neuronio", 1278, 2);

/// What no configuration is without.
const DATA_KIND: &str = "data.kind";

/// A configuration of ours.
pub(super) enum Settings {
    /// A file that is there.
    File(PathBuf),
    /// One to be made.
    Text {
        /// Its name.
        name: String,
        /// What is in it.
        text: String,
    },
}

impl Settings {
    /// The file, kept in the run folder where it is new.
    pub(super) fn kept(&self, run: &Path) -> Result<PathBuf> {
        match self {
            Settings::File(path) => Ok(path.clone()),
            Settings::Text { name, text } => {
                let source = run.join("source");
                fs::create_dir_all(&source).with_context(|| format!("cannot create {}", source.display()))?;
                write_atomically(&source.join(name), text.as_bytes())?;
                Ok(source.join(name))
            }
        }
    }

    /// Takes out of a folder what nothing came of.
    pub(super) fn forget(&self, run: &Path) {
        if let Settings::Text { name, .. } = self {
            let source = run.join("source");
            let _ = fs::remove_file(source.join(name));
            // Only where it is empty.
            let _ = fs::remove_dir(source);
        }
    }
}

/// The settings that are asked for, else those that the file of weights has.
///
/// # Errors
/// When there are none, or they are not those of a model.
pub(super) fn of(request: &ImportRequest, weights: &WeightsFile) -> Result<Settings> {
    let Some(file) = &request.config else {
        let reason = "missing: the file of weights does not say what model they are of; give its \
                      model_config.json, or a configuration of ours";
        let text = weights.config.clone().ok_or_else(|| Error::config("--config", reason))?;
        return Ok(Settings::Text { name: "exported.toml".into(), text });
    };
    if file.extension().is_none_or(|ending| ending != "json") {
        return Ok(Settings::File(file.clone()));
    }
    of_authors(file, &request.overrides, &weights.given)
}

/// Those of a configuration of the authors.
fn of_authors(file: &Path, overrides: &[String], given: &Given) -> Result<Settings> {
    let what = file.display().to_string();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {what}"))?;
    let options = options(&what, &text, given)?;
    // What is impossible is told by the file that says so.
    options.resolve().map_err(|error| match error {
        Error::Config { key, reason } => Error::config(format!("{what}: {key}"), reason),
        other => other,
    })?;
    let settings = as_settings(&options);
    let asked = |given: &String| given.trim_start().starts_with("data.kind");
    if !settings.contains_key(DATA_KIND) && !overrides.iter().any(asked) {
        let reason = format!(
            "missing: say what data the weights are for, {} inputs and {} outputs, with --set data.kind=KIND; \
             `elm check --keys` lists the kinds",
            options.num_input, options.num_output
        );
        return Err(Error::config(DATA_KIND, reason).into());
    }
    let title = format!("# The settings of {what}.\n");
    let name = format!("{}.toml", file.file_stem().unwrap_or_default().to_string_lossy());
    Ok(Settings::Text { name, text: title + &to_toml(&settings, false) })
}

/// The authors' settings. Which neuron it is, the weights tell.
fn options(what: &str, text: &str, given: &Given) -> CoreResult<NetworkOptions> {
    let config: serde_json::Value =
        serde_json::from_str(text).map_err(|error| Error::stored(what, error.to_string()))?;
    if !config.is_object() {
        return Err(Error::stored(what, "expected an object of settings, {\"num_memory\": 20, …}"));
    }
    if OF_NETWORKS.iter().any(|key| config.get(key).is_some()) {
        return network_options(what, config);
    }
    let kind = match (given.has("tau_s"), given.has("tau_b"), given) {
        (true, false, _) => "elm",
        (false, true, _) => "branch_elm",
        (false, false, Given::InOrder(_)) => "neuron",
        (false, false, _) if given.has("memory.tau_raw") => "neuron",
        _ => {
            let reason = "the weights do not tell which neuron this is of: one of the first paper has a tensor \
                          tau_s (elm) or tau_b (branch_elm); a configuration of ours can say it (model.kind)";
            return Err(Error::stored(what, reason));
        }
    };
    single_neuron_options(what, kind, config)
}

/// Options as settings by key.
fn as_settings(options: &NetworkOptions) -> EffectiveSettings {
    let text = |text: &str| Some(toml::Value::String(text.into()).to_string());
    let size = |size: Option<usize>| size.map(|size| size.to_string());
    let kind = serde_json::to_value(options.kind).ok();
    let (embedding, scale, width) = match options.embedding {
        None => (None, None, None),
        Some(Embedding::None) => (text("none"), None, None),
        Some(Embedding::Scaled(scale)) => (text("scaled"), Some(scale), None),
        Some(Embedding::OneHot(scale)) => (text("one_hot"), Some(scale), None),
        Some(Embedding::Learned { scale, width, .. }) => (text("learned"), Some(scale), Some(width)),
    };
    let head = options.head.and_then(|head| text(if head == Head::None { "none" } else { "linear" }));
    let mut values = vec![
        ("model.kind".to_string(), kind.as_ref().and_then(serde_json::Value::as_str).and_then(text)),
        ("model.num_input".into(), Some(options.num_input.to_string())),
        ("model.num_output".into(), Some(options.num_output.to_string())),
        ("model.num_hidden".into(), size(options.num_hidden)),
        ("model.num_layers".into(), size(options.num_layers)),
        ("model.embedding".into(), embedding),
        ("model.embedding_scale".into(), scale.map(|scale| toml::Value::Float(scale).to_string())),
        ("model.embedding_width".into(), size(width)),
        ("model.feed_output_back".into(), options.feed_output_back.map(|fed| fed.to_string())),
        ("model.head".into(), head),
    ];
    let layers = [
        ("model", Some(options.layer)),
        ("model.first_layer", options.first_layer),
        ("model.last_layer", options.last_layer),
    ];
    for (table, layer) in layers {
        values.extend(layer.map(|layer| layer.values(table)).unwrap_or_default());
    }
    let (kind, inputs, outputs) = PUBLISHED;
    if DataKind::named(kind).is_some() && (options.num_input, options.num_output) == (inputs, outputs) {
        values.push((DATA_KIND.into(), text(kind)));
    }
    let given = values.into_iter().filter(|(_, value)| value.is_some());
    given.map(|(key, value)| (key, Effective { value, origin: String::new() })).collect()
}
