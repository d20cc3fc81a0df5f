//! The Spiking Heidelberg Digits and Spiking Speech Commands as published
//! (Cramer, Stradmann, Schemmel, Zenke 2020, arXiv 1910.07407).

use super::file::SpikeFile;
use super::late::Late;
use super::recording::Binning;
use crate::digest::Fingerprint;
use crate::error::Result;
use crate::files::missing;
use crate::numpy_random::NumpyRandom;
use crate::samples::{Sample, SampleInput, Samples};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Channels of the cochlea model that made both sets.
pub const CHANNELS: usize = 700;

/// Share of SHD's training recordings that the authors of ELM hold out.
const HELD_OUT: f64 = 0.2;

/// Which of the two sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    /// Spiking Heidelberg Digits: 20 classes, digits in English and German.
    Shd,
    /// Spiking Speech Commands: 35 classes.
    Ssc,
}

impl Collection {
    /// Number of classes.
    pub fn classes(self) -> usize {
        match self {
            Collection::Shd => 20,
            Collection::Ssc => 35,
        }
    }

    /// Names of its files: train, valid where there is one, test.
    pub fn files(self) -> &'static [&'static str] {
        match self {
            Collection::Shd => &["shd_train.h5", "shd_test.h5"],
            Collection::Ssc => &["ssc_train.h5", "ssc_valid.h5", "ssc_test.h5"],
        }
    }
}

/// Some recordings of a file, binned when they are read.
#[derive(Clone)]
pub struct Spoken {
    file: Arc<SpikeFile>,
    rows: Arc<[u32]>,
    binning: Binning,
    classes: usize,
    late: Option<String>,
}

impl Spoken {
    /// Train, valid and test of the files in `folder`.
    ///
    /// SHD has no published validation set; as the authors of ELM, each
    /// training recording is held out with a chance of 20 %:
    /// `numpy.random.default_rng(seed).binomial(1, 0.2)`, file order.
    ///
    /// # Errors
    /// As [`SpikeFile::open`], when a label is none of the classes, and when
    /// most spikes come after the time steps (their unit is not the second).
    pub fn load(folder: &Path, collection: Collection, binning: &Binning, seed: u64) -> Result<[Spoken; 3]> {
        let open = |name: &&str| SpikeFile::open(&find(folder, name)?, collection).map(Arc::new);
        let files = collection.files().iter().map(open).collect::<Result<Vec<_>>>()?;
        let part = |name, file: &Arc<SpikeFile>, wanted: &dyn Fn(usize) -> bool| {
            let rows = (0..file.len()).filter(|row| wanted(*row)).map(|row| row as u32).collect();
            Spoken::of(name, file.clone(), rows, binning, collection)
        };
        let all = |_| true;
        let [train, valid, test] = match &files[..] {
            [train, valid, test] => {
                [part("train", train, &all), part("valid", valid, &all), part("test", test, &all)]
            }
            [train, test] => {
                let held_out = held_out(train.len(), seed);
                [
                    part("train", train, &|row| !held_out[row]),
                    part("valid", train, &|row| held_out[row]),
                    part("test", test, &all),
                ]
            }
            _ => return Err(missing(folder, format!("expected {}", collection.files().join(", ")))),
        };
        Ok([train?, valid?, test?])
    }

    /// All recordings of one file.
    ///
    /// # Errors
    /// As [`Spoken::load`].
    pub fn whole(path: &Path, collection: Collection, binning: &Binning) -> Result<Spoken> {
        let file = Arc::new(SpikeFile::open(path, collection)?);
        let rows = (0..file.len() as u32).collect();
        Spoken::of("file", file, rows, binning, collection)
    }

    /// The file the recordings are from.
    pub fn file(&self) -> &SpikeFile {
        &self.file
    }

    /// Some recordings of a file, under the name of their split.
    fn of(
        name: &str,
        file: Arc<SpikeFile>,
        rows: Arc<[u32]>,
        binning: &Binning,
        collection: Collection,
    ) -> Result<Spoken> {
        let late = Late::count(&file, &rows, binning)?.note(&file, name, binning.end())?;
        Ok(Spoken { file, rows, binning: binning.clone(), classes: collection.classes(), late })
    }
}

impl Samples for Spoken {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn channels(&self) -> usize {
        CHANNELS
    }

    fn classes(&self) -> usize {
        self.classes
    }

    /// Those of `extra/keys`; classes that it does not name are numbers.
    fn class_names(&self) -> Option<Vec<String>> {
        let keys = self.file.class_names();
        let name = |class: usize| keys.get(class).cloned().unwrap_or_else(|| class.to_string());
        (!keys.is_empty()).then(|| (0..self.classes).map(name).collect())
    }

    /// Of the digest of the HDF5 file and the rows of the split.
    fn digest(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::of("spikes");
        fingerprint.add(self.file.source_digest());
        self.rows.iter().for_each(|&row| fingerprint.number(u64::from(row)));
        Ok(fingerprint.finish())
    }

    fn notes(&self) -> Vec<String> {
        self.file.note().map(String::from).into_iter().chain(self.late.clone()).collect()
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let recording = self.file.read(self.rows[index] as usize)?;
        let input =
            SampleInput::Events { steps: self.binning.steps(), events: self.binning.events(&recording) };
        Ok(Sample::of_class(input, recording.label))
    }
}

/// Which training recordings are held out.
fn held_out(len: usize, seed: u64) -> Vec<bool> {
    let mut random = NumpyRandom::new(seed);
    (0..len).map(|_| random.random() > 1.0 - HELD_OUT).collect()
}

/// The file of this name in a folder, plain, `.gz` or `.zip`.
///
/// # Errors
/// [`crate::DataError::Missing`] when there is none.
pub fn find(folder: &Path, name: &str) -> Result<PathBuf> {
    let names = ["", ".gz", ".zip"].map(|end| folder.join(format!("{name}{end}")));
    names.into_iter().find(|path| path.exists()).ok_or_else(|| {
        missing(
            &folder.join(name),
            "there is no such file (nor .gz or .zip); get it from zenkelab.org/datasets",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_held_out_recordings_are_those_of_the_authors() {
        let places = |seed| -> Vec<usize> {
            let held_out = held_out(8156, seed);
            (0..8156).filter(|&row| held_out[row]).collect()
        };
        let (zero, published) = (places(0), places(12345));
        assert_eq!((zero.len(), published.len()), (1642, 1577));
        assert_eq!(zero[..12], [4, 5, 9, 10, 12, 16, 26, 27, 37, 38, 45, 49]);
        assert_eq!(zero[zero.len() - 3..], [8145, 8151, 8154]);
        assert_eq!(published[..12], [9, 11, 15, 25, 30, 32, 34, 35, 37, 43, 68, 70]);
        assert_eq!(published[published.len() - 3..], [8143, 8149, 8152]);
    }
}
