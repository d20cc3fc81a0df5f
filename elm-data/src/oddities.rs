//! What is odd about a file but can be taken only one way: counted, so that it
//! can be told.

use std::borrow::Cow;
use std::path::Path;

/// Counts of oddities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Oddities {
    /// Lines without anything.
    pub(crate) blank: u64,
    /// Lines that end in more than one carriage return.
    pub(crate) returns: u64,
    /// Fields in quotation marks.
    pub(crate) quoted: u64,
    /// Whole numbers written as real ones.
    pub(crate) reals: u64,
    /// Paths that begin with `./`, or above the folder.
    pub(crate) paths: u64,
    /// Texts that are not UTF-8.
    pub(crate) broken: u64,
}

impl Oddities {
    /// A field without quotation marks around it. Those inside make it unclear
    /// what was meant; then it stays as it is.
    pub(crate) fn unquoted<'a>(&mut self, field: &'a [u8]) -> &'a [u8] {
        match field {
            [b'"', inner @ .., b'"'] if !inner.contains(&b'"') => {
                self.quoted += 1;
                inner
            }
            _ => field,
        }
    }

    /// The same of text.
    pub(crate) fn unquoted_text<'a>(&mut self, field: &'a str) -> &'a str {
        match field.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(inner) if !inner.contains('"') => {
                self.quoted += 1;
                inner
            }
            _ => field,
        }
    }

    /// A digit, also when it is written as a real number (`6.0`).
    pub(crate) fn digit(&mut self, field: &[u8]) -> Option<u8> {
        let (digit, rest) = field.split_first()?;
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        match rest {
            [] => Some(digit),
            [b'.', zeros @ ..] if zeros.iter().all(|&zero| zero == b'0') => {
                self.reals += 1;
                Some(digit)
            }
            _ => None,
        }
    }

    /// Bytes as text; what is not UTF-8 becomes U+FFFD.
    pub(crate) fn text<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, str> {
        let text = String::from_utf8_lossy(bytes);
        self.broken += u64::from(matches!(text, Cow::Owned(_)));
        text
    }

    /// Adds those of another file.
    pub(crate) fn add(&mut self, other: Oddities) {
        self.blank += other.blank;
        self.returns += other.returns;
        self.quoted += other.quoted;
        self.reals += other.reals;
        self.paths += other.paths;
        self.broken += other.broken;
    }

    /// In words, if there are any.
    pub(crate) fn note(&self, path: &Path) -> Option<String> {
        let counts = [
            (self.blank, "blank lines passed over"),
            (self.returns, "lines with more than one carriage return"),
            (self.quoted, "fields in quotation marks, taken without them"),
            (self.reals, "whole numbers written as real ones"),
            (self.paths, "paths taken from the folder imgs on"),
            (self.broken, "texts that are not UTF-8, with U+FFFD for what cannot be read"),
        ];
        let found: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{what}: {count}"))
            .collect();
        (!found.is_empty()).then(|| format!("{}: {}", path.display(), found.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_taken_only_one_way_is_taken_and_counted() {
        let mut found = Oddities::default();
        assert_eq!(found.unquoted(b"\"9\""), b"9");
        assert_eq!(found.unquoted(b"\"a\"b\""), b"\"a\"b\"");
        assert_eq!(found.unquoted(b"\""), b"\"");
        assert_eq!(
            [b"6".as_slice(), b"6.0", b"6.", b"6.5", b"-1", b"12", b""].map(|text| found.digit(text)),
            [Some(6), Some(6), Some(6), None, None, None, None]
        );
        assert_eq!(found.text(b"a\xff"), "a\u{fffd}");
        assert_eq!(found, Oddities { quoted: 1, reals: 2, broken: 1, ..Oddities::default() });
        assert_eq!(Oddities::default().note(Path::new("x")), None);
        let note = found.note(Path::new("x")).unwrap();
        assert!(
            note.starts_with("x: fields in quotation marks, taken without them: 1; whole numbers"),
            "{note}"
        );
    }
}
