//! One f64 at a time, with the standard library's functions: exact enough to
//! compare gradients with central differences.

use super::Vector;

#[derive(Clone, Copy)]
pub(super) struct F64x1(f64);

// SAFETY: one element is read or written.
unsafe impl Vector for F64x1 {
    type E = f64;
    const LANES: usize = 1;
    const TILE: usize = 4;

    #[inline(always)]
    unsafe fn splat(x: f64) -> Self {
        F64x1(x)
    }

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: the caller vouches for one readable element.
        F64x1(unsafe { from.read() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: the caller vouches for one writable element.
        unsafe { to.write(self.0) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        F64x1(self.0 * factor.0 + addend.0)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        F64x1(self.0 + other.0)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        F64x1(self.0 - other.0)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        F64x1(self.0 * other.0)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        F64x1(self.0 / other.0)
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if self.0 < other.0 { self } else { other }
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if self.0 > other.0 { self } else { other }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        F64x1(self.0.abs())
    }

    #[inline(always)]
    fn where_positive(self, condition: Self) -> Self {
        if condition.0 > 0.0 { self } else { F64x1(0.0) }
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        F64x1(self.0.tanh())
    }

    #[inline(always)]
    fn exp(self) -> Self {
        F64x1(self.0.exp())
    }

    #[inline(always)]
    fn sums(vectors: [Self; 8]) -> [f64; 8] {
        vectors.map(|vector| vector.0)
    }
}
