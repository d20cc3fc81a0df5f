//! Reading the released files `basic_{train,val,test}.tsv`.

use super::expression::{SYMBOLS, evaluate, parse};
use crate::digest::Fingerprint;
use crate::error::{DataError, Result};
use crate::files;
use crate::lines::Lines;
use crate::lra::{EOS, Preparation, SPECIALS, UNKNOWN, by_frequency, locate};
use crate::oddities::Oddities;
use crate::samples::{Sample, SampleInput, Samples};
use std::path::{Path, PathBuf};

/// Names of the files of train, valid and test.
pub(super) const NAMES: [&str; 3] = ["basic_train.tsv", "basic_val.tsv", "basic_test.tsv"];
const EXPECTED: &str = "a ListOps file with the columns Source and Target, separated by tabs";
/// Rows of the released files have up to 13 kB.
const LONGEST_LINE: usize = 1 << 20;

/// A split of ListOps, held in memory with one byte per symbol.
#[derive(Debug, Clone)]
pub struct ListOps {
    path: PathBuf,
    /// Symbols of all expressions, whole.
    symbols: Vec<u8>,
    /// The symbols of sample `i` are `symbols[starts[i]..starts[i + 1]]`.
    starts: Vec<usize>,
    labels: Vec<u8>,
    /// Symbols kept of an expression.
    longest: usize,
    digest: String,
    note: Option<String>,
    vocabulary: Vocabulary,
}

/// What a symbol becomes.
#[derive(Debug, Clone)]
struct Vocabulary {
    ids: [u32; SYMBOLS.len()],
    /// Names of the symbols in the order that was learned, where one was.
    learned: Option<Vec<String>>,
    size: usize,
    end: Option<u32>,
}

impl ListOps {
    /// Train, valid and test of a folder with the released files (or of one
    /// with their folder `listops-1000`). Sequences are cut at `max_length` tokens (2048 with the end token in S4's
    /// tokenisation, 2000 in LRA's).
    ///
    /// S4 orders the symbols by their frequency in the training split, or they
    /// are the `known` ones ([`Samples::symbols`]); others are its `<unk>`. LRA
    /// needs none.
    ///
    /// # Errors
    /// [`crate::DataError`] naming file and line when a file is missing or not
    /// in the released layout.
    pub fn load(
        path: &Path,
        preparation: Preparation,
        max_length: Option<usize>,
        known: Option<&[String]>,
    ) -> Result<[ListOps; 3]> {
        let longest = match preparation {
            Preparation::S4 => max_length.unwrap_or(2048).max(2) - 1,
            Preparation::Lra => max_length.unwrap_or(2000).max(1),
        };
        let folder = locate(path, &["listops-1000", "listops"], NAMES[0]);
        let [train, valid, test] = NAMES.map(|name| read(&folder.join(name), longest));
        let mut splits = [train?, valid?, test?];
        let vocabulary = match preparation {
            Preparation::S4 => match known {
                Some(names) => Vocabulary::known(names)?,
                None => Vocabulary::s4(&splits[0]),
            },
            Preparation::Lra => Vocabulary::lra(),
        };
        splits.iter_mut().for_each(|split| split.vocabulary = vocabulary.clone());
        Ok(splits)
    }

    /// The whole expression of a sample, as places in [`SYMBOLS`].
    fn expression(&self, index: usize) -> &[u8] {
        &self.symbols[self.starts[index]..self.starts[index + 1]]
    }

    /// As much of it as is kept.
    fn kept(&self, index: usize) -> &[u8] {
        let whole = self.expression(index);
        &whole[..whole.len().min(self.longest)]
    }
}

impl Vocabulary {
    /// Padding and two more special tokens, then the symbols by their
    /// frequency in the training split; an end token is appended.
    fn s4(train: &ListOps) -> Self {
        let mut counts = [0u64; SYMBOLS.len()];
        let symbols = (0..train.len()).flat_map(|index| train.kept(index));
        symbols.for_each(|&symbol| counts[usize::from(symbol)] += 1);
        let order = by_frequency(SYMBOLS.iter().zip(counts), 1);
        Vocabulary::ordered(order.into_iter().map(|name| name.to_string()).collect())
    }

    /// S4's tokens of symbols whose order is known.
    fn known(names: &[String]) -> Result<Self> {
        let wrong = |reason| DataError::Setting { setting: "symbols".into(), reason };
        for (place, name) in names.iter().enumerate() {
            if !SYMBOLS.contains(&name.as_str()) {
                return Err(wrong(format!("{name:?} is no symbol of ListOps: {}", SYMBOLS.join(" "))));
            }
            if names[..place].contains(name) {
                return Err(wrong(format!("{name:?} is there twice")));
            }
        }
        Ok(Vocabulary::ordered(names.to_vec()))
    }

    fn ordered(order: Vec<String>) -> Self {
        let id = |name: &str| {
            let place = order.iter().position(|other| other == name);
            place.map_or(UNKNOWN, |place| SPECIALS + place as u32)
        };
        let size = SPECIALS as usize + order.len();
        Vocabulary { ids: SYMBOLS.map(id), learned: Some(order), size, end: Some(EOS) }
    }

