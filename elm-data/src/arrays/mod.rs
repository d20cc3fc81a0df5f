//! Data of one's own, without code: arrays as NumPy or a table program write
//! them.
//!
//! | array | shape | meaning |
//! |---|---|---|
//! | `x` | `[S, T, C]` or `[S, T]` of reals or booleans | values of `C` channels (of one) at each of `T` steps of `S` samples |
//! | `x` | `[S, T]` of integers | tokens |
//! | `times`, `units`, `starts` | `[E]`, `[E]`, `[S + 1]` | spikes instead of `x`: times in s and channels, those of sample `i` at `starts[i]..starts[i + 1]` |
//! | `lengths` | `[S]` | steps of each sample that count; all, where it is missing |
//! | `y` | `[S]` of integers or texts | the class of each sample |
//! | `y` | `[S, T]` of integers or texts | the class at each step |
//! | `y` | `[S]` or `[S, O]` of reals | `O` values at the end of each sample |
//! | `y` | `[S, T, O]` of reals | `O` values at each step |
//! | `classes` | `[K]` of texts | names of the classes 0 to `K - 1` |
//!
//! They lie in one `.npz`, or in a folder as `x.npy` or `x.csv` (a line for
//! each sample) and so on. With `train_`, `valid_` and `test_` before their
//! names they are the three splits, else the samples are dealt out by
//! fractions in an order drawn from a seed. One `.csv` by itself is a long
//! recording, see [`Recorded`].
//!
//! Read in this order: this file (how arrays become splits), `source` (where
//! arrays lie), `input` (what is seen), `answers` (what is predicted), `table`
//! (CSV), `recorded` (one long recording).

mod answers;
mod input;
mod recorded;
mod source;
mod table;

pub use recorded::Recorded;

use crate::digest::Fingerprint;
use crate::error::{DataError, Result};
use crate::loader::epoch_order;
use crate::samples::{AnswerKind, Sample, Samples};
use answers::{Answers, Naming};
use input::Inputs;
use source::Source;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A split of arrays.
#[derive(Debug, Clone)]
pub struct Arrays {
    whole: Arc<Whole>,
    /// Its samples, by their place in the arrays.
    places: Arc<[u32]>,
    /// Channels (or symbols) and classes (or values), of all splits.
    sizes: [usize; 2],
    names: Option<Arc<[String]>>,
    notes: Arc<[String]>,
}

/// Arrays that belong together.
#[derive(Debug)]
struct Whole {
    path: PathBuf,
    inputs: Inputs,
    answers: Answers,
    digest: String,
}

/// The splits and the names that their arrays begin with.
const SPLITS: [&str; 3] = ["train_", "valid_", "test_"];

impl Arrays {
    /// Train, valid and test of a `.npz` or a folder; spikes are put into steps
    /// of `bin_ms`. Where classes are texts, they are numbered in the order of
    /// the alphabet; those with names have the numbers of the `known` ones
    /// ([`Samples::symbols`]), where there are some.
    ///
    /// # Errors
    /// [`DataError`] naming the array, and the index in it, that is missing or
    /// does not fit.
    pub fn load(
        path: &Path,
        fractions: [f64; 3],
        seed: u64,
        bin_ms: f64,
        known: Option<&[String]>,
    ) -> Result<[Arrays; 3]> {
        let mut source = Source::open(path)?;
        let divided = source.has("train_x") || source.has("train_times");
        let prefixes: &[&str] = if divided { &SPLITS } else { &[""] };
        let inputs = Inputs::load(&mut source, prefixes, bin_ms)?;
        let mut naming = Naming::new(source.take("classes")?, known)?;
        let mut parts = Vec::with_capacity(prefixes.len());
        for (prefix, inputs) in prefixes.iter().zip(inputs) {
            let answers = Answers::load(&mut source, prefix, &inputs, &mut naming)?;
            let whole = Whole { path: path.into(), digest: digest(&inputs, &answers), inputs, answers };
            parts.push(Arc::new(whole));
        }
        let places = match &parts[..] {
            [whole] => dealt(path, whole.inputs.len(), fractions, seed)?,
            _ => parts.iter().map(|whole| (0..whole.inputs.len() as u32).collect()).collect(),
        };
        let sizes = sizes_of(path, &parts, &naming)?;
        let notes: Arc<[String]> = source
            .notes()
            .chain(parts[0].inputs.note(bin_ms))
            .chain(parts[0].answers.note(parts[0].inputs.room()))
            .chain(naming.notes(&parts[0].answers, sizes[1]))
            .collect();
        let names: Option<Arc<[String]>> = naming.names().map(Arc::from);
        let split = |(part, places): (usize, Vec<u32>)| Arrays {
            whole: parts[part.min(parts.len() - 1)].clone(),
            places: places.into(),
            sizes,
            names: names.clone(),
            notes: notes.clone(),
        };
        let splits: Vec<Arrays> = places.into_iter().enumerate().map(split).collect();
        splits.try_into().map_err(|_| DataError::Setting {
            setting: "data.fractions".into(),
            reason: "expected three shares".into(),
        })
    }
}

