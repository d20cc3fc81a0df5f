//! How many threads libtorch computes with: a fact of the process.

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
