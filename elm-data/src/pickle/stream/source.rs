//! The bytes of a pickle, one after the other.

use super::{Fault, LONGEST, SHORT, Step};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

/// Names of what Python would import, and numbers, are shorter.
const LONGEST_NAME: u64 = 200;

/// A file being read, and how far.
pub(super) struct Source<R> {
    reader: BufReader<R>,
    at: u64,
    size: u64,
}

impl<R: Read + Seek> Source<R> {
    /// Starts at the beginning of a file of `size` bytes.
    pub(super) fn new(file: R, size: u64) -> Result<Self, Fault> {
        let mut reader = BufReader::with_capacity(1 << 18, file);
        reader.seek(SeekFrom::Start(0)).map_err(|error| (0, error.to_string()))?;
        Ok(Source { reader, at: 0, size })
    }

    /// The byte that comes next.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn fixed<const N: usize>(&mut self) -> Step<[u8; N]> {
        let mut bytes = [0; N];
        match self.reader.buffer().first_chunk::<N>() {
            Some(ready) => {
                bytes = *ready;
                self.reader.consume(N);
            }
            None => {
                self.expect(N as u64)?;
                self.reader.read_exact(&mut bytes).map_err(|error| error.to_string())?;
            }
        }
        self.at += N as u64;
        Ok(bytes)
    }

    /// The length of a string that is written in 1, 4 or 8 bytes.
    pub(super) fn length(&mut self, width: u8) -> Step<u64> {
        Ok(match width {
            1 => u64::from(self.fixed::<1>()?[0]),
            4 => u64::from(u32::from_le_bytes(self.fixed()?)),
            _ => u64::from_le_bytes(self.fixed()?),
        })
    }

    /// The next bytes.
    pub(super) fn bytes(&mut self, length: u64) -> Step<Vec<u8>> {
        self.expect(length)?;
        if length > LONGEST {
            return Err(format!("a string of {length} bytes; expected up to {LONGEST}"));
        }
        let mut bytes = vec![0; length as usize];
        self.reader.read_exact(&mut bytes).map_err(|error| error.to_string())?;
        self.at += length;
        Ok(bytes)
    }

    /// Passes over the next bytes.
    pub(super) fn skip(&mut self, length: u64) -> Step<()> {
        self.expect(length)?;
        let offset = i64::try_from(length).map_err(|error| error.to_string())?;
        self.reader.seek_relative(offset).map_err(|error| error.to_string())?;
        self.at += length;
        Ok(())
    }

    /// Are there as many bytes left?
    fn expect(&self, length: u64) -> Step<()> {
        let left = self.size.saturating_sub(self.at);
        if length <= left {
            return Ok(());
        }
        Err(format!("{length} bytes are announced, {left} are left; the file is cut off or damaged"))
    }

    /// A line without its end, which may be long if it is to be kept; `None`
    /// for one that is too long.
    pub(super) fn line(&mut self, kept: bool) -> Step<Option<Vec<u8>>> {
        let most = if kept { LONGEST } else { SHORT };
        let mut line = Vec::new();
        let mut length = 0;
        loop {
            let ready = self.reader.fill_buf().map_err(|error| error.to_string())?;
            if ready.is_empty() {
                return Err("a line without an end; the file is cut off or damaged".into());
            }
            let end = ready.iter().position(|&byte| byte == b'\n');
            let part = end.unwrap_or(ready.len());
            length += part as u64;
            if length <= most {
                line.extend_from_slice(&ready[..part]);
            }
            let used = part + usize::from(end.is_some());
            self.reader.consume(used);
            self.at += used as u64;
            if end.is_some() {
                return Ok((length <= most).then_some(line));
            }
        }
    }

    /// A line with a name.
    pub(super) fn name(&mut self) -> Step<Vec<u8>> {
        let line = self.line(false)?.filter(|line| line.len() as u64 <= LONGEST_NAME);
        line.ok_or_else(|| "a name of more than 200 bytes".into())
    }

    /// A line with a number.
    pub(super) fn number<N: std::str::FromStr>(&mut self) -> Step<N> {
        let line = self.name()?;
        let text = std::str::from_utf8(&line).unwrap_or_default().trim().trim_end_matches('L');
        text.parse()
            .map_err(|_| format!("{:?} is not the number expected here", String::from_utf8_lossy(&line)))
    }
}
