//! Slurm's programs.

use crate::answer::tell;
use anyhow::{Context, Result};
use std::io::ErrorKind;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What a program came to.
pub(super) enum Answer {
    /// There is none of that name.
    Absent,
    /// What it printed.
    Said(String),
    /// What it complained of.
    Failed(String),
}

/// Runs a program; says so where it takes long, as it does when the controller
/// is not reached.
///
/// # Errors
/// When it is there and cannot be started.
pub(super) fn ask(name: &str, arguments: &[String]) -> Result<Answer> {
    let (done, answer) = mpsc::channel();
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::null());
    std::thread::spawn(move || done.send(command.output()));
    let output = answer.recv_timeout(Duration::from_secs(2)).or_else(|_| {
        tell(format_args!("waiting for {name}"));
        answer.recv()
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_string();
    match output.with_context(|| format!("{name} was lost"))? {
        Ok(Output { status, stdout, .. }) if status.success() => Ok(Answer::Said(text(&stdout))),
        Ok(Output { status, stdout, stderr }) => {
            let said = [text(&stderr), text(&stdout), format!("{name}: {status}")];
            Ok(Answer::Failed(said.into_iter().find(|said| !said.is_empty()).unwrap_or_default()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Answer::Absent),
        Err(error) => Err(error).with_context(|| format!("cannot start {name}")),
    }
}
