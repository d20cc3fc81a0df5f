//! What runs are called beside each other: what differs between them.

use crate::commands::settings::{differing, told};
use crate::config::effective::EffectiveSettings;
use crate::config::keys::short;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Settings and letters that a name may have; where more is needed, runs are
/// called by their folders.
const MOST_SETTINGS: usize = 3;
const LONGEST: usize = 60;

/// A name for each run. Settings of a run that cannot be read are `None`.
pub(crate) fn names(runs: &[PathBuf], settings: &[Option<&EffectiveSettings>]) -> Vec<String> {
    let by_settings = || -> Option<Vec<String>> {
        let settings: Vec<&EffectiveSettings> = settings.iter().copied().collect::<Option<_>>()?;
        let keys = differing(&settings);
        if keys.is_empty() || keys.len() > MOST_SETTINGS {
            return None;
        }
        let all: Vec<&str> = keys.iter().map(String::as_str).collect();
        let of = |own: &&EffectiveSettings| {
            let value = |key: &String| own.get(key).and_then(|setting| setting.value.as_deref());
            let part = |key: &String| format!("{} {}", short(key, &all), told(value(key)));
            keys.iter().map(part).collect::<Vec<_>>().join(", ").replace('_', " ")
        };
        let names: Vec<String> = settings.iter().map(of).collect();
        let different = names.iter().collect::<BTreeSet<_>>().len() == names.len();
        (different && names.iter().all(|name| name.chars().count() <= LONGEST)).then_some(names)
    };
    by_settings().unwrap_or_else(|| by_folder(runs).iter().map(|name| shortened(name, LONGEST)).collect())
}

/// Folders without what they all begin with.
fn by_folder(runs: &[PathBuf]) -> Vec<String> {
    let parts = |path: &Path| -> Vec<String> {
        path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let all: Vec<Vec<String>> = runs.iter().map(|run| parts(&whole(run))).collect();
    let is_common = |at: usize| {
        all.iter().all(|parts| at + 1 < parts.len() && parts.get(at) == all.first().and_then(|p| p.get(at)))
    };
    let common = (0..).take_while(|&at| is_common(at)).count();
    all.iter().map(|parts| parts[common..].join("/")).collect()
}

/// The path with its last name, which `.` and `run/..` have not.
fn whole(run: &Path) -> PathBuf {
    if run.file_name().is_some() {
        return run.to_path_buf();
    }
    run.canonicalize().unwrap_or_else(|_| run.to_path_buf())
}

/// A text of at most so many letters, cut in its middle.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_string();
    }
    let kept = most.saturating_sub(1);
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    let letters = |skip: usize, take: usize| text.chars().skip(skip).take(take).collect::<String>();
    letters(0, head) + "…" + &letters(count - tail, tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_told_by_where_they_part() {
        let name = |paths: &[&str]| by_folder(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(name(&["runs/a/one", "runs/b/one"]), ["a/one", "b/one"]);
        assert_eq!(name(&["runs/one", "runs/two"]), ["one", "two"]);
        assert_eq!(name(&["runs/one"]), ["one"]);
        assert_eq!(name(&["runs/one", "runs/one"]), ["one", "one"]);
        assert_eq!((shortened("abcdefg", 5), shortened("abcde", 5)), ("ab…fg".into(), "abcde".into()));
    }
}
