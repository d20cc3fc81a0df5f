//! Where in a configuration something stands, and errors that point there.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A text that settings were read from: a file or a `--set` argument.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// File name as given, or `--set #2`.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Folder that relative paths in it start from.
    pub folder: PathBuf,
    /// Settings of a source replace those of sources with a lower rank.
    pub rank: usize,
    /// Did a run write it, with settings that nobody asked for?
    pub resolved: bool,
}

/// A range of bytes of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The source.
    pub source: Arc<Source>,
    /// The bytes.
    pub span: Range<usize>,
}

impl Place {
    /// Line and column, both from 1, counted in characters.
    pub fn line_and_column(&self) -> (usize, usize) {
        let before = self.source.text.get(..self.span.start).unwrap_or(&self.source.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The line with a caret under the range.
    fn excerpt(&self) -> String {
        let (line, column) = self.line_and_column();
        let text = self.source.text.lines().nth(line - 1).unwrap_or_default();
        let marked = self.source.text.get(self.span.clone()).unwrap_or_default();
        let room = text.chars().count().saturating_sub(column - 1).max(1);
        let width = marked.lines().next().unwrap_or_default().chars().count().clamp(1, room);
        let gutter = line.to_string();
        let pad = " ".repeat(gutter.len());
        // A tab in front of the caret keeps it under the character it points at.
        let indent: String = text.chars().take(column - 1).map(|c| if c == '\t' { c } else { ' ' }).collect();
        format!("{pad} |\n{gutter} | {text}\n{pad} | {indent}{}", "^".repeat(width))
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where; absent for a setting that is missing altogether.
    pub place: Option<Place>,
    /// The file or argument concerned, where there is no place in it.
    pub name: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl ConfigError {
    /// An error at a place.
    pub fn at(place: &Place, message: impl Into<String>) -> Self {
        let name = place.source.name.clone();
        ConfigError { place: Some(place.clone()), name, message: message.into(), help: None }
    }

    /// An error about a whole file.
    pub fn of(name: impl Into<String>, message: impl Into<String>) -> Self {
        ConfigError { place: None, name: name.into(), message: message.into(), help: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Some(place) => {
                let (line, column) = place.line_and_column();
                write!(f, "{}:{line}:{column}: {}\n{}", self.name, self.message, place.excerpt())?;
            }
            None => write!(f, "{}: {}", self.name, self.message)?,
        }
        match &self.help {
            Some(help) => write!(f, "\n  = help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}
