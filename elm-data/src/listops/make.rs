//! Making ListOps: the distribution of the published generator, which sets no
//! seed, so that its very files cannot be made again.

use super::expression::{END, MIN, evaluate, write};
use super::read::{NAMES, rows};
use crate::draws::Draws;
use crate::error::{DataError, Result};
use crate::files;
use crate::making::{Making, Outcome, Watch, pool};
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

const LEAF: f64 = 0.75;
const HEADER: &[u8] = b"Source\tTarget\r\n";
/// Samples made, written and noted at once.
const CHUNK: u64 = 4096;
/// Draws after which settings are taken to allow no (further) expression.
const PATIENCE: u64 = 1_000_000;

/// What to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListOpsSettings {
    /// Seed of everything.
    pub seed: u64,
    /// Samples of train, valid and test; all are different.
    pub samples: [u64; 3],
    /// An expression has more symbols than the first and fewer than the
    /// second; parentheses are not counted.
    pub lengths: [usize; 2],
    /// Levels of an expression; the deepest are digits.
    pub depth: u32,
    /// Most members of a list; the least is 2.
    pub arguments: u32,
}

impl Default for ListOpsSettings {
    /// Those of the released files.
    fn default() -> Self {
        ListOpsSettings {
            seed: 0,
            samples: [96_000, 2_000, 2_000],
            lengths: [500, 2000],
            depth: 10,
            arguments: 10,
        }
    }
}

impl ListOpsSettings {
    fn check(&self) -> Result<()> {
        let wrong = |setting: &str, reason: &str| {
            Err(DataError::Setting { setting: setting.into(), reason: reason.into() })
        };
        match self {
            _ if !(1..=100).contains(&self.depth) => wrong("depth", "takes 1 to 100"),
            _ if !(2..=1000).contains(&self.arguments) => wrong("arguments", "takes 2 to 1000"),
            _ if self.lengths[1] > 200_000 => {
                wrong("lengths", "expressions of 200000 symbols are the longest")
            }
            _ if self.lengths[0].saturating_add(1) >= self.lengths[1] => {
                wrong("lengths", "there is no length between the two borders")
            }
            _ if self.samples.iter().any(|&count| !(1..=100_000_000).contains(&count)) => {
                wrong("samples", "every split takes 1 to 100000000")
            }
            _ => Ok(()),
        }
    }

    fn recipe(&self) -> String {
        let ([train, valid, test], [above, below]) = (self.samples, self.lengths);
        format!(
            "listops 1: seed {}, samples {train} {valid} {test}, lengths {above}..{below}, depth {}, arguments {}",
            self.seed, self.depth, self.arguments
        )
    }
}

/// Expression `index` of a seed as its symbols; `attempt` numbers independent
/// draws for the same index.
///
/// # Errors
/// [`DataError::Setting`] when a million draws gave no expression of the
/// wanted length.
pub fn expression(settings: &ListOpsSettings, index: u64, attempt: u64) -> Result<Vec<u8>> {
    let mut draws = Draws::new(b"listops\0", settings.seed, attempt, index);
    let mut symbols = Vec::new();
    for _ in 0..PATIENCE {
        symbols.clear();
        if grow(settings, &mut draws, 1, &mut symbols) && symbols.len() > settings.lengths[0] {
            return Ok(symbols);
        }
    }
    let [above, below] = settings.lengths;
    let reason = format!(
        "{PATIENCE} expressions were drawn, none has more than {above} and fewer than {below} symbols"
    );
    Err(DataError::Setting { setting: "lengths".into(), reason })
}

/// Appends a part of an expression; false as soon as it is too long.
fn grow(settings: &ListOpsSettings, draws: &mut Draws, depth: u32, symbols: &mut Vec<u8>) -> bool {
    if symbols.len() + 1 >= settings.lengths[1] {
        return false;
    }
    if depth >= settings.depth || draws.unit() < LEAF {
        symbols.push(draws.below(10) as u8);
        return true;
    }
    symbols.push(MIN + draws.below(4) as u8);
    for _ in 0..2 + draws.below(settings.arguments - 1) {
        if !grow(settings, draws, depth + 1, symbols) {
            return false;
        }
    }
    symbols.push(END);
    symbols.len() < settings.lengths[1]
}

