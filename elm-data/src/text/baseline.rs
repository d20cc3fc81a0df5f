//! How well simple models predict a text, in bits per character.

/// Bits per character of a test text under the symbol frequencies of the
/// training text, with one count added to every symbol.
pub fn unigram(train: &[u8], test: &[u8], symbols: usize) -> f64 {
    let counts = unigram_counts(train, symbols);
    let total: f64 = counts.iter().sum();
    mean_bits(test, |_, symbol| counts[symbol] / total)
}

/// Bits per character under the frequencies of pairs of symbols: each count
/// of a pair is joined by one count spread as the single symbols are.
///
/// # Equation
/// `p(b | a) = (n(a, b) + p(b)) / (n(a) + 1)`
pub fn order_one(train: &[u8], test: &[u8], symbols: usize) -> f64 {
    let single = unigram_counts(train, symbols);
    let total: f64 = single.iter().sum();
    let mut pairs = vec![0.0; symbols * symbols];
    for pair in train.windows(2) {
        pairs[usize::from(pair[0]) * symbols + usize::from(pair[1])] += 1.0;
    }
    let first: Vec<f64> = pairs.chunks(symbols).map(|row| row.iter().sum()).collect();
    mean_bits(test, |before, symbol| {
        (pairs[before * symbols + symbol] + single[symbol] / total) / (first[before] + 1.0)
    })
}

fn unigram_counts(train: &[u8], symbols: usize) -> Vec<f64> {
    let mut counts = vec![1.0; symbols];
    for &symbol in train {
        counts[usize::from(symbol)] += 1.0;
    }
    counts
}

/// Mean of `-log2 p(symbol | symbol before)`; the first symbol is not predicted.
fn mean_bits(test: &[u8], probability: impl Fn(usize, usize) -> f64) -> f64 {
    let bits: f64 = test.windows(2).map(|pair| -probability(pair[0].into(), pair[1].into()).log2()).sum();
    bits / test.len().saturating_sub(1).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternating_symbols_cost_one_bit_alone_and_almost_none_in_pairs() {
        let text: Vec<u8> = (0..2000).map(|i| (i % 2) as u8).collect();
        assert!((unigram(&text, &text, 2) - 1.0).abs() < 1e-3);
        assert!(order_one(&text, &text, 2) < 0.01);
    }
}
