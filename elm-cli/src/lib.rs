//! The program `elm` as a library: configuration, data, run folders and
//! commands over the backends of a [`Registry`].
//!
//! A program with a backend of its own is its `main` and nothing else:
//! ```no_run
//! use elm_cli::Registry;
//! # fn open(_: elm_core::device::BackendOptions) -> elm_core::Result<elm_core::reference::Reference> { Ok(elm_core::reference::Reference) }
//! # fn report() -> elm_core::device::BackendReport { unreachable!() }
//! fn main() -> std::process::ExitCode {
//!     elm_cli::main_with(Registry::standard().with("mine", open, report))
//! }
//! ```
//! One with a model of its own implements [`ConfiguredModel`] and hands over a
//! [`Registry::standard_for`] it; see `examples/own_model.rs`. A program that
//! wants a trained network opens its run folder as a [`TrainedRun`].

// A print that cannot be written must not end a run: `answer` prints.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod answer;
pub mod chart;
pub mod cli;
pub mod commands;
pub mod config;
pub mod engine;
mod machine;
mod memory;
pub mod model;
pub mod run;
pub mod sweep;
pub mod task;
pub mod trained;

pub use engine::Registry;
pub use model::{AnyModel, ConfiguredModel};
pub use trained::TrainedRun;

use answer::Exit;
use clap::Parser;
use cli::Cli;
use std::process::ExitCode;

/// The whole program with these backends: reads the command line, runs the
/// command, prints errors, and returns the exit code (0 done, 1 failed, 2
/// usage or configuration, 130 interrupted).
pub fn main_with<S: ConfiguredModel>(registry: Registry<S>) -> ExitCode {
    memory::keep_what_is_freed();
    answer::tell_warnings();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return said_by_clap(&error),
    };
    match cli.run(&registry) {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Failed) => ExitCode::from(1),
        Ok(Exit::Misused) => ExitCode::from(2),
        Ok(Exit::Interrupted) => ExitCode::from(130),
        Err(error) => {
            answer::tell(format_args!("error: {}", in_words(&error)));
            ExitCode::from(if is_usage_error(&error) { 2 } else { 1 })
        }
    }
}

/// Prints what clap has to say: help, the version, or what is wrong.
fn said_by_clap(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        // Advice, as all that goes there.
        let _ = error.print();
        return ExitCode::from(2);
    }
    match answer::written(error.print()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            answer::tell(format_args!("error: {}", in_words(&error)));
            ExitCode::from(1)
        }
    }
}

/// An error and its causes in one line; what the line already tells is not
/// told again: neither a cause, nor the file that a cause begins with.
pub(crate) fn in_words(error: &anyhow::Error) -> String {
    let mut line = error.to_string();
    let mut end = line.clone();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if line.contains(&cause) {
            continue;
        }
        // "cannot read FILE" and "FILE: why".
        if let Some((name, rest)) = cause.split_once(": ")
            && line.ends_with(name)
        {
            line = line + ": " + rest;
            end = cause;
            continue;
        }
        if cause.starts_with(&end) {
            line.truncate(line.len() - end.len());
        } else {
            line += ": ";
        }
        line += &cause;
        end = cause;
    }
    line
}

/// Does the error lie in what the user asked for?
pub(crate) fn is_usage_error(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<config::ConfigError>()
            || matches!(cause.downcast_ref(), Some(elm_core::Error::Config { .. }))
            || matches!(cause.downcast_ref(), Some(elm_data::DataError::Setting { .. }))
    })
}

#[cfg(test)]
mod tests {
    use super::in_words;
    use anyhow::Context;
    use std::io::{Error, ErrorKind};

    #[test]
    fn a_cause_is_told_once() {
        let full = || Error::new(ErrorKind::StorageFull, "the disk is full");
        let once = anyhow::Result::<(), _>::Err(full()).context("notes.txt: the disk is full").unwrap_err();
        assert_eq!(in_words(&once), "notes.txt: the disk is full");
        let chain = anyhow::Result::<(), _>::Err(full()).context("notes.txt").context("saving").unwrap_err();
        assert_eq!(in_words(&chain), "saving: notes.txt: the disk is full");
    }

    #[test]
    fn a_file_that_a_cause_begins_with_is_told_once() {
        let at = |place: &str| anyhow::anyhow!("{place}: nothing is there");
        assert_eq!(in_words(&at("a.toml:3:1").context("a.toml")), "a.toml:3:1: nothing is there");
        let deep = at("a.toml:3:1").context("a.toml").context("checking");
        assert_eq!(in_words(&deep), "checking: a.toml:3:1: nothing is there");
        assert_eq!(in_words(&at("b.toml").context("a.toml")), "a.toml: b.toml: nothing is there");
    }
}
