//! Document retrieval: does one paper of the AAN corpus cite the other?

use super::characters::{Counts, TextTokens};
use super::{Preparation, locate};
use crate::digest::Fingerprint;
use crate::error::Result;
use crate::files;
use crate::lines::Lines;
use crate::oddities::Oddities;
use crate::samples::{Sample, SampleInput, Samples};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names of the files of train, valid and test.
const NAMES: [&str; 3] = ["new_aan_pairs.train.tsv", "new_aan_pairs.eval.tsv", "new_aan_pairs.test.tsv"];
const EXPECTED: &str = "pairs of papers in five columns separated by tabs: label, id, id, text, text";
const LONGEST_LINE: usize = 64 << 20;

/// A split of the pairs. The texts stay on disk (the training split has
/// gigabytes); rows are found by their offsets.
#[derive(Debug, Clone)]
pub struct Pairs {
    path: PathBuf,
    rows: Arc<[Row]>,
    digest: String,
    note: Option<String>,
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
    /// S4's characters are counted in the training split, or they are the
    /// `known` ones ([`Samples::symbols`]); others are S4's `<unk>`. LRA's
    /// bytes need none.
    ///
    /// # Errors
    /// [`crate::DataError`] naming file and line when a file is missing or not
    /// in the released layout.
    pub fn load(
        path: &Path,
        preparation: Preparation,
        max_length: Option<usize>,
        known: Option<&[String]>,
    ) -> Result<[Pairs; 3]> {
        let folder = locate(path, &["tsv_data", "aan"], NAMES[0]);
        let s4 = preparation == Preparation::S4;
        let longest = max_length.unwrap_or(4000).max(2) - usize::from(s4);
        let mut counts = (s4 && known.is_none()).then(Counts::new);
        let [train, valid, test] = NAMES.map(|name| folder.join(name));
        let learned = Index::of(&train, |pair| {
            let texts = pair.texts.iter();
            counts.iter_mut().for_each(|counts| texts.clone().for_each(|text| counts.add(text, longest)));
        })?;
        let tokens = match (&counts, known) {
            (Some(counts), _) => TextTokens::characters(counts, 1, longest),
            (None, Some(characters)) if s4 => TextTokens::known(characters, longest)?,
            _ => TextTokens::Bytes { longest },
        };
        let (validated, tested) = (Index::of(&valid, |_| ())?, Index::of(&test, |_| ())?);
        let split = |path, Index { rows, digest, note }| Pairs {
            path,
            rows: rows.into(),
            digest,
            note,
            tokens: tokens.clone(),
        };
        Ok([split(train, learned), split(valid, validated), split(test, tested)])
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

    fn symbols(&self) -> Option<Vec<String>> {
        self.tokens.symbols()
    }

    /// Of labels and texts, found when the file was gone through for its rows.
    fn digest(&self) -> Result<String> {
        Ok(self.digest.clone())
    }

    fn notes(&self) -> Vec<String> {
        self.note.clone().into_iter().collect()
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let bytes = self.row_bytes(&self.rows[index])?;
        let wrong = |reason| files::format(&self.path, format!("row {}", index + 1), reason);
        let mut odd = Oddities::default(); // told when the file was opened
        let text = odd.text(&bytes);
        let pair =
            parse(&text, &mut odd).map_err(|reason| wrong(format!("{reason}; was the file changed?")))?;
        let input = SampleInput::TokenPair(pair.texts.map(|text| self.tokens.encode(text)));
        Ok(Sample::of_class(input, u32::from(pair.label)))
    }
}

/// The rows of a file.
struct Index {
    rows: Vec<Row>,
    digest: String,
    note: Option<String>,
}

impl Index {
    /// Finds the rows and shows each.
    fn of(path: &Path, mut visit: impl FnMut(Pair<'_>)) -> Result<Self> {
        let mut lines = Lines::open(path, EXPECTED, LONGEST_LINE)?;
        let (mut rows, mut fingerprint) = (Vec::new(), Fingerprint::of("pairs"));
        let mut odd = Oddities::default();
        while let Some(line) = lines.next()? {
            let text = odd.text(line.bytes);
            let pair = parse(&text, &mut odd)
                .map_err(|reason| files::format(path, format!("line {}", line.number), reason))?;
            rows.push(Row { offset: line.offset, length: line.bytes.len() as u32 });
            fingerprint.number(u64::from(pair.label));
            pair.texts.iter().for_each(|text| fingerprint.add(text.as_bytes()));
            visit(pair);
        }
        if rows.is_empty() {
            return Err(files::format(path, "byte 0", format!("the file is empty; expected {EXPECTED}")));
        }
        odd.add(lines.oddities());
        Ok(Index { rows, digest: fingerprint.finish(), note: odd.note(path) })
    }
}

/// Splits a row. The label is written as a real number, `0.0` or `1.0`.
fn parse<'a>(line: &'a str, odd: &mut Oddities) -> std::result::Result<Pair<'a>, String> {
    let fields: Vec<&str> = line.split('\t').map(|field| odd.unquoted_text(field)).collect();
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
