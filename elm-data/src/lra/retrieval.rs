//! Document retrieval: does one paper of the AAN corpus cite the other?

use super::characters::{Counts, TextTokens};
use super::{Preparation, locate};
use crate::error::Result;
use crate::files;
use crate::lines::Lines;
use crate::samples::{Sample, SampleInput, Samples};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Names of the files of train, valid and test.
const NAMES: [&str; 3] = ["new_aan_pairs.train.tsv", "new_aan_pairs.eval.tsv", "new_aan_pairs.test.tsv"];
const EXPECTED: &str = "pairs of papers in five columns separated by tabs: label, id, id, text, text";
const LONGEST_LINE: usize = 64 << 20;

/// A split of the pairs. The texts stay on disk (the training split has
/// gigabytes); rows are found by their offsets.
#[derive(Debug, Clone)]
pub struct Pairs {
    path: PathBuf,
    rows: Vec<Row>,
    tokens: TextTokens,
}

#[derive(Debug, Clone)]
struct Row {
    offset: u64,
    length: u32,
}

/// The columns that matter.
struct Pair<'a> {
    label: u8,
    texts: [&'a str; 2],
}

impl Pairs {
    /// Train, valid and test of a folder with the released files. The texts
    /// are the released ones, which are Python byte strings as Python shows
    /// them (`b'...'` with `\n` and `\xe2` spelt out); like the published
    /// evaluations this leaves them so. Each text is cut at `max_length`
    /// tokens (4000, with the end token for S4).
    ///
    /// # Errors
    /// [`crate::DataError`] naming file and line when a file is missing or not
    /// in the released layout.
    pub fn load(path: &Path, preparation: Preparation, max_length: Option<usize>) -> Result<[Pairs; 3]> {
        let folder = locate(path, "tsv_data", NAMES[0]);
        let longest = max_length.unwrap_or(4000);
        let mut counts = (preparation == Preparation::S4).then(Counts::new);
        let longest = longest.max(2) - usize::from(counts.is_some());
        let train = index(&folder.join(NAMES[0]), |pair| {
            let texts = pair.texts.iter();
            counts.iter_mut().for_each(|counts| texts.clone().for_each(|text| counts.add(text, longest)));
        })?;
        let [_, valid, test] = NAMES.map(|name| folder.join(name));
        let tokens = match &counts {
            Some(counts) => TextTokens::characters(counts, 1, longest),
            None => TextTokens::Bytes { longest },
        };
        let split = |path, rows| Pairs { path, rows, tokens: tokens.clone() };
        let (valid_rows, test_rows) = (index(&valid, |_| ())?, index(&test, |_| ())?);
        Ok([split(folder.join(NAMES[0]), train), split(valid, valid_rows), split(test, test_rows)])
    }

    fn row_bytes(&self, row: &Row) -> Result<Vec<u8>> {
        let mut bytes = vec![0; row.length as usize];
        let (mut file, _) = files::open(&self.path, EXPECTED)?;
        file.seek(SeekFrom::Start(row.offset))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|source| files::io(&self.path, source))?;
        Ok(bytes)
    }
}

impl Samples for Pairs {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn channels(&self) -> usize {
        self.tokens.size()
    }

    fn classes(&self) -> usize {
        2
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let bytes = self.row_bytes(&self.rows[index])?;
        let wrong = |reason| files::format(&self.path, format!("row {}", index + 1), reason);
        let pair = parse(&bytes).map_err(|reason| wrong(format!("{reason}; was the file changed?")))?;
        let input = SampleInput::TokenPair(pair.texts.map(|text| self.tokens.encode(text)));
        Ok(Sample { input, label: u32::from(pair.label) })
    }
}

/// Finds the rows of a file and shows each.
fn index(path: &Path, mut visit: impl FnMut(Pair<'_>)) -> Result<Vec<Row>> {
    let mut lines = Lines::open(path, EXPECTED, LONGEST_LINE)?;
    let mut rows = Vec::new();
    while let Some(line) = lines.next()? {
        let pair = parse(line.bytes)
            .map_err(|reason| files::format(path, format!("line {}", line.number), reason))?;
        rows.push(Row { offset: line.offset, length: line.bytes.len() as u32 });
        visit(pair);
    }
    if rows.is_empty() {
        return Err(files::format(path, "byte 0", format!("the file is empty; expected {EXPECTED}")));
    }
    Ok(rows)
}

/// Splits a row. The label is written as a real number, `0.0` or `1.0`.
fn parse(line: &[u8]) -> std::result::Result<Pair<'_>, String> {
    let line = std::str::from_utf8(line)
        .map_err(|error| format!("not UTF-8 at byte {} of the line", error.valid_up_to() + 1))?;
    let fields: Vec<&str> = line.split('\t').collect();
    let &[label, _, _, first, second] = fields.as_slice() else {
        return Err(format!("{} columns; expected 5: label, id, id, text, text", fields.len()));
    };
    let label = match label.parse::<f64>() {
        Ok(0.0) => 0,
        Ok(1.0) => 1,
        _ => {
            let shown: String = label.chars().take(20).collect();
            return Err(format!("the label is {shown:?}; expected 0.0 or 1.0"));
        }
    };
    if first.is_empty() || second.is_empty() {
        return Err("a text is empty".into());
    }
    Ok(Pair { label, texts: [first, second] })
}
