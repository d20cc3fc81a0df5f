//! Where arrays lie: in a `.npz`, or as files of a folder.

use super::table;
use crate::error::Result;
use crate::files;
use crate::npy::{NpyArray, NpyValues};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// Arrays larger than this are refused before they are read.
const LARGEST: u64 = 64 << 30;

const EXPECTED: &str = "a .npz, or a folder of .npy or .csv files, with x and y, or train_x, train_y, \
                        valid_x, valid_y, test_x and test_y";

/// Arrays by name.
pub(super) struct Source {
    path: PathBuf,
    arrays: BTreeMap<String, Place>,
    zip: Option<ZipArchive<File>>,
    taken: BTreeSet<String>,
}

enum Place {
    Zipped(usize),
    Numpy(PathBuf),
    Table(PathBuf),
}

/// An array, and what to call it in an error.
#[derive(Debug)]
pub(super) struct Named {
    /// The file that it lies in.
    pub(super) file: PathBuf,
    /// Its name, `train_x`.
    pub(super) name: String,
    pub(super) array: NpyArray,
}

impl Source {
    /// Looks what there is; reads no array.
    ///
    /// # Errors
    /// When there is nothing of the kind.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut source =
            Source { path: path.into(), arrays: BTreeMap::new(), zip: None, taken: BTreeSet::new() };
        if path.is_dir() {
            for entry in path.read_dir().map_err(|error| files::io(path, error))? {
                let file = entry.map_err(|error| files::io(path, error))?.path();
                source.add_file(&file);
            }
        } else {
            let (file, _) = files::open(path, EXPECTED)?;
            let zip = files::unzip(path, file, EXPECTED)?;
            for (name, index) in zip.file_names().zip(0..) {
                let name = name.map_err(|error| files::format(path, "archive", error.to_string()))?;
                let name = name.strip_suffix(".npy").unwrap_or(&name);
                source.arrays.insert(name.to_string(), Place::Zipped(index));
            }
            source.zip = Some(zip);
        }
        if source.arrays.is_empty() {
            return Err(files::missing(path, format!("there are no arrays here; expected {EXPECTED}")));
        }
        Ok(source)
    }

    fn add_file(&mut self, file: &Path) {
        let (Some(name), Some(ending)) = (file.file_stem(), file.extension()) else { return };
        let place = match ending.to_str() {
            Some("npy") => Place::Numpy(file.into()),
            Some("csv") => Place::Table(file.into()),
            _ => return,
        };
        // Of x.npy and x.csv, NumPy's is exact.
        let name = name.to_string_lossy().into_owned();
        if !matches!(self.arrays.get(&name), Some(Place::Numpy(_))) {
            self.arrays.insert(name, place);
        }
    }

    /// Is there an array of this name (or, of `valid_`, as `val_`)?
    pub(super) fn has(&self, name: &str) -> bool {
        self.arrays.contains_key(self.own_name(name).as_str())
    }

    fn own_name(&self, name: &str) -> String {
        let short = name.replacen("valid_", "val_", 1);
        if self.arrays.contains_key(name) || !self.arrays.contains_key(&short) { name.into() } else { short }
    }

    /// The array of that name, `None` where there is none.
    ///
    /// # Errors
    /// When it is damaged.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<Named>> {
        let name = self.own_name(name);
        let Some(place) = self.arrays.get(&name) else { return Ok(None) };
        let (file, array) = match place {
            Place::Zipped(index) => (self.path.clone(), self.unzipped(*index, &name)?),
            Place::Numpy(file) => {
                let bytes = files::read(file, "a NumPy array", LARGEST)?;
                let array = NpyArray::parse(&bytes).map_err(|why| files::format(file, &*name, why))?;
                (file.clone(), array)
            }
            Place::Table(file) => (file.clone(), table::array(file, name.ends_with('x'))?),
        };
        self.taken.insert(name.clone());
        Ok(Some(Named { file, name, array }))
    }

    /// As [`Source::take`].
    ///
    /// # Errors
    /// When it is missing too, with the names that are there.
    pub(super) fn need(&mut self, name: &str) -> Result<Named> {
        match self.take(name)? {
            Some(array) => Ok(array),
            None => {
                let names: Vec<&str> = self.arrays.keys().map(String::as_str).collect();
                let reason = format!("there is no array {name}; there are {}", names.join(", "));
                Err(files::missing(&self.path, reason))
            }
        }
    }

    fn unzipped(&mut self, index: usize, name: &str) -> Result<NpyArray> {
        let wrong = |reason: String| files::format(&self.path, name, reason);
        let zip = self.zip.as_mut().ok_or_else(|| wrong("the archive is closed".into()))?;
        let entry = zip.by_index(index).map_err(|error| wrong(error.to_string()))?;
        let size = entry.size();
        if size > LARGEST {
            return Err(wrong(format!("it has {size} bytes; expected {LARGEST} at most")));
        }
        let mut bytes = Vec::new();
        let read = entry.take(size + 1).read_to_end(&mut bytes);
        read.map_err(|error| wrong(format!("cannot be unpacked: {error}")))?;
        NpyArray::parse(&bytes).map_err(wrong)
    }

    /// What was not asked for.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        let others: Vec<&str> =
            self.arrays.keys().filter(|name| !self.taken.contains(*name)).map(String::as_str).collect();
        let text = (!others.is_empty())
            .then(|| format!("{}: not read, not known: {}", self.path.display(), others.join(", ")));
        text.into_iter()
    }
}

impl Named {
    /// An error about this array.
    pub(super) fn wrong(&self, reason: impl Into<String>) -> crate::DataError {
        files::format(&self.file, self.name.clone(), reason)
    }

    /// An error about one entry of it, by its place in C order.
    pub(super) fn wrong_at(&self, place: usize, reason: impl Into<String>) -> crate::DataError {
        let mut rest = place;
        let mut index: Vec<String> = Vec::new();
        for &size in self.array.shape.iter().rev() {
            index.push((rest % size.max(1)).to_string());
            rest /= size.max(1);
        }
        index.reverse();
        files::format(&self.file, format!("{}[{}]", self.name, index.join(", ")), reason)
    }

    /// Its entries as indices up to `most`.
    ///
    /// # Errors
    /// When it is not a list of such integers.
    pub(super) fn indices(&self, most: u32) -> Result<Vec<u32>> {
        let NpyValues::Integer(values) = &self.array.values else {
            return Err(self.wrong("expected integers"));
        };
        let index = |(place, &value): (usize, &i64)| {
            let index = u32::try_from(value).ok().filter(|&index| index <= most);
            index.ok_or_else(|| self.wrong_at(place, format!("{value}; expected 0 to {most}")))
        };
        values.iter().enumerate().map(index).collect()
    }

    /// Its entries as finite real numbers.
    ///
    /// # Errors
    /// When they are texts, or one is not finite.
    pub(super) fn into_reals(self) -> Result<Vec<f32>> {
        if let NpyValues::Real(values) = &self.array.values
            && let Some(place) = values.iter().position(|value| !value.is_finite())
        {
            return Err(self.wrong_at(place, format!("{} is not finite", values[place])));
        }
        match self.array.values {
            NpyValues::Real(values) => Ok(values),
            NpyValues::Integer(values) => Ok(values.into_iter().map(|value| value as f32).collect()),
            NpyValues::Boolean(values) => Ok(values.into_iter().map(|v| f32::from(u8::from(v))).collect()),
            NpyValues::Text(_) => Err(self.wrong("holds texts; expected numbers")),
        }
    }
}
