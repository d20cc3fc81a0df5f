//! Folders of recorded words: one sub-folder per word, WAV files in it.

use super::{Cochlea, Sound};
use crate::digest::Fingerprint;
use crate::error::{DataError, Result};
use crate::files::{io, missing};
use crate::making::{Outcome, Watch};
use crate::spikes::Recording;
use rayon::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};

/// Files that are listened to between two looks at the watch.
const CHUNK: usize = 16;

/// A word and its recordings.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Its name: that of its folder.
    pub name: String,
    /// Its files, by name.
    pub files: Vec<PathBuf>,
}

/// Recorded words; the class of a word is its place in the order of names.
#[derive(Debug, Clone, PartialEq)]
pub struct AudioFolder {
    /// The words.
    pub words: Vec<Word>,
}

impl AudioFolder {
    /// Finds `WORD/*.wav` in a folder.
    ///
    /// # Errors
    /// [`DataError::Missing`] when there are none.
    pub fn open(folder: &Path) -> Result<Self> {
        let mut words = Vec::new();
        for entry in list(folder)? {
            if entry.is_dir() {
                let is_wav =
                    |path: &PathBuf| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("wav"));
                let files: Vec<_> = list(&entry)?.into_iter().filter(is_wav).collect();
                if !files.is_empty() {
                    let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    words.push(Word { name, files });
                }
            }
        }
        if words.is_empty() {
            return Err(missing(folder, "expected a sub-folder for each word with .wav files in it"));
        }
        Ok(AudioFolder { words })
    }

    /// Number of recordings.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.files.len()).sum()
    }

    /// True when there is no recording; never after [`AudioFolder::open`].
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// SHA-256, in lower-case letters, of the words and of the names and sizes
    /// of their files.
    ///
    /// # Errors
    /// When a file is gone.
    pub fn digest(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::of("words");
        for word in &self.words {
            fingerprint.add(word.name.as_bytes());
            for file in &word.files {
                let about = fs::metadata(file).map_err(|source| io(file, source))?;
                fingerprint.add(file.file_name().unwrap_or_default().as_encoded_bytes());
                fingerprint.number(about.len());
            }
        }
        Ok(fingerprint.finish())
    }

    /// Takes every fifth recording of each word out, for a test.
    #[must_use]
    pub fn split(self) -> [AudioFolder; 2] {
        let part = |test: bool| {
            let of_word = |word: &Word| {
                let files = word.files.iter().enumerate().filter(|(i, _)| (i % 5 == 4) == test);
                Word { name: word.name.clone(), files: files.map(|(_, file)| file.clone()).collect() }
            };
            AudioFolder { words: self.words.iter().map(of_word).collect() }
        };
        [part(false), part(true)]
    }

    /// Listens to all recordings, in parallel; the answers do not depend on
    /// the number of threads. `watch` may stop it.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn listen(&self, cochlea: &Cochlea, watch: Watch<'_>) -> Result<(Vec<Recording>, Outcome)> {
        let files: Vec<(u32, &PathBuf)> = self
            .words
            .iter()
            .zip(0..)
            .flat_map(|(word, label)| word.files.iter().map(move |file| (label, file)))
            .collect();
        let mut heard = Vec::with_capacity(files.len());
        for chunk in files.chunks(CHUNK) {
            let start = heard.len();
            let answers: Result<Vec<Recording>> = chunk
                .par_iter()
                .enumerate()
                .map(|(i, &(label, file))| {
                    let sound = Sound::read(file)?;
                    Ok(Recording { label, ..cochlea.listen(&sound, (start + i) as u64) })
                })
                .collect();
            heard.extend(answers?);
            if watch(heard.len() as u64, files.len() as u64).is_break() {
                return Ok((heard, Outcome::Stopped));
            }
        }
        Ok((heard, Outcome::Finished))
    }
}

/// The entries of a folder by name.
fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let wrong = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            missing(folder, "there is no such folder; expected a sub-folder for each word")
        }
        _ => io(folder, source),
    };
    let entries = fs::read_dir(folder).map_err(wrong)?;
    let paths: std::result::Result<Vec<_>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.map_err(|source: std::io::Error| DataError::Io { path: folder.into(), source })?;
    paths.sort();
    Ok(paths)
}
