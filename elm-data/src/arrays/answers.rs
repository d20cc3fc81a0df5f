//! What is predicted: classes or real values, at the end or at every step.

use super::input::Inputs;
use super::source::{Named, Source};
use crate::digest::Fingerprint;
use crate::error::Result;
use crate::npy::NpyValues;
use crate::samples::{Answer, AnswerKind};

/// The answers of all samples of some arrays.
#[derive(Debug)]
pub(super) struct Answers {
    kind: AnswerKind,
    /// Entries of a sample: 1, `T`, `O` or `T * O`.
    each: usize,
    /// Values at a step, 1 for classes.
    outputs: usize,
    entries: Entries,
}

#[derive(Debug)]
enum Entries {
    Classes(Vec<u32>),
    Values(Vec<f32>),
}

impl Answers {
    /// The array `y` of a split.
    ///
    /// # Errors
    /// When it is missing or does not fit the inputs.
    pub(super) fn load(
        source: &mut Source,
        prefix: &str,
        inputs: &Inputs,
        naming: &mut Naming,
    ) -> Result<Answers> {
        let y = source.need(&format!("{prefix}y"))?;
        let (samples, room) = (inputs.len(), inputs.room());
        // A table has a column even where there is one value a line.
        let shape = match y.array.shape[..] {
            [samples, 1] if !matches!(y.array.values, NpyValues::Real(_)) && room != Some(1) => vec![samples],
            _ => y.array.shape.clone(),
        };
        let real = matches!(y.array.values, NpyValues::Real(_));
        let (kind, outputs) = match (&shape[..], real) {
            ([_], false) => (AnswerKind::Class, 1),
            ([_, steps], false) if room == Some(*steps) => (AnswerKind::ClassEveryStep, 1),
            ([_], true) => (AnswerKind::Values, 1),
            ([_, outputs], true) => (AnswerKind::Values, *outputs),
            ([_, steps, outputs], true) if room == Some(*steps) => (AnswerKind::ValuesEveryStep, *outputs),
            _ => return Err(y.wrong(unfit(&shape, real, samples, room))),
        };
        let each: usize = shape[1..].iter().product();
        if shape[0] != samples || each == 0 {
            return Err(y.wrong(unfit(&shape, real, samples, room)));
        }
        let entries = if real {
            Entries::Values(y.into_reals()?)
        } else {
            let counts =
                |place: usize| kind == AnswerKind::Class || place % each < inputs.steps(place / each);
            Entries::Classes(naming.classes_of(&y, &counts)?)
        };
        Ok(Answers { kind, each, outputs, entries })
    }

    pub(super) fn kind(&self) -> AnswerKind {
        self.kind
    }

    /// Number of values that are predicted together, `None` of classes.
    pub(super) fn width(&self) -> Option<usize> {
        matches!(self.entries, Entries::Values(_)).then_some(self.outputs)
    }

    pub(super) fn text(&self) -> String {
        let what = match self.width() {
            Some(outputs) => format!("{outputs} real values"),
            None => "a class".into(),
        };
        match self.kind {
            AnswerKind::Class | AnswerKind::Values => format!("{what} of each sample"),
            AnswerKind::ClassEveryStep | AnswerKind::ValuesEveryStep => format!("{what} at each step"),
        }
    }

    /// How real values are understood, as some take them for classes, or for
    /// values at each step.
    pub(super) fn note(&self, steps: Option<usize>) -> Option<String> {
        let Entries::Values(values) = &self.entries else { return None };
        let mut note = format!("y: {}, predicted as such (regression)", self.text());
        if self.kind == AnswerKind::Values && self.outputs > 1 && Some(self.outputs) == steps {
            note += &format!("; one at each step would be [S, {}, 1]", self.outputs);
        }
        if values.iter().all(|value| value.fract() == 0.0) {
            note += "; classes would be integers or texts";
        }
        Some(note)
    }

