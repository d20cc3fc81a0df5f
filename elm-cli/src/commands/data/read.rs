//! Opening whatever a path holds.

use crate::config::{DataConfig, DataKind, Named};
use crate::task::samples;
use anyhow::{Result, bail};
use elm_data::catalog::detect;
use elm_data::neuronio::NeuronSplit;
use elm_data::spikes::{Binning, Collection, Spoken};
use elm_data::text::{Corpus, TokenMode};
use elm_data::{DataError, Samples};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which data is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct DataArgs {
    /// File or folder
    pub path: PathBuf,
    /// What it holds, as in `data.kind` [default: told by the names in it]
    #[arg(long)]
    pub kind: Option<String>,
    /// Column of a recorded table that is predicted, as in `data.target`
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
}

/// What was opened.
pub(super) enum Opened {
    Text(Box<Corpus>),
    Samples(Vec<(&'static str, Arc<dyn Samples>)>),
}

/// What it is, its content, and what a user should know of it.
pub(super) struct Found {
    pub kind: String,
    pub opened: Opened,
    pub notes: Vec<String>,
}

impl DataArgs {
    /// What it is: as said, else told by its names.
    ///
    /// # Errors
    /// When nothing is known by these names.
    pub(super) fn kind(&self) -> Result<DataKind> {
        let kind = match &self.kind {
            Some(kind) => kind.clone(),
            None => detect(&self.path).map(|set| set.kind.to_string()).ok_or_else(|| self.unknown())?,
        };
        DataKind::named(&kind).ok_or_else(|| {
            let reason = format!("{kind} is no kind of data; elm data list names them");
            DataError::Setting { setting: "--kind".into(), reason }.into()
        })
    }

    /// Opens it.
    ///
    /// # Errors
    /// As [`DataArgs::kind`], and when a file is damaged.
    pub(super) fn open(&self) -> Result<Found> {
        let kind = self.kind()?;
        let parsed = if kind == DataKind::ShdAdding { DataKind::Shd } else { kind };
        let mut notes = Vec::new();
        let opened = self.open_as(parsed, &mut |note| notes.push(note.to_string()))?;
        Ok(Found { kind: kind.name().to_string(), opened, notes })
    }

    fn open_as(&self, kind: DataKind, notice: &mut dyn FnMut(&str)) -> Result<Opened> {
        let path = &self.path;
        let mut data = DataConfig::plain(kind)?;
        data.target.clone_from(&self.target);
        let mut of_file = |collection| -> Result<Opened> {
            let split = Spoken::whole(path, collection, &Binning::new(data.bin_ms, data.counts)?)?;
            split.notes().iter().for_each(|note| notice(note));
            Ok(Opened::Samples(vec![("file", Arc::new(split))]))
        };
        match kind {
            DataKind::Digits | DataKind::DigitsAdding => bail!("{kind:?} are made, not read"),
            DataKind::Text => {
                let corpus = Corpus::load(path, TokenMode::Txl, data.fractions, None)?;
                corpus.notes.iter().for_each(|note| notice(note));
                return Ok(Opened::Text(Box::new(corpus)));
            }
            DataKind::Shd if path.is_file() => return of_file(Collection::Shd),
            DataKind::Ssc if path.is_file() => return of_file(Collection::Ssc),
            DataKind::Neuronio if path.is_file() => {
                let split = NeuronSplit::open(std::slice::from_ref(path), |_| ())?;
                return Ok(Opened::Samples(vec![("file", Arc::new(split))]));
            }
            DataKind::Pathfinder => data.resolution = side_of(path),
            _ => {}
        }
        let [train, valid, test] = samples::read(path, &data, None, notice)?;
        Ok(Opened::Samples(vec![("train", train), ("valid", valid), ("test", test)]))
    }

    fn unknown(&self) -> anyhow::Error {
        let expected = if self.path.exists() {
            "holds no data that is known by its names; say what it is with --kind (elm data list)"
        } else {
            "there is no such file or folder"
        };
        DataError::Missing { path: self.path.clone(), expected: expected.into() }.into()
    }
}

/// 64 of `pathfinder64`, anywhere in the path or in the names below; else 32.
fn side_of(path: &Path) -> usize {
    let of_name = |name: &str| name.strip_prefix("pathfinder").and_then(|side| side.parse().ok());
    let above = path.components().rev().find_map(|part| of_name(&part.as_os_str().to_string_lossy()));
    let below = || {
        let entries = path.read_dir().ok()?;
        entries.flatten().find_map(|entry| of_name(&entry.file_name().to_string_lossy()))
    };
    above.or_else(below).unwrap_or(32)
}
