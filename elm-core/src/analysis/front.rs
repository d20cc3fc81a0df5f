//! What is not beaten by anything cheaper.

/// Indices of the points that no other beats in cost and loss at once, from the
/// cheapest up. Of points equal in both, the first.
pub fn pareto_front(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> =
        (0..points.len()).filter(|&at| points[at].0.is_finite() && points[at].1.is_finite()).collect();
    order.sort_by(|&a, &b| points[a].0.total_cmp(&points[b].0).then(points[a].1.total_cmp(&points[b].1)));
    let mut least = f64::INFINITY;
    order.retain(|&at| {
        let better = points[at].1 < least;
        least = least.min(points[at].1);
        better
    });
    order
}
