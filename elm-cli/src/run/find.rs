//! Run folders below a folder.

use super::Progress;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Is a run in this folder, or what is left of the attempt to start one?
pub fn is_run(path: &Path) -> bool {
    let has = |name: &str| path.join(name).exists();
    has("metrics.jsonl") || has("failed.txt") || (path.join("config.toml").is_file() && has("checkpoints"))
}

/// All runs below a folder in the order of their names, or the folder itself
/// where it is a run. Links are followed to runs, not to folders of runs.
///
/// # Errors
/// When the folder cannot be read; what cannot be read below it is passed over.
pub fn runs_below(folder: &Path) -> Result<Vec<PathBuf>> {
    if is_run(folder) {
        return Ok(vec![folder.to_path_buf()]);
    }
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let (mut found, mut waiting) = (Vec::new(), vec![entries]);
    let mut progress = Progress::new("looking", 0, 0);
    let mut seen = 0;
    while let Some(entries) = waiting.pop() {
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            seen += 1;
            progress.update(seen, || format!("{} runs", found.len()));
            if name.as_encoded_bytes().starts_with(b".") || !path.is_dir() {
                continue;
            }
            if is_run(&path) {
                found.push(path);
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                waiting.extend(std::fs::read_dir(&path));
            }
        }
    }
    found.sort();
    Ok(found)
}
