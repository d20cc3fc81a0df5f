//! Token numbers, splits and grey levels as the published evaluations have
//! them.

/// Whose preparation of the tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preparation {
    /// That of S4 (and MEGA). Tokens: `<pad>` 0, `<unk>` 1, `<eos>` 2, then
    /// symbols by their frequency in the training split; an end token closes
    /// every sequence. Splits of pictures: PyTorch's `random_split`, seed 42.
    S4,
    /// That of the Long Range Arena. Tokens: 0 for padding, then the symbols
    /// or bytes; no end token. Splits of pictures: in file order, since the
    /// published order (that of a hashed shuffle) is in none of the files.
    Lra,
}

/// Number of special tokens of S4.
pub(crate) const SPECIALS: u32 = 3;
/// S4's token for symbols that are not in the training split.
pub(crate) const UNKNOWN: u32 = 1;
/// S4's end token.
pub(crate) const EOS: u32 = 2;

/// Symbols that occur at least `least` times, the most frequent first, equally
/// frequent ones in their natural order (as `torchtext.vocab` has them).
pub(crate) fn by_frequency<S: Ord>(counts: impl IntoIterator<Item = (S, u64)>, least: u64) -> Vec<S> {
    let mut counts: Vec<(S, u64)> = counts.into_iter().filter(|(_, count)| *count >= least.max(1)).collect();
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.into_iter().map(|(symbol, _)| symbol).collect()
}
