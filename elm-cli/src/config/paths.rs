//! Paths as people write them: `~`, `$NAME` and `${NAME}` stand for something.

use super::ranges::Problem;
use std::path::{Path, PathBuf};

/// A path with everything replaced that is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expanded {
    pub text: String,
    /// The first variable that is not set; it stands in the text as it was.
    pub unset: Option<String>,
}

/// Replaces `~` at the start by the home folder, `${NAME}` and `$NAME` by what
/// `variable` knows of them.
///
/// # Errors
/// When a `${` is not closed.
pub(crate) fn expand(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Expanded, Problem> {
    let mut expanded = Expanded { text: String::new(), unset: None };
    let mut rest = text;
    if let Some(behind) = text.strip_prefix('~')
        && (behind.is_empty() || behind.starts_with('/'))
        && let Some(home) = variable("HOME")
    {
        expanded.text = home;
        rest = behind;
    }
    while let Some((before, after)) = rest.split_once('$') {
        let (name, behind) = match after.strip_prefix('{') {
            Some(inside) => {
                inside.split_once('}').ok_or_else(|| Problem::Other("`${` without a closing `}`".into()))?
            }
            None => after.split_at(after.find(|c: char| !is_of_name(c)).unwrap_or(after.len())),
        };
        expanded.text += before;
        match variable(name) {
            Some(value) => expanded.text += &value,
            None => {
                expanded.text += &rest[before.len()..rest.len() - behind.len()];
                // A dollar sign alone is part of a name.
                expanded.unset = expanded.unset.or((!name.is_empty()).then(|| name.to_string()));
            }
        }
        rest = behind;
    }
    expanded.text += rest;
    Ok(expanded)
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A path without the quotation marks around it that a shell would have taken
/// off, unless there is a file of that very name in `folder`.
pub(super) fn unquoted<'a>(text: &'a str, folder: &Path) -> &'a str {
    let inner = |mark| text.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    let inner = inner('"').or_else(|| inner('\'')).filter(|inner| !inner.is_empty());
    inner.filter(|_| !folder.join(text).exists()).unwrap_or(text)
}

/// What the environment says.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A path below `folder`, unless it is absolute.
pub(super) fn absolute(folder: &Path, path: &str) -> PathBuf {
    let path = folder.join(path);
    std::path::absolute(&path).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> (String, Option<String>) {
        let known = |name: &str| match name {
            "HOME" => Some("/home/ada".to_string()),
            "ELM_DATA" => Some("/data".to_string()),
            "NESTED" => Some("$ELM_DATA".to_string()),
            _ => None,
        };
        let Expanded { text, unset } = expand(text, known).unwrap();
        (text, unset)
    }

    #[test]
    fn home_and_variables_are_replaced_in_every_notation() {
        for (text, wanted) in [
            ("~/x", "/home/ada/x"),
            ("~", "/home/ada"),
            ("~ada/x", "~ada/x"),
            ("a/~/x", "a/~/x"),
            ("$ELM_DATA/x", "/data/x"),
            ("${ELM_DATA}x", "/datax"),
            ("a/$ELM_DATA.txt", "a//data.txt"),
            ("$NESTED", "$ELM_DATA"),
            ("costs$", "costs$"),
            ("", ""),
        ] {
            assert_eq!(expanded(text), (wanted.to_string(), None), "{text}");
        }
    }

    #[test]
    fn quotation_marks_are_taken_off_but_those_of_a_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("'odd'"), "").unwrap();
        for (text, wanted) in [
            ("'my data/shd'", "my data/shd"),
            ("\"~/shd\"", "~/shd"),
            ("it's", "it's"),
            ("''", "''"),
            ("'odd'", "'odd'"),
        ] {
            assert_eq!(unquoted(text, folder.path()), wanted);
        }
    }

    #[test]
    fn a_variable_that_is_not_set_stays_and_is_named() {
        for text in ["${NOT}/x", "$NOT/x", "a$NOT", "${ELM_DATA}/${NOT}"] {
            let (got, unset) = expanded(text);
            assert_eq!(unset.as_deref(), Some("NOT"), "{text}");
            assert!(got.contains("NOT"), "{got}");
        }
        assert!(expand("${ELM", |_| None).is_err());
    }
}
