//! What goes into a deployed network at each step, and what comes out.

use crate::error::{Error, Result};
use crate::model::NetworkSpec;
use serde::{Deserialize, Serialize};

/// What one time step of the input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// A symbol.
    Tokens,
    /// Channels that spiked, and how often.
    Events,
    /// A number for every channel.
    Values,
}

/// What a step takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputForm {
    /// What it was trained on. Spikes and values are interchangeable: a value
    /// is a count.
    pub kind: InputKind,
    /// Length of a time step of the data in ms, where time is physical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_ms: Option<f64>,
    /// Of spikes: do several of a channel in a step count so many (else 1)? It
    /// tells how the counts of the training data were made; a deployed network
    /// takes the counts it is given and cuts none off. Where this is `false`,
    /// whoever counts gives 1 for several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<bool>,
    /// So many steps of the data are taken together: step `s` of `C` channels
    /// (or symbols, as a 1 on their channel) fills channels
    /// `(s mod group) * C ..`. A deployed network does not put them together: it
    /// takes all `group * C` channels in one step, after every `group` steps of
    /// the data. The places left in a last one that is not full read 0: where
    /// values are scaled, the caller gives `unit * mean` there.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub group: usize,
    /// What becomes of values before the network reads them; a deployed
    /// network does it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// The symbols behind token numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbols: Option<Symbols>,
}

/// A value `x` is read as `(x / unit - mean) / deviation`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// What counts as 1.
    pub unit: f32,
    /// Subtracted.
    pub mean: f32,
    /// Divided by.
    pub deviation: f32,
}

/// Symbols by number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symbols {
    /// The number of the first of them; those before have no symbol.
    pub first: usize,
    /// The symbols from there on.
    pub names: Names,
}

/// Names in the order of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// Single bytes, of a text.
    Bytes(Vec<u8>),
    /// Words.
    Words(Vec<String>),
}

/// What the numbers of an answer mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// Logits of the next symbol; the names are those of the input.
    NextSymbol,
    /// Logits of the classes, to be read after the last step.
    Class,
    /// Logits of the classes at every step.
    ClassEveryStep,
    /// Real values, to be read after the last step.
    Values,
    /// Real values at every step.
    ValuesEveryStep,
    /// The logit of a spike, and the voltage `V` of the soma as
    /// `0.1 (V + 67.7)`, V in mV.
    SpikeAndSoma,
}

/// What a step answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputForm {
    /// What the numbers mean.
    pub kind: OutputKind,
    /// The name of each, where they have some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl InputForm {
    /// The plain form: nothing is scaled, grouped or named.
    pub fn new(kind: InputKind) -> Self {
        InputForm { kind, step_ms: None, counts: None, group: 1, scaling: None, symbols: None }
    }

    /// The name of input `index`, where it has one.
    pub fn name(&self, index: usize) -> Option<&[u8]> {
        let Symbols { first, names } = self.symbols.as_ref()?;
        names.get(index.checked_sub(*first)?)
    }

    /// The input of that name.
    pub fn place(&self, name: &[u8]) -> Option<usize> {
        let Symbols { first, names } = self.symbols.as_ref()?;
        let place = (0..names.len()).find(|&place| names.get(place) == Some(name))?;
        first.checked_add(place)
    }

    pub(super) fn check(&self, network: &NetworkSpec) -> Result<()> {
        if self.group == 0 || !network.inputs().is_multiple_of(self.group) {
            let reason = format!("{} does not divide the {} inputs", self.group, network.inputs());
            return Err(Error::stored("input.group", reason));
        }
        if let Some(step) = self.step_ms.filter(|step| !(step.is_finite() && *step > 0.0)) {
            return Err(Error::stored("input.step_ms", format!("{step} is no length of time")));
        }
        if let Some(Scaling { unit, mean, deviation }) = self.scaling
            && !(unit.is_normal() && mean.is_finite() && deviation.is_normal())
        {
            let reason = format!("(x / {unit} - {mean}) / {deviation} is not always a number");
            return Err(Error::stored("input.scaling", reason));
        }
        // Grouped symbols are those of one of the places.
        let each = network.inputs() / self.group;
        match &self.symbols {
            Some(Symbols { first, names }) if first.checked_add(names.len()) != Some(each) => {
                let reason = format!("{} of them from {first} on, the network reads {each}", names.len());
                Err(Error::stored("input.symbols", reason))
            }
            _ => Ok(()),
        }
    }
}

impl OutputForm {
    /// Outputs without names.
    pub fn new(kind: OutputKind) -> Self {
        OutputForm { kind, names: None }
    }

    pub(super) fn check(&self, network: &NetworkSpec) -> Result<()> {
        match &self.names {
            Some(names) if names.len() != network.logits() => {
                let reason = format!("{} names for {} outputs", names.len(), network.logits());
                Err(Error::stored("output.names", reason))
            }
            _ => Ok(()),
        }
    }
}

impl Names {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Names::Bytes(bytes) => bytes.len(),
            Names::Words(words) => words.len(),
        }
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number `index` of them.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        match self {
            Names::Bytes(bytes) => bytes.get(index).map(std::slice::from_ref),
            Names::Words(words) => words.get(index).map(|word| word.as_bytes()),
        }
    }
}

impl Scaling {
    /// A value as the network reads it.
    pub fn of(self, value: f32) -> f32 {
        (value / self.unit - self.mean) / self.deviation
    }
}

fn one() -> usize {
    1
}

fn is_one(count: &usize) -> bool {
    *count == 1
}
