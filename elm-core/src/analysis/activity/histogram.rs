//! How often values lie where.

/// Numbers of values between edges.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Edges of the bins, rising; one more than bins.
    pub edges: Vec<f64>,
    /// Values in each bin.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// `bins` equal bins from `low` to `high`; what lies outside counts in the
    /// bin at that end, what is not a number nowhere.
    pub fn even(values: &[f64], [low, high]: [f64; 2], bins: usize) -> Self {
        let edge = |at: usize| low + (high - low) * at as f64 / bins as f64;
        Self::between((0..=bins).map(edge).collect(), values)
    }

    /// The same with bins of equal ratio, for positive numbers.
    pub fn log(values: &[f64], [low, high]: [f64; 2], bins: usize) -> Self {
        let edge = |at: usize| low * (high / low).powf(at as f64 / bins as f64);
        Self::between((0..=bins).map(edge).collect(), values)
    }

    fn between(edges: Vec<f64>, values: &[f64]) -> Self {
        let bins = edges.len().saturating_sub(1);
        let mut counts = vec![0; bins];
        for value in values.iter().filter(|value| !value.is_nan()) {
            let bin = edges.partition_point(|edge| edge <= value).saturating_sub(1);
            if let Some(count) = counts.get_mut(bin.min(bins.saturating_sub(1))) {
                *count += 1;
            }
        }
        Histogram { edges, counts }
    }
}
