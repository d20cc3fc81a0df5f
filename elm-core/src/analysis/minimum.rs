//! The minimum of a function of a few numbers.

/// Minimises by the simplex of Nelder and Mead (1965), with their coefficients
/// (reflection 1, expansion 2, contraction and shrinkage 1/2). Needs no
/// derivatives and is deterministic; for two to ten parameters whose function
/// costs microseconds it is all that is needed, so no library is taken.
///
/// Ends after `evaluations`, or when the corners agree to 12 digits. A value
/// that is not a number counts as infinite. Returns place and value.
pub fn nelder_mead(
    function: &mut impl FnMut(&[f64]) -> f64,
    start: &[f64],
    step: f64,
    evaluations: usize,
) -> (Vec<f64>, f64) {
    let mut left = evaluations;
    let mut value = |place: &[f64]| {
        left = left.saturating_sub(1);
        let value = function(place);
        (if value.is_nan() { f64::INFINITY } else { value }, left)
    };
    let mut corners = vec![(start.to_vec(), value(start).0)];
    for at in 0..start.len() {
        let mut corner = start.to_vec();
        corner[at] += step;
        let height = value(&corner).0;
        corners.push((corner, height));
    }
    loop {
        corners.sort_by(|a, b| a.1.total_cmp(&b.1));
        let last = corners.len() - 1;
        let (best, worst) = (corners[0].1, corners[last].1);
        let middle: Vec<f64> = (0..start.len())
            .map(|at| corners[..last].iter().map(|corner| corner.0[at]).sum::<f64>() / last.max(1) as f64)
            .collect();
        // From the worst corner through the middle of the others, so far.
        let toward = |share: f64, corners: &[(Vec<f64>, f64)]| -> Vec<f64> {
            middle
                .iter()
                .zip(&corners[last].0)
                .map(|(middle, worst)| middle + share * (middle - worst))
                .collect()
        };
        let mut place = toward(1.0, &corners);
        let (mut height, left) = value(&place);
        if left == 0 || worst - best <= 1e-12 * best.abs() + 1e-300 {
            return corners.swap_remove(0);
        }
        if height < best {
            let further = toward(2.0, &corners);
            let reached = value(&further).0;
            if reached < height {
                (place, height) = (further, reached);
            }
        } else if height >= corners[last - 1].1 {
            let nearer = toward(if height < worst { 0.5 } else { -0.5 }, &corners);
            let reached = value(&nearer).0;
            if reached < height.min(worst) {
                (place, height) = (nearer, reached);
            } else {
                let (first, others) = corners.split_at_mut(1);
                for corner in others {
                    for (x, best) in corner.0.iter_mut().zip(&first[0].0) {
                        *x = (*x + best) / 2.0;
                    }
                    corner.1 = value(&corner.0).0;
                }
                continue;
            }
        }
        corners[last] = (place, height);
    }
}
