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

impl DataKind {
    /// Are two recordings joined and their digits added?
    pub fn is_adding(self) -> bool {
        matches!(self, DataKind::DigitsAdding | DataKind::ShdAdding)
    }

    /// Can it be generated without a file?
    pub fn is_generated(self) -> bool {
        matches!(self, DataKind::Digits | DataKind::DigitsAdding)
    }
}
