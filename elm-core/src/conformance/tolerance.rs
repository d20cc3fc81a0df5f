//! How far two results may lie apart, and how a failure is told.

/// The result of a conformance case.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a backend does not conform.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// A number is off.
    #[error(
        "{what}, shape {shape:?}: got {got:e}, wanted {wanted:e} at {at:?}; \
         tolerance {tolerance:?} allows {allowed:e}"
    )]
    Mismatch {
        /// Operation or tensor.
        what: String,
        /// Its shape.
        shape: Vec<usize>,
        /// Place of the worst element.
        at: Vec<usize>,
        /// What the backend says there.
        got: f32,
        /// What it should say.
        wanted: f32,
        /// The class of tolerance.
        tolerance: Tolerance,
        /// The difference it allows there.
        allowed: f64,
    },
    /// A result has another shape, is missing, or breaks a law.
    #[error("{what}: {fault}")]
    Broken {
        /// Operation or tensor.
        what: String,
        /// What is wrong with it.
        fault: String,
    },
    /// Something impossible was accepted.
    #[error("{what} was accepted; it must be an error")]
    Accepted {
        /// The call that had to fail.
        what: String,
    },
    /// The backend refused what it must be able to do.
    #[error("{what}: {source}")]
    Refused {
        /// The call.
        what: String,
        /// The backend's error.
        source: crate::Error,
    },
}

impl Failure {
    pub(super) fn broken(what: impl Into<String>, fault: impl Into<String>) -> Self {
        Failure::Broken { what: what.into(), fault: fault.into() }
    }
}

impl From<crate::Error> for Failure {
    fn from(source: crate::Error) -> Self {
        Failure::Refused { what: "preparing a case".into(), source }
    }
}

/// Classes of tolerance, from strict to wide; there is no other place where a
/// tolerance is written down.
///
/// An element may be off by `relative * |wanted| + share * max |wanted|`,
/// with the maximum over its tensor: sums of terms of both signs are as exact
/// as their largest terms, not as their result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tolerance {
    /// Nothing is calculated: equal bits.
    Exact,
    /// Each element is one rounded operation or a few.
    Elementwise,
    /// Sums and products of up to a few hundred terms.
    Sum,
    /// Activity, state and magnitude of a recurrence.
    Scan,
    /// Gradients through a recurrence.
    ScanGradient,
    /// Parameters and moments after some tens of optimiser updates.
    Trajectory,
}

impl Tolerance {
    /// `(relative, share)` of the formula at [`Tolerance`].
    pub fn bounds(self) -> (f64, f64) {
        match self {
            Tolerance::Exact => (0.0, 0.0),
            Tolerance::Elementwise => (1e-6, 3e-7),
            Tolerance::Sum => (1e-6, 2e-6),
            Tolerance::Scan => (5e-6, 1e-5),
            Tolerance::ScanGradient => (2e-5, 5e-5),
            Tolerance::Trajectory => (5e-6, 2e-6),
        }
    }

    /// Compares a result with what it should be.
    ///
    /// # Errors
    /// [`Failure::Mismatch`] with the worst element, [`Failure::Broken`] when
    /// the numbers of elements differ.
    pub fn compare(self, what: &str, shape: &[usize], got: &[f32], wanted: &[f32]) -> Result<()> {
        if got.len() != wanted.len() || got.len() != shape.iter().product::<usize>() {
            let fault = format!("{} elements, wanted {} of shape {shape:?}", got.len(), wanted.len());
            return Err(Failure::broken(what, fault));
        }
        let (relative, share) = self.bounds();
        let largest = wanted.iter().filter(|value| value.is_finite()).fold(0.0, |a: f64, b| a.max(size(*b)));
        let allowed = |wanted: f32| relative * size(wanted) + share * largest;
        let excess = |(got, wanted): (&f32, &f32)| {
            if got.to_bits() == wanted.to_bits() || got == wanted && self != Tolerance::Exact {
                return f64::NEG_INFINITY;
            }
            let off = (f64::from(*got) - f64::from(*wanted)).abs();
            let comparable = got.is_finite() && wanted.is_finite() && self != Tolerance::Exact;
            if comparable { off - allowed(*wanted) } else { f64::INFINITY }
        };
        let excesses = got.iter().zip(wanted).map(excess).enumerate();
        let Some((worst, _)) =
            excesses.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, excess)| *excess > 0.0)
        else {
            return Ok(());
        };
        Err(Failure::Mismatch {
            what: what.into(),
            shape: shape.to_vec(),
            at: place(worst, shape),
            got: got[worst],
            wanted: wanted[worst],
            tolerance: self,
            allowed: allowed(wanted[worst]),
        })
    }
}

fn size(value: f32) -> f64 {
    f64::from(value).abs()
}

/// Coordinates of an element in row-major order.
fn place(mut element: usize, shape: &[usize]) -> Vec<usize> {
    let mut at = vec![0; shape.len()];
    for (axis, &length) in shape.iter().enumerate().rev() {
        at[axis] = element % length;
        element /= length;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mismatch_names_the_worst_element() {
        let failure =
            Tolerance::Elementwise.compare("sum", &[2, 2], &[1.0, 2.0, 3.1, 4.01], &[1., 2., 3., 4.]);
        let text = failure.unwrap_err().to_string();
        assert!(text.contains("sum, shape [2, 2]: got 3.1e0, wanted 3e0 at [1, 0]"), "{text}");
    }

    #[test]
    fn what_is_not_finite_must_be_equal() {
        let compare = |got: f32, wanted: f32| Tolerance::Scan.compare("x", &[1], &[got], &[wanted]);
        assert!(compare(f32::INFINITY, f32::INFINITY).is_ok());
        assert!(compare(f32::NAN, f32::NAN).is_ok());
        assert!(compare(f32::NAN, 1.0).is_err());
        assert!(compare(1.0, f32::NAN).is_err());
        assert!(compare(f32::INFINITY, f32::NEG_INFINITY).is_err());
        assert!(compare(f32::INFINITY, f32::MAX).is_err());
    }

    #[test]
    fn exact_tells_the_zeros_apart() {
        assert!(Tolerance::Exact.compare("x", &[1], &[-0.0], &[0.0]).is_err());
        assert!(Tolerance::Sum.compare("x", &[1], &[-0.0], &[0.0]).is_ok());
    }
}
