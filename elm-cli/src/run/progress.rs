//! What a person sees while something runs: a bar on a terminal, a plain line
//! now and then elsewhere. Always on stderr.

use crate::answer::tell;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Plain lines appear at most this often.
const QUIET: Duration = Duration::from_secs(10);

/// Progress of one activity.
pub struct Progress {
    bar: Option<ProgressBar>,
    name: String,
    total: u64,
    start: u64,
    began: Instant,
    last_line: Option<Instant>,
}

impl Progress {
    /// Starts at `done` of `total`; a total of 0 means unknown.
    pub fn new(name: &str, done: u64, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = if total == 0 { ProgressBar::new_spinner() } else { ProgressBar::new(total) };
            let template = "{prefix:<8} {bar:28} {pos}/{len} {per_sec:>10} eta {eta:>4}  {msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_prefix(name.to_string());
            bar.set_position(done);
            bar.reset_eta();
            bar
        });
        let began = Instant::now();
        Progress { bar, name: name.into(), total, start: done, began, last_line: Some(began) }
    }

    /// Says how far things are; `message` is made only when it is shown.
    pub fn update(&mut self, done: u64, message: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(message());
            bar.set_position(done);
            return;
        }
        if self.last_line.is_some_and(|last| last.elapsed() < QUIET) {
            return;
        }
        self.last_line = Some(Instant::now());
        let rate = (done - self.start) as f64 / self.began.elapsed().as_secs_f64().max(1e-9);
        let left = self.total.saturating_sub(done) as f64 / rate.max(1e-9);
        let eta = if self.total == 0 { String::new() } else { format!("/{}, {left:.0} s left", self.total) };
        tell(format_args!("{} {done}{eta}, {rate:.2}/s  {}", self.name, message()));
    }

    /// Prints a line above the bar.
    pub fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| tell(text)),
            None => tell(text),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
