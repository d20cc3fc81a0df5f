//! Text classification: film reviews, `aclImdb`, as characters or bytes.

use super::characters::{Counts, TextTokens};
use super::{Preparation, locate};
use crate::digest::Fingerprint;
use crate::error::Result;
use crate::files;
use crate::samples::{Sample, SampleInput, Samples};
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
    /// [`crate::DataError`] naming the file that is missing, empty, or not
    /// UTF-8.
    pub fn load(
        path: &Path,
        preparation: Preparation,
        max_length: Option<usize>,
        known: Option<&[String]>,
    ) -> Result<[Reviews; 3]> {
        let folder = locate(path, "aclImdb", "train");
        let (train, test) = (split(&folder.join("train"))?, split(&folder.join("test"))?);
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
        let split = |texts| Reviews { texts, tokens: tokens.clone() };
        Ok([split(train), split(test.clone()), split(test)])
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

    fn read(&self, index: usize) -> Result<Sample> {
        let (text, label) = &self.texts[index];
        Ok(Sample { input: SampleInput::Tokens(self.tokens.encode(text)), label: *label })
    }
}

/// The reviews of a split: negative, then positive, each by number.
fn split(folder: &Path) -> Result<Arc<[(Box<str>, u32)]>> {
    let mut texts = Vec::new();
    for (label, class) in CLASSES.iter().enumerate() {
        for path in listed(&folder.join(class))? {
            texts.push((text(&path)?.into(), label as u32));
        }
    }
    Ok(texts.into())
}

/// The review in a file.
///
/// # Errors
/// When it is empty, not UTF-8, or larger than a megabyte.
fn text(path: &Path) -> Result<String> {
    let bytes = files::read(path, "a review", LONGEST_FILE)?;
    if bytes.is_empty() {
        return Err(files::format(path, "byte 0", "the file is empty; expected a review"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let place = format!("byte {}", error.utf8_error().valid_up_to());
        files::format(path, place, "not UTF-8; expected a review as plain text")
    })
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
