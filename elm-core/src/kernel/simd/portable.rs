//! Eight f32 as an array, which compilers turn into whatever vectors the
//! target has.

use super::{Vector, math};

#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(super) struct F32x8([f32; 8]);

/// Lane by lane.
macro_rules! lanes {
    ($i:ident => $value:expr) => {{
        let mut lanes = [0.0; 8];
        for $i in 0..8 {
            lanes[$i] = $value;
        }
        F32x8(lanes)
    }};
}

// SAFETY: eight elements are read or written.
unsafe impl Vector for F32x8 {
    type E = f32;
    const LANES: usize = 8;
    const TILE: usize = 4;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        F32x8([x; 8])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for eight readable elements.
        F32x8(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for eight writable elements.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
    }

    // Not `f32::mul_add`: without the hardware's instruction that is a slow
    // library call.
    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        lanes!(i => self.0[i] * factor.0[i] + addend.0[i])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        lanes!(i => self.0[i] + other.0[i])
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        lanes!(i => self.0[i] - other.0[i])
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        lanes!(i => self.0[i] * other.0[i])
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        lanes!(i => self.0[i] / other.0[i])
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        lanes!(i => if self.0[i] < other.0[i] { self.0[i] } else { other.0[i] })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        lanes!(i => if self.0[i] > other.0[i] { self.0[i] } else { other.0[i] })
    }

    #[inline(always)]
    fn abs(self) -> Self {
        lanes!(i => self.0[i].abs())
    }

    #[inline(always)]
    fn where_positive(self, condition: Self) -> Self {
        lanes!(i => if condition.0[i] > 0.0 { self.0[i] } else { 0.0 })
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        math::tanh(self)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        // 2^n for the integer n in each lane, through the bits of a float.
        let power = |n: f32| f32::from_bits(((n as i32 + 127) << 23) as u32);
        let (n, rest) = math::split_exponent(self);
        rest.mul(lanes!(i => power(n.0[i])))
    }

    #[inline(always)]
    fn sums(vectors: [Self; 8]) -> [f32; 8] {
        vectors.map(|vector| {
            let [a, b, c, d, e, f, g, h] = vector.0;
            ((a + e) + (c + g)) + ((b + f) + (d + h))
        })
    }
}
