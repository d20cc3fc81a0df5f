//! Checkpoints: a set of files that is there as a whole or not at all.
//!
//! A checkpoint is written into a temporary folder, a manifest with sizes and
//! digests last; when all of it is synced, the folder is renamed. A damaged one
//! is recognised by its manifest and passed over for the one before.

use super::provenance::Provenance;
use crate::in_words;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The files of a checkpoint by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Which checkpoint of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The newest.
    Last,
    /// That of the best validation.
    Best,
}

impl Which {
    /// Its name, that of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Which::Last => "last",
            Which::Best => "best",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    files: BTreeMap<String, Recorded>,
    /// What wrote it; absent in checkpoints of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    written_by: Option<Provenance>,
}

#[derive(Serialize, Deserialize)]
struct Recorded {
    bytes: u64,
    sha256: String,
}

/// Writes a checkpoint; of `last`, `keep` are kept (`last`, `last.1`, …).
///
/// # Errors
/// When it cannot be written; those before are intact then.
pub fn save(
    run: &Path,
    which: Which,
    files: &Files,
    keep: usize,
    written_by: Option<&Provenance>,
) -> Result<()> {
    let folder = run.join("checkpoints");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    remove_leftovers(&folder);
    let fresh = folder.join(format!("{}.new", which.name()));
    let written = write_files(&fresh, files, written_by);
    if written.is_err() {
        // The disk may be full: a part of a checkpoint is of use to nobody.
        let _ = fs::remove_dir_all(&fresh);
    }
    written.with_context(|| format!("cannot write the checkpoint {}", fresh.display()))?;
    rotate(&folder, which, &fresh, keep)
        .with_context(|| format!("cannot put the checkpoint {} into place", fresh.display()))
}

/// Removes what an interrupted process left half-written.
fn remove_leftovers(folder: &Path) {
    for which in [Which::Last, Which::Best] {
        for ending in ["new", "old"] {
            let _ = fs::remove_dir_all(folder.join(format!("{}.{ending}", which.name())));
        }
    }
}

