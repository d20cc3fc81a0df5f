//! `source/origins.json`: the value of each setting of a run as it was written,
//! and where it came from. A `config.toml` that was edited since then is told
//! from it.

use super::folder::write_atomically;
use crate::config::effective::{Effective, EffectiveSettings};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

const NAME: &str = "source/origins.json";

/// Values with their origins by dotted key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origins(BTreeMap<String, Origin>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Origin {
    value: Option<String>,
    origin: String,
}

impl Origins {
    /// Those of settings.
    pub fn of(settings: &EffectiveSettings) -> Self {
        let origin = |(key, setting): (&String, &Effective)| {
            (key.clone(), Origin { value: setting.value.clone(), origin: setting.origin.clone() })
        };
        Origins(settings.iter().map(origin).collect())
    }

    /// Writes them into a run folder.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, run: &Path) -> Result<()> {
        let path = run.join(NAME);
        let folder = path.parent().unwrap_or(run);
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        write_atomically(&path, &serde_json::to_vec_pretty(self).context("the origins of the settings")?)
    }

    /// Reads those of a run; none where it has none.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn read(run: &Path) -> Result<Self> {
        let path = run.join(NAME);
        match std::fs::read(&path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Origins::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// The settings as they were written; `None` where none were.
    pub fn settings(&self) -> Option<EffectiveSettings> {
        let setting = |(key, kept): (&String, &Origin)| {
            (key.clone(), Effective { value: kept.value.clone(), origin: kept.origin.clone() })
        };
        (!self.0.is_empty()).then(|| self.0.iter().map(setting).collect())
    }

    /// Puts the origins in place of those in a run's `config.toml`, where the
    /// value is still the one that was written.
    pub fn restore(&self, settings: &mut EffectiveSettings) {
        for (key, setting) in settings {
            if let Some(kept) = self.0.get(key)
                && kept.value == setting.value
            {
                setting.origin.clone_from(&kept.origin);
            }
        }
    }
}
