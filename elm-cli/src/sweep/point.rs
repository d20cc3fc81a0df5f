//! One run of a sweep: its settings, its name, its command.

use crate::config::RunConfig;
use crate::config::effective::Found;
use crate::config::keys::short;
use crate::run::changes::MAY_CHANGE;
use elm_core::model::count::NetworkCount;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Most characters of a name before its digest.
const LONGEST_STEM: usize = 100;

/// A run of a sweep, with all that is needed to start it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Name of its folder: what varies, in words, and a digest of the settings
    /// that decide its numbers.
    pub name: String,
    /// SHA-256 of the settings that decide its numbers.
    #[serde(default)]
    pub digest: String,
    /// Of which variant.
    pub variant: Option<String>,
    /// The configuration to start from.
    pub config: PathBuf,
    /// What is set otherwise, in TOML's notation.
    pub settings: BTreeMap<String, String>,
    /// The settings that vary, as TOML has them.
    pub varied: BTreeMap<String, String>,
    /// `training.seed`.
    pub seed: u64,
    /// The budget of parameters that it was solved for.
    pub budget: Option<u64>,
    /// Threads that it computes with.
    pub threads: usize,
    /// Does it compute on this machine's cores?
    pub on_cpu: bool,
    /// Updates, where they are known before the data is read.
    pub updates: Option<u64>,
    /// Sequences of an update times time steps of one.
    pub steps_per_update: u64,
    /// How large the model is.
    pub size: Size,
}

/// How large a model is; of a network with several layers its first hidden
/// one stands for all, but for the number of neurons, which is of all hidden
/// ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // as in `NetworkCount`
pub struct Size {
    pub trainable_parameters: usize,
    pub num_neurons: Option<usize>,
    pub synapses_per_neuron: Option<usize>,
    pub complexity_per_neuron: Option<usize>,
    pub flops_per_step_forward: u64,
}

impl Size {
    /// From what was counted.
    pub fn of(count: &NetworkCount) -> Self {
        let hidden = match count.layers.split_last() {
            Some((_, hidden)) if !hidden.is_empty() => hidden,
            _ => &count.layers[..],
        };
        Size {
            trainable_parameters: count.trainable_parameters,
            num_neurons: (!hidden.is_empty()).then(|| hidden.iter().map(|layer| layer.neurons).sum()),
            synapses_per_neuron: hidden.first().map(|layer| layer.synapses_per_neuron),
            complexity_per_neuron: hidden.first().map(|layer| layer.complexity_per_neuron),
            flops_per_step_forward: count.flops_per_step_forward,
        }
    }
}

impl Point {
    /// The folder of the run in that of the sweep.
    pub fn folder(&self, sweep: &Path) -> PathBuf {
        sweep.join(&self.name)
    }

    /// What `elm` is called with to train it, or to go on with it.
    pub fn arguments(&self, sweep: &Path) -> Vec<String> {
        let mut arguments = vec!["train".to_string(), self.config.display().to_string()];
        for (key, value) in &self.settings {
            arguments.extend(["--set".into(), format!("{key}={value}")]);
        }
        arguments.extend(["--out".into(), self.folder(sweep).display().to_string(), "--resume".into()]);
        arguments
    }

    /// Floating-point operations of the forward pass of an update.
    pub fn work_of_update(&self) -> f64 {
        self.steps_per_update as f64 * self.size.flops_per_step_forward.max(1) as f64
    }

    /// The same of all updates, up to a number of them that only the data
    /// knows: good for comparing runs of one sweep.
    pub fn work(&self) -> f64 {
        self.updates.unwrap_or(1) as f64 * self.work_of_update()
    }
}

/// A digest of what decides the numbers of a run: every setting, given or not,
/// but where and how it is computed, saved and logged, and the folder in which
/// its data lies. Settings that the sweep varies always count.
pub(super) fn digest(config: &RunConfig, varied: &[String]) -> String {
    let found = Found { demand: config.demand_without_data(), turn: None, model: None };
    let mut text = String::new();
    for (key, setting) in config.effective(&found) {
        let table = key.split('.').next().unwrap_or_default();
        let counts = varied.contains(&key) || !MAY_CHANGE.contains(&table);
        let Some(value) = setting.value.filter(|_| counts) else { continue };
        let value = if key == "data.path" && !varied.contains(&key) { last_part(&value) } else { &value };
        let _ = writeln!(text, "{key}={value}");
    }
    Sha256::digest(text).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// The name of a file without its folder.
fn last_part(value: &str) -> &str {
    value.trim_matches('"').rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or_default()
}

/// The name of a run: what varies, and the beginning of its digest.
pub(super) fn named(
    variant: Option<&str>,
    varied: &[(String, String)],
    budget: Option<u64>,
    seed: u64,
    digest: &str,
) -> String {
    let mut parts: Vec<String> = variant.map(plain).into_iter().collect();
    parts.extend(budget.map(|budget| format!("p{budget}")));
    let keys: Vec<&str> = varied.iter().map(|(key, _)| key.as_str()).collect();
    for (key, value) in varied {
        let value = if value.contains('/') { last_part(value) } else { value };
        parts.push(plain(&format!("{}{value}", short(key, &keys))));
    }
    let seed = format!("seed{seed}");
    let mut stem: String = parts.join("-").chars().take(LONGEST_STEM - seed.len() - 1).collect();
    if !stem.is_empty() {
        stem.push('-');
    }
    stem + &seed + "-" + digest.get(..8).unwrap_or(digest)
}

/// What any file system and shell takes as it is.
pub(super) fn plain(text: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let text: String = text.replace('"', "").chars().map(|c| if kept(c) { c } else { '_' }).collect();
    text.trim_start_matches(['.', '-']).to_string()
}