    /// The answer of a sample of so many steps.
    pub(super) fn of(&self, place: usize, steps: usize) -> Answer {
        let start = place * self.each;
        let end = match self.kind {
            AnswerKind::Class | AnswerKind::Values => start + self.each,
            AnswerKind::ClassEveryStep | AnswerKind::ValuesEveryStep => start + steps * self.outputs,
        };
        match (&self.entries, self.kind) {
            (Entries::Classes(classes), AnswerKind::ClassEveryStep) => {
                Answer::ClassEveryStep(classes[start..end].to_vec())
            }
            (Entries::Classes(classes), _) => Answer::Class(classes[start]),
            (Entries::Values(values), AnswerKind::ValuesEveryStep) => {
                Answer::ValuesEveryStep(values[start..end].to_vec())
            }
            (Entries::Values(values), _) => Answer::Values(values[start..end].to_vec()),
        }
    }

    pub(super) fn add_to(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(self.each as u64);
        let bytes: Vec<u8> = match &self.entries {
            Entries::Classes(classes) => classes.iter().flat_map(|class| class.to_le_bytes()).collect(),
            Entries::Values(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        };
        fingerprint.add(&bytes);
    }

    /// Samples (or steps) of each class.
    fn counts(&self, classes: usize) -> Vec<u64> {
        let mut counts = vec![0; classes];
        if let Entries::Classes(own) = &self.entries {
            own.iter().for_each(|&class| counts[class as usize] += 1);
        }
        counts
    }
}

fn unfit(shape: &[usize], real: bool, samples: usize, room: Option<usize>) -> String {
    let steps = room.map_or("T".into(), |steps| steps.to_string());
    let expected = if real {
        format!("[{samples}], [{samples}, O] or [{samples}, {steps}, O] of real numbers")
    } else {
        format!("[{samples}] or [{samples}, {steps}] of classes")
    };
    format!("has shape {shape:?}; expected {expected}")
}

/// The names of an array `classes`.
///
/// # Errors
/// When it holds no texts, or one twice.
fn class_names(classes: &Named) -> Result<Vec<String>> {
    let NpyValues::Text(names) = &classes.array.values else {
        return Err(classes.wrong("expected texts, the name of each class"));
    };
    match (1..names.len()).find(|&place| names[..place].contains(&names[place])) {
        Some(place) => Err(classes.wrong_at(place, format!("{:?} is there twice", names[place]))),
        None => Ok(names.clone()),
    }
}

/// The numbers that names of this data have among those of an earlier run.
fn numbers_in(classes: &Named, own: &[String], known: &[String]) -> Result<Vec<u32>> {
    let number = |(place, name): (usize, &String)| match known.iter().position(|known| known == name) {
        Some(number) => Ok(number as u32),
        None => {
            let reason = format!("{name:?} is none of the classes of the run: {}", known.join(", "));
            Err(classes.wrong_at(place, reason))
        }
    };
    own.iter().enumerate().map(number).collect()
}

/// The numbers of classes.
pub(super) struct Naming {
    names: Option<Vec<String>>,
    /// Were the names given, or those of an earlier run?
    fixed: bool,
    /// The number that each class of this data has for an earlier run, where
    /// that named its classes in another order.
    renumbered: Option<Vec<u32>>,
    most: u32,
}

impl Naming {
    /// With the names of the array `classes` and those that an earlier run
    /// knows, whose numbers hold.
    ///
    /// # Errors
    /// When the array names a class that the run does not know.
    pub(super) fn new(given: Option<Named>, known: Option<&[String]>) -> Result<Self> {
        let own = given.as_ref().map(class_names).transpose()?;
        let renumbered = match (&given, &own, known) {
            (Some(classes), Some(own), Some(known)) => Some(numbers_in(classes, own, known)?),
            _ => None,
        };
        let names = known.map(<[String]>::to_vec).or(own);
        Ok(Naming { fixed: names.is_some(), names, renumbered, most: 0 })
    }

