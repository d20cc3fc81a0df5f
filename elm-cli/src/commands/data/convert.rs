//! `elm data convert`: compact copies of SHD and SSC.

use crate::answer::{Exit, print, tell};
use anyhow::Result;
use elm_data::DataError;
use elm_data::spikes::{Collection, SpikeFile, find};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct ConvertArgs {
    /// Folder or files of SHD or SSC
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Converted {
    file: PathBuf,
    copy: PathBuf,
    recordings: usize,
    spikes: u64,
    sha256: String,
    note: Option<String>,
}

/// Converts what is not converted yet.
pub(super) fn run(args: &ConvertArgs) -> Result<Exit> {
    let mut done = Vec::new();
    for path in &args.paths {
        for (file, collection) in spike_files(path)? {
            tell(format_args!("reading {} ...", file.display()));
            let opened = SpikeFile::open(&file, collection)?;
            done.push(Converted {
                copy: opened.copy().to_path_buf(),
                recordings: opened.len(),
                spikes: opened.spikes(),
                sha256: opened.digest(),
                note: opened.note().map(String::from),
                file,
            });
        }
    }
    print(args.json, &done, || done.iter().map(Converted::text).collect())?;
    Ok(Exit::Done)
}

/// The files of SHD and SSC at a path.
fn spike_files(path: &Path) -> Result<Vec<(PathBuf, Collection)>> {
    let sets = [Collection::Shd, Collection::Ssc];
    let files: Vec<_> = if path.is_dir() {
        let names = sets.iter().flat_map(|&set| set.files().iter().map(move |name| (name, set)));
        names.filter_map(|(name, set)| Some((find(path, name).ok()?, set))).collect()
    } else {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let set = sets.into_iter().find(|set| set.files().iter().any(|file| name.starts_with(file)));
        set.map(|set| (path.to_path_buf(), set)).into_iter().collect()
    };
    if files.is_empty() {
        let expected = "expected shd_train.h5, shd_test.h5, ssc_train.h5, ssc_valid.h5 or ssc_test.h5";
        return Err(DataError::Missing { path: path.to_path_buf(), expected: expected.into() }.into());
    }
    Ok(files)
}

impl Converted {
    fn text(&self) -> String {
        let note = self.note.as_ref().map_or(String::new(), |note| format!("note: {note}\n"));
        format!(
            "{} -> {}: {} recordings, {} spikes, SHA-256 {}\n{note}",
            self.file.display(),
            self.copy.display(),
            self.recordings,
            self.spikes,
            self.sha256
        )
    }
}
