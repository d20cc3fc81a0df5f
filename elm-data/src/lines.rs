//! A text file line by line, with numbers and offsets, whatever its
//! line ends, and never more than one line in memory.

use crate::error::Result;
use crate::files;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line without its end.
pub(crate) struct Line<'a> {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// Offset of its first byte in the file.
    pub(crate) offset: u64,
    pub(crate) bytes: &'a [u8],
}

/// The lines of a file. A byte order mark at its start is skipped, and so is
/// the carriage return of a `\r\n`.
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    longest: usize,
    number: u64,
    offset: u64,
    buffer: Vec<u8>,
}

impl Lines {
    /// Opens a file of lines of at most `longest` bytes.
    pub(crate) fn open(path: &Path, expected: &str, longest: usize) -> Result<Self> {
        let (file, _) = files::open(path, expected)?;
        let reader = BufReader::with_capacity(1 << 20, file);
        Ok(Lines { path: path.to_path_buf(), reader, longest, number: 0, offset: 0, buffer: Vec::new() })
    }

    /// The next line, `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut limited = self.reader.by_ref().take(self.longest as u64 + 1);
        let got =
            limited.read_until(b'\n', &mut self.buffer).map_err(|source| files::io(&self.path, source))?;
        if got == 0 {
            return Ok(None);
        }
        self.number += 1;
        if got > self.longest {
            let reason = format!("the line goes on beyond {} bytes", self.longest);
            return Err(files::format(&self.path, format!("line {}", self.number), reason));
        }
        let mut offset = self.offset;
        self.offset += got as u64;
        let mut bytes = self.buffer.as_slice();
        if self.number == 1
            && let Some(rest) = bytes.strip_prefix(BYTE_ORDER_MARK)
        {
            (bytes, offset) = (rest, offset + BYTE_ORDER_MARK.len() as u64);
        }
        bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        Ok(Some(Line { number: self.number, offset, bytes }))
    }
}
