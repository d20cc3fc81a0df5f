//! Signals that ask a run to save and stop.

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Was the process asked to stop?
#[derive(Debug, Clone)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Catches SIGINT, SIGTERM and SIGUSR1. The handlers only set a flag; a
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
        for signal in [SIGINT, SIGTERM, SIGUSR1] {
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
