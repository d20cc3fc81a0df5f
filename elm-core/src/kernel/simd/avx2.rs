//! AVX2 with FMA: eight f32 in a register, sixteen registers.

use super::{Offset, Program, Vector, math};
use std::arch::asm;
use std::arch::x86_64::*;

/// Runs a program compiled for AVX2 and FMA.
///
/// # Safety
/// The processor has both.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run<P: Program<f32>>(program: P) -> P::Output {
    // SAFETY: the caller vouches for the processor.
    unsafe { program.run::<F32x8, F32x8>() }
}

#[derive(Clone, Copy)]
pub(super) struct F32x8(pub(super) __m256);

/// Intrinsics that compute on existing vectors only.
macro_rules! compute {
    ($value:expr) => {{
        // SAFETY: a vector exists, so the processor has AVX2 and FMA; no
        // memory is touched.
        F32x8(unsafe { $value })
    }};
}

/// `x`, which the compiler shall take from a register: it would rather load
/// each of its numbers again, but loads are what gathering is short of.
///
/// # Safety
/// The processor has AVX.
#[inline]
#[target_feature(enable = "avx")]
unsafe fn once_loaded(mut x: __m256) -> __m256 {
    // SAFETY: no instruction, only a register that may have changed.
    unsafe { asm!("/* {0} */", inout(ymm_reg) x, options(pure, nomem, nostack, preserves_flags)) };
    x
}

// SAFETY: eight elements are read or written.
unsafe impl Vector for F32x8 {
    type E = f32;
    const LANES: usize = 8;
    const TILE: usize = 12;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: the caller vouches for the processor.
        F32x8(unsafe { _mm256_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn splat_four(from: *const f32) -> [Self; 4] {
        // SAFETY: the caller vouches for the processor and four elements.
        unsafe {
            let four = once_loaded(_mm256_broadcast_ps(&from.cast::<__m128>().read_unaligned()));
            [
                F32x8(_mm256_permute_ps::<0x00>(four)),
                F32x8(_mm256_permute_ps::<0x55>(four)),
                F32x8(_mm256_permute_ps::<0xaa>(four)),
                F32x8(_mm256_permute_ps::<0xff>(four)),
            ]
        }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for the processor and eight elements.
        F32x8(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for eight writable elements.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn gather<O: Offset>(table: *const f32, from: *const O) -> Self {
        // SAFETY: the caller vouches for the processor, eight places and the
        // numbers there. Numbers are loaded one by one: the instruction that
        // gathers them takes three times as long on Zen 4.
        unsafe {
            let [a, b, c, d, e, f, g, h] = O::get_many::<8>(from).map(|place| *table.add(place));
            F32x8(_mm256_setr_ps(a, b, c, d, e, f, g, h))
        }
    }

    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        debug_assert!(to.addr().is_multiple_of(32));
        // SAFETY: the caller vouches for eight writable, aligned elements.
        unsafe { _mm256_stream_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        // SAFETY: the caller vouches for the processor and for eight rows of
        // eight elements on both sides.
        unsafe {
            let mut rows = [_mm256_setzero_ps(); 8];
            for i in 0..4 {
                // Row i beside row i + 4: halves of both, so that what is left
                // is the transposition of two 4 x 4 blocks.
                let (upper, lower) = (from.add(i * from_stride), from.add((i + 4) * from_stride));
                for half in 0..2 {
                    let first = _mm256_castps128_ps256(_mm_loadu_ps(upper.add(4 * half)));
                    let second = _mm_loadu_ps(lower.add(4 * half));
                    rows[4 * half + i] = _mm256_insertf128_ps::<1>(first, second);
                }
            }
            for block in 0..2 {
                let r = &rows[4 * block..4 * block + 4];
                let (a, b) = (_mm256_unpacklo_ps(r[0], r[1]), _mm256_unpackhi_ps(r[0], r[1]));
                let (c, d) = (_mm256_unpacklo_ps(r[2], r[3]), _mm256_unpackhi_ps(r[2], r[3]));
                let to = to.add(4 * block * to_stride);
                _mm256_storeu_ps(to, _mm256_shuffle_ps::<0x44>(a, c));
                _mm256_storeu_ps(to.add(to_stride), _mm256_shuffle_ps::<0xee>(a, c));
                _mm256_storeu_ps(to.add(2 * to_stride), _mm256_shuffle_ps::<0x44>(b, d));
                _mm256_storeu_ps(to.add(3 * to_stride), _mm256_shuffle_ps::<0xee>(b, d));
            }
        }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        compute!(_mm256_fmadd_ps(self.0, factor.0, addend.0))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        compute!(_mm256_add_ps(self.0, other.0))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        compute!(_mm256_sub_ps(self.0, other.0))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        compute!(_mm256_mul_ps(self.0, other.0))
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        compute!(_mm256_div_ps(self.0, other.0))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        compute!(_mm256_min_ps(self.0, other.0))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        compute!(_mm256_max_ps(self.0, other.0))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        compute!(_mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0))
    }

    #[inline(always)]
    fn where_positive(self, condition: Self) -> Self {
        compute!(_mm256_and_ps(self.0, _mm256_cmp_ps::<_CMP_GT_OQ>(condition.0, _mm256_setzero_ps())))
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        math::tanh(self)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        let (n, rest) = math::split_exponent(self);
        // 2^n through the bits of a float.
        let power = compute!({
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(n.0), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
        });
        rest.mul(power)
    }

    #[inline(always)]
    fn sums(v: [Self; 8]) -> [f32; 8] {
        let mut sums = [0.0; 8];
        // SAFETY: a vector exists, so the processor has AVX2; the array has
        // room for the eight elements stored.
        unsafe {
            let low = _mm256_hadd_ps(_mm256_hadd_ps(v[0].0, v[1].0), _mm256_hadd_ps(v[2].0, v[3].0));
            let high = _mm256_hadd_ps(_mm256_hadd_ps(v[4].0, v[5].0), _mm256_hadd_ps(v[6].0, v[7].0));
            let first = _mm256_permute2f128_ps::<0x20>(low, high);
            let second = _mm256_permute2f128_ps::<0x31>(low, high);
            _mm256_storeu_ps(sums.as_mut_ptr(), _mm256_add_ps(first, second));
        }
        sums
    }
}
