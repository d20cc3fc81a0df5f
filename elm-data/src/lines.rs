//! A text file line by line, with numbers and offsets, whatever its
//! line ends, and never more than one line in memory.

use crate::error::Result;
use crate::files;
use crate::oddities::Oddities;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
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

/// The lines of a file that hold anything. A byte order mark at its start is
/// skipped, and so are blank lines and carriage returns before a line end.
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    longest: usize,
    number: u64,
    offset: u64,
    buffer: Vec<u8>,
    oddities: Oddities,
}

impl Lines {
    /// Opens a file of lines of at most `longest` bytes.
    pub(crate) fn open(path: &Path, expected: &str, longest: usize) -> Result<Self> {
        let (file, _) = files::open(path, expected)?;
        let reader = BufReader::with_capacity(1 << 20, file);
        Ok(Lines {
            path: path.to_path_buf(),
            reader,
            longest,
            number: 0,
            offset: 0,
            buffer: Vec::new(),
            oddities: Oddities::default(),
        })
    }

    /// What was odd about the lines so far.
    pub(crate) fn oddities(&self) -> Oddities {
        self.oddities
    }

    /// The next line that is not blank, `None` at the end of the file.
    pub(crate) fn next(&mut self) -> Result<Option<Line<'_>>> {
        let (offset, range) = loop {
            match self.read()? {
                None => return Ok(None),
                Some((offset, range)) if !self.buffer[range.clone()].trim_ascii().is_empty() => {
                    break (offset, range);
                }
                Some(_) => self.oddities.blank += 1,
            }
        };
        Ok(Some(Line { number: self.number, offset, bytes: &self.buffer[range] }))
    }

    /// Reads a line; where it starts in the file, and which part of the buffer
    /// it is.
    fn read(&mut self) -> Result<Option<(u64, Range<usize>)>> {
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
        if self.number == 1 && (self.buffer.starts_with(b"\xff\xfe") || self.buffer.starts_with(b"\xfe\xff"))
        {
            let reason = "the file is in UTF-16; save it as UTF-8";
            return Err(files::format(&self.path, "byte 0", reason));
        }
        let marked = self.number == 1 && self.buffer.starts_with(BYTE_ORDER_MARK);
        let start = if marked { BYTE_ORDER_MARK.len() } else { 0 };
        let offset = self.offset + start as u64;
        self.offset += got as u64;
        let line = &self.buffer[start..];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let returns = line.iter().rev().take_while(|&&byte| byte == b'\r').count();
        self.oddities.returns += u64::from(returns > 1);
        Ok(Some((offset, start..start + line.len() - returns)))
    }
}
