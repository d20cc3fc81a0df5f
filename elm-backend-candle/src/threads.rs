//! How many threads candle computes with: a fact of the process.
//!
//! candle reads the environment variable `RAYON_NUM_THREADS` at every matrix
//! product and has no other switch.

use candle_core::utils::get_num_threads;
use elm_core::device::most_threads;
use elm_core::{Error, Result};

const VARIABLE: &str = "RAYON_NUM_THREADS";

/// Sets the number of threads that candle uses in this process.
///
/// Call it first in `main`: once another thread runs, it can only confirm the
/// number already in force.
///
/// # Errors
/// [`Error::Config`] when the number is 0, or another one is in force and it
/// is too late to change it.
pub fn set_threads(threads: usize) -> Result<()> {
    let config = |reason: String| Error::config("backend.threads", reason);
    if threads == 0 {
        return Err(config("must be at least 1".into()));
    }
    let present = get_num_threads();
    if present == threads {
        return Ok(());
    }
    if !is_only_thread() {
        return Err(config(format!(
            "the process already computes with {present} threads and cannot change to {threads}; \
             set it before any other thread starts, or through {VARIABLE}={threads}"
        )));
    }
    // SAFETY: the environment may be changed while no other thread can read
    // it, and this is the only thread of the process.
    unsafe { std::env::set_var(VARIABLE, threads.to_string()) };
    Ok(())
}

/// What the environment asks for, as candle reads it.
pub(crate) fn asked() -> Option<(&'static str, usize)> {
    let asked = std::env::var(VARIABLE).ok()?.parse().ok()?;
    (asked > 0).then_some((VARIABLE, asked))
}

/// The threads to compute with when nobody asks for a number: candle's choice,
/// which knows nothing of affinity and quotas, within those.
pub(crate) fn usual() -> Result<usize> {
    Ok(get_num_threads().min(most_threads()?))
}

/// Makes [`usual`] the number in force, if it can still be changed.
pub(crate) fn set_usual() -> Result<usize> {
    let usual = usual()?;
    if get_num_threads() != usual && is_only_thread() {
        set_threads(usual)?;
    }
    Ok(usual)
}

/// Is this the only thread of the process? `false` where that is unknown.
fn is_only_thread() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|tasks| tasks.count() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_number_is_refused() {
        let present = get_num_threads();
        assert!(set_threads(present).is_ok());
        let refused = set_threads(present + 1).unwrap_err().to_string();
        assert!(refused.contains("backend.threads") && refused.contains(VARIABLE), "{refused}");
        assert!(set_threads(0).is_err());
    }
}
