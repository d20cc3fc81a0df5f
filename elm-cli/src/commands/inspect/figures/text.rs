//! A text beside what was predicted of it.

use super::super::Findings;
use crate::chart::{Letter, Letters};

/// Symbols in a picture.
const MOST_SYMBOLS: usize = 128;

/// The first symbols of a segment; nothing of what is no text.
pub(super) fn picture(findings: &Findings<'_>, at: usize) -> Option<Letters> {
    let report = &findings.report.examples[at];
    let symbols = report.symbols.as_ref().filter(|_| findings.task.properties().segmented)?;
    let letter = |symbol: &super::super::report::SymbolReport| Letter {
        above: seen(&symbol.symbol),
        below: symbol.prediction.as_deref().map_or(String::new(), seen),
        share: symbol.probability,
    };
    let letters: Vec<Letter> = symbols.iter().take(MOST_SYMBOLS).map(letter).collect();
    let meaning = ["the text", "the likeliest symbol", "probability of the text's symbol"];
    (!letters.is_empty())
        .then(|| Letters::new(format!("Segment {} and its prediction", report.example), meaning, letters))
}

/// A symbol as it can be seen.
fn seen(symbol: &str) -> String {
    if symbol == " " { "␣".into() } else { symbol.into() }
}
