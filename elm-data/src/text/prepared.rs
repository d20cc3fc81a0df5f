//! Texts that were prepared for other programs: as numbers of bytes, or as
//! characters with spaces between.

use crate::error::{DataError, Result};
use crate::files::{format, io};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Bytes from which the form is told.
const HEAD: u64 = 1 << 16;

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Plain,
    /// As it is, though it holds nothing but numbers.
    PlainNumbers,
    /// Byte values as decimal numbers with single spaces between; a line end
    /// stands for itself, with a space on both sides. `prep_enwik8.py` writes
    /// this.
    Numbers,
    /// Characters with spaces between, `_` for a space: `prep_text8.py` and
    /// the characters of the Penn Treebank.
    Characters,
}

impl Form {
    /// Tells the form of a file from its start.
    pub(super) fn of(path: &Path) -> Result<Self> {
        let mut head = Vec::new();
        let file = File::open(path).map_err(|source| io(path, source))?;
        file.take(HEAD).read_to_end(&mut head).map_err(|source| io(path, source))?;
        if head.len() as u64 == HEAD {
            // Not half a word.
            let end = head.iter().rposition(u8::is_ascii_whitespace).unwrap_or(0);
            head.truncate(end);
        }
        Ok(Form::of_text(&head))
    }

    fn of_text(text: &[u8]) -> Self {
        let words = || text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let is_character = |word: &[u8]| str::from_utf8(word).is_ok_and(|word| word.chars().count() == 1);
        if words().count() < 2 {
            return Form::Plain;
        }
        if words().all(is_character) {
            return Form::Characters;
        }
        if !words().all(|word| word.iter().all(u8::is_ascii_digit)) {
            return Form::Plain;
        }
        let is_spaced = |at: usize| {
            let before = at == 0 || text[at - 1] == b' ';
            before && text.get(at + 1).is_none_or(|&after| after == b' ')
        };
        let mut line_ends = (0..text.len()).filter(|&at| text[at] == b'\n');
        if line_ends.all(is_spaced) { Form::Numbers } else { Form::PlainNumbers }
    }

    /// What a user should know about it.
    pub(super) fn note(self, path: &Path) -> Option<String> {
        let how = match self {
            Form::Plain => return None,
            Form::PlainNumbers => "holds only numbers and is read as text, digit by digit",
            Form::Numbers => "holds byte values as prep_enwik8.py writes them and is read as those bytes",
            Form::Characters => {
                "holds characters with spaces between, as prep_text8.py writes them; those spaces are \
                 left out, and _ is read as a space"
            }
        };
        Some(format!("{}: {how}", path.display()))
    }
}

/// The bytes that a prepared file stands for.
///
/// # Errors
/// [`DataError::Format`] naming file and line at a word that is none of the
/// form.
pub(super) fn read(path: &Path, form: Form) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(|source| io(path, source))?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut bytes, mut line, mut number) = (Vec::new(), Vec::new(), 0);
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(|source| io(path, source))? == 0 {
            return Ok(bytes);
        }
        number += 1;
        for word in line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()) {
            let known = match form {
                Form::Numbers => push_value(word, &mut bytes),
                _ => push_character(word, &mut bytes),
            };
            known.map_err(|reason| wrong(path, number, word, reason))?;
        }
        if line.ends_with(b"\n") {
            bytes.push(b'\n');
        }
    }
}

fn wrong(path: &Path, line: u64, word: &[u8], reason: &str) -> DataError {
    let shown = String::from_utf8_lossy(&word[..word.len().min(20)]).into_owned();
    format(path, format!("line {line}"), format!("{shown:?} {reason}"))
}

fn push_value(word: &[u8], bytes: &mut Vec<u8>) -> std::result::Result<(), &'static str> {
    let value = str::from_utf8(word).ok().and_then(|word| word.parse().ok());
    bytes.push(value.ok_or("is not a byte value from 0 to 255")?);
    Ok(())
}

fn push_character(word: &[u8], bytes: &mut Vec<u8>) -> std::result::Result<(), &'static str> {
    match word {
        b"_" => bytes.push(b' '),
        _ if str::from_utf8(word).is_ok_and(|word| word.chars().count() == 1) => {
            bytes.extend_from_slice(word);
        }
        _ => return Err("is not a single character, as those before it are"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_by_words_and_line_ends() {
        for (text, form) in [
            ("97 98 \n 99 300", Form::Numbers),
            ("97 98", Form::Numbers),
            ("\n 104 \n \n 105 \n", Form::Numbers),
            ("12 34\n56 78\n", Form::PlainNumbers),
            ("1984", Form::Plain),
            ("1 2 3 4", Form::Characters),
            ("a n _ a n a r c h i s t", Form::Characters),
            (" a e r _ b a n k\n b e r l i t z\n", Form::Characters),
            ("\u{fc} b e r", Form::Characters),
            ("a cat and a dog", Form::Plain),
            ("12 cats", Form::Plain),
            ("", Form::Plain),
        ] {
            assert_eq!(Form::of_text(text.as_bytes()), form, "{text:?}");
        }
    }
}