    /// Padding, then the symbols. (The released code numbers them in the
    /// random order of a Python set.)
    fn lra() -> Self {
        Vocabulary {
            ids: std::array::from_fn(|symbol| symbol as u32 + 1),
            learned: None,
            size: SYMBOLS.len() + 1,
            end: None,
        }
    }
}

impl Samples for ListOps {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn channels(&self) -> usize {
        self.vocabulary.size
    }

    fn classes(&self) -> usize {
        10
    }

    fn symbols(&self) -> Option<Vec<String>> {
        self.vocabulary.learned.clone()
    }

    /// The values that an expression may have.
    fn class_names(&self) -> Option<Vec<String>> {
        Some(SYMBOLS[..10].iter().map(|digit| digit.to_string()).collect())
    }

    /// Of whole expressions and their values, however they are cut.
    fn digest(&self) -> Result<String> {
        Ok(self.digest.clone())
    }

    fn notes(&self) -> Vec<String> {
        self.note.clone().into_iter().collect()
    }

    /// The target is the value of the expression.
    fn check(&self, index: usize) -> Result<()> {
        let wrong = |reason| files::format(&self.path, format!("row {}", index + 1), reason);
        let value = evaluate(self.expression(index)).map_err(|reason| wrong(format!("Source: {reason}")))?;
        match self.labels[index] {
            label if label == value => Ok(()),
            label => Err(wrong(format!("Target is {label}, but the value of Source is {value}"))),
        }
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let ids = self.kept(index).iter().map(|&symbol| self.vocabulary.ids[usize::from(symbol)]);
        let input = SampleInput::Tokens(ids.chain(self.vocabulary.end).collect());
        Ok(Sample::of_class(input, u32::from(self.labels[index])))
    }
}

fn read(path: &Path, longest: usize) -> Result<ListOps> {
    let mut split = ListOps {
        path: path.to_path_buf(),
        longest,
        note: None,
        symbols: Vec::new(),
        starts: vec![0],
        labels: Vec::new(),
        digest: String::new(),
        vocabulary: Vocabulary::lra(),
    };
    let mut fingerprint = Fingerprint::of("listops");
    split.note = rows(path, |_, symbols, label| {
        fingerprint.number(u64::from(label));
        fingerprint.add(symbols);
        split.symbols.extend_from_slice(symbols);
        split.starts.push(split.symbols.len());
        split.labels.push(label);
        Ok(())
    })?;
    split.digest = fingerprint.finish();
    Ok(split)
}

/// Visits the rows of a file: line number, symbols (places in [`SYMBOLS`]) and
/// label. Lines may end in `\r\n` or `\n`, the columns are found by name. Blank
/// lines, quotation marks around fields and targets as `6.0` are taken for
/// what they can only mean; the answer is a note on those, if there are any.
///
/// # Errors
/// [`crate::DataError`] naming file and line when a row is not in the released
/// layout, and those of `visit`.
pub fn rows(path: &Path, mut visit: impl FnMut(u64, &[u8], u8) -> Result<()>) -> Result<Option<String>> {
    let mut lines = Lines::open(path, EXPECTED, LONGEST_LINE)?;
    let mut odd = Oddities::default();
    let place = |number: u64| format!("line {number}");
    let columns = match lines.next()? {
        Some(header) => columns(path, header.bytes, &mut odd)?,
        None => return Err(files::format(path, "byte 0", format!("the file is empty; expected {EXPECTED}"))),
    };
    let (mut symbols, mut empty) = (Vec::new(), true);
    while let Some(line) = lines.next()? {
        let wrong = |reason: String| files::format(path, place(line.number), reason);
        let fields = line.bytes.split(|&byte| byte == b'\t');
        let fields: Vec<&[u8]> = fields.map(|field| odd.unquoted(field.trim_ascii())).collect();
        if fields.len() != columns.count {
            return Err(wrong(format!("{} columns; expected {}", fields.len(), columns.count)));
        }
        symbols.clear();
        parse(fields[columns.source], &mut symbols).map_err(|reason| wrong(format!("Source: {reason}")))?;
        if symbols.is_empty() {
            return Err(wrong("Source is empty; expected an expression".into()));
        }
        let target = fields[columns.target];
        let label = odd.digit(target).ok_or_else(|| {
            let shown = String::from_utf8_lossy(&target[..target.len().min(20)]).into_owned();
            wrong(format!("Target is {shown:?}; expected a digit"))
        })?;
        visit(line.number, &symbols, label)?;
        empty = false;
    }
    if empty {
        return Err(files::format(path, "line 2", "there are no rows after the header"));
    }
    odd.add(lines.oddities());
    Ok(odd.note(path))
}

/// Where the two columns are.
struct Columns {
    source: usize,
    target: usize,
    count: usize,
}

fn columns(path: &Path, header: &[u8], odd: &mut Oddities) -> Result<Columns> {
    let names = header.split(|&byte| byte == b'\t');
    let names: Vec<&[u8]> = names.map(|name| odd.unquoted(name.trim_ascii())).collect();
    let find = |name: &str| {
        names.iter().position(|found| found.eq_ignore_ascii_case(name.as_bytes())).ok_or_else(|| {
            let shown = String::from_utf8_lossy(&header[..header.len().min(40)]).into_owned();
            files::format(path, "line 1", format!("no column {name} in {shown:?}; expected {EXPECTED}"))
        })
    };
    Ok(Columns { source: find("Source")?, target: find("Target")?, count: names.len() })
}
