//! A text split into train, valid and test.

use super::read::{Bytes, Found, read};
use super::vocabulary::{TokenMode, Vocabulary};
use crate::digest::of_bytes;
use crate::error::{DataError, Result};
use std::path::Path;
use std::sync::Arc;

/// Shares of a text file for train, valid and test, from its start.
pub type Fractions = [f64; 3];

/// Size of enwik8 and text8, which have a published split.
const PUBLISHED_SIZE: usize = 100_000_000;
const PUBLISHED_SPLIT: [usize; 2] = [90_000_000, 95_000_000];

/// A tokenised text.
#[derive(Debug, Clone)]
pub struct Corpus {
    /// Its symbols.
    pub vocabulary: Vocabulary,
    /// Tokens to train on.
    pub train: Arc<[u8]>,
    /// Tokens to select the best weights by.
    pub valid: Arc<[u8]>,
    /// Tokens for the final test.
    pub test: Arc<[u8]>,
    /// What a user should know about how it was read.
    pub notes: Vec<String>,
    digests: [String; 3],
}

impl Corpus {
    /// Reads and tokenises a text: a raw file, a `.zip` of one, or a folder
    /// with `train.txt`, `valid.txt` (or `val.txt`) and `test.txt`, which are
    /// plain or as `prep_enwik8.py` and `prep_text8.py` write them, or with
    /// the files of WikiText or the Penn Treebank. A file of exactly 100 000 000 bytes is split 90/5/5 million as
    /// published, any other by the fractions.
    ///
    /// Its symbols are counted, or they are the `known` ones, number by number:
    /// those that a network was trained with.
    ///
    /// # Errors
    /// [`DataError`] naming the file and what is wrong with it; with `known`
    /// symbols also at the first one that is not among them.
    pub fn load(path: &Path, mode: TokenMode, fractions: Fractions, known: Option<&[u8]>) -> Result<Self> {
        let Found { bytes, mut notes } = read(path)?;
        let mut splits = match bytes {
            Bytes::Split(splits) => splits,
            Bytes::Whole(bytes) => split(path, bytes, fractions)?,
        };
        if [b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| splits[0].starts_with(*mark)) {
            notes.push(format!("{}: the text is in UTF-16 and is read byte by byte", path.display()));
        }
        if is_text8(&splits) {
            // Its published preparation strips each split.
            splits = splits.map(|split| split.trim_ascii().to_vec());
        }
        let digests = splits.each_ref().map(|split| of_bytes(split));
        if mode == TokenMode::Eos {
            for split in &mut splits {
                if split.last().is_some_and(|&byte| byte != b'\n') {
                    split.push(b'\n');
                }
            }
        }
        let vocabulary = match known {
            None => Vocabulary::count(mode, splits.iter().map(Vec::as_slice)),
            Some(symbols) => Vocabulary::known(mode, symbols)?,
        };
        let mut tokens = Vec::with_capacity(3);
        for (bytes, name) in splits.into_iter().zip(["train", "valid", "test"]) {
            let encoded = vocabulary.tokens(&bytes).map_err(|unknown| DataError::Format {
                path: path.to_path_buf(),
                at: format!("split {name}, byte {}", unknown.at),
                reason: format!("{unknown}; the network was trained with {} others", vocabulary.len()),
            })?;
            drop(bytes); // at no time more than two copies of the text
            if encoded.len() < 2 {
                let reason = format!("{} symbols are left for {name}; at least 2 are needed", encoded.len());
                return Err(DataError::TooFew { path: path.to_path_buf(), reason });
            }
            tokens.push(encoded.into());
        }
        let [train, valid, test] = <[Arc<[u8]>; 3]>::try_from(tokens).unwrap_or_default();
        Ok(Corpus { vocabulary, train, valid, test, notes, digests })
    }

    /// SHA-256, in lower-case letters, of the text of train, valid and test:
    /// of its bytes, in whatever form they were read and whatever tokens they
    /// become.
    pub fn digests(&self) -> [String; 3] {
        self.digests.clone()
    }
}

/// Is it text8, before its splits are stripped?
fn is_text8(splits: &[Vec<u8>; 3]) -> bool {
    let is_of_it = |byte: &u8| byte.is_ascii_lowercase() || *byte == b' ';
    splits.iter().map(Vec::len).sum::<usize>() == PUBLISHED_SIZE && splits[0].iter().take(1000).all(is_of_it)
}

fn split(path: &Path, bytes: Vec<u8>, fractions: Fractions) -> Result<[Vec<u8>; 3]> {
    let len = bytes.len();
    let borders = if len == PUBLISHED_SIZE {
        [0, PUBLISHED_SPLIT[0], PUBLISHED_SPLIT[1], len]
    } else {
        let at = |share: f64| ((len as f64 * share.min(1.0)).round() as usize).min(len);
        let [train, valid, test] = fractions;
        [0, at(train), at(train + valid), at(train + valid + test)]
    };
    let parts: Vec<Vec<u8>> = borders.windows(2).map(|border| bytes[border[0]..border[1]].to_vec()).collect();
    if let Some(empty) = parts.iter().position(Vec::is_empty) {
        let name = ["train", "valid", "test"][empty];
        let reason = format!("nothing is left for the split {name}: the text of {len} bytes is too short");
        return Err(DataError::TooFew { path: path.to_path_buf(), reason });
    }
    <[Vec<u8>; 3]>::try_from(parts).map_err(|_| DataError::Setting {
        setting: "data.fractions".into(),
        reason: "three shares are expected".into(),
    })
}
