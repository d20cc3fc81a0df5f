//! Which bytes are tokens, and which number each has.

use crate::error::{DataError, Result};

/// How text becomes tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenMode {
    /// As Transformer-XL: newlines are dropped, symbols ordered by frequency
    /// over all splits (204 on enwik8).
    Txl,
    /// As awd-lstm-lm: each newline is an end-of-line token, and a split that
    /// does not end in one gets one.
    Eos,
    /// All 256 byte values as they are.
    Bytes,
}

/// The symbols of a text by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    mode: TokenMode,
    symbols: Vec<u8>,
    ids: [Option<u8>; 256],
}

impl Vocabulary {
    /// Counts the symbols of all splits: most frequent first, ties by first
    /// occurrence.
    pub fn count<'a>(mode: TokenMode, splits: impl IntoIterator<Item = &'a [u8]>) -> Self {
        if mode == TokenMode::Bytes {
            return Vocabulary::from_symbols(mode, (0..=255).collect());
        }
        let mut counts = [0u64; 256];
        let mut first_seen = Vec::new();
        for &byte in splits.into_iter().flatten() {
            if counts[byte as usize] == 0 {
                first_seen.push(byte);
            }
            counts[byte as usize] += 1;
        }
        first_seen.retain(|&byte| mode == TokenMode::Eos || byte != b'\n');
        first_seen.sort_by_key(|&byte| std::cmp::Reverse(counts[byte as usize]));
        Vocabulary::from_symbols(mode, first_seen)
    }

    /// A vocabulary of known symbols, number by number.
    pub fn from_symbols(mode: TokenMode, symbols: Vec<u8>) -> Self {
        let mut ids = [None; 256];
        for (id, &symbol) in symbols.iter().enumerate() {
            ids[symbol as usize] = u8::try_from(id).ok();
        }
        Vocabulary { mode, symbols, ids }
    }

    /// As [`Vocabulary::from_symbols`] of symbols from a file.
    ///
    /// # Errors
    /// [`DataError::Setting`] when there are none, or one is there twice.
    pub fn known(mode: TokenMode, symbols: &[u8]) -> Result<Self> {
        let mut seen = [false; 256];
        let repeated =
            symbols.iter().find(|&&symbol| std::mem::replace(&mut seen[usize::from(symbol)], true));
        let reason = match repeated {
            Some(symbol) => format!("{:?} is there twice", char::from(*symbol)),
            None if symbols.is_empty() => "there is no symbol".into(),
            None => return Ok(Vocabulary::from_symbols(mode, symbols.to_vec())),
        };
        Err(DataError::Setting { setting: "vocabulary".into(), reason })
    }

    /// The symbols, number by number.
    pub fn symbols(&self) -> &[u8] {
        &self.symbols
    }

    /// How text becomes tokens.
    pub fn mode(&self) -> TokenMode {
        self.mode
    }

    /// Number of symbols.
    pub fn len(&self) -> usize {
        self.symbols.len()
    }

    /// True without any symbol.
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// Text as tokens; newlines are dropped or kept as the mode says.
    ///
    /// # Errors
    /// [`DataError::Setting`] at the first byte that is not a symbol.
    pub fn encode(&self, text: &[u8]) -> Result<Vec<u8>> {
        self.tokens(text).map_err(|unknown| DataError::Setting {
            setting: "text".into(),
            reason: format!("byte {}: {unknown}", unknown.at),
        })
    }

    /// As [`Vocabulary::encode`], with the symbol that is not known.
    pub(super) fn tokens(&self, text: &[u8]) -> std::result::Result<Vec<u8>, Unknown> {
        let mut tokens = Vec::with_capacity(text.len());
        for (at, &byte) in text.iter().enumerate() {
            match self.ids[byte as usize] {
                Some(id) => tokens.push(id),
                None if self.mode == TokenMode::Txl && byte == b'\n' => {}
                None => return Err(Unknown { at, symbol: symbol_at(text, at) }),
            }
        }
        Ok(tokens)
    }

    /// Tokens as text; numbers that stand for nothing are left out.
    pub fn decode(&self, tokens: &[u8]) -> Vec<u8> {
        tokens.iter().filter_map(|&token| self.symbols.get(token as usize).copied()).collect()
    }
}

/// A symbol that a vocabulary does not have.
#[derive(Debug)]
pub(super) struct Unknown {
    /// The byte at fault, from the start of the text.
    pub(super) at: usize,
    symbol: String,
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} does not occur in the text learned from", self.symbol)
    }
}

/// The character that a byte belongs to, or the byte where it belongs to none.
fn symbol_at(text: &[u8], at: usize) -> String {
    const LONGEST: usize = 4;
    for start in (at.saturating_sub(LONGEST - 1)..=at).rev() {
        let rest = &text[start..text.len().min(start + LONGEST)];
        let character = rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
        if let Some(character) = character.filter(|character| start + character.len_utf8() > at) {
            return format!("{character:?}");
        }
    }
    format!("the byte {:#04x}", text[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_ordered_by_count_then_by_first_occurrence() {
        let vocabulary = Vocabulary::count(TokenMode::Txl, [b"ba\nab\n".as_slice(), b"ccca"]);
        assert_eq!(vocabulary.symbols(), b"acb");
        assert_eq!(vocabulary.encode(b"a\nb").unwrap(), [0, 2]);
        assert_eq!(vocabulary.decode(&[1, 0, 9]), b"ca");
        assert!(vocabulary.encode(b"x").unwrap_err().to_string().contains("byte 0: 'x'"));
    }

    #[test]
    fn an_unknown_symbol_is_named_as_the_character_it_is() {
        // The first byte of each two is known.
        let vocabulary = Vocabulary::from_symbols(TokenMode::Txl, b"ab\xc3\xe2\x82".to_vec());
        for (text, named) in [
            ("ab\u{e4}".as_bytes(), "byte 3: '\u{e4}' does not occur"),
            ("a\u{20ac}b".as_bytes(), "byte 3: '\u{20ac}' does not occur"),
            (b"ab\xc3a\xff".as_slice(), "byte 4: the byte 0xff does not occur"),
            (b"\t".as_slice(), "byte 0: '\\t' does not occur"),
        ] {
            let error = vocabulary.encode(text).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn known_symbols_are_taken_as_they_are_and_only_once() {
        assert_eq!(Vocabulary::known(TokenMode::Txl, b"ca").unwrap().encode(b"ac").unwrap(), [1, 0]);
        assert!(Vocabulary::known(TokenMode::Txl, b"cac").unwrap_err().to_string().contains("'c' is there"));
        assert!(Vocabulary::known(TokenMode::Eos, b"").is_err());
    }

    #[test]
    fn the_end_of_a_line_is_a_symbol_where_wanted() {
        assert_eq!(Vocabulary::count(TokenMode::Eos, [b"a\n\n".as_slice()]).symbols(), b"\na");
        assert_eq!(Vocabulary::count(TokenMode::Bytes, [b"a".as_slice()]).len(), 256);
    }
}
