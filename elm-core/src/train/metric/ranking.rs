//! How well scores tell one class from the other, whatever the threshold.

/// The area under the curve of true against false positives: the chance that
/// a positive has a higher score than a negative, half of it where both are
/// equal. Pairs are a score and whether it is one of a positive.
///
/// `None` without positives, without negatives, or when a score is not a
/// number.
pub fn roc_auc(pairs: &[(f32, bool)]) -> Option<f64> {
    let points = points(pairs)?;
    let &[negatives, positives] = points.last()?;
    let mut area = 0.0;
    let mut before = [0; 2];
    for &[false_positives, true_positives] in &points {
        area += (false_positives - before[0]) as f64 * (true_positives + before[1]) as f64 / 2.0;
        before = [false_positives, true_positives];
    }
    Some(area / (negatives as f64 * positives as f64))
}

/// The share of positives above the threshold whose share of negatives is
/// nearest to `false_positives`, the highest such threshold; that above which
/// nothing lies is left out. Thresholds that lie on a straight line between
/// others are none, as in scikit-learn's `roc_curve`.
///
/// `None` as of [`roc_auc`].
pub fn true_positives_at(pairs: &[(f32, bool)], false_positives: f64) -> Option<f64> {
    let points = corners(points(pairs)?);
    let &[negatives, positives] = points.last()?;
    let distance = |point: &[u64; 2]| (point[0] as f64 / negatives as f64 - false_positives).abs();
    // Where nothing is above the threshold, the distance is `false_positives`:
    // if that is least, the first threshold is taken instead.
    let mut nearest = points.first()?;
    let mut least = false_positives;
    for point in &points {
        if distance(point) < least {
            (nearest, least) = (point, distance(point));
        }
    }
    Some(nearest[1] as f64 / positives as f64)
}

/// Number of negatives and of positives from each different score on, the
/// highest first.
fn points(pairs: &[(f32, bool)]) -> Option<Vec<[u64; 2]>> {
    if pairs.iter().any(|(score, _)| score.is_nan()) {
        return None;
    }
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let mut points = Vec::new();
    let mut so_far = [0_u64; 2];
    for equal in pairs.chunk_by(|a, b| a.0 == b.0) {
        equal.iter().for_each(|&(_, positive)| so_far[usize::from(positive)] += 1);
        points.push(so_far);
    }
    (so_far[0] > 0 && so_far[1] > 0).then_some(points)
}

/// The points at which the curve turns, and both ends.
fn corners(points: Vec<[u64; 2]>) -> Vec<[u64; 2]> {
    let turns = |at: usize| {
        let step = |from: usize| [0, 1].map(|axis| points[from + 1][axis] - points[from][axis]);
        at == 0 || at + 1 == points.len() || step(at - 1) != step(at)
    };
    (0..points.len()).filter(|&at| turns(at)).map(|at| points[at]).collect()
}
