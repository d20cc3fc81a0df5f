//! AVX-512: sixteen f32 in a register, thirty-two registers. With up to eight
//! batch rows a row is one half-width vector, and only sums over time use the
//! full width.

use super::avx2::F32x8;
use super::{Offset, Program, Vector, math};
use std::arch::asm;
use std::arch::x86_64::*;

/// Runs a program whose batch rows fill vectors of sixteen.
///
/// # Safety
/// The processor has AVX-512 F, VL, DQ, BW, AVX2 and FMA.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
pub(super) unsafe fn run_wide<P: Program<f32>>(program: P) -> P::Output {
    // SAFETY: the caller vouches for the processor.
    unsafe { program.run::<F32x16, F32x16>() }
}

/// Runs a program whose batch rows fit vectors of eight.
///
/// # Safety
/// The processor has AVX-512 F, VL, DQ, BW, AVX2 and FMA.
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
pub(super) unsafe fn run_narrow<P: Program<f32>>(program: P) -> P::Output {
    // SAFETY: the caller vouches for the processor.
    unsafe { program.run::<F32x8, F32x16>() }
}

#[derive(Clone, Copy)]
pub(super) struct F32x16(__m512);

/// Intrinsics that compute on existing vectors only.
macro_rules! compute {
    ($value:expr) => {{
        // SAFETY: a vector exists, so the processor has AVX-512; no memory is
        // touched.
        F32x16(unsafe { $value })
    }};
}

/// As that of `avx2`.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn once_loaded(mut x: __m512) -> __m512 {
    // SAFETY: no instruction, only a register that may have changed.
    unsafe { asm!("/* {0} */", inout(zmm_reg) x, options(pure, nomem, nostack, preserves_flags)) };
    x
}

// SAFETY: sixteen elements are read or written.
unsafe impl Vector for F32x16 {
    type E = f32;
    const LANES: usize = 16;
    const TILE: usize = 12;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: the caller vouches for the processor.
        F32x16(unsafe { _mm512_set1_ps(x) })
    }

    #[inline(always)]
    unsafe fn splat_four(from: *const f32) -> [Self; 4] {
        // SAFETY: the caller vouches for the processor and four elements.
        unsafe {
            let four = once_loaded(_mm512_broadcast_f32x4(from.cast::<__m128>().read_unaligned()));
            [
                F32x16(_mm512_permute_ps::<0x00>(four)),
                F32x16(_mm512_permute_ps::<0x55>(four)),
                F32x16(_mm512_permute_ps::<0xaa>(four)),
                F32x16(_mm512_permute_ps::<0xff>(four)),
            ]
        }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller vouches for the processor and sixteen elements.
        F32x16(unsafe { _mm512_loadu_ps(from) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller vouches for sixteen writable elements.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn gather<O: Offset>(table: *const f32, from: *const O) -> Self {
        // SAFETY: the caller vouches for the processor, sixteen places and the
        // numbers there.
        unsafe {
            let (low, high) = (F32x8::gather(table, from), F32x8::gather(table, from.add(8)));
            F32x16(_mm512_insertf32x8::<1>(_mm512_castps256_ps512(low.0), high.0))
        }
    }

    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        debug_assert!(to.addr().is_multiple_of(64));
        // SAFETY: the caller vouches for sixteen writable, aligned elements.
        unsafe { _mm512_stream_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn store_columns(vectors: [Self; 8], to: *mut f32, stride: usize) {
        // SAFETY: a vector exists, so the processor has AVX-512; the caller
        // vouches for sixteen writable rows of eight.
        unsafe {
            // Quarter q of `quads[h][j]`: lane 4 q + j of vectors 4 h to 4 h + 3.
            let mut quads = [[_mm512_setzero_ps(); 4]; 2];
            for (quad, v) in quads.iter_mut().zip([&vectors[..4], &vectors[4..]]) {
                let (a, b) = (_mm512_unpacklo_ps(v[0].0, v[1].0), _mm512_unpackhi_ps(v[0].0, v[1].0));
                let (c, d) = (_mm512_unpacklo_ps(v[2].0, v[3].0), _mm512_unpackhi_ps(v[2].0, v[3].0));
                quad[0] = _mm512_shuffle_ps::<0x44>(a, c);
                quad[1] = _mm512_shuffle_ps::<0xee>(a, c);
                quad[2] = _mm512_shuffle_ps::<0x44>(b, d);
                quad[3] = _mm512_shuffle_ps::<0xee>(b, d);
            }
            let first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
            let last = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
            for j in 0..4 {
                for (half, order) in [first, last].into_iter().enumerate() {
                    let rows = _mm512_permutex2var_ps(quads[0][j], order, quads[1][j]);
                    let to = to.add((8 * half + j) * stride);
                    _mm256_storeu_ps(to, _mm512_castps512_ps256(rows));
                    _mm256_storeu_ps(to.add(4 * stride), _mm512_extractf32x8_ps::<1>(rows));
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_stride: usize, to: *mut f32, to_stride: usize) {
        // SAFETY: the caller's promise is the same.
        unsafe { F32x8::transpose(from, from_stride, to, to_stride) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        compute!(_mm512_fmadd_ps(self.0, factor.0, addend.0))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        compute!(_mm512_add_ps(self.0, other.0))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        compute!(_mm512_sub_ps(self.0, other.0))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        compute!(_mm512_mul_ps(self.0, other.0))
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        compute!(_mm512_div_ps(self.0, other.0))
    }

    #[inline(always)]
    fn min(self, other: Self) -> Self {
        compute!(_mm512_min_ps(self.0, other.0))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        compute!(_mm512_max_ps(self.0, other.0))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        compute!(_mm512_abs_ps(self.0))
    }

    #[inline(always)]
    fn where_positive(self, condition: Self) -> Self {
        compute!({
            let positive = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(condition.0, _mm512_setzero_ps());
            _mm512_maskz_mov_ps(positive, self.0)
        })
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        math::tanh(self)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        let (n, rest) = math::split_exponent(self);
        compute!(_mm512_scalef_ps(rest.0, n.0))
    }

    #[inline(always)]
    fn sums(vectors: [Self; 8]) -> [f32; 8] {
        // SAFETY: a vector exists, so the processor has AVX-512.
        let mut halves = [F32x8(unsafe { _mm256_setzero_ps() }); 8];
        for (half, vector) in halves.iter_mut().zip(vectors) {
            // SAFETY: as above.
            *half = F32x8(unsafe {
                let high = _mm512_extractf32x8_ps::<1>(vector.0);
                _mm256_add_ps(_mm512_castps512_ps256(vector.0), high)
            });
        }
        F32x8::sums(halves)
    }
}
