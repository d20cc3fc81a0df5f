//! Text as single characters or bytes.

use super::{EOS, SPECIALS, UNKNOWN, by_frequency};
use crate::error::{DataError, Result};
use std::collections::HashMap;

/// How often each character occurs.
pub(super) struct Counts {
    ascii: [u64; 128],
    other: HashMap<char, u64>,
}

impl Counts {
    pub(super) fn new() -> Self {
        Counts { ascii: [0; 128], other: HashMap::new() }
    }

    /// Counts the first `longest` characters of a text.
    pub(super) fn add(&mut self, text: &str, longest: usize) {
        for character in text.chars().take(longest) {
            match self.ascii.get_mut(character as usize) {
                Some(count) => *count += 1,
                None => *self.other.entry(character).or_default() += 1,
            }
        }
    }

    /// Characters that occur at least `least` times, the most frequent first.
    fn order(&self, least: u64) -> Vec<char> {
        let ascii = (0u8..128).map(char::from).zip(self.ascii);
        by_frequency(ascii.chain(self.other.iter().map(|(&character, &count)| (character, count))), least)
    }
}

/// How text becomes tokens.
#[derive(Debug, Clone)]
pub(super) enum TextTokens {
    /// Characters by frequency after S4's special tokens, with an end token.
    Characters {
        /// Number of each character.
        ids: HashMap<char, u32>,
        /// Characters kept of a text.
        longest: usize,
    },
    /// Each byte plus one.
    Bytes {
        /// Bytes kept of a text.
        longest: usize,
    },
}

impl TextTokens {
    /// S4's tokens of characters that occur at least `least` times.
    pub(super) fn characters(counts: &Counts, least: u64, longest: usize) -> Self {
        TextTokens::Characters { ids: counts.order(least).into_iter().zip(SPECIALS..).collect(), longest }
    }

    /// S4's tokens of characters whose order is known.
    ///
    /// # Errors
    /// [`DataError::Setting`] when one is no single character, or there twice.
    pub(super) fn known(characters: &[String], longest: usize) -> Result<Self> {
        let mut ids = HashMap::new();
        for (text, id) in characters.iter().zip(SPECIALS..) {
            let mut letters = text.chars();
            let wrong = |what: &str| DataError::Setting {
                setting: "symbols".into(),
                reason: format!("{text:?} {what}"),
            };
            let (Some(character), None) = (letters.next(), letters.next()) else {
                return Err(wrong("is not a single character"));
            };
            if ids.insert(character, id).is_some() {
                return Err(wrong("is there twice"));
            }
        }
        Ok(TextTokens::Characters { ids, longest })
    }

    /// The characters by number, where they were learned.
    pub(super) fn symbols(&self) -> Option<Vec<String>> {
        let TextTokens::Characters { ids, .. } = self else { return None };
        let mut order: Vec<(u32, char)> = ids.iter().map(|(&character, &id)| (id, character)).collect();
        order.sort_unstable();
        Some(order.into_iter().map(|(_, character)| character.to_string()).collect())
    }

    /// Number of distinct tokens.
    pub(super) fn size(&self) -> usize {
        match self {
            TextTokens::Characters { ids, .. } => SPECIALS as usize + ids.len(),
            TextTokens::Bytes { .. } => 257,
        }
    }

    /// The tokens of a text.
    pub(super) fn encode(&self, text: &str) -> Vec<u32> {
        match self {
            TextTokens::Characters { ids, longest } => {
                let id = |character| ids.get(&character).copied().unwrap_or(UNKNOWN);
                text.chars().take(*longest).map(id).chain([EOS]).collect()
            }
            TextTokens::Bytes { longest } => {
                text.bytes().take(*longest).map(|byte| u32::from(byte) + 1).collect()
            }
        }
    }
}
