//! A curve that only falls, then only rises.

/// The best fit that falls up to some point and rises from there.
#[derive(Debug, Clone, PartialEq)]
pub struct Flanks {
    /// Index of the lowest point; of several equal ones the middle.
    pub lowest: usize,
    /// The fitted values.
    pub fitted: Vec<f64>,
}

/// Fits monotone flanks by least squares: no shape is assumed but that there is
/// one valley. Of every place for the bottom, the flanks are isotonic
/// regressions (pool adjacent violators; Ayer et al. 1955). Nothing of no
/// values.
pub fn monotone_flanks(values: &[f64], weights: &[f64]) -> Option<Flanks> {
    let square = |fitted: &[f64]| -> f64 {
        fitted
            .iter()
            .zip(values)
            .zip(weights)
            .map(|((fit, value), weight)| weight * (fit - value).powi(2))
            .sum()
    };
    let mut best: Option<(f64, Vec<f64>)> = None;
    for split in 0..values.len() {
        // The bottom belongs to both flanks: it bounds them from below.
        let down: Vec<usize> = (0..=split).rev().collect();
        let up: Vec<usize> = (split + 1..values.len()).collect();
        let mut fitted = vec![0.0; values.len()];
        for flank in [down, up] {
            for (at, value) in flank.iter().zip(rising(flank.iter().map(|&at| (values[at], weights[at])))) {
                fitted[*at] = value;
            }
        }
        let height = square(&fitted);
        if best.as_ref().is_none_or(|(least, _)| height < least - 1e-15) {
            best = Some((height, fitted));
        }
    }
    let (_, fitted) = best?;
    let least = fitted.iter().copied().fold(f64::INFINITY, f64::min);
    let bottom: Vec<usize> =
        (0..fitted.len()).filter(|&at| fitted[at] <= least + 1e-12 * least.abs()).collect();
    Some(Flanks { lowest: bottom[bottom.len() / 2], fitted })
}

/// The rising sequence closest to `(value, weight)`.
fn rising(values: impl Iterator<Item = (f64, f64)>) -> Vec<f64> {
    // Blocks of equal fitted values: mean, weight, length.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for (value, weight) in values {
        blocks.push((value, weight, 1));
        while let [.., before, after] = blocks[..] {
            if before.0 <= after.0 {
                break;
            }
            let weight = before.1 + after.1;
            let mean = (before.0 * before.1 + after.0 * after.1) / weight;
            blocks.truncate(blocks.len() - 2);
            blocks.push((mean, weight, before.2 + after.2));
        }
    }
    blocks.into_iter().flat_map(|(mean, _, length)| std::iter::repeat_n(mean, length)).collect()
}
