//! How many threads libtorch computes with: a fact of the process.

use elm_core::device::most_threads;
use elm_core::{Error, Result};
use std::sync::OnceLock;

static CHOSEN: OnceLock<usize> = OnceLock::new();

/// Sets the number of threads that libtorch uses in this process.
///
/// # Errors
/// [`Error::Config`] when the number is 0 or another one was set before.
pub fn set_threads(threads: usize) -> Result<()> {
    let config = |reason: String| Err(Error::config("backend.threads", reason));
    let Some(count) = i32::try_from(threads).ok().filter(|&count| count > 0) else {
        return config(format!("must be at least 1, got {threads}"));
    };
    let chosen = *CHOSEN.get_or_init(|| {
        tch::set_num_threads(count);
        threads
    });
    if chosen != threads {
        return config(format!(
            "the process already computes with {chosen} threads and cannot change to {threads}"
        ));
    }
    Ok(())
}

/// The threads to compute with when nobody asks for a number: libtorch's
/// choice, which may know nothing of affinity and quotas, within those.
pub(crate) fn usual() -> Result<usize> {
    Ok(usize::try_from(tch::get_num_threads()).unwrap_or(1).min(most_threads()?))
}

/// Makes [`usual`] the number in force, unless another one was chosen before.
pub(crate) fn set_usual() -> Result<usize> {
    let usual = usual()?;
    if CHOSEN.get().is_none() && i32::try_from(usual).is_ok_and(|usual| tch::get_num_threads() != usual) {
        set_threads(usual)?;
    }
    Ok(usual)
}
