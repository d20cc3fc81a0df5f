//! What a command answers: an exit code, and a document or text on stdout.

use anyhow::{Context, Result};
use std::io::Write;

/// What a command came to.
pub enum Exit {
    /// All is well.
    Done,
    /// The command ran and the answer is "no" (already printed).
    Failed,
    /// What was asked for is impossible (already said).
    Misused,
    /// Stopped by a signal after saving.
    Interrupted,
}

/// One JSON document, or text for people, on stdout.
pub(crate) fn print(
    json: bool,
    document: &impl serde::Serialize,
    text: impl FnOnce() -> String,
) -> Result<()> {
    let text = if json { serde_json::to_string_pretty(document).context("the answer")? } else { text() };
    let mut out = std::io::stdout();
    written(writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()))
}

/// What became of an answer: one that is lost is a failure, one that nobody
/// wants to read to its end (`elm … | head`) is none.
pub(crate) fn written(answer: std::io::Result<()>) -> Result<()> {
    match answer {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write the answer"),
    }
}

/// One line for people on stderr. It is advice: that nobody can read it (a
/// closed pipe, a full disk, a vanished terminal) never fails a run.
pub(crate) fn tell(line: impl std::fmt::Display) {
    crate::run::progress::make_room();
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Tells what this project's libraries warn of, unless somebody else does.
pub(crate) fn tell_warnings() {
    static WARNINGS: Warnings = Warnings;
    if log::set_logger(&WARNINGS).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
}

struct Warnings;

impl log::Log for Warnings {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn && metadata.target().starts_with("elm_")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            tell(format_args!("warning: {}", record.args()));
        }
    }

    fn flush(&self) {}
}
