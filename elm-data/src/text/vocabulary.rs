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
        let mut tokens = Vec::with_capacity(text.len());
        for (at, &byte) in text.iter().enumerate() {
            match self.ids[byte as usize] {
                Some(id) => tokens.push(id),
                None if self.mode == TokenMode::Txl && byte == b'\n' => {}
                None => {
                    let reason =
                        format!("byte {at} ({:?}) does not occur in the text learned from", byte as char);
                    return Err(DataError::Setting { setting: "text".into(), reason });
                }
            }
        }
        Ok(tokens)
    }

    /// Tokens as text; numbers that stand for nothing are left out.
    pub fn decode(&self, tokens: &[u8]) -> Vec<u8> {
        tokens.iter().filter_map(|&token| self.symbols.get(token as usize).copied()).collect()
    }
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
        assert!(vocabulary.encode(b"x").unwrap_err().to_string().contains("byte 0 ('x')"));
    }

    #[test]
    fn the_end_of_a_line_is_a_symbol_where_wanted() {
        assert_eq!(Vocabulary::count(TokenMode::Eos, [b"a\n\n".as_slice()]).symbols(), b"\na");
        assert_eq!(Vocabulary::count(TokenMode::Bytes, [b"a".as_slice()]).len(), 256);
    }
}
