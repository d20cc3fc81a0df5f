//! Where the small published-layout files lie, and samples as numbers.
#![allow(dead_code)] // each test file uses its part

use elm_data::{SampleInput, Samples};
use std::path::{Path, PathBuf};

/// A folder of small files written by the original tools; `None`, said loudly,
/// when they are not here.
pub(crate) fn files(name: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let fixtures = std::env::var_os("ELM_FIXTURES").map(PathBuf::from);
    let fixtures = fixtures.unwrap_or_else(|| workspace.join("../shared/fixtures"));
    let folder = fixtures.parent().map(|shared| shared.join("files").join(name));
    let found = folder.filter(|folder| folder.exists());
    if found.is_none() {
        eprintln!("skipped: the published-layout files {name} are absent");
    }
    found
}

/// The tokens of a sample.
pub(crate) fn tokens(samples: &dyn Samples, index: usize) -> Vec<u32> {
    match samples.read(index).unwrap().input {
        SampleInput::Tokens(ids) => ids,
        other => panic!("{other:?}"),
    }
}

/// Total length and the sum of `(place + 1) * token` over a split.
pub(crate) fn fingerprint(samples: &dyn Samples) -> (usize, u64) {
    let all: Vec<_> = (0..samples.len()).map(|index| tokens(samples, index)).collect();
    let weighed = |ids: &Vec<u32>| (1u64..).zip(ids).map(|(place, &id)| place * u64::from(id)).sum::<u64>();
    (all.iter().map(Vec::len).sum(), all.iter().map(weighed).sum())
}

/// The labels of a split.
pub(crate) fn labels(samples: &dyn Samples) -> Vec<u32> {
    (0..samples.len()).map(|index| samples.read(index).unwrap().class().unwrap()).collect()
}

/// The error of a call that must fail, which must name the file.
pub(crate) fn refusal<T>(result: elm_data::Result<T>, path: &Path) -> String {
    let error = match result {
        Ok(_) => panic!("{} was accepted", path.display()),
        Err(error) => error.to_string(),
    };
    assert!(error.contains(&path.display().to_string()), "{error} does not name {}", path.display());
    error
}