    /// The class of each entry; entries that do not count are 0. Texts of the
    /// first array that is read get numbers in the order of the alphabet.
    fn classes_of(&mut self, y: &Named, counts: &dyn Fn(usize) -> bool) -> Result<Vec<u32>> {
        let mut classes = match &y.array.values {
            NpyValues::Text(texts) => self.numbers_of(y, texts, counts)?,
            NpyValues::Boolean(values) => values.iter().map(|&value| u32::from(value)).collect(),
            _ => {
                let whole = |(place, &value): (usize, &i64)| match u32::try_from(value) {
                    Ok(class) if counts(place) => Ok(class),
                    _ if !counts(place) => Ok(0),
                    _ => Err(y.wrong_at(place, format!("{value}; expected a class from 0"))),
                };
                let NpyValues::Integer(values) = &y.array.values else { return Ok(Vec::new()) };
                values.iter().enumerate().map(whole).collect::<Result<Vec<u32>>>()?
            }
        };
        let is_number = !matches!(y.array.values, NpyValues::Text(_));
        if let Some(numbers) = self.renumbered.as_ref().filter(|_| is_number) {
            for (place, class) in classes.iter_mut().enumerate() {
                *class = *numbers.get(*class as usize).ok_or_else(|| {
                    y.wrong_at(place, format!("class {class}; there are {} names of classes", numbers.len()))
                })?;
            }
        }
        if let Some(names) = &self.names
            && let Some(place) = classes.iter().position(|&class| class as usize >= names.len())
        {
            let reason = format!("class {}; there are {} names of classes", classes[place], names.len());
            return Err(y.wrong_at(place, reason));
        }
        self.most = self.most.max(classes.iter().copied().max().unwrap_or(0));
        if self.most as usize > MOST_CLASSES {
            let reason = format!("class {}; expected {MOST_CLASSES} classes at most", self.most);
            return Err(y.wrong(reason));
        }
        Ok(classes)
    }

    fn numbers_of(
        &mut self,
        y: &Named,
        texts: &[String],
        counts: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<u32>> {
        let names = self.names.get_or_insert_with(|| {
            let mut names: Vec<String> = texts
                .iter()
                .enumerate()
                .filter(|(place, _)| counts(*place))
                .map(|(_, t)| t.clone())
                .collect();
            names.sort_unstable();
            names.dedup();
            names
        });
        let whose = if self.fixed { "among the classes of the run" } else { "in the training samples" };
        let number = |(place, text): (usize, &String)| {
            if !counts(place) {
                return Ok(0);
            }
            let found = names.iter().position(|name| name == text);
            found.map(|class| class as u32).ok_or_else(|| {
                y.wrong_at(place, format!("{text:?} does not occur {whose}: {}", names.join(", ")))
            })
        };
        texts.iter().enumerate().map(number).collect()
    }

    pub(super) fn names(&self) -> Option<Vec<String>> {
        self.names.clone()
    }

    /// Number of classes.
    pub(super) fn classes(&self) -> usize {
        self.names.as_ref().map_or(self.most as usize + 1, Vec::len)
    }

    /// Classes without a sample to learn from.
    pub(super) fn notes(&self, training: &Answers, classes: usize) -> Vec<String> {
        if training.width().is_some() {
            return Vec::new();
        }
        if classes == 1 {
            return vec!["y: there is one class only, so there is nothing to learn".into()];
        }
        let counts = training.counts(classes);
        let empty = counts.iter().enumerate().filter(|(_, count)| **count == 0);
        let empty: Vec<String> = empty.map(|(class, _)| class.to_string()).collect();
        let mut named = empty.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if empty.len() > NAMED {
            named += &format!(" and {} others", empty.len() - NAMED);
        }
        let note = format!("y: no sample to learn class {named} from");
        if empty.is_empty() { Vec::new() } else { vec![note] }
    }
}

/// Of so many classes without samples the number is told.
const NAMED: usize = 10;
/// More are taken for a mistake (times or identities as classes, say).
const MOST_CLASSES: usize = 1_000_000;
