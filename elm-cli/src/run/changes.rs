//! What may change when a run continues.
//!
//! A run that continues gives the numbers of the uninterrupted one, so it
//! continues with its own settings. Those that no number depends on may
//! change: [`MAY_CHANGE`]; the place of the data, as long as it is the same
//! data; how long to wait for a better validation; and the length, as long as
//! no update done so far would have had another learning rate. Others are
//! refused, or taken where the user says so key by key, which makes it another
//! training and is recorded.

use crate::config::effective::{Effective, EffectiveSettings};
use crate::config::{ConfigError, RunConfig};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Tables whose settings decide where, how and how often something is done,
/// not what comes out (but for the last bits).
pub const MAY_CHANGE: [&str; 3] = ["backend", "checkpoint", "logging"];

/// A setting that is another than the run's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its dotted key, or `data` for what the data consists of.
    pub key: String,
    /// The value in the run, as TOML has it; `None`: nothing was set.
    pub was: Option<String>,
    /// The value now.
    pub now: Option<String>,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".into());
        write!(f, "{}: {} in the run, {} now", self.key, shown(&self.was), shown(&self.now))
    }
}

/// What becomes of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// It is announced and recorded.
    Free,
    /// It is refused unless it is asked for by its key.
    Asked,
    /// It cannot be: the reason.
    Never(&'static str),
}

/// Where a run that continues is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Updates done.
    pub step: u64,
    /// Updates from the first on in which the length plays no part.
    pub regardless_of_length: u64,
}

/// The settings that differ between a run and now. Lengths are the same in
/// turns and in epochs.
pub fn between(run: &EffectiveSettings, now: &EffectiveSettings) -> Vec<Change> {
    let value = |settings: &EffectiveSettings, key: &str| {
        let other = other_name(key);
        let found = settings.get(key).or_else(|| settings.get(other?));
        found.and_then(|setting| setting.value.clone())
    };
    // Of two names of the same length, the one that is in use now.
    let before = run.keys().filter(|key| !other_name(key).is_some_and(|other| now.contains_key(other)));
    let keys: BTreeSet<&String> = before.chain(now.keys()).collect();
    let change = |key: &String| {
        let (was, now) = (value(run, key), value(now, key));
        (was != now).then(|| Change { key: key.clone(), was, now })
    };
    let mut changes: Vec<Change> = keys.into_iter().filter_map(change).collect();
    // What only follows from a setting that is new, or gone, is not another change.
    let by_default =
        |settings: &EffectiveSettings, key: &str| settings.get(key).is_some_and(Effective::is_default);
    changes.retain(|Change { key, was, now: value }| {
        !(was.is_none() && by_default(now, key) || value.is_none() && by_default(run, key))
    });
    if changes.iter().any(|change| change.key == "training.batch_size") {
        // These follow it where nobody says otherwise.
        let follows = ["training.valid_batch_size", "training.test_batch_size"];
        let said = |key: &String| now.get(key).is_some_and(|setting| !setting.is_default());
        changes.retain(|change| !follows.contains(&change.key.as_str()) || said(&change.key));
    }
    changes
}

fn other_name(key: &str) -> Option<&'static str> {
    Some(match key {
        "training.num_turns" => "training.num_epochs",
        "training.num_epochs" => "training.num_turns",
        "training.steps_per_turn" => "training.batches_per_epoch",
        "training.batches_per_epoch" => "training.steps_per_turn",
        _ => return None,
    })
}

fn rule(key: &str, progress: Progress) -> Rule {
    let table = key.split('.').next().unwrap_or_default();
    match key {
        // Whether it is the same data is told by its digest.
        "data.path" | "data.vocabulary" => Rule::Free,
        "data.kind" => Rule::Never("other data is another task"),
        "training.optimizer" => {
            Rule::Never("the averages of one optimizer mean nothing to another; `--from RUN` starts afresh")
        }
        "training.num_turns" | "training.num_epochs" if progress.step <= progress.regardless_of_length => {
            Rule::Free
        }
        // It only says when training ends.
        "training.patience" => Rule::Free,
        _ if table == "model" => {
            Rule::Never("the weights belong to the run's model; `--from RUN` starts from them with another")
        }
        _ if MAY_CHANGE.contains(&table) => Rule::Free,
        _ => Rule::Asked,
    }
}

