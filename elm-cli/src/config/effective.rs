//! Every setting with the value that holds, given or not, and where that value
//! comes from: what a run folder keeps, what `elm config` shows, and what is
//! compared when a run continues.

use super::RunConfig;
use super::document::Entry;
use super::filled::is_of_readout;
use super::model::Demand;
use super::resolved::value_text;
use std::collections::BTreeMap;

/// Where the value of a setting comes from, besides a file or an argument.
const DEFAULT: &str = "default";
/// The same of values that are counted in the data.
const DATA: &str = "the data";

/// A setting that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The value as TOML has it; `None`: nothing is set.
    pub value: Option<String>,
    /// Where the value comes from: `small.toml:12`, `--set data.bin_ms=4`,
    /// `default`, `the data`.
    pub origin: String,
}

impl Effective {
    /// Is it what holds where nothing is said?
    pub fn is_default(&self) -> bool {
        self.origin == DEFAULT
    }
}

/// Settings by dotted key.
pub type EffectiveSettings = BTreeMap<String, Effective>;

/// What only data and model tell of a configuration.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// What the data asks of a model.
    pub demand: Option<Demand>,
    /// Updates between two validations.
    pub turn: Option<u64>,
    /// Settings of the model by key, every default filled in.
    pub model: Option<Vec<(String, Option<String>)>>,
}

impl RunConfig {
    /// The value of a key as TOML has it; `None` where none is set. For models
    /// of another program, which read the settings of `[model]` by themselves.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(own, _)| own == key)?.1.as_deref()
    }

    /// Every setting with the value that holds.
    pub fn effective(&self, found: &Found) -> EffectiveSettings {
        let mut settings: EffectiveSettings = self
            .values
            .iter()
            .map(|(key, value)| (key.clone(), self.with_origin(key, value.clone(), DEFAULT)))
            .collect();
        let mut put = |key: &str, value: Option<String>, else_from: &str| {
            settings.insert(key.to_string(), self.with_origin(key, value, else_from));
        };
        let training = &self.training;
        let [turn_key, turns_key] = self.length_keys();
        let from = if training.turn.is_some() { DEFAULT } else { DATA };
        put(turn_key, training.turn.or(found.turn).map(|turn| turn.to_string()), from);
        put(turns_key, Some(training.turns.to_string()), DEFAULT);
        if let Some(Demand { inputs, outputs, .. }) = found.demand {
            put("model.num_input", Some(inputs.to_string()), DATA);
            put("model.num_output", Some(outputs.to_string()), DATA);
            if self.data.kind.properties().may_assume_symbols {
                put("data.vocabulary", Some(inputs.to_string()), DATA);
            }
        }
        for other in ["training.steps_per_turn", "training.batches_per_epoch"] {
            if other != turn_key {
                settings.remove(other);
            }
        }
        for other in ["training.num_turns", "training.num_epochs"] {
            if other != turns_key {
                settings.remove(other);
            }
        }
        if let Some(model) = &found.model {
            let of_data = ["model.num_input", "model.num_output"];
            settings.retain(|key, _| !key.starts_with("model.") || of_data.contains(&key.as_str()));
            // Where nothing but the data tells these two, they are kept.
            let told = self.data.kind.properties().told_by_data && found.demand.is_some();
            let counts = |key: &str| self.counts(key) && !(told && of_data.contains(&key));
            for (key, value) in model.iter().filter(|(key, _)| counts(key)) {
                let origin = self.origin_in_layers(key).unwrap_or(DEFAULT.into());
                settings.insert(key.clone(), Effective { value: value.clone(), origin });
            }
        }
        settings
    }

    /// The keys of the length of a training: those given, else those usual for
    /// the kind of data.
    fn length_keys(&self) -> [&'static str; 2] {
        let turns = ["training.steps_per_turn", "training.num_turns"];
        let epochs = ["training.batches_per_epoch", "training.num_epochs"];
        let given = |keys: [&str; 2]| keys.iter().any(|key| self.settings.entries().contains_key(*key));
        if given(turns) || (self.data.kind.properties().segmented && !given(epochs)) { turns } else { epochs }
    }

    fn with_origin(&self, key: &str, value: Option<String>, else_from: &str) -> Effective {
        Effective { value, origin: self.origin(key).unwrap_or_else(|| else_from.to_string()) }
    }

    /// Where a setting of the model is given: for its layer, for all, or, as
    /// with one hidden layer, for the first.
    fn origin_in_layers(&self, key: &str) -> Option<String> {
        let of_all =
            key.replacen("model.first_layer.", "model.", 1).replacen("model.last_layer.", "model.", 1);
        let of_first = of_all.replacen("model.", "model.first_layer.", 1);
        if key.starts_with("model.last_layer.") && is_of_readout(key) {
            return self.origin(key);
        }
        [key, &of_all, &of_first].iter().find_map(|key| self.origin(key))
    }

    /// Where a key is given.
    fn origin(&self, key: &str) -> Option<String> {
        self.settings.entries().get(key).map(|entry| place(key, entry))
    }
}

fn place(key: &str, entry: &Entry) -> String {
    let source = &entry.value_place.source;
    if source.name.starts_with("--set") {
        return format!("--set {key}={}", value_text(&entry.value));
    }
    let (line, _) = entry.value_place.line_and_column();
    format!("{}:{line}", source.name)
}
