//! A run as a process of its own: what brings it down leaves the others alone.

use super::point::Point;
use crate::run::found;
use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

/// Where everything stands that the process says.
const OUTPUT: &str = "output.txt";

/// A run in progress.
pub(super) struct Running {
    /// Its place among the runs.
    pub(super) number: usize,
    /// Its folder.
    pub(super) folder: PathBuf,
    pub(super) began: Instant,
    /// Bytes of output that earlier processes left.
    before: u64,
    child: Child,
}

/// How a process ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The run is finished.
    Done,
    /// It was asked to stop, and saved.
    Stopped,
    /// It failed, with these words.
    Failed(String),
}

impl Running {
    /// Starts the program on a run.
    pub(super) fn start(point: &Point, number: usize, sweep: &Path) -> Result<Self> {
        let folder = point.folder(sweep);
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        found::forget_failure(&folder);
        let path = folder.join(OUTPUT);
        let output = File::options().create(true).append(true).open(&path);
        let output = output.with_context(|| format!("cannot write {}", path.display()))?;
        let before = output.metadata().map_or(0, |file| file.len());
        let also = output.try_clone().with_context(|| format!("cannot write {}", path.display()))?;
        let program = own_program()?;
        let mut command = Command::new(&program);
        command.args(point.arguments(sweep)).stdin(Stdio::null()).stdout(output).stderr(also);
        tie(&mut command);
        let child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Running { number, folder, began: Instant::now(), before, child })
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> Result<Option<Ended>> {
        let status = self.child.try_wait().context("waiting for a run")?;
        Ok(status.map(|status| self.meaning(status)))
    }

    fn meaning(&self, status: ExitStatus) -> Ended {
        match status.code() {
            Some(0) => Ended::Done,
            Some(130) => Ended::Stopped,
            None if is_asked(status) => Ended::Stopped,
            code => {
                let how = code.map_or_else(|| killed(status), |code| self.wordless(code));
                Ended::Failed(self.last_words().unwrap_or(how))
            }
        }
    }

    /// An end without an error in the output, which a full disk keeps out of it.
    fn wordless(&self, code: i32) -> String {
        let written = std::fs::metadata(self.folder.join(OUTPUT)).map_or(0, |file| file.len());
        let hint = if written <= self.before { ", and it could say nothing (is the disk full?)" } else { "" };
        format!("exit code {code}{hint}")
    }

    /// The error that the process ended with.
    fn last_words(&self) -> Option<String> {
        let path = self.folder.join(OUTPUT);
        let own = std::fs::metadata(&path).ok()?.len().saturating_sub(self.before);
        let said = found::tail(&path, own.min(8192));
        let at = said.rfind("\nerror: ").map(|at| at + 1).or(said.starts_with("error: ").then_some(0))?;
        Some(said[at + "error: ".len()..].trim().to_string())
    }

    /// Asks it to save and stop; to be said once, a second time ends it at once.
    pub(super) fn stop(&self) {
        #[cfg(unix)]
        if let Ok(id) = i32::try_from(self.child.id()) {
            // SAFETY: the call has no memory to do with; the process is our
            // child and not waited for, so its number is no other's.
            unsafe { libc::kill(id, libc::SIGTERM) };
        }
    }
}

/// This very program, on Linux also after its file was replaced by another
/// version: the runs of a sweep are trained by one.
fn own_program() -> Result<PathBuf> {
    let image = Path::new("/proc/self/exe");
    if cfg!(target_os = "linux") && image.exists() {
        return Ok(image.to_path_buf());
    }
    std::env::current_exe().context("the program's own file")
}

/// Did the wish to stop come before the process could take it?
fn is_asked(status: ExitStatus) -> bool {
    #[cfg(unix)]
    return std::os::unix::process::ExitStatusExt::signal(&status) == Some(libc::SIGTERM);
    #[cfg(not(unix))]
    false
}

/// By what a process was ended.
fn killed(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let hint = if signal == libc::SIGKILL { " (was memory short?)" } else { "" };
        return format!("ended by signal {signal}{hint}");
    }
    format!("ended: {status}")
}

/// Ties a process to this one: a Ctrl-C in the terminal comes through us, once,
/// and where we are killed it is asked to save and stop.
fn tie(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(target_os = "linux")]
    {
        let parent = std::process::id();
        let ask = move || {
            // SAFETY: both are plain system calls, allowed between fork and exec.
            let orphaned = unsafe {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
                libc::getppid() as u32 != parent
            };
            if orphaned { Err(std::io::ErrorKind::Interrupted.into()) } else { Ok(()) }
        };
        // SAFETY: `ask` allocates nothing and takes no lock.
        unsafe { std::os::unix::process::CommandExt::pre_exec(command, ask) };
    }
}
