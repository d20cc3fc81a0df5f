//! Kinds of data, and what follows from each.

use super::names::names;

names! {
    /// What is learned.
    #[allow(missing_docs)] // the names of the data sets
    pub enum DataKind {
        Digits = "digits",
        DigitsAdding = "digits_adding",
        Shd = "shd",
        Ssc = "ssc",
        ShdAdding = "shd_adding",
        Text = "text",
        Listops = "listops",
        LraText = "lra_text",
        LraRetrieval = "lra_retrieval",
        LraImage = "lra_image",
        Pathfinder = "pathfinder",
        Arrays = "arrays",
        Neuronio = "neuronio",
    }
}

use DataKind::{
    Arrays, Digits, DigitsAdding, Listops, LraImage, LraRetrieval, LraText, Neuronio, Pathfinder, Shd,
    ShdAdding, Ssc, Text,
};

/// Made, not read.
pub(super) const MADE: &[DataKind] = &[Digits, DigitsAdding];
/// Read from a file or folder.
pub(super) const READ: &[DataKind] =
    &[Shd, Ssc, ShdAdding, Text, Listops, LraText, LraRetrieval, LraImage, Pathfinder, Arrays, Neuronio];
/// Spikes that are binned.
pub(super) const SPIKES: &[DataKind] = &[Digits, DigitsAdding, Shd, Ssc, ShdAdding];
/// The same, and arrays, which may be spikes.
pub(super) const TIMED: &[DataKind] = &[Digits, DigitsAdding, Shd, Ssc, ShdAdding, Arrays];
/// With a part that is drawn.
pub(super) const SEEDED: &[DataKind] = &[Digits, DigitsAdding, Shd, ShdAdding, Arrays];
/// Made of symbols.
pub(super) const SYMBOLS: &[DataKind] = &[Text, Listops, LraText, LraRetrieval];
/// The Long Range Arena.
pub(super) const ARENA: &[DataKind] = &[Listops, LraText, LraRetrieval, LraImage, Pathfinder];
/// What of it has sequences of different lengths.
pub(super) const SEQUENCES: &[DataKind] = &[Listops, LraText, LraRetrieval];
/// What of it is made of pictures.
pub(super) const PIXELS: &[DataKind] = &[LraImage, Pathfinder];
/// Answered by classes or symbols, or, as arrays may be, by real values.
pub(super) const CLASSES: &[DataKind] = &[
    Digits,
    DigitsAdding,
    Shd,
    Ssc,
    ShdAdding,
    Text,
    Listops,
    LraText,
    LraRetrieval,
    LraImage,
    Pathfinder,
    Arrays,
];
/// Samples whose steps can be taken together.
pub(super) const GROUPED: &[DataKind] =
    &[Shd, Ssc, ShdAdding, Listops, LraText, LraRetrieval, LraImage, Pathfinder, Arrays];

impl DataKind {
    /// Are two recordings joined and their digits added?
    pub fn is_adding(self) -> bool {
        matches!(self, DataKind::DigitsAdding | DataKind::ShdAdding)
    }

    /// Are its sequences spikes that are binned?
    pub fn is_of_spikes(self) -> bool {
        SPIKES.contains(&self)
    }

    /// Can it be generated without a file?
    pub fn is_generated(self) -> bool {
        matches!(self, DataKind::Digits | DataKind::DigitsAdding)
    }
}
