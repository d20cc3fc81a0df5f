//! Signals that ask a run to save and stop.

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Was the process asked to stop?
#[derive(Debug, Clone)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Catches SIGINT, SIGTERM, SIGUSR1, and SIGHUP (the terminal is gone) but
    /// where it is ignored, as under `nohup`. The handlers only set a flag; a
    /// second SIGINT or SIGTERM ends the process at once with exit code 130.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn install() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag unset and sets it.
            signal_hook::flag::register_conditional_shutdown(signal, 130, flag.clone())
                .with_context(|| format!("cannot handle signal {signal}"))?;
        }
        let hang_up = (!ignores_hang_up()).then_some(SIGHUP);
        for signal in [SIGINT, SIGTERM, SIGUSR1].into_iter().chain(hang_up) {
            signal_hook::flag::register(signal, flag.clone())
                .with_context(|| format!("cannot handle signal {signal}"))?;
        }
        Ok(StopFlag(flag))
    }

    /// A flag that no signal sets.
    pub fn never() -> Self {
        StopFlag(Arc::new(AtomicBool::new(false)))
    }

    /// Is it set?
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Was the process started with SIGHUP ignored? Linux tells in a mask whose
/// lowest bit stands for signal 1; elsewhere it is taken not to be.
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (SIGHUP - 1) != 0)
}
