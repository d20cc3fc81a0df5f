//! Elementary functions of f32 vectors.

use super::Vector;

/// Hyperbolic tangent as a quotient of polynomials in `x^2`.
///
/// # Equation
/// The 13/6 minimax form of the Eigen library, on `|x| <= 7.905`, beyond which
/// tanh rounds to ±1. Relative error below 3e-7; odd, so 0 maps to 0.
#[inline(always)]
pub(super) fn tanh<V: Vector<E = f32>>(x: V) -> V {
    // `x` comes second in both, so that what is not a number stays so.
    let x = x.same(-7.905_311).max(x.same(7.905_311).min(x));
    let square = x.mul(x);
    let mut above = x.same(-2.760_768_4e-16);
    for coefficient in
        [2.000_188e-13, -8.604_672e-11, 5.122_297_3e-8, 1.485_722_35e-5, 6.372_619_5e-4, 4.893_524_6e-3]
    {
        above = above.mul_add(square, x.same(coefficient));
    }
    let mut below = x.same(1.198_258_4e-6);
    for coefficient in [1.185_347_1e-4, 2.268_434_7e-3, 4.893_525e-3] {
        below = below.mul_add(square, x.same(coefficient));
    }
    x.mul(above).div(below)
}

/// Splits `e^x = 2^n * rest` with integral `n` in -126..=127.
///
/// # Equation
/// `n = round(x / ln 2)`, `rest = e^(x - n ln 2)` by the Taylor polynomial of
/// degree 7 on `|x - n ln 2| <= ln 2 / 2`, whose truncation error is 5e-9.
#[inline(always)]
pub(super) fn split_exponent<V: Vector<E = f32>>(x: V) -> (V, V) {
    let x = x.same(-87.0).max(x.same(88.0).min(x));
    // Adding 1.5 * 2^23 leaves no bits for a fraction: round to nearest.
    let round = x.same(12_582_912.0);
    let n = x.mul_add(x.same(std::f32::consts::LOG2_E), round).sub(round);
    // ln 2 in two parts, so that the subtraction does not lose digits.
    let r = n.mul_add(x.same(-0.693_359_4), x);
    let r = n.mul_add(x.same(2.121_944_4e-4), r);
    let mut sum = x.same(1.0 / 5040.0);
    for denominator in [720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
        sum = sum.mul_add(r, x.same(1.0 / denominator));
    }
    (n, sum)
}

#[cfg(test)]
mod tests {
    use super::super::{Element, InstructionSet, Program, Simd, Vector};

    /// Tanh and exponential of many numbers.
    struct Functions<'a>(&'a [f32]);

    impl Program<f32> for Functions<'_> {
        type Output = Vec<(f32, f32, f32)>;

        #[inline(always)]
        unsafe fn run<V: Vector<E = f32>, W: Vector<E = f32>>(self) -> Self::Output {
            let mut answers = Vec::new();
            for &x in self.0 {
                let (mut tanh, mut exp) = ([0.0; 16], [0.0; 16]);
                // SAFETY: the processor is vouched for; arrays hold a vector.
                unsafe {
                    V::splat(x).tanh().store(tanh.as_mut_ptr());
                    V::splat(x).exp().store(exp.as_mut_ptr());
                }
                answers.push((x, tanh[0], exp[0]));
            }
            answers
        }
    }

    #[test]
    fn functions_are_as_exact_as_they_say() {
        let mut numbers: Vec<f32> = (-4000..4000).map(|i| i as f32 * 0.0025).collect();
        numbers.extend([0.0, -0.0, 1e-30, -1e-10, 40.0, -80.0, f32::INFINITY]);
        let sets = [Simd::Portable, Simd::Avx2, Simd::Avx512].map(Simd::resolve);
        for set in sets.into_iter().flatten() {
            for rows in [8, 16] {
                for (x, tanh, exp) in f32::dispatch(set, rows, Functions(&numbers)) {
                    let exact = f64::from(x).tanh();
                    let error = (f64::from(tanh) - exact).abs() / exact.abs().max(1e-38);
                    assert!(error < 3e-7, "{set}: tanh({x}) = {tanh}, relative error {error:e}");
                    let exact = f64::from(x.min(88.0)).exp();
                    let error = (f64::from(exp) - exact).abs() / exact;
                    assert!(error < 3e-7, "{set}: exp({x}) = {exp}, relative error {error:e}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for set in [InstructionSet::PORTABLE, Simd::Auto.resolve().unwrap()] {
            let (_, tanh, exp) = f32::dispatch(set, 8, Functions(&[f32::NAN]))[0];
            assert!(tanh.is_nan(), "{set}: {tanh}");
            assert!(exp.is_nan(), "{set}: {exp}");
        }
    }
}
