//! What the checkpoints of a run take, compared with what is free where they go.

use super::size;
use crate::answer::tell;
use crate::config::RunConfig;
use anyhow::{Result, bail};
use elm_core::model::ModelSpec;
use std::path::Path;

/// Bytes of a checkpoint besides its tensors, about.
const WORDS: u64 = 16 << 10;

/// Bytes that the checkpoints of a run take at most: as many as are kept, the
/// best weights, and one that is being written.
pub(crate) fn checkpoint_bytes<S: ModelSpec>(config: &RunConfig, model: &S, kept: u64) -> u64 {
    let count = model.count();
    let learned: usize = model.layouts().iter().map(|(_, layout)| layout.len()).sum();
    let fixed = count.total_parameters.saturating_sub(count.trainable_parameters);
    let connectome: usize =
        count.layers.iter().map(|layer| layer.neurons.saturating_mul(layer.synapses_per_neuron)).sum();
    let carried = match config.training.state_reuse {
        Some(_) => count.state_floats.saturating_mul(config.training.update_size()),
        None => 0,
    };
    let bytes = |numbers: [usize; 3]| {
        numbers.iter().fold(0u64, |sum, &count| sum.saturating_add(count as u64)).saturating_mul(4)
    };
    let best = bytes([learned, fixed, connectome]).saturating_add(WORDS);
    // Two moments of everything that is learned.
    let last = best.saturating_add(bytes([learned, learned, carried]));
    last.saturating_mul(kept.saturating_add(1)).saturating_add(best)
}

/// Refuses to train for `total` updates where the checkpoints will not fit;
/// those that are there already make room for others.
///
/// # Errors
/// With the estimate and what is free.
pub(crate) fn has_room<S: ModelSpec>(config: &RunConfig, model: &S, run: &Path, total: u64) -> Result<()> {
    let keep = config.checkpoint.keep;
    let by_steps = config.checkpoint.every_steps.map_or(0, |every| total / every);
    let written = by_steps.saturating_add(config.training.turns).saturating_add(2);
    let needed = checkpoint_bytes(config, model, written.min(keep as u64));
    let needed = needed.saturating_sub(taken(&run.join("checkpoints")));
    let Some(free) = free(run) else { return Ok(()) };
    let told = format!(
        "{}: the checkpoints of this run will take about {} more (checkpoint.keep = {keep}, the best weights, \
         and one that is being written)",
        run.display(),
        size(needed)
    );
    if needed > free {
        bail!(
            "{told}, but {} are free there; make room, choose another place with --out, or take a smaller \
             checkpoint.keep or model",
            size(free)
        );
    }
    if super::is_close(needed, free) {
        tell(format_args!("warning: {told}, and only {} are free there", size(free)));
    }
    Ok(())
}

/// Bytes of the files below a folder.
fn taken(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => taken(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.map(bytes).sum()
}

/// Bytes that are free for this user where a folder lies; `None` where the
/// system does not tell.
fn free(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let found = rustix::fs::statvfs(folder).ok()?;
        found.f_bavail.checked_mul(found.f_frsize)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}
