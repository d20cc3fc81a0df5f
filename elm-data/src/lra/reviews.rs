//! Text classification: film reviews, `aclImdb`, as characters or bytes.

use super::characters::{Counts, TextTokens};
use super::{Preparation, locate};
use crate::digest::Fingerprint;
use crate::error::Result;
use crate::files;
use crate::samples::{Sample, SampleInput, Samples};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const EXPECTED: &str = "the folder aclImdb with train/neg, train/pos, test/neg and test/pos";
/// The classes, in the order of their numbers.
const CLASSES: [&str; 2] = ["neg", "pos"];
/// The longest published review has 14 kB.
const LONGEST_FILE: u64 = 1 << 20;
/// S4 gives rarer characters no number of their own.
const LEAST: u64 = 15;

/// A split of the reviews, held in memory.
#[derive(Debug, Clone)]
pub struct Reviews {
    texts: Arc<[(Box<str>, u32)]>,
    notes: Arc<[String]>,
    tokens: TextTokens,
}

impl Reviews {
    /// Train, valid and test of the unpacked archive; as published, the test
    /// split is also used for validation. Sequences are cut at `max_length`
    /// tokens (4096 with the end token for S4, 4000 for LRA).
    ///
    /// S4's characters are counted in the training split, or they are the
    /// `known` ones ([`Samples::symbols`]); others are S4's `<unk>`. LRA's
    /// bytes need none.
    ///
    /// # Errors
    /// [`crate::DataError`] naming the folder or file that is missing or too
    /// large.
    pub fn load(
        path: &Path,
        preparation: Preparation,
        max_length: Option<usize>,
        known: Option<&[String]>,
    ) -> Result<[Reviews; 3]> {
        let folder = locate(path, &["aclImdb", "imdb/aclImdb"], "train");
        let (train, learned_notes) = split(&folder.join("train"))?;
        let (test, tested_notes) = split(&folder.join("test"))?;
        let tokens = match preparation {
            Preparation::S4 => {
                let longest = max_length.unwrap_or(4096).max(2) - 1;
                match known {
                    Some(characters) => TextTokens::known(characters, longest)?,
                    None => {
                        let mut counts = Counts::new();
                        train.iter().for_each(|(text, _)| counts.add(text, longest));
                        TextTokens::characters(&counts, LEAST, longest)
                    }
                }
            }
            Preparation::Lra => TextTokens::Bytes { longest: max_length.unwrap_or(4000).max(1) },
        };
        let split = |texts: &Arc<_>, notes: &Arc<_>| Reviews {
            texts: Arc::clone(texts),
            notes: Arc::clone(notes),
            tokens: tokens.clone(),
        };
        let tested = split(&test, &tested_notes);
        Ok([split(&train, &learned_notes), tested.clone(), tested])
    }
}

impl Samples for Reviews {
    fn len(&self) -> usize {
        self.texts.len()
    }

    fn channels(&self) -> usize {
        self.tokens.size()
    }

    fn classes(&self) -> usize {
        CLASSES.len()
    }

    fn symbols(&self) -> Option<Vec<String>> {
        self.tokens.symbols()
    }

    fn class_names(&self) -> Option<Vec<String>> {
        Some(CLASSES.map(String::from).to_vec())
    }

    /// Of labels and texts.
    fn digest(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::of("reviews");
        for (text, label) in self.texts.iter() {
            fingerprint.number(u64::from(*label));
            fingerprint.add(text.as_bytes());
        }
        Ok(fingerprint.finish())
    }

    fn notes(&self) -> Vec<String> {
        self.notes.to_vec()
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let (text, label) = &self.texts[index];
        Ok(Sample::of_class(SampleInput::Tokens(self.tokens.encode(text)), *label))
    }
}

/// The reviews of a split: negative, then positive, each by number; and notes
/// on those that are empty, which are left out, or not UTF-8.
fn split(folder: &Path) -> Result<(Arc<[(Box<str>, u32)]>, Arc<[String]>)> {
    let (mut texts, mut empty, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    for (label, class) in CLASSES.iter().enumerate() {
        for path in listed(&folder.join(class))? {
            let bytes = files::read(&path, "a review", LONGEST_FILE)?;
            if bytes.is_empty() {
                empty.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&bytes);
            if matches!(text, Cow::Owned(_)) {
                broken.push(path);
            }
            texts.push((text.into(), label as u32));
        }
    }
    if texts.is_empty() {
        return Err(files::missing(folder, "every review is empty; expected texts"));
    }
    let note = |paths: &[PathBuf], what: &str| {
        paths.first().map(|first| format!("{}: {what} ({} such reviews)", first.display(), paths.len()))
    };
    let notes = [
        note(&empty, "the review is empty and was left out"),
        note(&broken, "not UTF-8; what cannot be read is U+FFFD"),
    ];
    Ok((texts.into(), notes.into_iter().flatten().collect()))
}

/// The reviews of a class, `<number>_<rating>.txt`, by number.
fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let found = files::numbered(folder, EXPECTED, |name| {
        let (number, rating) = name.strip_suffix(".txt")?.split_once('_')?;
        rating.parse::<u8>().ok()?;
        number.parse().ok()
    })?;
    if found.is_empty() {
        return Err(files::missing(
            folder,
            "there are no reviews here; expected files <number>_<rating>.txt",
        ));
    }
    Ok(found.into_iter().map(|(_, path)| path).collect())
}
