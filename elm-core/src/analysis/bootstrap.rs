//! Percentiles of drawn samples.

/// The 5th and 95th percentile; nothing of an empty sample.
pub fn percentile_interval(mut sample: Vec<f64>) -> Option<[f64; 2]> {
    sample.retain(|value| value.is_finite());
    sample.sort_by(f64::total_cmp);
    let last = sample.len().checked_sub(1)?;
    let at = |share: f64| {
        let place = share * last as f64;
        let (low, rest) = (place.floor() as usize, place.fract());
        sample[low] + rest * (sample[(low + 1).min(last)] - sample[low])
    };
    Some([at(0.05), at(0.95)])
}

/// By how much residuals of a fit of `fitted` parameters to `points` numbers
/// are enlarged before they are drawn: `sqrt(n/(n-p))` since a fit comes too
/// close to its points, times the ratio of Student's to Gauss's 95th
/// percentile since their spread is itself estimated. At least one degree of
/// freedom is assumed.
pub fn small_sample_factor(points: usize, fitted: usize) -> f64 {
    let freedom = points.saturating_sub(fitted).max(1) as f64;
    let z: f64 = 1.644_853_627;
    // Cornish and Fisher's series of Student's percentile.
    let student = z
        + (z.powi(3) + z) / (4.0 * freedom)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * freedom.powi(2))
        + (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / (384.0 * freedom.powi(3));
    (points as f64 / freedom).sqrt() * student / z
}