/// Do batches before and after such changes have nothing to do with each
/// other, so that position in the data and carried state mean nothing?
pub fn batches_differ(changes: &[Change]) -> bool {
    let part = |key: &str| {
        key == "training.batch_size"
            || key == "training.accumulate"
            || key == "training.seq_length"
            || (key.starts_with("data") && key != "data.path")
    };
    changes.iter().any(|change| part(&change.key))
}

/// Do validations before and after such changes have nothing to do with each
/// other, so that the best one so far means nothing?
pub fn validations_differ(changes: &[Change]) -> bool {
    batches_differ(changes) || changes.iter().any(|change| change.key.starts_with("training.valid_"))
}

/// Does an allowed key stand for a changed one? Other data is found at its path.
fn asks_for(allowed: &str, changed: &str) -> bool {
    allowed == changed || (allowed == "data.path" && changed == "data")
}

/// Refuses changes that may not be.
///
/// # Errors
/// [`ConfigError`] at the first of them, naming all with both values.
pub fn check(
    changes: &[Change],
    allowed: &[String],
    progress: Progress,
    config: &RunConfig,
) -> Result<(), ConfigError> {
    let refused = |change: &&Change| match rule(&change.key, progress) {
        Rule::Free => false,
        Rule::Asked => !allowed.iter().any(|key| asks_for(key, &change.key)),
        Rule::Never(_) => true,
    };
    let refused: Vec<&Change> = changes.iter().filter(refused).collect();
    let Some(first) = refused.first() else { return Ok(()) };
    let all: Vec<String> = refused.iter().map(ToString::to_string).collect();
    let mut message = all.join("; ");
    // The place of the key is named by the error already.
    if let Some(rest) = message.strip_prefix(&format!("{}: ", first.key)) {
        message = rest.to_string();
    }
    let help = match refused.iter().find_map(|change| match rule(&change.key, progress) {
        Rule::Never(reason) => Some(reason),
        _ => None,
    }) {
        Some(reason) => format!("a run continues with its own settings; {reason}"),
        None => {
            let flags: Vec<String> =
                refused.iter().map(|change| format!("--allow-change {}", change.key)).collect();
            format!(
                "a run continues with its own settings (`elm train RUN --resume` needs no others); {} takes \
                 {}, which makes it another training",
                flags.join(" "),
                if refused.len() == 1 { "the new one" } else { "the new ones" }
            )
        }
    };
    // Other data is found at its path.
    let place = if first.key == "data" { "data.path" } else { &first.key };
    Err(config.error(place, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> EffectiveSettings {
        let setting = |(key, value): &(&str, &str)| {
            (key.to_string(), Effective { value: Some(value.to_string()), origin: String::new() })
        };
        pairs.iter().map(setting).collect()
    }

    #[test]
    fn lengths_in_turns_and_epochs_are_compared_by_what_they_say() {
        let turns = settings(&[("training.num_turns", "3"), ("training.steps_per_turn", "8")]);
        let epochs = settings(&[("training.num_epochs", "3"), ("training.batches_per_epoch", "9")]);
        let changes = between(&turns, &epochs);
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!(changes[0].key, "training.batches_per_epoch");
        assert_eq!((changes[0].was.as_deref(), changes[0].now.as_deref()), (Some("8"), Some("9")));
    }

    #[test]
    fn a_longer_training_may_be_while_the_learning_rate_still_rises() {
        let at = |step| rule("training.num_turns", Progress { step, regardless_of_length: 10 });
        assert_eq!((at(10), at(11)), (Rule::Free, Rule::Asked));
        assert_eq!(rule("logging.every_steps", Progress { step: 50, regardless_of_length: 0 }), Rule::Free);
        assert_eq!(rule("training.clip_norm", Progress { step: 50, regardless_of_length: 0 }), Rule::Asked);
    }
}