/// Samples of the three splits in a drawn order.
fn dealt(path: &Path, samples: usize, fractions: [f64; 3], seed: u64) -> Result<Vec<Vec<u32>>> {
    let order = epoch_order(samples, seed, 0);
    let first = (samples as f64 * fractions[0]).round() as usize;
    let second = (samples as f64 * (fractions[0] + fractions[1])).round() as usize;
    let parts = [order.get(..first), order.get(first..second), order.get(second..)];
    let parts = parts.map(|part| part.unwrap_or_default().to_vec());
    if parts.iter().any(Vec::is_empty) {
        let lengths = parts.map(|part| part.len());
        let reason = format!(
            "{samples} samples are {lengths:?} of train, valid and test by data.fractions; at least one is \
             needed in each"
        );
        return Err(DataError::TooFew { path: path.into(), reason });
    }
    Ok(parts.to_vec())
}

/// Channels and classes of all splits, which have to agree.
fn sizes_of(path: &Path, parts: &[Arc<Whole>], naming: &Naming) -> Result<[usize; 2]> {
    let first = &parts[0];
    for (whole, prefix) in parts.iter().zip(SPLITS) {
        let differ = |at: &str, reason: String| DataError::Format {
            path: path.into(),
            at: format!("{prefix}{at}"),
            reason,
        };
        if !whole.inputs.is_like(&first.inputs) {
            let reason = format!("{}; {}x has {}", whole.inputs.text(), SPLITS[0], first.inputs.text());
            return Err(differ("x", reason));
        }
        if whole.answers.kind() != first.answers.kind() || whole.answers.width() != first.answers.width() {
            let reason = format!("{}; {}y has {}", whole.answers.text(), SPLITS[0], first.answers.text());
            return Err(differ("y", reason));
        }
    }
    let channels = parts.iter().map(|whole| whole.inputs.channels()).max().unwrap_or(1);
    let classes = first.answers.width().unwrap_or_else(|| naming.classes());
    Ok([channels, classes])
}

fn digest(inputs: &Inputs, answers: &Answers) -> String {
    let mut fingerprint = Fingerprint::of("arrays");
    inputs.add_to(&mut fingerprint);
    answers.add_to(&mut fingerprint);
    fingerprint.finish()
}

impl Samples for Arrays {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn channels(&self) -> usize {
        self.sizes[0]
    }

    fn classes(&self) -> usize {
        self.sizes[1]
    }

    fn answers(&self) -> AnswerKind {
        self.whole.answers.kind()
    }

    /// The names of the classes: other data may number the same ones otherwise.
    fn symbols(&self) -> Option<Vec<String>> {
        self.class_names()
    }

    fn class_names(&self) -> Option<Vec<String>> {
        self.names.as_ref().map(|names| names.to_vec())
    }

    /// Of the arrays and of which samples of them there are.
    fn digest(&self) -> Result<String> {
        let mut fingerprint = Fingerprint::of("samples of arrays");
        fingerprint.add(self.whole.digest.as_bytes());
        self.places.iter().for_each(|&place| fingerprint.number(u64::from(place)));
        Ok(fingerprint.finish())
    }

    fn notes(&self) -> Vec<String> {
        self.notes.to_vec()
    }

    fn read(&self, index: usize) -> Result<Sample> {
        let place = *self.places.get(index).ok_or_else(|| DataError::Format {
            path: self.whole.path.clone(),
            at: format!("sample {index}"),
            reason: format!("the split has {}", self.places.len()),
        })? as usize;
        let steps = self.whole.inputs.steps(place);
        Ok(Sample { input: self.whole.inputs.of(place), answer: self.whole.answers.of(place, steps) })
    }
}
