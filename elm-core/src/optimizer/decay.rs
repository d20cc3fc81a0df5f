//! Weight decay: which tensors shrink, and where they lie.

use super::Update;
use crate::error::{Error, Result};
use crate::spec::ParameterLayout;
use std::ops::Range;

/// Weight decay and what it acts on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightDecay<'a> {
    /// Its strength `w`, see [`Update`].
    pub rate: f64,
    /// The parts of each flat variable that decay, in order of the variables,
    /// each list ascending; see [`decaying`].
    pub ranges: &'a [Vec<Range<usize>>],
}

/// The parts of a flat variable that weight decay acts on: all tensors of two
/// dimensions or more, except those that are called a bias or a timescale.
///
/// Biases, timescales and gains of a normalisation have a natural size that is
/// not zero, and timescales may be infinite; pulling them to zero changes what
/// the model computes instead of how large its weights are.
pub fn decaying(layout: &ParameterLayout) -> Vec<Range<usize>> {
    let decays = |name: &str, dimensions: usize| {
        let last = name.rsplit('.').next().unwrap_or(name);
        dimensions >= 2 && !last.contains("bias") && !last.contains("tau")
    };
    let tensors = layout.tensors.iter();
    let decaying = tensors.filter(|tensor| decays(&tensor.name, tensor.shape.len()));
    decaying.map(|tensor| tensor.range.clone()).collect()
}

impl Update<'_> {
    /// The parts of a variable of `length` numbers from first to last, each
    /// with whether it decays. The parts fit after [`check_ranges`].
    pub(super) fn parts(&self, variable: usize, length: usize) -> Vec<(Range<usize>, bool)> {
        let decaying = self.weight_decay.and_then(|decay| decay.ranges.get(variable));
        let (mut parts, mut done) = (Vec::new(), 0);
        for range in decaying.into_iter().flatten() {
            parts.push((done..range.start, false));
            parts.push((range.clone(), true));
            done = range.end;
        }
        parts.push((done..length, false));
        parts.retain(|(range, _)| !range.is_empty());
        parts
    }
}

/// Do the ranges of weight decay lie inside of variables of these lengths?
///
/// # Errors
/// [`Error::Shape`] for the first that does not.
pub(super) fn check_ranges(decay: &WeightDecay<'_>, lengths: &[usize]) -> Result<()> {
    if decay.ranges.len() != lengths.len() {
        let got = [decay.ranges.len(), lengths.len()];
        return Err(Error::shape("weight decay", &got, "as many lists of ranges as parameters"));
    }
    for (ranges, &length) in decay.ranges.iter().zip(lengths) {
        let mut done = 0;
        for range in ranges {
            if range.start < done || range.end < range.start || range.end > length {
                let wanted = format!("ascending ranges within {length} numbers");
                return Err(Error::shape("range of weight decay", &[range.start, range.end], wanted));
            }
            done = range.end;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::OptimizerKind;

    #[test]
    fn weights_decay_and_biases_timescales_and_gains_do_not() {
        let mut layout = ParameterLayout::default();
        layout.push("synapse.weight", &[2, 3]);
        layout.push("mlp.0.weight", &[2, 2, 2]);
        layout.push("mlp.0.bias", &[2, 2]);
        layout.push("recurrent", &[2, 2]);
        layout.push("bias_ih", &[2, 1]);
        layout.push("norm.weight", &[4]);
        layout.push("memory.tau_raw", &[2, 2]);
        assert_eq!(decaying(&layout), [0..6, 6..14, 18..22]);
    }

    #[test]
    fn parts_cover_a_variable_once_from_first_to_last() {
        let ranges = [vec![0..2, 2..3, 5..7], vec![]];
        let mut update = Update::new(OptimizerKind::AdamW, 0, 0.1);
        assert_eq!(update.parts(0, 9), [(0..9, false)]);
        update.weight_decay = Some(WeightDecay { rate: 0.1, ranges: &ranges });
        let wanted = [(0..2, true), (2..3, true), (3..5, false), (5..7, true), (7..9, false)];
        assert_eq!(update.parts(0, 9), wanted);
        assert_eq!(update.parts(1, 4), [(0..4, false)]);
    }

    #[test]
    fn ranges_that_do_not_fit_are_refused() {
        let check = |ranges: &[Vec<Range<usize>>]| check_ranges(&WeightDecay { rate: 0.1, ranges }, &[4, 2]);
        check(&[vec![0..1, 1..4], vec![]]).unwrap();
        let backwards = Range { start: 3, end: 1 };
        for bad in [vec![vec![0..1, 1..4]], vec![vec![0..1, 1..5], vec![]], vec![vec![2..3, 0..1], vec![]]] {
            assert!(check(&bad).is_err(), "{bad:?}");
        }
        assert!(check(&[vec![backwards], vec![]]).is_err());
    }
}
