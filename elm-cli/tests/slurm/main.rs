//! Sweeps as job arrays: what is written and said without any Slurm, and, on a
//! real one that `.ci/slurm` starts, that runs survive what a cluster does.

#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod real;
mod script;

use common::{Place, metrics};
use std::path::{Path, PathBuf};
use std::time::Duration;

const THREE: &str = "config = \"small.toml\"\nseeds = [0, 1, 2]\n";

/// Long enough to be held in the middle.
const LONG: &str = "config = \"small.toml\"\nseeds = [0, 1, 2]\n[set]\ntraining.num_epochs = 200\n";

fn place(sweep: &str) -> Place {
    let place = Place::new();
    place.write("sweep.toml", sweep);
    place
}

/// The folders of the runs of a sweep, by seed.
fn runs(place: &Place, out: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(place.path(out)).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_run = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("seed");
    let mut runs: Vec<PathBuf> = paths.filter(is_run).collect();
    runs.sort();
    runs
}

/// Has a run measured something, and more is to come?
fn is_on_its_way(run: &Path) -> bool {
    let length = std::fs::metadata(run.join("metrics.jsonl")).map_or(0, |file| file.len());
    length > 500 && !run.join("summary.json").exists()
}

/// Waits for what must come; it never does where the test would fail.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("waited in vain: {what}");
}

/// All runs are those of a sweep that nothing disturbed.
fn are_as_if_undisturbed(place: &Place, out: &str) {
    place.run(&["sweep", "sweep.toml", "--out", "straight"]).expect(0, &[]);
    let straight = runs(place, "straight");
    assert!(!straight.is_empty());
    for (run, other) in straight.iter().zip(runs(place, out)) {
        assert_eq!(run.file_name(), other.file_name());
        assert_eq!(metrics(run), metrics(&other), "{}", run.display());
    }
}

fn signal(id: u32, signal: i32) {
    // SAFETY: no memory is involved; the processes are ours.
    unsafe { libc::kill(i32::try_from(id).unwrap(), signal) };
}