/// Writes `basic_train.tsv`, `basic_val.tsv` and `basic_test.tsv` in the
/// released layout into an empty folder, or continues where an earlier call
/// with the same settings was stopped. The files depend on the settings alone,
/// not on `threads` (0: as many as there are processors).
///
/// # Errors
/// When the settings allow no such data, the folder holds something else, or
/// it cannot be written.
pub fn make(folder: &Path, settings: &ListOpsSettings, threads: usize, watch: Watch<'_>) -> Result<Outcome> {
    settings.check()?;
    let Some(making) = Making::begin(folder, settings.recipe())? else { return Ok(Outcome::Finished) };
    let total: u64 = settings.samples.iter().sum();
    let [mut done, mut bytes] = making.recorded()?;
    let pool = pool(threads)?;
    let mut writer = Writer { settings, seen: HashSet::new() };
    let mut start = 0;
    for (name, count) in NAMES.iter().zip(settings.samples) {
        let (part, end) = (folder.join(format!("{name}.part")), start + count);
        if done > start && done < total {
            writer.remember(&part, (done < end).then_some(bytes))?;
        }
        while done < end {
            let from = if done == start { 0 } else { bytes };
            let until = (done + CHUNK).min(end);
            bytes = append(&part, from, &pool.install(|| writer.rows(done..until))?)?;
            done = until;
            making.record([done, bytes])?;
            if watch(done, total).is_break() {
                return Ok(Outcome::Stopped);
            }
        }
        start = end;
    }
    for name in NAMES {
        let part = folder.join(format!("{name}.part"));
        if part.exists() {
            files::rename(&part, &folder.join(name))?;
        }
    }
    making.finish()?;
    Ok(Outcome::Finished)
}

/// Makes rows and keeps in mind which expressions there are.
struct Writer<'a> {
    settings: &'a ListOpsSettings,
    seen: HashSet<u64>,
}

fn digest(symbols: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    symbols.hash(&mut hasher);
    hasher.finish()
}

impl Writer<'_> {
    /// Takes note of the rows of an unfinished file, after cutting it at
    /// `bytes`, where the last whole chunk ends.
    fn remember(&mut self, part: &Path, bytes: Option<u64>) -> Result<()> {
        if let Some(bytes) = bytes {
            append(part, bytes, &[])?;
        }
        rows(part, |_, symbols, _| {
            self.seen.insert(digest(symbols));
            Ok(())
        })
        .map(|_| ())
    }

    /// The rows of some samples, as they stand in the file.
    fn rows(&mut self, indices: std::ops::Range<u64>) -> Result<Vec<u8>> {
        let row = |index, attempt| {
            let symbols = expression(self.settings, index, attempt)?;
            let mut text = Vec::with_capacity(8 * symbols.len());
            write(&symbols, &mut text);
            // A drawn expression is always a valid one.
            let value = evaluate(&symbols).unwrap_or_default();
            text.extend([b'\t', b'0' + value, b'\r', b'\n']);
            Ok((digest(&symbols), text))
        };
        let made: Result<Vec<_>> = indices.clone().into_par_iter().map(|index| row(index, 0)).collect();
        let mut text =
            if indices.start == self.first_of_file(indices.start) { HEADER.to_vec() } else { Vec::new() };
        for (index, mut made) in indices.zip(made?) {
            let mut attempt = 0;
            while !self.seen.insert(made.0) {
                attempt += 1;
                if attempt > 1000 {
                    let reason =
                        format!("there are not enough different expressions; sample {index} has no room");
                    return Err(DataError::Setting { setting: "samples".into(), reason });
                }
                made = row(index, attempt)?;
            }
            text.append(&mut made.1);
        }
        Ok(text)
    }

    /// Index of the first sample of the file in which a sample is.
    fn first_of_file(&self, index: u64) -> u64 {
        let [train, valid, _] = self.settings.samples;
        [train + valid, train, 0].into_iter().find(|&first| first <= index).unwrap_or(0)
    }
}

/// Cuts a file at `from`, appends, brings it to disk; gives its length.
fn append(path: &Path, from: u64, text: &[u8]) -> Result<u64> {
    let write = || {
        let mut file = OpenOptions::new().create(from == 0).write(true).truncate(false).open(path)?;
        let length = file.metadata()?.len();
        if length >= from {
            file.set_len(from)?;
            file.seek(SeekFrom::End(0))?;
            file.write_all(text)?;
            file.sync_data()?;
        }
        Ok(length)
    };
    let length = write().map_err(|source| files::io(path, source))?;
    if length < from {
        let reason =
            format!("the file was cut after {from} bytes had been written; empty the folder and start again");
        return Err(files::format(path, format!("byte {length}"), reason));
    }
    Ok(from + text.len() as u64)
}