fn write_files(fresh: &Path, files: &Files, written_by: Option<&Provenance>) -> std::io::Result<()> {
    fs::create_dir(fresh)?;
    let mut manifest = Manifest { files: BTreeMap::new(), written_by: written_by.cloned() };
    let mut written = Vec::with_capacity(files.len() + 1);
    for (name, bytes) in files {
        written.push(write(&fresh.join(name), bytes)?);
        let recorded = Recorded { bytes: bytes.len() as u64, sha256: digest(bytes) };
        manifest.files.insert(name.clone(), recorded);
    }
    written.push(write(&fresh.join("manifest.json"), &serde_json::to_vec_pretty(&manifest)?)?);
    // One after the other once all are written: what the file system does for
    // the first, the others need not wait for.
    written.iter().try_for_each(File::sync_all)?;
    File::open(fresh)?.sync_all()
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<File> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    Ok(file)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Older checkpoints than this are not looked for.
const MOST_KEPT: usize = 100;

/// Moves the checkpoints one place on and the fresh one to the front. Between
/// any two steps there is at least one intact checkpoint under a name that
/// [`load`] looks at.
fn rotate(folder: &Path, which: Which, fresh: &Path, keep: usize) -> std::io::Result<()> {
    let place = |age: usize| match age {
        0 => folder.join(which.name()),
        _ => folder.join(format!("{}.{age}", which.name())),
    };
    let kept = if which == Which::Last { keep.max(2) } else { 2 };
    let oldest = place(kept - 1);
    let old = folder.join(format!("{}.old", which.name()));
    if oldest.exists() {
        fs::rename(&oldest, &old)?;
    }
    // Up to the first gap, however many may be kept.
    let used = (0..kept - 1).take_while(|&age| place(age).exists()).count();
    for age in (0..used).rev() {
        fs::rename(place(age), place(age + 1))?;
    }
    fs::rename(fresh, place(0))?;
    File::open(folder)?.sync_all()?;
    if old.exists() {
        fs::remove_dir_all(&old)?;
    }
    let kept = if which == Which::Best { 1 } else { kept };
    // Also those that an earlier, larger `keep` left.
    for age in (kept..MOST_KEPT).filter(|&age| place(age).exists()) {
        fs::remove_dir_all(place(age))?;
    }
    Ok(())
}

/// The newest intact checkpoint with all `needed` files, and a warning for
/// every other one passed over; `None` when there is none at all.
///
/// # Errors
/// When there are checkpoints but all are damaged.
pub fn load(run: &Path, which: Which, needed: &[&str]) -> Result<Option<(Files, Vec<String>)>> {
    let mut warnings = Vec::new();
    for folder in candidates(run, which) {
        match read_files(&folder, needed) {
            Ok(files) => return Ok(Some((files, warnings))),
            Err(error) => warnings.push(format!("{} is damaged: {}", folder.display(), in_words(&error))),
        }
    }
    if warnings.is_empty() {
        return Ok(None);
    }
    let other = if which == Which::Best { Which::Last } else { Which::Best };
    let remedy = match candidates(run, other).iter().any(|folder| read_files(folder, &[]).is_ok()) {
        true if which == Which::Best => "; `--checkpoint last` takes the newest weights, which are intact",
        true => "; the weights of the best validation are intact: `--from` starts a new run from them",
        false => "",
    };
    bail!("no intact `{}` checkpoint is left: {}{remedy}", which.name(), warnings.join("; "))
}

/// Is there anything under the name of a checkpoint?
pub fn exists(run: &Path, which: Which) -> bool {
    !candidates(run, which).is_empty()
}

/// Where a checkpoint may be, the newest first.
fn candidates(run: &Path, which: Which) -> Vec<PathBuf> {
    let folder = run.join("checkpoints");
    let name = which.name();
    let aged = (1..MOST_KEPT).map(|age| format!("{name}.{age}"));
    let names = std::iter::once(name.to_string()).chain(aged).chain([format!("{name}.old")]);
    names.map(|name| folder.join(name)).filter(|path| path.is_dir()).collect()
}

fn read_files(folder: &Path, needed: &[&str]) -> Result<Files> {
    let path = folder.join("manifest.json");
    let manifest = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let manifest: Manifest =
        serde_json::from_slice(&manifest).with_context(|| format!("{} is damaged", path.display()))?;
    let mut files = Files::new();
    for (name, recorded) in manifest.files {
        let path = folder.join(&name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        if bytes.len() as u64 != recorded.bytes {
            bail!("{}: {} bytes, {} were written", path.display(), bytes.len(), recorded.bytes);
        }
        if digest(&bytes) != recorded.sha256 {
            bail!("{}: its digest is not that of what was written", path.display());
        }
        files.insert(name, bytes);
    }
    match needed.iter().find(|name| !files.contains_key(**name)) {
        Some(missing) => bail!("{} is missing", folder.join(missing).display()),
        None => Ok(files),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Files {
        Files::from([("model".to_string(), text.as_bytes().to_vec()), ("state".to_string(), vec![7; 3])])
    }

    fn loaded(run: &Path) -> (Files, usize) {
        let (files, warnings) = load(run, Which::Last, &["model"]).unwrap().unwrap();
        (files, warnings.len())
    }

    #[test]
    fn the_newest_intact_checkpoint_is_loaded() {
        let run = tempfile::tempdir().unwrap();
        assert!(load(run.path(), Which::Last, &["model"]).unwrap().is_none());
        for text in ["one", "two", "three"] {
            save(run.path(), Which::Last, &files(text), 2, None).unwrap();
        }
        assert_eq!(loaded(run.path()), (files("three"), 0));
        let newest = run.path().join("checkpoints/last/model");
        fs::write(&newest, "thr").unwrap();
        assert_eq!(loaded(run.path()), (files("two"), 1));
        fs::write(&newest, "thref").unwrap();
        assert_eq!(loaded(run.path()), (files("two"), 1));
        fs::remove_file(run.path().join("checkpoints/last.1/manifest.json")).unwrap();
        assert!(
            load(run.path(), Which::Last, &["model"])
                .unwrap_err()
                .to_string()
                .contains("no intact `last` checkpoint")
        );
    }

    #[test]
    fn one_without_a_file_that_is_needed_is_passed_over() {
        let run = tempfile::tempdir().unwrap();
        save(run.path(), Which::Last, &files("one"), 2, None).unwrap();
        save(run.path(), Which::Last, &Files::from([("state".into(), vec![1])]), 2, None).unwrap();
        let (found, warnings) = loaded(run.path());
        assert_eq!((found, warnings), (files("one"), 1));
    }

    #[test]
    fn fewer_are_kept_as_soon_as_fewer_are_asked_for() {
        let run = tempfile::tempdir().unwrap();
        let kept = || candidates(run.path(), Which::Last).len();
        for (keep, left) in [(5, 1), (5, 2), (5, 3), (5, 4), (5, 5), (5, 5), (2, 2)] {
            save(run.path(), Which::Last, &files("one"), keep, None).unwrap();
            assert_eq!(kept(), left);
        }
    }

    #[test]
    fn a_damaged_best_points_at_the_last_where_that_is_intact() {
        let run = tempfile::tempdir().unwrap();
        save(run.path(), Which::Best, &files("one"), 2, None).unwrap();
        fs::write(run.path().join("checkpoints/best/model"), "two").unwrap();
        let said = || load(run.path(), Which::Best, &["model"]).unwrap_err().to_string();
        assert!(!said().contains("--checkpoint last"), "{}", said());
        save(run.path(), Which::Last, &files("one"), 2, None).unwrap();
        assert!(said().contains("no intact `best`") && said().contains("--checkpoint last"), "{}", said());
    }

    /// Whatever rename was the last one done, the old or new state is there.
    #[test]
    fn every_stop_between_two_moves_leaves_a_checkpoint() {
        let moves: [(&str, &str); 4] =
            [("last.1", "last.old"), ("last", "last.1"), ("last.new", "last"), ("last.old", "")];
        for stop in 0..=moves.len() {
            let run = tempfile::tempdir().unwrap();
            save(run.path(), Which::Last, &files("one"), 2, None).unwrap();
            save(run.path(), Which::Last, &files("two"), 2, None).unwrap();
            let folder = run.path().join("checkpoints");
            write_files(&folder.join("last.new"), &files("three"), None).unwrap();
            for (from, to) in &moves[..stop] {
                match *to {
                    "" => fs::remove_dir_all(folder.join(from)).unwrap(),
                    to => fs::rename(folder.join(from), folder.join(to)).unwrap(),
                }
            }
            let expected = if stop >= 3 { "three" } else { "two" };
            assert_eq!(loaded(run.path()), (files(expected), 0), "after {stop} moves");
            save(run.path(), Which::Last, &files("four"), 2, None).unwrap();
            assert_eq!(loaded(run.path()), (files("four"), 0));
        }
    }
}
